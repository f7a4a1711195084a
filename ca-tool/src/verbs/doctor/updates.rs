//! Lists that this host fetches: whether something does, whether it works, and whose signature came with what is here.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ussh_cert::duration;

use super::examination::answer_of;
use super::files::ca_files;
use super::finding::Findings;
use super::stacks::{Stacks, quoted};
use crate::issue::request::now;
use crate::setting::Setting;
use crate::signed_file::trust::Trust;
use crate::signed_file::{Kind, signature_of};

const CHECK: &str = "update";
const TIMER: &str = "ussh-update.timer";
const SERVICE: &str = "ussh-update.service";

pub(super) fn look(stacks: &Stacks, setting: &Setting, found: &mut Findings) {
    let before = found.0.len();
    signature(&setting.krl, setting, found);
    if setting.update.krl.is_none() && setting.update.ca_file.is_none() {
        return; // Something else brings the lists.
    }
    ca_file(setting, stacks, found);
    if let Some(what) = list(setting) {
        found.problem(CHECK, what, Some("ca-tool update".to_owned()));
    }
    let has_systemd = Path::new("/run/systemd/system").exists();
    if has_systemd {
        let says =
            |words: &[&str]| answer_of("systemctl", words).map(|answer| answer.out.trim().to_owned()).unwrap_or_default();
        timer(&says(&["is-active", TIMER]), &says(&["is-failed", SERVICE]), found);
    }
    if found.0.len() > before {
        return;
    }
    match has_systemd {
        true => found.ok(CHECK, "The lists that ca.toml names are fetched, and not too old."),
        false => found.ok(
            CHECK,
            "The lists that ca.toml names are not too old; whether they are fetched was not to be found out (no systemd runs).",
        ),
    }
}

/// Where a signature stands beside the list, it should be that list's. The file of CAs may be signed by one that it no
/// longer has.
fn signature(list: &Path, setting: &Setting, found: &mut Findings) {
    let (Ok(bytes), Ok(signature)) = (fs::read(list), fs::read(signature_of(list))) else { return };
    let verified =
        Trust::of(&setting.ca_file, Some(&setting.krl)).and_then(|trust| trust.verify(Kind::Krl, &bytes, &signature));
    if let Err(error) = verified {
        let mend = (setting.update.krl.is_some() || setting.update.ca_file.is_some()).then(|| "ca-tool update".to_owned());
        found.warning(CHECK, format!("{}: {}", list.display(), error.what()), mend);
    }
}

/// What stands in the way of the list that this host fetches, or should by now have fetched.
fn list(setting: &Setting) -> Option<String> {
    let name = setting.krl.display();
    let whence = format!("ca.toml says where {name} comes from, and it");
    let bytes = match fs::read(&setting.krl) {
        Ok(bytes) => bytes,
        Err(_) if setting.update.krl.is_none() => return None,
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(format!("{whence} is not here.")),
        Err(error) => return Some(format!("{whence} cannot be read: {error}.")),
    };
    let edition = match Kind::Krl.edition(&bytes) {
        Ok(edition) => edition,
        Err(_) if setting.update.krl.is_none() => return None,
        Err(why) => return Some(format!("{whence} cannot have come from there: {why}.")),
    };
    let max_age = setting.update.max_age.as_deref().and_then(duration::parse)?;
    let age = now().saturating_sub(edition.date);
    let (is, allowed) = (duration::in_words(age), duration::in_words(max_age));
    (age > max_age).then(|| format!("{name} is {is} old, and max_age in ca.toml allows {allowed}."))
}

/// By this file all that is fetched is judged. Where lines of pam.d name it, that it is missing has been said.
fn ca_file(setting: &Setting, stacks: &Stacks, found: &mut Findings) {
    let name = setting.ca_file.display().to_string();
    if let Err(error) = fs::read(&setting.ca_file)
        && !ca_files(stacks).contains(&name)
    {
        let what = format!("{name}, by which ca-tool update judges what it fetches, cannot be read: {error}.");
        found.problem(CHECK, what, Some(format!("install -m 644 ca.pub {}", quoted(&name))));
    }
}

fn timer(active: &str, failed: &str, found: &mut Findings) {
    if active != "active" {
        let what = format!("ca.toml says what to fetch, and {TIMER}, which does that, does not run.");
        found.problem(CHECK, what, Some(format!("systemctl enable --now {TIMER}")));
    }
    if failed == "failed" {
        let what = format!("The last {SERVICE} failed.");
        found.warning(CHECK, what, Some(format!("systemctl start {SERVICE} || journalctl -u {SERVICE} -n 20")));
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_timer_that_does_not_run_is_a_problem_and_one_failure_a_warning() {
        for (active, failed, states) in [
            ("active", "inactive", [].as_slice()),
            ("inactive", "inactive", &[State::Problem]),
            ("active", "failed", &[State::Warning]),
            ("", "", &[State::Problem]),
        ] {
            let mut found = Findings::default();
            timer(active, failed, &mut found);
            assert_eq!(found.0.iter().map(|finding| finding.state).collect::<Vec<_>>(), states, "{active} {failed}");
        }
    }
}
