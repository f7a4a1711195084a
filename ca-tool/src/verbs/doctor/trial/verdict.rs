//! What would happen to whom, and what is wrong with that.

use clap::ValueEnum;

use super::cases::{Attempt, Cases, Shows, Tried};
use crate::error::{Error, Result};
use crate::pam_d::{Line, Stack};
use crate::setting::Setting;
use crate::verbs::config;
use crate::verbs::doctor::finding::{Findings, State};

/// All that is found here is of one kind.
const CHECK: &str = "pam";

/// What becomes of somebody.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    LetIn,
    /// Somebody who types it was not at hand.
    AskedForPassword,
    Refused(String),
}

/// Prints the report.
///
/// # Errors
/// There is a problem.
pub(super) fn tell(cases: &Cases<'_>, tried: &[Tried], setting: &Setting) -> Result<()> {
    let mut findings = Findings::default();
    look_at_file(cases, &mut findings);
    for tried in tried {
        match (tried.is_root, tried.shows) {
            (true, _) => look_at_root(cases, tried, &mut findings),
            (false, Shows::Valid) => look_at_a_good_one(cases, tried, &mut findings),
            (false, _) => look_at_others(cases, tried, &mut findings),
        }
        look_at_session(cases, tried, &mut findings);
    }
    look_at_log(tried, &mut findings);
    look_for_a_bypass(cases, tried, &mut findings);
    let advice = format!("Do not put {} in place.", cases.trial.file.display());
    findings.report(setting).map_err(|error| if error.is_silent() { error } else { Error::new(error.what(), advice) })
}

/// The command that prints the right file, for services that it knows.
fn lines_of(cases: &Cases<'_>) -> Option<String> {
    let service = config::Service::from_str(cases.trial.service, false).ok()?;
    Some(format!("ca-tool config --pam {} --whole", service.name()))
}

/// What libpam does not understand, and what it takes from elsewhere.
fn look_at_file(cases: &Cases<'_>, findings: &mut Findings) {
    for trouble in &cases.service.trouble {
        findings.problem(CHECK, trouble.sentence(), None);
    }
    let needed: &[Stack] = if cases.is_sshd() { &[Stack::Account, Stack::Session] } else { &[Stack::Auth, Stack::Account] };
    for stack in needed.iter().filter(|stack| cases.service.of(**stack).next().is_none()) {
        let what = format!("The file has no {} line, so libpam takes those of /etc/pam.d/other.", stack.name());
        findings.problem(CHECK, what, lines_of(cases));
    }
    if !cases.service.lines.iter().any(|line| line.is("pam_ussh.so")) {
        findings.warning(CHECK, "No line names pam_ussh.so: nobody is asked for a certificate.", lines_of(cases));
    }
    for what in cases.barren {
        findings.problem(CHECK, what, None);
    }
    if let Some(why) = &cases.throwaway.unfit {
        findings.warning(CHECK, format!("A valid certificate cannot be tried: {why}."), None);
    }
}

fn look_at_a_good_one(cases: &Cases<'_>, tried: &Tried, findings: &mut Findings) {
    let (who, service) = (&tried.user, cases.trial.service);
    match fate(cases, tried) {
        Fate::LetIn => findings.ok(CHECK, format!("{who} with a valid certificate: let in by {service}.")),
        Fate::AskedForPassword => {
            findings.ok(CHECK, format!("{who} with a valid certificate: let in by {service} after a password."));
        }
        Fate::Refused(why) => {
            let what = format!("{who} with a valid certificate: refused. {why}");
            match cases.throwaway.unfit {
                Some(_) => findings.warning(CHECK, what, None),
                None => findings.problem(CHECK, what, lines_of(cases)),
            }
        }
    }
}

