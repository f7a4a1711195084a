//! Lists that this host fetches: whether something does, whether it works, and whose signature came with what is here.

use std::fs;
use std::path::Path;

use ussh_cert::duration;

use super::examination::answer_of;
use super::finding::Findings;
use crate::issue::request::now;
use crate::setting::Setting;
use crate::signed_file::trust::Trust;
use crate::signed_file::{Kind, signature_of};

const CHECK: &str = "update";
const TIMER: &str = "ussh-update.timer";
const SERVICE: &str = "ussh-update.service";

pub(super) fn look(setting: &Setting, found: &mut Findings) {
    let before = found.0.len();
    signature(&setting.krl, setting, found);
    if setting.update.krl.is_none() && setting.update.ca_file.is_none() {
        return; // Something else brings the lists.
    }
    stale(setting, found);
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

fn stale(setting: &Setting, found: &mut Findings) {
    let Some(max_age) = setting.update.max_age.as_deref().and_then(duration::parse) else { return };
    let Ok(bytes) = fs::read(&setting.krl) else { return };
    let Ok(edition) = Kind::Krl.edition(&bytes) else { return };
    let age = now().saturating_sub(edition.date);
    if age > max_age {
        let (age, allowed) = (duration::in_words(age), duration::in_words(max_age));
        let what = format!("{} is {age} old, and max_age in ca.toml allows {allowed}.", setting.krl.display());
        found.problem(CHECK, what, Some("ca-tool update".to_owned()));
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
