//! What modules say to the person (pam_conv(3)).
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};

use crate::code::{BUF_ERR, CONV_ERR, SUCCESS};
use crate::ffi::{Message, Response};

const PROMPT_ECHO_OFF: c_int = 1;
const PROMPT_ECHO_ON: c_int = 2;
const ERROR_MSG: c_int = 3;
const TEXT_INFO: c_int = 4;

/// A word from a module. The text is as it came: bytes that are not UTF-8 are replaced, control characters are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'t> {
    /// `PAM_TEXT_INFO`.
    Info(&'t str),
    /// `PAM_ERROR_MSG`.
    Error(&'t str),
    /// A question, such as for a password, which gets no answer: the module is told `PAM_CONV_ERR`.
    Question(&'t str),
}

/// Hears what is said.
pub(crate) type Hear = Box<dyn FnMut(Said<'_>)>;

/// libpam's way to [`Hear`].
///
/// # Safety
/// For libpam alone: `count` messages, a place for the answers, and in `data` a pointer to a live [`Hear`].
pub(crate) unsafe extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    answers: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let Ok(count) = usize::try_from(count) else { return CONV_ERR };
    if messages.is_null() || answers.is_null() || data.is_null() || count == 0 {
        return CONV_ERR;
    }
    // SAFETY: `Transaction` keeps it where it is until pam_end(3), and libpam calls this from one thread.
    let hear = unsafe { &mut *data.cast::<Hear>() };
    // SAFETY: as libpam promises (pam_conv(3)); on Linux it is an array of pointers.
    for message in unsafe { std::slice::from_raw_parts(messages, count) } {
        // SAFETY: each points to a message.
        let Some(message) = (unsafe { message.as_ref() }) else { return CONV_ERR };
        if message.text.is_null() {
            return CONV_ERR;
        }
        // SAFETY: a C string that outlives this call.
        let text = unsafe { CStr::from_ptr(message.text) }.to_string_lossy();
        match message.style {
            TEXT_INFO => hear(Said::Info(&text)),
            ERROR_MSG => hear(Said::Error(&text)),
            PROMPT_ECHO_OFF | PROMPT_ECHO_ON => {
                hear(Said::Question(&text));
                return CONV_ERR;
            }
            _ => return CONV_ERR,
        }
    }
    // SAFETY: libpam frees the array with free(3), and each answer that is not NULL.
    let blank = unsafe { libc::calloc(count, size_of::<Response>()) };
    if blank.is_null() {
        return BUF_ERR;
    }
    // SAFETY: the caller's place for one pointer; it is not NULL.
    unsafe { answers.write(blank.cast()) };
    SUCCESS
}
