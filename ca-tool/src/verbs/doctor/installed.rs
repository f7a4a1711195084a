//! Module, guard and ussh-pam-try: all there, root's alone, and of one version.

use std::fs;
use std::path::Path;

use super::examination::answer_of;
use super::finding::Findings;
use super::safe;
use super::stacks::{MODULE, Stacks};
use crate::pam_d::modules;
use crate::pam_try;

const CHECK: &str = "installed";
const GUARD: &str = "/usr/libexec/ussh-session-guard";

/// What the module carries for this question: a library cannot be asked.
const MARK: &str = "pam_ussh.so is version ";

/// Whether there is anything else to look at.
pub(super) fn look(stacks: &Stacks, found: &mut Findings) -> bool {
    let modules = modules::find(MODULE);
    if modules.is_empty() && stacks.services.is_empty() {
        let what = format!("There is no {MODULE} on this host, and no line that names it: nobody is asked for a certificate.");
        found.warning(CHECK, what, Some(install(false)));
        return false;
    }
    if modules.is_empty() {
        let what = format!("There is no {MODULE} beside the other PAM modules, and every line that names it refuses.");
        found.problem(CHECK, what, Some(install(false)));
    }
    for line in stacks.lines().filter(|line| line.module.starts_with('/') && !Path::new(&line.module).exists()) {
        found.problem(CHECK, format!("{} names {}, which is not there.", line.place(), line.module), None);
    }
    let guard = program(GUARD, found);
    let pam_try = program(pam_try::PROGRAM, found);
    if guard.is_none() && stacks.end_sessions() {
        found.problem(
            CHECK,
            format!("There is no {GUARD}: nobody is warned, and no revocation ends a session."),
            Some(install(true)),
        );
    }
    if pam_try.is_none() {
        let what = format!("There is no {}: PAM cannot be asked anything.", pam_try::PROGRAM);
        found.warning(CHECK, what, Some(install(true)));
    }
    for module in modules {
        if !safe::look(CHECK, &module, found) {
            continue;
        }
        let version = version_of_module(&module);
        let same = [&guard, &pam_try].iter().all(|other| other.is_none() || **other == version);
        let name = |version: &Option<String>| version.clone().unwrap_or_else(|| "none, or unknown".to_owned());
        let what = format!(
            "{}: version {}; guard {}; ussh-pam-try {}.",
            module.display(),
            name(&version),
            name(&guard),
            name(&pam_try)
        );
        match same {
            true => found.ok(CHECK, what),
            false => found.problem(CHECK, format!("{what} They belong together."), Some(install(true))),
        }
    }
    true
}

fn version_of_module(module: &Path) -> Option<String> {
    let bytes = fs::read(module).ok()?;
    let at = bytes.windows(MARK.len()).position(|window| window == MARK.as_bytes())? + MARK.len();
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    String::from_utf8(rest.get(..end)?.to_vec()).ok()
}

/// The version of a program that is there and safe to run.
fn program(path: &str, found: &mut Findings) -> Option<String> {
    if !Path::new(path).exists() || !safe::look(CHECK, Path::new(path), found) {
        return None;
    }
    let answer = answer_of(path, &["--version"]);
    let version = answer.and_then(|answer| answer.out.split_whitespace().nth(1).map(str::to_owned));
    Some(version.unwrap_or_else(|| "unknown".to_owned()))
}

/// The command that brings the package, with this host's tool.
fn install(again: bool) -> String {
    match () {
        () if Path::new("/usr/bin/apt-get").exists() => {
            format!("apt-get install {}libpam-ussh", if again { "--reinstall " } else { "" })
        }
        () if Path::new("/usr/bin/zypper").exists() => {
            format!("zypper install {}pam_ussh", if again { "--force " } else { "" })
        }
        () => format!("dnf {} pam_ussh", if again { "reinstall" } else { "install" }),
    }
}
