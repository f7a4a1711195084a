//! The control field of a pam.d line: what it makes of a module's answer (pam.d(5)).

use crate::pam_d::is_control;

/// What becomes of the stack when the module accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It ends here.
    Done,
    /// So many lines are passed over.
    Jump(usize),
    /// The next line is asked.
    Goes,
}

/// What pam_ussh returns when it refuses.
const REFUSALS: [&str; 7] =
    ["perm_denied", "auth_err", "cred_expired", "authinfo_unavail", "service_err", "user_unknown", "abort"];

pub(super) fn on_success(control: &str) -> Effect {
    match control.to_ascii_lowercase().as_str() {
        "sufficient" => Effect::Done,
        "required" | "requisite" | "optional" => Effect::Goes,
        brackets => match action(brackets, "success") {
            Some("done") => Effect::Done,
            Some(number) => number.parse().map_or(Effect::Goes, Effect::Jump),
            None => Effect::Goes,
        },
    }
}

/// Whether a refusal of the module's is one of the stack.
pub(crate) fn binds(control: &str) -> bool {
    match control.to_ascii_lowercase().as_str() {
        "required" | "requisite" => true,
        "sufficient" | "optional" => false,
        _ if !is_control(control) => true,
        brackets => REFUSALS.iter().all(|code| matches!(action(brackets, code), Some("bad" | "die"))),
    }
}

/// Whether the stack refuses where the module is missing.
pub(crate) fn needs_its_module(control: &str) -> bool {
    match control.to_ascii_lowercase().as_str() {
        "required" | "requisite" => true,
        "sufficient" | "optional" => false,
        brackets => matches!(action(brackets, "module_unknown"), Some("bad" | "die")),
    }
}

fn action<'a>(brackets: &'a str, code: &str) -> Option<&'a str> {
    let of = |name: &str| brackets.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    of(code).or_else(|| of("default"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_accepting_module_does_to_the_stack() {
        for (control, effect) in [
            ("required", Effect::Goes),
            ("Sufficient", Effect::Done),
            ("success=2 default=ignore", Effect::Jump(2)),
            ("success=ok default=bad", Effect::Goes),
            ("default=done", Effect::Done),
            ("new_authtok_reqd=done default=ignore", Effect::Goes),
        ] {
            assert_eq!(on_success(control), effect, "{control}");
        }
    }

    #[test]
    fn which_lines_refuse_without_their_module() {
        for (control, expected) in [
            ("required", true),
            ("Sufficient", false),
            ("success=ok default=bad", true),
            ("default=bad module_unknown=ignore", false),
            ("success=1 default=ignore", false),
        ] {
            assert_eq!(needs_its_module(control), expected, "{control}");
        }
    }

    #[test]
    fn what_refuses_for_the_whole_stack() {
        for (control, expected) in [
            ("requisite", true),
            ("optional", false),
            ("sufficient", false),
            ("success=ok default=bad", true),
            ("success=ok ignore=ignore default=die", true),
            ("success=ok cred_expired=ignore default=die", false),
            ("success=1 default=ignore", false),
            ("success=ok", false),
            ("requird", true),
        ] {
            assert_eq!(binds(control), expected, "{control}");
        }
    }
}
