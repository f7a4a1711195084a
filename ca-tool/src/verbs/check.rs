//! `ca-tool check`: whether pam_ussh would accept what the person's ssh-agent holds, and why not.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::setting::Setting;

/// Ask pam_ussh whether it would accept what your ssh-agent holds, and why not
///
/// The module itself is asked, with the options that it has on this host, about one certificate of the agent at a time
/// and then about all of them. Exit code 0 means that sudo would be allowed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service, as in /etc/pam.d
    #[arg(long, value_name = "NAME", default_value = "sudo")]
    service: String,
    /// Whom it is about [default: you]
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// For --service sshd: the certificate that sshd is to have verified
    #[arg(long, value_name = "FILE", requires = "from")]
    certificate: Option<PathBuf>,
    /// For --service sshd: where the person comes from
    #[arg(long, value_name = "ADDRESS", requires = "certificate")]
    from: Option<String>,
    /// Where the pam.d files are [default: where libpam looks]
    #[arg(long, value_name = "FOLDER")]
    pam_d: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, _: &Setting) -> Result<()> {
    let Args { service, user, pam_d, certificate, from } = args;
    Err(Error::new(format!("Not there yet: {service} {user:?} {pam_d:?} {certificate:?} {from:?}."), "Wait."))
}
