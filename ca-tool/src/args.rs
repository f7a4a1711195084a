//! What was typed. The one definition of the flags: help, man pages and completions are made from it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::secret::Kind;
use crate::verbs;

/// An SSH certificate authority whose key cannot leave its YubiKey.
#[derive(Debug, Parser)]
#[command(name = "ca-tool", version, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options of every verb.
#[derive(Debug, clap::Args)]
pub(crate) struct Everywhere {
    /// Configuration [default: /etc/ussh/ca.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,
    /// Issuance journal [default: /var/lib/ussh/journal.db]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) journal: Option<PathBuf>,
    /// Key revocation list [default: /etc/ssh/revoked_keys]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) krl: Option<PathBuf>,
    /// Data as JSON on stdout
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Read a secret (pin, new-pin, puk, new-puk, management-key, new-management-key, passphrase) from a file descriptor
    #[arg(long, global = true, value_name = "NAME=FD", value_parser = secret_fd, help_heading = "Everywhere")]
    pub(crate) secret_fd: Vec<(Kind, i32)>,
    /// Use the last try of a PIN, although a wrong one blocks it
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) last_try: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Init(verbs::init::Args),
    #[command(subcommand)]
    Key(verbs::key::Verb),
    Sign(verbs::sign::Args),
    Inspect(verbs::inspect::Args),
    Log(verbs::log::Args),
    Revoke(verbs::revoke::Args),
    Krl(verbs::krl::Args),
}

fn secret_fd(text: &str) -> Result<(Kind, i32), String> {
    let (name, descriptor) = text.split_once('=').ok_or("write NAME=FD, as in pin=3")?;
    let kind = <Kind as clap::ValueEnum>::from_str(name, false)?;
    descriptor
        .parse()
        .ok()
        .filter(|descriptor| *descriptor >= 0)
        .map(|descriptor| (kind, descriptor))
        .ok_or_else(|| format!("\"{descriptor}\" is not a file descriptor"))
}
