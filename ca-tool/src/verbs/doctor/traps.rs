//! Lines that are understood and do not do what they are there for.

use super::control::{Effect, binds, on_success};
use super::finding::Findings;
use super::stacks::{MODULE, Stacked, Stacks, is_shared, put, quoted};
use crate::pam_d::{Line, Stack};

const CHECK: &str = "order";

/// Programs that call the auth stack only sometimes: not for NOPASSWD, `nopass`, or while they remember.
pub(super) const FORGETFUL: [&str; 3] = ["sudo", "sudo-i", "doas"];

/// Root runs these as well, and has no agent.
const ROOTS_OWN: [&str; 5] = ["sudo", "sudo-i", "su", "su-l", "doas"];

pub(super) fn look(stacks: &Stacks, found: &mut Findings) {
    let before = found.0.len();
    for stacked in &stacks.services {
        let name = stacked.name.as_str();
        if stacked.is_sshd() {
            sshd(stacked, found);
        } else if ROOTS_OWN.contains(&name) {
            agents(stacked, found);
        } else {
            strangers(stacked, found);
        }
    }
    login_shells(stacks, found);
    if found.0.len() == before && !stacks.services.is_empty() {
        found.ok(CHECK, "Nothing in front of pam_ussh's lines, and nothing that is missing beside them, goes round them.");
    }
}

/// sudo, su and doas.
fn agents(stacked: &Stacked, found: &mut Findings) {
    let name = &stacked.name;
    let accounts: Vec<_> = stacked.ours(Stack::Account).collect();
    if accounts.is_empty() && FORGETFUL.contains(&name.as_str()) {
        let what = format!("{name} asks in auth alone: a rule without a password, and one that is remembered, go round it.");
        found.problem(CHECK, what, put(name, &stacked.words()));
    }
    // From the last one: what is put in moves those below it.
    for line in accounts.into_iter().rev() {
        if !binds(&line.control) {
            let what = format!("{}: \"{}\" lets everybody go on whom pam_ussh refuses.", line.place(), line.control);
            found.problem(CHECK, what, None);
        }
        goes_round(stacked, line, found);
        if !spares_root(stacked, line) && !line.words.iter().any(|word| word.starts_with("group=")) {
            let what = format!("{}: root's own {name}, as in cron jobs, is refused: root has no agent.", line.place());
            let mend = "account  [success=1 default=ignore]   pam_rootok.so";
            let mend = format!("sed -i '{}i {mend}' {}", line.number, quoted(&line.file.display().to_string()));
            // Of a file that several services include: run twice, it would jump over its own line.
            if !found.0.iter().any(|known| known.mend.as_ref() == Some(&mend)) {
                found.warning(CHECK, what, Some(mend));
            }
        }
    }
}

/// Whether a line in front takes root past this one.
fn spares_root(stacked: &Stacked, ours: &Line) -> bool {
    let lines: Vec<_> = stacked.service.of(ours.stack).collect();
    let mut at = 0;
    while let Some(line) = lines.get(at).filter(|line| **line != ours) {
        at += match on_success(&line.control) {
            Effect::Done if line.is("pam_rootok.so") && line.depth <= ours.depth => return true,
            Effect::Jump(over) if line.is("pam_rootok.so") => 1 + over,
            _ => 1,
        };
    }
    lines.iter().position(|line| *line == ours).is_some_and(|ours| at > ours)
}

fn sshd(stacked: &Stacked, found: &mut Findings) {
    let mut sessions = stacked.ours(Stack::Session).filter(|line| binds(&line.control)).peekable();
    if sessions.peek().is_none() {
        let what = format!(
            "{} has no session line that is required: a login by public key is never held to its certificate.",
            stacked.name
        );
        found.problem(CHECK, what, put(&stacked.name, &stacked.words()));
    }
    for line in sessions {
        goes_round(stacked, line, found);
        let before = |other: &&Line| *other != line;
        for other in stacked.service.of(Stack::Session).take_while(before) {
            let says = |word: &str| other.words.iter().any(|other| other == word);
            let ends = line.words.iter().any(|word| word.starts_with("end_session") && word != "end_session=no");
            if other.is("pam_env.so") && says("user_readenv=1") {
                let what = format!(
                    "{} reads a file of the user's before {}: it could name another certificate.",
                    other.place(),
                    line.place()
                );
                found.problem(CHECK, what, None);
            }
            if other.is("pam_systemd.so") && ends {
                let what =
                    format!("{} comes before {}: logind is not told when the session ends.", other.place(), line.place());
                found.warning(CHECK, what, None);
            }
            if other.is("pam_selinux.so") && says("open") && ends {
                let what = format!("{} comes before {}: the guard starts in the person's domain.", other.place(), line.place());
                found.warning(CHECK, what, None);
            }
        }
    }
}

/// Services without an agent: consoles, timers, polkit's daemon.
fn strangers(stacked: &Stacked, found: &mut Findings) {
    let refusing = |line: &&Line| line.is(MODULE) && line.stack != Stack::Session && binds(&line.control);
    for line in stacked.service.lines.iter().filter(refusing) {
        if is_shared(&line.file) {
            let what = format!(
                "{}: the console, cron and others include this file, and have no agent: all are refused, root too.",
                line.place()
            );
            // By what it says: the commands for several lines are run one after the other.
            let ours = format!(r"/^[[:blank:]]*-\?{}[[:blank:]].*pam_ussh\.so/Id", line.stack.name());
            found.problem(CHECK, what, Some(format!("sed -i '{ours}' {}", quoted(&line.file.display().to_string()))));
        } else {
            let what = format!(
                "{}: {} finds an agent at most by accident, and refuses everybody without.",
                line.place(),
                stacked.name
            );
            found.warning(CHECK, what, None);
        }
    }
}

/// A line in front that ends the stack, or jumps over the module, for those whom it accepts.
fn goes_round(stacked: &Stacked, ours: &Line, found: &mut Findings) {
    let lines: Vec<_> = stacked.service.of(ours.stack).collect();
    let Some(at) = lines.iter().position(|line| *line == ours) else { return };
    for (index, line) in lines.iter().enumerate().take(at) {
        let skips = match on_success(&line.control) {
            Effect::Done => line.depth <= ours.depth,
            Effect::Jump(over) => index + over >= at,
            Effect::Goes => false,
        };
        if skips && !line.is("pam_rootok.so") && !line.is(MODULE) {
            let what =
                format!("{}: whom {} accepts, pam_ussh in {} is not asked about.", line.place(), line.module, ours.place());
            found.problem(CHECK, what, None);
        }
    }
}

/// sudo -i and su - are services of their own.
fn login_shells(stacks: &Stacks, found: &mut Findings) {
    for (base, login) in [("sudo", "sudo-i"), ("su", "su-l")] {
        let asks = |name| stacks.get(name).is_some_and(|stacked| stacked.ours(Stack::Account).next().is_some());
        if asks(base) && stacks.pam_d.find(login).is_some() && !asks(login) {
            let what = format!(
                "{base} asks for a certificate and {login} does not: whoever says `{base} -{}` goes round it.",
                login.chars().last().unwrap_or('i')
            );
            // Its own words, where it has a line.
            let words = stacks.get(login).or(stacks.get(base)).map(Stacked::words).unwrap_or_default();
            found.problem(CHECK, what, put(login, &words));
        }
    }
}
