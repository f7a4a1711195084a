//! What a line's control means for those whom its module accepts, and whom it refuses.

use crate::pam_d::control::{Action, action};

/// What becomes of the stack when the module accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
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

pub(crate) fn on_success(control: &str) -> Effect {
    match action(control, "success") {
        Action::Done => Effect::Done,
        Action::Jump(over) => Effect::Jump(over),
        _ => Effect::Goes,
    }
}

/// Whether a refusal of the module's is one of the stack.
pub(crate) fn binds(control: &str) -> bool {
    REFUSALS.iter().all(|code| matches!(action(control, code), Action::Bad | Action::Die))
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
    fn what_refuses_for_the_whole_stack() {
        for (control, expected) in [
            ("requisite", true),
            ("optional", false),
            ("sufficient", false),
            ("success=ok default=bad", true),
            ("success=ok ignore=ignore default=die", true),
            ("success=ok cred_expired=ignore default=die", false),
            ("success=1 default=ignore", false),
            ("success=ok", true),
            ("", true),
            ("requird", true),
        ] {
            assert_eq!(binds(control), expected, "{control}");
        }
    }
}
