//! `ca-tool doctor --pam`: a pam.d file is tried where nothing of the host can change.
//!
//! ```text
//! run       starts this program once more in namespaces of its own: inside
//! sealed      the file systems there: read-only, with the file in its place, a log and a CA of their own
//! wanted      what the module's options want of a certificate
//! trusted     whether the host's own CAs can let anybody in
//! throwaway   a CA, a key and certificates that nobody else trusts
//! cases       who shows what, asked of libpam
//! verdict     what would happen to whom, and what is wrong with that
//! ```

mod cases;
mod log;
mod sealed;
mod throwaway;
mod trusted;
mod verdict;
mod wanted;

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use crate::error::{Error, OrSay, Result};
use crate::pam_d::PamD;
use crate::pam_try;
use crate::setting::Setting;
use crate::talk;
use cases::Cases;
use sealed::Sealed;
use throwaway::Throwaway;
use wanted::Wanted;

/// The exit code of the part inside when it has said what is wrong.
const SAID: i32 = 3;

/// What is tried, and for whom.
pub(super) struct Trial<'t> {
    pub(super) file: &'t Path,
    pub(super) service: &'t str,
    /// Besides root.
    pub(super) users: &'t [String],
}

/// Runs [`inside`] in a mount and pid namespace, which ends with all that a stack has started there.
pub(super) fn run(trial: &Trial<'_>, setting: &Setting) -> Result<()> {
    if !Uid::effective().is_root() {
        return Err(Error::new("Only root can try a pam.d file: sudo and sshd run it as root.", "Run it with sudo."));
    }
    fs::metadata(trial.file).or_say(format!("{} cannot be read", trial.file.display()), "Name a pam.d file.")?;
    pam_try::is_installed()?;
    if PamD::new(None).find(trial.service).is_none() {
        talk::warn(format_args!("This host has no service {} yet: nothing asks for it by that name.", trial.service));
    }
    let users = users(trial.users)?;
    let me = std::env::current_exe().or_say("This program's own file is not known", "Start it by its path.")?;
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--propagation",
        "private",
        "--ipc",
        "--uts",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--",
    ]);
    command.arg(me).args(["doctor", "--inside", "--service", trial.service, "--pam"]).arg(trial.file);
    command.args(users.iter().flat_map(|user| ["--user", user]));
    // It may name a folder that is not there inside.
    command.env_remove("TMPDIR");
    if setting.json {
        command.arg("--json");
    }
    let advice = "It takes unshare(1), a root folder that is a mount point, and a kernel that lets root make namespaces.";
    let status = command.status().or_say("The file cannot be tried", advice)?;
    match status.code() {
        Some(0) => Ok(()),
        // It has said why itself.
        Some(SAID) => Err(Error::nobody_listens()),
        _ => Err(Error::new(format!("The file could not be tried: {status}."), advice)),
    }
}

/// [`inside`], as a process of its own: unshare(1) has exit codes too.
pub(super) fn run_inside(trial: &Trial<'_>, setting: &Setting) -> Result<()> {
    inside(trial, setting).map_err(|error| {
        talk::error(&error);
        std::process::exit(SAID)
    })
}

/// Those named, else who typed sudo.
fn users(named: &[String]) -> Result<Vec<String>> {
    let typed_sudo = || std::env::var("SUDO_USER").ok().filter(|name| name != "root");
    let users = if named.is_empty() { typed_sudo().into_iter().collect() } else { named.to_vec() };
    if users.is_empty() {
        return Err(Error::usage("Nobody is named to try it for.", "Name who is to be let in: --user alice."));
    }
    Ok(users)
}

/// All of it, where nothing can be broken.
fn inside(trial: &Trial<'_>, setting: &Setting) -> Result<()> {
    let people = trial.users.iter().map(|name| person(name)).collect::<Result<Vec<_>>>()?;
    let text = fs::read(trial.file).or_say(format!("{} cannot be read", trial.file.display()), "Name a pam.d file.")?;
    let mut sealed = Sealed::new()?;
    sealed.put_pam_file(trial.service, &text)?;
    let service = PamD::new(None).service(trial.service)?;
    let wanted = Wanted::of(&service);
    // Asked before the throwaway CA stands beside them.
    let barren = trusted::trouble(&service);
    let throwaway = Throwaway::new(&wanted)?;
    for path in &wanted.ca_files {
        sealed.trust(path, &throwaway.ca_line())?;
    }
    let cases = Cases { trial, service: &service, wanted: &wanted, barren: &barren, throwaway: &throwaway, log: &sealed.log };
    let tried = cases.try_all(&people)?;
    verdict::tell(&cases, &tried, setting)
}

fn person(name: &str) -> Result<User> {
    let found = User::from_name(name).or_say("Users cannot be looked up", "Is the user database there?")?;
    let person = found.ok_or_else(|| Error::new(format!("There is no user {name}."), "Name one that can log in here."))?;
    if person.uid.is_root() {
        return Err(Error::usage("Root is tried always.", "Name somebody else with --user."));
    }
    Ok(person)
}
