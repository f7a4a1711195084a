//! Each line with the module: understood by libpam, and by the module, which is asked itself.

use std::path::Path;

use nix::unistd::{Group, geteuid};

use super::finding::{Findings, State};
use super::stacks::{MODULE, Stacked, Stacks, put, values};
use super::unasked;
use crate::error::{OrSay, Result};
use crate::pam_d::{Line, Stack};
use crate::pam_try::{self, Question};

pub(super) const CHECK: &str = "pam.d";

/// A service of its own, so that the log shows who asked.
const SERVICE: &str = "ussh-doctor";

/// The module waits for its agent, nothing else does.
const SECONDS: u32 = 60;

pub(super) fn look(stacks: &Stacks, krl: &Path, found: &mut Findings) {
    for what in &stacks.unread {
        found.warning(CHECK, what, None);
    }
    if stacks.services.is_empty() {
        found.warning(
            CHECK,
            format!("No service has a line with {MODULE}: nobody is asked for a certificate."),
            put("sudo", &[]),
        );
    }
    // Lines with the same words have the same fault, which is said once.
    let mut asked: Vec<(&[String], Fault)> = Vec::new();
    for stacked in &stacks.services {
        let before = found.0.len();
        let (mut is_sound, mut understood) = (true, Vec::new());
        for trouble in &stacked.service.trouble {
            found.problem(CHECK, trouble.sentence(), None);
        }
        others(stacked, found);
        for line in stacked.service.lines.iter().filter(|line| line.is(MODULE)) {
            let known = asked.iter().find(|(words, _)| *words == line.words).map(|(_, fault)| *fault);
            let fault = known.unwrap_or_else(|| {
                let fault = words(line, found);
                asked.push((&line.words, fault));
                fault
            });
            is_sound &= fault == Fault::None;
            if fault != Fault::Words {
                understood.push(line);
            }
        }
        let is_unasked = unasked::look(stacked, &understood, stacks, krl, found);
        if !is_sound && found.0.len() == before {
            found.problem(CHECK, format!("{}: refuses everybody, for the same reason.", stacked.name), None);
        }
        if found.0.len() == before && !is_unasked {
            let of = |stack| stacked.ours(stack).next().map(|_: &Line| Stack::name(stack));
            let stacks: Vec<_> = [Stack::Auth, Stack::Account, Stack::Session].into_iter().filter_map(of).collect();
            found.ok(CHECK, format!("{}: asked in {}.", stacked.name, stacks.join(", ")));
        }
    }
}

/// What is wrong with a line's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing, or it could not be asked.
    None,
    /// They are not understood.
    Words,
    /// What they name cannot be relied on.
    Files,
}

/// Lines of other modules, which are not there.
fn others(stacked: &Stacked, found: &mut Findings) {
    for line in stacked.service.lines_without_module().filter(|line| !line.is(MODULE)) {
        found.problem(CHECK, line.without_module(), None);
    }
}

/// What the module itself says of the line's words; and, to root, of the files that they name.
fn words(line: &Line, found: &mut Findings) -> Fault {
    if !Path::new(pam_try::PROGRAM).exists() {
        return Fault::None;
    }
    match is_understood(&line.words) {
        Err(error) => {
            found.warning(CHECK, format!("{}: {error}", line.place()), None);
            Fault::None
        }
        Ok(true) => files(line, found),
        Ok(false) => {
            let culprit =
                culprit(&line.words).map(|word| format!("\"{word}\" is wrong")).unwrap_or("words contradict each other".into());
            let what =
                format!("{}: pam_ussh does not understand its options ({culprit}), and refuses everybody.", line.place());
            found.problem(CHECK, what, None);
            Fault::Words
        }
    }
}

/// In the session stack of a stranger the module does nothing but read its words.
fn is_understood(words: &[String]) -> Result<bool> {
    let lines = format!("session required {MODULE} {}\nsession required pam_permit.so\n", on_a_line(words));
    ask(&lines, Stack::Session).map(|code| code == "PAM_SUCCESS")
}

/// The first word without which the rest would be understood.
fn culprit(words: &[String]) -> Option<&String> {
    words.iter().enumerate().find_map(|(at, word)| {
        let rest: Vec<_> = words.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, word)| word.clone()).collect();
        is_understood(&rest).ok()?.then_some(word)
    })
}

/// Nobody's agent is there, so the module gets as far as looking for it, if all that it reads is sound.
fn files(line: &Line, found: &mut Findings) -> Fault {
    let before = found.0.len();
    if let Some(group) = values(line, "group").next().filter(|group| matches!(Group::from_name(group), Ok(None))) {
        let what = format!("{}: there is no group \"{group}\", and so everybody is refused.", line.place());
        found.problem(CHECK, what, Some(format!("groupadd {}", super::stacks::quoted(group))));
    }
    if !geteuid().is_root() {
        return fault_since(before, found);
    }
    // Root may not be in the group; who is in sshd is no question of files.
    let words: Vec<_> =
        line.words.iter().filter(|word| !word.starts_with("group=") && !word.starts_with("quiet")).cloned().collect();
    let lines = format!("auth required {MODULE} {} quiet\n", on_a_line(&words));
    match ask(&lines, Stack::Auth) {
        Ok(code) if code == "PAM_SERVICE_ERR" => {
            let what = format!(
                "{}: pam_ussh refuses everybody for the files that this line names; the log has the reason.",
                line.place()
            );
            found.problem(CHECK, what, None);
        }
        Ok(_) => {}
        Err(error) => found.warning(CHECK, format!("{}: {error}", line.place()), None),
    }
    fault_since(before, found)
}

fn fault_since(before: usize, found: &Findings) -> Fault {
    match found.0.iter().skip(before).any(|finding| finding.state == State::Problem) {
        true => Fault::Files,
        false => Fault::None,
    }
}

fn ask(lines: &str, stack: Stack) -> Result<String> {
    let cannot = "No folder for a question to PAM can be made";
    let folder = tempfile::tempdir().or_say(cannot, "Is there room in /tmp?")?;
    std::fs::write(folder.path().join(SERVICE), lines).or_say(cannot, "Is there room in /tmp?")?;
    let question = Question {
        service: SERVICE.to_owned(),
        user: "root".to_owned(),
        folder: Some(folder.path().to_owned()),
        calls: vec![stack],
        seconds: Some(SECONDS),
        ..Question::default()
    };
    Ok(question.ask(|_| ())?.code(stack).unwrap_or_default().to_owned())
}

fn on_a_line(words: &[String]) -> String {
    words.iter().map(|word| format!("[{}]", word.replace(']', "\\]"))).collect::<Vec<_>>().join(" ")
}
