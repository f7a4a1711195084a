//! What sshd does with the same CA, asked of sshd itself.

use std::fs;
use std::path::Path;

use nix::unistd::geteuid;

use super::examination::{Answer, answer_of};
use super::files::ca_files;
use super::finding::Findings;
use super::stacks::{Stacked, Stacks, quoted};
use crate::verbs::config;

const CHECK: &str = "sshd";
const PROGRAM: &str = "/usr/sbin/sshd";

/// The admin's, then what SUSE ships.
const CONFIGURATIONS: [&str; 2] = ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"];

pub(super) fn look(stacks: &Stacks, krl: &Path, found: &mut Findings) {
    if !Path::new(PROGRAM).exists() || !geteuid().is_root() {
        return;
    }
    let Some(answer) = answer_of(PROGRAM, &["-T"]) else { return };
    if answer.err.contains("privilege separation directory") {
        // Where systemd starts sshd for each connection, it is there only meanwhile.
        let what = format!("sshd cannot be asked now: {}.", answer.complaint());
        return found.warning(CHECK, what, Some("mkdir -m 755 /run/sshd".to_owned()));
    }
    if !answer.is_success {
        let what = format!("sshd does not understand its configuration: {}.", answer.complaint());
        return found.problem(CHECK, what, None);
    }
    let before = found.0.len();
    let settings = Settings(&answer.out);
    let holds = stacks.services.iter().any(Stacked::is_sshd);
    if holds && settings.get("usepam") == "no" {
        let what = "sshd does not use PAM (UsePAM no), and so never asks pam_ussh.";
        found.problem(CHECK, what, told("UsePAM", "yes"));
    }
    trusted(&settings, stacks, holds, found);
    revoked(&settings, krl, holds, found);
    let asks_agents = stacks.services.iter().any(|stacked| !stacked.is_sshd());
    if asks_agents && settings.get("allowagentforwarding") == "no" {
        let what = "sshd lets no agent come along (AllowAgentForwarding no), and so nobody who logs in has one for sudo.";
        found.warning(CHECK, what, told("AllowAgentForwarding", "yes"));
    }
    if found.0.len() == before {
        found.ok(CHECK, format!("{}: TrustedUserCAKeys {}.", PROGRAM, settings.get("trustedusercakeys")));
    }
}

/// Whether sshd itself refuses whom the list names, as far as root can ask it.
pub(super) fn asks(krl: &Path) -> bool {
    let names = |answer: Answer| answer.is_success && Path::new(Settings(&answer.out).get("revokedkeys")) == krl;
    geteuid().is_root() && answer_of(PROGRAM, &["-T"]).is_some_and(names)
}

/// What `sshd -T` prints.
struct Settings<'a>(&'a str);

impl<'a> Settings<'a> {
    /// A setting's value; `none` where it is not set.
    fn get(&self, name: &str) -> &'a str {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or("none")
    }
}

fn trusted(settings: &Settings<'_>, stacks: &Stacks, holds: bool, found: &mut Findings) {
    let sshds = settings.get("trustedusercakeys");
    let ours = ca_files(stacks);
    let Some(first_of_ours) = ours.first() else { return };
    let mend = || told("TrustedUserCAKeys", first_of_ours);
    if sshds == "none" {
        let what = "sshd takes no certificates (TrustedUserCAKeys is not set)";
        return match holds {
            true => found.problem(CHECK, format!("{what}, and its pam.d lines ask for one: nobody gets in."), mend()),
            false => found.warning(
                CHECK,
                format!("{what}: people log in by other means, and need their agent all the same."),
                mend(),
            ),
        };
    }
    let read = |path: &str| fs::read(path).ok();
    if !ours.iter().any(|path| path == sshds || read(path) == read(sshds)) {
        let what = format!("sshd trusts the CAs in {sshds}, and pam_ussh those in {}, which are others.", ours.join(", "));
        found.warning(CHECK, what, mend());
    }
}

fn revoked(settings: &Settings<'_>, krl: &Path, holds: bool, found: &mut Findings) {
    let sshds = settings.get("revokedkeys");
    if sshds != "none" && !Path::new(sshds).exists() {
        let what = format!("sshd's list of what is revoked, {sshds}, is not there: sshd refuses every key.");
        return found.problem(CHECK, what, Some(super::revoked::bring(Path::new(sshds))));
    }
    if sshds == "none" && krl.exists() {
        let what = format!("sshd does not ask {} (RevokedKeys is not set)", krl.display());
        let mend = told("RevokedKeys", &krl.display().to_string());
        // Whether the lines of sshd ask it is a question of its own.
        match holds || settings.get("trustedusercakeys") == "none" {
            true => found.warning(CHECK, format!("{what}."), mend),
            false => found.problem(CHECK, format!("{what}, so who is revoked gets in."), mend),
        }
    }
}

/// The command that has sshd do so, and changes nothing else: in the drop-in where that counts, and else at the very top,
/// where it counts whatever comes later. Each can be run after another. sshd reads its files anew when it is told to.
fn told(setting: &str, value: &str) -> Option<String> {
    let value = config::sshd_word(value)?;
    let line = format!("{setting} {value}");
    // sed(1) takes a backslash for its own.
    let on_top = |file: &str| format!("sed -i {} {file}", quoted(&format!("1i {}", line.replace('\\', "\\\\"))));
    let is_empty = |file: &str| fs::metadata(file).map_or(true, |metadata| metadata.len() == 0);
    let write = match config::sshd_drop_in(setting, &value) {
        Some(file) if is_empty(file) => format!("printf '%s\\n' {} >>{file}", quoted(&line)),
        Some(file) => on_top(file),
        None => on_top(CONFIGURATIONS.iter().find(|path| Path::new(path).exists())?),
    };
    let unit = if Path::new("/etc/debian_version").exists() { "ssh" } else { "sshd" };
    let reload = if Path::new("/run/systemd/system").exists() { format!(" && systemctl reload {unit}") } else { String::new() };
    Some(format!("{write} && sshd -t{reload}"))
}