/// Nobody of these should get in.
fn look_at_others(cases: &Cases<'_>, tried: &Tried, findings: &mut Findings) {
    let who = format!("{} {}", tried.user, shown(cases, tried.shows));
    let none_asked = "where none is asked (NOPASSWD, or one that is remembered)";
    let needs_line = "An account line of pam_ussh.so asks on every command.";
    let is_open = !cases.is_sshd() && is_success(&tried.second, Stack::Account);
    match fate(cases, tried) {
        Fate::LetIn => findings.warning(CHECK, format!("{who}: let in, and nothing is asked."), lines_of(cases)),
        Fate::AskedForPassword => {
            let what = format!("{who}: let in after a password, and without one {none_asked}. {needs_line}");
            findings.warning(CHECK, what, lines_of(cases));
        }
        Fate::Refused(_) if is_open => {
            let what = format!("{who}: refused with a password, and let in without one {none_asked}. {needs_line}");
            findings.warning(CHECK, what, lines_of(cases));
        }
        Fate::Refused(why) => findings.ok(CHECK, format!("{who}: refused. {why}")),
    }
}

fn look_at_root(cases: &Cases<'_>, tried: &Tried, findings: &mut Findings) {
    let who = format!("root's own {}, as in a cron job", cases.trial.service);
    // sudo and doas run the account stack alone for root.
    let (is_let_in, deciding) = match cases.is_about_caller() {
        true => (is_success(&tried.second, Stack::Account), &tried.second),
        false => (fate(cases, tried) == Fate::LetIn, &tried.first),
    };
    if is_let_in {
        return findings.ok(CHECK, format!("{who}: let in."));
    }
    let ours = |line: &&Line| line.is("pam_ussh.so");
    let is_spared = cases.service.of(Stack::Account).take_while(|line| !ours(line)).any(|line| line.is("pam_rootok.so"));
    let belongs = match is_spared {
        true => "Root is let past pam_ussh.so, and no other account line accepts: the file needs those of the service as well.",
        false => "In front of the module's account line belongs \"account [success=1 default=ignore] pam_rootok.so\".",
    };
    findings.problem(CHECK, format!("{who}: refused. {} {belongs}", why(deciding)), lines_of(cases));
}

/// Where no session opens, su and doas run nothing, and sudo only if no more is said than `PAM_SESSION_ERR`.
fn look_at_session(cases: &Cases<'_>, tried: &Tried, findings: &mut Findings) {
    let Some(attempt) = tried.session.as_ref().filter(|attempt| !is_success(attempt, Stack::Session)) else { return };
    let is_borne = cases.trial.service.starts_with("sudo")
        && attempt.answer.as_ref().is_ok_and(|answer| answer.last() == Some("PAM_SESSION_ERR"));
    let who = format!("{}: {} opens no session", tried.user, cases.trial.service);
    match is_borne {
        true => findings.warning(CHECK, format!("{who}, and goes on all the same. {}", why(attempt)), None),
        false => findings.problem(CHECK, format!("{who}, and so runs nothing. {}", why(attempt)), None),
    }
}

/// Why the module or libpam could not do their work; each reason once.
fn look_at_log(tried: &[Tried], findings: &mut Findings) {
    for attempt in tried.iter().flat_map(|tried| [&tried.first, &tried.second].into_iter().chain(&tried.session)) {
        if let Err(error) = &attempt.answer {
            findings.problem(CHECK, error.clone(), None);
        }
        for (state, what) in attempt.log.iter().filter_map(|line| trouble(line)) {
            match state {
                State::Problem => findings.problem(CHECK, what, None),
                _ => findings.warning(CHECK, what, None),
            }
        }
    }
}

/// What a line of the log says that is no decision.
fn trouble(line: &str) -> Option<(State, String)> {
    let detail = line.split_once("reason=configuration detail=\"").filter(|_| line.starts_with("pam_ussh("));
    if let Some((_, detail)) = detail {
        let detail = detail.trim_end_matches('"').replace("\\\"", "\"");
        return Some((State::Problem, format!("pam_ussh refuses everybody: {detail}.")));
    }
    let said = line.strip_prefix("PAM ")?;
    // It says twice that a module is missing.
    if said.starts_with("adding faulty module") {
        return None;
    }
    let is_of_others = said.starts_with("unable to dlopen") && !said.contains("pam_ussh");
    Some((if is_of_others { State::Warning } else { State::Problem }, format!("libpam says: {said}.")))
}

