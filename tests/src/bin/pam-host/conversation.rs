//! The conversation function of the host: keeps what modules say, answers prompts with nothing, or misbehaves on demand.

use std::cell::RefCell;
use std::ffi::{CStr, c_int, c_void};

use crate::ffi::{Conv, Message, Response, one_line};

const PAM_SUCCESS: c_int = 0;
const PAM_BUF_ERR: c_int = 5;
const PAM_CONV_ERR: c_int = 19;

/// What was said since the last [`Conversation::take`]: style and text.
pub(crate) struct Conversation {
    said: RefCell<Vec<(&'static str, String)>>,
    manner: Manner,
}

#[derive(Clone, Copy)]
enum Manner {
    Answers,
    Fails,
    /// Success without a response, as some programs do for messages that ask nothing.
    Null,
}

impl Conversation {
    pub(crate) fn new(manner: &str) -> Self {
        let manner = match manner {
            "answers" => Manner::Answers,
            "fails" => Manner::Fails,
            "null" => Manner::Null,
            _ => panic!("unknown conversation {manner}"),
        };
        Self { said: RefCell::default(), manner }
    }

    /// The C view; valid as long as `self` stays where it is.
    pub(crate) fn as_pam(&self) -> Conv {
        Conv { converse, data: std::ptr::from_ref(self).cast_mut().cast() }
    }

    pub(crate) fn take(&self) -> Vec<(&'static str, String)> {
        self.said.take()
    }
}

extern "C" fn converse(count: c_int, messages: *mut *const Message, responses: *mut *mut Response, data: *mut c_void) -> c_int {
    // SAFETY: data is the pointer that as_pam made, and the Conversation outlives the handle.
    let conversation = unsafe { &*data.cast_const().cast::<Conversation>() };
    let Ok(count) = usize::try_from(count) else { return PAM_CONV_ERR };
    for index in 0..count {
        // SAFETY: libpam's contract: `count` pointers to messages whose texts are C strings.
        let (style, text) = unsafe {
            let message = &**messages.add(index);
            (message.style, CStr::from_ptr(message.text))
        };
        conversation.said.borrow_mut().push((style_name(style), one_line(text)));
    }
    match conversation.manner {
        Manner::Fails => PAM_CONV_ERR,
        // SAFETY: `responses` is valid for a write.
        Manner::Null => unsafe { give(responses, std::ptr::null_mut()) },
        Manner::Answers => {
            // SAFETY: calloc has no preconditions; zeroed responses are valid (no text, code 0).
            let answers = unsafe { libc::calloc(count, size_of::<Response>()) };
            if answers.is_null() {
                return PAM_BUF_ERR;
            }
            // SAFETY: `responses` is valid for a write.
            unsafe { give(responses, answers.cast()) }
        }
    }
}

/// # Safety
/// `responses` must be valid for a write.
unsafe fn give(responses: *mut *mut Response, value: *mut Response) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { responses.write(value) };
    PAM_SUCCESS
}

fn style_name(style: c_int) -> &'static str {
    match style {
        1 => "prompt",
        2 => "prompt-echo",
        3 => "error",
        4 => "info",
        _ => "unknown",
    }
}
