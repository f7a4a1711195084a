//! Text for the person, through libpam's pam_prompt(3): it guards against conversations that answer with NULL and frees
//! what they answer, neither of which pamsm's own `conv` does.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use pamsm::Pam;

/// For all that is said: sudo without a terminal writes PAM_TEXT_INFO to standard output, into what its command writes.
const PAM_ERROR_MSG: c_int = 3;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_prompt(pamh: *const c_void, style: c_int, response: *mut *mut c_char, format: *const c_char, ...) -> c_int;
}

/// Shows a line. That it could not be shown changes nothing.
pub(crate) fn show(pam: &Pam, line: &str) {
    let Ok(line) = CString::new(line) else { return };
    // SAFETY: `Pam` is `repr(transparent)` over the handle, which libpam keeps alive during the call of a hook.
    let handle = unsafe { ptr::from_ref(pam).cast::<*const c_void>().read() };
    // SAFETY: the format takes one C string, which outlives the call; a NULL response is allowed and means none is wanted.
    unsafe { pam_prompt(handle, PAM_ERROR_MSG, ptr::null_mut(), c"%s".as_ptr(), line.as_ptr()) };
}
