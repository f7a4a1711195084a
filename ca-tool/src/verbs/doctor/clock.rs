//! The clock, which decides what is valid.

use std::path::Path;

use super::examination::answer_of;
use super::finding::Findings;
use crate::clock;
use crate::issue::request::now;

const CHECK: &str = "clock";

/// This program is not older: what its package was built at, or the first of November 2026.
const BUILT: Option<&str> = option_env!("SOURCE_DATE_EPOCH");
const NEVER_BEFORE: u64 = 1_793_491_200;

pub(super) fn look(found: &mut Findings) {
    let systemd = Path::new("/run/systemd/system").exists();
    let asked = if systemd { answer_of("timedatectl", &["show", "--property=NTPSynchronized", "--value"]) } else { None };
    let synchronized = asked.filter(|answer| answer.is_success).map(|answer| answer.out.trim() == "yes");
    let built = BUILT.and_then(|text| text.parse().ok()).unwrap_or(NEVER_BEFORE);
    judge(now(), built, synchronized, found);
}

fn judge(now: u64, built: u64, synchronized: Option<bool>, found: &mut Findings) {
    let stamp = clock::stamp(i64::try_from(now).unwrap_or(i64::MAX));
    let mend = || Some("timedatectl set-ntp true".to_owned());
    if now < built {
        let what = format!("It is {stamp} here, before this program was made: certificates that have expired count again.");
        return found.problem(CHECK, what, mend());
    }
    match synchronized {
        Some(true) => found.ok(CHECK, format!("{stamp}, set by the network.")),
        Some(false) => found.warning(CHECK, format!("{stamp}, and nothing sets it: what is valid depends on it."), mend()),
        None => found.ok(CHECK, format!("{stamp}; whether something sets it was not to be found out (no systemd runs).")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_clock_is_wrong_before_this_was_built_and_doubtful_when_nothing_sets_it() {
        for (now, synchronized, state) in [
            (99, Some(true), State::Problem),
            (100, Some(true), State::Ok),
            (100, Some(false), State::Warning),
            (100, None, State::Ok),
        ] {
            let mut found = Findings::default();
            judge(now, 100, synchronized, &mut found);
            assert_eq!(found.0.first().unwrap().state, state, "{now} {synchronized:?}");
        }
        assert!(now() >= NEVER_BEFORE, "this host's own clock");
    }
}
