//! `ca-tool krl sign` and `verify`: the list's signature, for hosts that fetch it.

use std::path::PathBuf;

use crate::error::Result;
use crate::krl_file;
use crate::setting::Setting;
use crate::signed_file::Kind;
use crate::verbs::ca_file::{Lists, Verified, sign_and_write, verify_and_say};

#[derive(Debug, clap::Args)]
pub(super) struct SignArgs {
    /// CA: a key file, agent:…, yubikey:slot=9c, pkcs11:… or a configured name [default: the configuration's]
    #[arg(short = 's', long = "ca", value_name = "CA")]
    ca: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// The CAs whose signature counts [default: the configuration's, /etc/ssh/trusted_user_ca]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The signature [default: the list's name and .sig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
}

pub(super) fn sign(args: &SignArgs, setting: &Setting) -> Result<()> {
    let list = krl_file::content(&setting.krl)?;
    let lists = Lists { kind: Kind::Krl, path: &setting.krl, there: &list, signed: &list };
    sign_and_write(&lists, args.ca.as_deref(), setting)
}

pub(super) fn verify(args: &VerifyArgs, setting: &Setting) -> Result<()> {
    // What this list revokes says nothing of who signed it: a CA may end itself.
    let verified = Verified {
        kind: Kind::Krl,
        path: &setting.krl,
        signature: args.signature.as_deref(),
        ca_file: args.ca_file.as_deref().unwrap_or(&setting.ca_file),
        krl: None,
    };
    verify_and_say(&verified, setting)
}
