//! `ca-tool config`: the lines that this host's files need, ready to be put there. It writes nothing itself.

mod block;
mod client;
mod host_keys;
mod pam;
mod sshd;
mod sudoers;
mod words;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, ValueEnum};

use crate::error::Result;
use crate::host::Host;
use crate::pam_d::modules;
use crate::setting::Setting;
use crate::talk;
use words::Words;

/// Print the lines that this host's files need for pam_ussh
///
/// Nothing is written: put the lines where the first words on standard error say. Try a pam.d file before it is relied on:
/// ca-tool doctor --pam FILE.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Args {
    /// Lines for /etc/pam.d/SERVICE, to stand in front of all others there
    #[arg(long, value_name = "SERVICE", group = "what")]
    pam: Option<Service>,
    /// A drop-in for sshd_config: the CA, what is revoked, agent forwarding
    #[arg(long, group = "what")]
    sshd: bool,
    /// Lines for the ssh_config of those who log in here
    #[arg(long, group = "what")]
    ssh: bool,
    /// A file for /etc/sudoers.d
    #[arg(long, group = "what")]
    sudoers: bool,
    /// Certificates for this host's own keys: sshd's lines, and the commands that sign
    #[arg(long, group = "what")]
    host: bool,
    /// The file as it is now, with the lines put in front
    #[arg(long, conflicts_with_all = ["sshd", "ssh", "sudoers", "host"])]
    whole: bool,
    /// The file as it is now, without the lines
    #[arg(long, conflicts_with_all = ["sshd", "ssh", "sudoers", "host", "whole", "option"])]
    remove: bool,
    /// Added to each pam_ussh line (repeatable); end_session, session_* and auth_info to sshd's only. With --sshd: ca_file and revoked_keys
    #[arg(long, value_name = "WORD", conflicts_with_all = ["ssh", "sudoers", "host"])]
    option: Vec<String>,
    /// Where the files of PAM are [default: where libpam looks]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["sshd", "ssh", "sudoers", "host"])]
    pam_d: Option<PathBuf>,
    /// Another host's files, for tests
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

/// Programs whose PAM stack can have the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    Sudo,
    SudoI,
    Su,
    SuL,
    Doas,
    Sshd,
}

impl Service {
    /// As PAM knows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::SudoI => "sudo-i",
            Self::Su => "su",
            Self::SuL => "su-l",
            Self::Doas => "doas",
            Self::Sshd => "sshd",
        }
    }

    /// The service whose file some distributions include in this one's, lines and all.
    fn base(self) -> Option<&'static str> {
        match self {
            Self::SudoI => Some("sudo"),
            Self::SuL => Some("su"),
            _ => None,
        }
    }
}

/// What is printed, and where it belongs.
struct Lines {
    file: PathBuf,
    text: String,
    /// What the admin should know, a sentence each.
    notes: Vec<String>,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let host = Host::in_root(&args.root);
    let words = Words::new(&args.option, &host, &setting.krl)?;
    let mut lines = match args.pam {
        Some(service) => pam::lines(service, args, &words)?,
        None if args.sshd => sshd::lines(&host, &words)?,
        None if args.ssh => client::lines(&host),
        None if args.sudoers => sudoers::lines(),
        None => host_keys::lines(&host)?,
    };
    if args.pam.is_some() && !args.remove && args.root == Path::new("/") && modules::find("pam_ussh.so").is_empty() {
        lines.notes.push("There is no pam_ussh.so on this host: with these lines everybody is refused.".to_owned());
    }
    say(&lines, setting)
}

/// Whether `--pam` knows this service.
pub(crate) fn has_lines_for(service: &str) -> bool {
    Service::value_variants().iter().any(|known| known.name() == service)
}

/// A path as sshd_config has it; nothing for one that sshd cannot read.
pub(crate) fn sshd_word(path: &str) -> Option<String> {
    sshd::quoted(path).ok()
}

/// The drop-in of `ca-tool config --sshd`, if sshd takes this setting from there.
pub(crate) fn sshd_drop_in(setting: &str, value: &str) -> Option<&'static str> {
    sshd::counting_drop_in(&Host::in_root(Path::new("/")), (setting, value.to_owned()))
}

fn say(lines: &Lines, setting: &Setting) -> Result<()> {
    if setting.json {
        return talk::print(serde_json::json!({ "file": lines.file, "text": lines.text, "notes": lines.notes }));
    }
    talk::say(format_args!("For {}:", lines.file.display()));
    for note in &lines.notes {
        talk::warn(note);
    }
    talk::print_whole(&lines.text)
}
