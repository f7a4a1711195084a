//! The control field of a pam.d line: what it makes of a module's answer (libpam's pam_misc.c and pam_handlers.c).

/// What becomes of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Ignore,
    Ok,
    Done,
    Bad,
    Die,
    Reset,
    /// So many lines are passed over.
    Jump(usize),
}

/// The answers of modules that brackets may name (pam_tokens.h).
const ANSWERS: [&str; 33] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
    "default",
];

const ACTIONS: [(&str, Action); 6] = [
    ("ignore", Action::Ignore),
    ("ok", Action::Ok),
    ("done", Action::Done),
    ("bad", Action::Bad),
    ("die", Action::Die),
    ("reset", Action::Reset),
];

/// The words, in brackets.
const WORDS: [(&str, &str); 4] = [
    ("required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"),
    ("requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"),
    ("sufficient", "success=done new_authtok_reqd=done default=ignore"),
    ("optional", "success=ok new_authtok_reqd=ok default=ignore"),
];

/// Whether libpam understands a control. Where it does not, it takes every answer for a refusal, an accepting one too.
pub(crate) fn is_control(control: &str) -> bool {
    pairs(control).is_some_and(|pairs| !pairs.is_empty())
}

/// What it makes of an answer, `module_unknown` say: what is said of that last, else the first default, else a refusal.
pub(crate) fn action(control: &str, answer: &str) -> Action {
    let pairs = pairs(control).unwrap_or_default();
    let of = |name: &str| pairs.iter().filter(move |(known, _)| *known == name).map(|(_, action)| *action).collect::<Vec<_>>();
    of(answer).last().or(of("default").first()).copied().unwrap_or(Action::Bad)
}

/// The same control for a stack that has nothing to jump over: it ends there.
pub(crate) fn without_jumps(control: &str) -> String {
    if WORDS.iter().any(|(word, _)| control.eq_ignore_ascii_case(word)) {
        return control.to_owned();
    }
    let Some(pairs) = pairs(control) else { return "[default=bad]".to_owned() };
    let word = |action| ACTIONS.iter().find(|(_, known)| *known == action).map_or("done", |(word, _)| word);
    let pairs: Vec<_> = pairs.iter().map(|(answer, action)| format!("{answer}={}", word(*action))).collect();
    format!("[{}]", pairs.join(" "))
}

/// `success=1 default=ignore`; blanks may stand anywhere between, and need not. Nothing where libpam understands nothing.
fn pairs(control: &str) -> Option<Vec<(&'static str, Action)>> {
    let word = WORDS.iter().find(|(word, _)| control.eq_ignore_ascii_case(word));
    let mut rest = word.map_or(control, |(_, brackets)| brackets).trim_start_matches(is_space);
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (answer, after) = ANSWERS.iter().find_map(|answer| Some((*answer, rest.strip_prefix(answer)?)))?;
        let after = after.trim_start_matches(is_space).strip_prefix('=')?.trim_start_matches(is_space);
        let (action, after) = one_action(after)?;
        pairs.push((answer, action));
        rest = after.trim_start_matches(is_space);
    }
    Some(pairs)
}

/// And what stands behind it.
fn one_action(text: &str) -> Option<(Action, &str)> {
    ACTIONS.iter().find_map(|(word, action)| Some((*action, text.strip_prefix(word)?))).or_else(|| {
        let after = text.trim_start_matches(|character: char| character.is_ascii_digit());
        let number: i32 = text.strip_suffix(after)?.parse().ok()?;
        (number > 0).then_some((Action::Jump(usize::try_from(number).ok()?), after))
    })
}

/// isspace(3): a no-break space is none.
fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\u{b}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpam_takes_for_a_control() {
        for control in [
            "required",
            "Requisite",
            "success=1 default=ignore",
            "success = okdefault=12",
            " user_unknown=die",
            "success=ok\u{b}default\r=\tignore",
        ] {
            assert!(is_control(control), "{control}");
        }
        for control in [
            "requird",
            "Success=ok",
            "success",
            "success=",
            "success=0",
            "success=99999999999",
            "success=ok defalt=bad",
            "success=-1",
            "",
            " ",
            "success=1\u{a0}default=ignore",
        ] {
            assert!(!is_control(control), "{control}");
        }
    }

    #[test]
    fn a_jump_becomes_the_end_and_the_rest_stays() {
        for (control, expected) in [
            ("Sufficient", "Sufficient"),
            ("success = 1default=ignore", "[success=done default=ignore]"),
            ("auth_err=reset default=die", "[auth_err=reset default=die]"),
            ("requird", "[default=bad]"),
            ("", "[]"),
        ] {
            assert_eq!(without_jumps(control), expected, "{control}");
        }
    }

    #[test]
    fn the_last_word_about_an_answer_counts_and_the_first_default() {
        for (control, answer, expected) in [
            ("Required", "success", Action::Ok),
            ("requisite", "auth_err", Action::Die),
            ("sufficient", "success", Action::Done),
            ("optional", "auth_err", Action::Ignore),
            ("success = ok default = die", "module_unknown", Action::Die),
            ("success=okdefault=die", "module_unknown", Action::Die),
            ("success=ok", "module_unknown", Action::Bad),
            ("auth_err=ignore default=die auth_err=bad", "auth_err", Action::Bad),
            ("default=ignore default=die", "auth_err", Action::Ignore),
            ("success=2 default=reset", "success", Action::Jump(2)),
            ("default=reset", "success", Action::Reset),
            ("requird", "success", Action::Bad),
            ("default=ignore succes=ok", "auth_err", Action::Bad),
        ] {
            assert_eq!(action(control, answer), expected, "{control}: {answer}");
        }
    }
}
