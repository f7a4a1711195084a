//! A list that is there and that lines do not ask: whether who is revoked gets in.

use std::path::Path;

use super::control::binds;
use super::finding::Findings;
use super::stacks::{MODULE, Stacked, Stacks, is_in_block, put, values};
use super::traps::FORGETFUL;
use super::{services, sshd};
use crate::pam_d::{Line, Stack};

/// Whether there was something to say. `understood`: the service's lines whose words the module understands.
pub(super) fn look(stacked: &Stacked, understood: &[&Line], stacks: &Stacks, krl: &Path, found: &mut Findings) -> bool {
    let lines: Vec<&Line> = understood.iter().copied().filter(|line| judges(stacked, line) && !asks(line)).collect();
    if lines.is_empty() || !krl.exists() {
        return false;
    }
    let places: Vec<_> = lines.iter().map(|line| line.place()).collect();
    let what = |fate| format!("{}: {} is not asked{fate}", places.join(", "), krl.display());
    let mend = lines.iter().find(|line| is_in_block(line)).and_then(|line| anew(line, understood, stacks));
    let sshd_asks = || stacked.is_sshd() && sshd::asks(krl);
    if lines.iter().all(|line| is_refused_by_another(line, stacked)) {
        found.warning(services::CHECK, what("; another line refuses who is revoked."), mend);
    } else if !sshd_asks() {
        found.problem(services::CHECK, what(", so who is revoked gets in."), mend);
    } else if stacks.end_sessions() {
        found.problem(services::CHECK, what(", so who is revoked stays in."), mend);
    } else {
        found.warning(services::CHECK, what("; sshd itself refuses who is revoked."), mend);
    }
    true
}

/// In a session the module judges nobody but whom sshd lets in.
fn judges(stacked: &Stacked, line: &Line) -> bool {
    match line.stack {
        Stack::Auth | Stack::Account => true,
        Stack::Session => stacked.is_sshd(),
        Stack::Password => false,
    }
}

fn asks(line: &Line) -> bool {
    values(line, "revoked_keys").next().is_some()
}

/// Whether one asks the list that everybody must pass who passes this one.
fn is_refused_by_another(line: &Line, stacked: &Stacked) -> bool {
    let group = |line: &Line| values(line, "group").next().map(str::to_owned);
    let binding = stacked.service.lines.iter().filter(|other| other.is(MODULE) && asks(other) && binds(&other.control));
    let mut passed_by_all = binding.filter(|other| is_always_called(other.stack, stacked));
    passed_by_all.any(|other| group(other).is_none() || group(other) == group(line))
}

/// sshd's other stacks come before it says which certificate it has seen.
fn is_always_called(stack: Stack, stacked: &Stacked) -> bool {
    if stacked.is_sshd() && stacked.ours(Stack::Session).next().is_some() {
        return stack == Stack::Session;
    }
    stack == Stack::Account || stack == Stack::Auth && !FORGETFUL.contains(&stacked.name.as_str())
}

/// The command that writes this line's block anew, unless it holds a word that nobody understands.
fn anew(line: &Line, understood: &[&Line], stacks: &Stacks) -> Option<String> {
    let name = line.file.file_name()?.to_str()?;
    let owner = stacks.get(name)?;
    owner.in_block().all(|line| understood.contains(&line)).then(|| put(name, &owner.words()))?
}
