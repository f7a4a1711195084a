//! `ca-tool doctor`: what is wrong on this host, and what mends it.

mod agent;
mod clock;
pub(crate) mod control;
mod devices;
mod examination;
mod files;
mod finding;
mod installed;
mod revoked;
mod safe;
mod services;
mod sshd;
mod stacks;
mod sudoers;
mod systemd;
mod traps;
mod trial;
mod unasked;
mod updates;
mod versions;

use std::path::PathBuf;

use crate::error::Result;
use crate::pam_d::service_name;
use crate::setting::Setting;
use trial::Trial;

/// Say what is wrong on this host, and what mends it
///
/// A line for everything that was looked at, with the command that mends it; exit code 1 when there is a problem. What
/// pam_ussh itself is asked stands in the log as the service ussh-doctor. With --pam a pam.d file is tried before it is put
/// in place: nothing on the host changes. What the file's modules send over the network they do send.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Try this file in place of /etc/pam.d/SERVICE, and say whom it would let in
    #[arg(long, value_name = "FILE")]
    pam: Option<PathBuf>,
    /// The service that the file is for
    #[arg(long, value_name = "NAME", value_parser = service_name, default_value = "sudo", requires = "pam")]
    service: String,
    /// Whom to try it for, besides root (repeatable) [default: who typed sudo]
    #[arg(long, value_name = "USER", requires = "pam")]
    user: Vec<String>,
    /// The part that runs where nothing of the host can change
    #[arg(long, hide = true, requires = "pam")]
    inside: bool,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let Some(file) = &args.pam else { return examination::run(setting) };
    let trial = Trial { file, service: &args.service, users: &args.user };
    if args.inside { trial::run_inside(&trial, setting) } else { trial::run(&trial, setting) }
}