/// A line above the module's that lets everybody in makes its own useless.
fn look_for_a_bypass(cases: &Cases<'_>, tried: &[Tried], findings: &mut Findings) {
    let [in_auth, ..] = cases.wanted.has_module;
    let Some(nobody) = tried.iter().find(|tried| !tried.is_root && tried.shows == Shows::Nothing) else { return };
    if in_auth && !cases.is_sshd() && is_success(&nobody.first, Stack::Auth) {
        let what = "The auth stack lets in who shows nothing: a line in front of pam_ussh.so has decided before it is asked.";
        findings.warning(CHECK, what, lines_of(cases));
    }
}

fn fate(cases: &Cases<'_>, tried: &Tried) -> Fate {
    if cases.is_sshd() {
        let stacks = [(&tried.first, Stack::Account), (&tried.second, Stack::Session)];
        let refused = stacks.iter().find(|(attempt, stack)| !is_success(attempt, *stack));
        return refused.map_or(Fate::LetIn, |(attempt, _)| Fate::Refused(why(attempt)));
    }
    if is_success(&tried.first, Stack::Auth) {
        return if is_success(&tried.first, Stack::Account) { Fate::LetIn } else { Fate::Refused(why(&tried.first)) };
    }
    let was_asked = tried.first.answer.as_ref().is_ok_and(|answer| !answer.asked.is_empty());
    match (was_asked, is_success(&tried.second, Stack::Account)) {
        (true, true) => Fate::AskedForPassword,
        (true, false) => Fate::Refused(why(&tried.second)),
        (false, _) => Fate::Refused(why(&tried.first)),
    }
}

fn is_success(attempt: &Attempt, stack: Stack) -> bool {
    attempt.answer.as_ref().is_ok_and(|answer| answer.is_success(stack))
}

/// The module's words, and PAM's code.
fn why(attempt: &Attempt) -> String {
    match &attempt.answer {
        Ok(answer) => {
            let code = answer.last().unwrap_or("no answer");
            if answer.said.is_empty() { format!("{code}.") } else { format!("{code}: {}", answer.said.join(" ")) }
        }
        Err(error) => error.clone(),
    }
}

fn shown(cases: &Cases<'_>, shows: Shows) -> &'static str {
    match (shows, cases.is_sshd()) {
        (Shows::Valid, _) => "with a valid certificate",
        (Shows::Expired, _) => "with an expired certificate",
        (Shows::NoCertificate, false) => "with an agent that holds no certificate",
        (Shows::NoCertificate, true) => "with a plain key",
        (Shows::Nothing, false) => "without an agent",
        (Shows::Nothing, true) => "without a key",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_says_is_told_in_words() {
        let line = "pam_ussh(sudo:auth): refused user=\"a\" reason=configuration detail=\"option \\\"x\\\": unknown option\"";
        let expected = "pam_ussh refuses everybody: option \"x\": unknown option.";
        assert_eq!(trouble(line), Some((State::Problem, expected.to_owned())));
        let state = |line| trouble(line).map(|(state, _)| state);
        assert_eq!(state("PAM unable to dlopen(pam_ussh.so): no such file"), Some(State::Problem));
        assert_eq!(state("PAM unable to dlopen(pam_gnome.so): no such file"), Some(State::Warning));
        assert_eq!(state("PAM (sudo) illegal module type: authh"), Some(State::Problem));
        assert_eq!(state("PAM adding faulty module: pam_ussh.so"), None);
        assert_eq!(state("pam_unix(sudo:auth): conversation failed"), None);
    }
}
