//! The six functions that libpam looks for. They turn C's arguments into ours and leave the rest to `entry`.
//!
//! Written out rather than made by pamsm's macro, which refuses a word that is not UTF-8 without a line in the log.
#![allow(unsafe_code)]
#![allow(missing_docs, unreachable_pub, reason = "libpam finds them by name; pam_sm_*(3) say what they are")]

use std::ffi::{CStr, c_char, c_int};

use pamsm::{Pam, PamError};

use crate::entry;

macro_rules! hook {
    ($name:ident, $run:path) => {
        /// # Safety
        /// For libpam alone, which passes a live handle and `argc` words.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(pam: Pam, _flags: c_int, argc: c_int, argv: *const *const c_char) -> c_int {
            // SAFETY: as libpam promises for every hook (pam_sm_authenticate(3)).
            let words = unsafe { words(argc, argv) };
            let code: PamError = $run(&pam, &words);
            code as c_int
        }
    };
}

hook!(pam_sm_authenticate, entry::authenticate_hook);
hook!(pam_sm_setcred, entry::setcred_hook);
hook!(pam_sm_acct_mgmt, entry::account_hook);
hook!(pam_sm_open_session, entry::open_session_hook);
hook!(pam_sm_close_session, entry::close_session_hook);
hook!(pam_sm_chauthtok, entry::chauthtok_hook);

/// The words of the pam.d line. What is not UTF-8 becomes U+FFFD, which no option takes.
///
/// # Safety
/// `argv` points to `argc` C strings, or `argc` is not above 0.
unsafe fn words(argc: c_int, argv: *const *const c_char) -> Vec<String> {
    let count = usize::try_from(argc).unwrap_or(0);
    if argv.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise; the pointer is not NULL.
    let pointers = unsafe { std::slice::from_raw_parts(argv, count) };
    let strings = pointers.iter().filter(|word| !word.is_null());
    // SAFETY: each is a C string that outlives the call.
    strings.map(|word| unsafe { CStr::from_ptr(*word) }.to_string_lossy().into_owned()).collect()
}
