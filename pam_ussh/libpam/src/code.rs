//! PAM's codes (security/_pam_types.h).

use std::ffi::c_int;

/// It went well.
pub const SUCCESS: c_int = 0;
/// There is no memory, or a text cannot be handed to C.
pub const BUF_ERR: c_int = 5;
/// Refused.
pub const PERM_DENIED: c_int = 6;
/// Refused: who they are is not shown.
pub const AUTH_ERR: c_int = 7;
/// Refused: what shows who they are is too old.
pub const CRED_EXPIRED: c_int = 16;
/// Nobody answers a question.
pub const CONV_ERR: c_int = 19;
/// The module has no say.
pub const IGNORE: c_int = 25;

/// In the order of their numbers.
const NAMES: [&str; 32] = [
    "PAM_SUCCESS",
    "PAM_OPEN_ERR",
    "PAM_SYMBOL_ERR",
    "PAM_SERVICE_ERR",
    "PAM_SYSTEM_ERR",
    "PAM_BUF_ERR",
    "PAM_PERM_DENIED",
    "PAM_AUTH_ERR",
    "PAM_CRED_INSUFFICIENT",
    "PAM_AUTHINFO_UNAVAIL",
    "PAM_USER_UNKNOWN",
    "PAM_MAXTRIES",
    "PAM_NEW_AUTHTOK_REQD",
    "PAM_ACCT_EXPIRED",
    "PAM_SESSION_ERR",
    "PAM_CRED_UNAVAIL",
    "PAM_CRED_EXPIRED",
    "PAM_CRED_ERR",
    "PAM_NO_MODULE_DATA",
    "PAM_CONV_ERR",
    "PAM_AUTHTOK_ERR",
    "PAM_AUTHTOK_RECOVERY_ERR",
    "PAM_AUTHTOK_LOCK_BUSY",
    "PAM_AUTHTOK_DISABLE_AGING",
    "PAM_TRY_AGAIN",
    "PAM_IGNORE",
    "PAM_ABORT",
    "PAM_AUTHTOK_EXPIRED",
    "PAM_MODULE_UNKNOWN",
    "PAM_BAD_ITEM",
    "PAM_CONV_AGAIN",
    "PAM_INCOMPLETE",
];

/// `PAM_SUCCESS` and so on; `PAM_CODE_99` for what libpam does not have.
pub fn name(code: c_int) -> String {
    let known = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    known.map_or_else(|| format!("PAM_CODE_{code}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_header() {
        for (code, expected) in [(SUCCESS, "PAM_SUCCESS"), (AUTH_ERR, "PAM_AUTH_ERR"), (CRED_EXPIRED, "PAM_CRED_EXPIRED")] {
            assert_eq!(name(code), expected);
        }
        assert_eq!((name(CONV_ERR), name(IGNORE)), ("PAM_CONV_ERR".to_owned(), "PAM_IGNORE".to_owned()));
        assert_eq!((name(31), name(99), name(-1)), ("PAM_INCOMPLETE".into(), "PAM_CODE_99".into(), "PAM_CODE_-1".into()));
    }
}
