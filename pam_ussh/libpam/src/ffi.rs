//! security/pam_appl.h, by hand.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};

/// `struct pam_message`.
#[repr(C)]
pub(crate) struct Message {
    pub(crate) style: c_int,
    pub(crate) text: *const c_char,
}

/// `struct pam_response`; never filled in here.
#[repr(C)]
pub(crate) struct Response {
    text: *mut c_char,
    unused: c_int,
}

pub(crate) type Converse = unsafe extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int;

/// `struct pam_conv`.
#[repr(C)]
pub(crate) struct Conversation {
    pub(crate) converse: Converse,
    pub(crate) data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    pub(crate) fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        handle: *mut *mut c_void,
    ) -> c_int;
    /// Linux-PAM 1.4.
    pub(crate) fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    pub(crate) fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    pub(crate) fn pam_putenv(handle: *mut c_void, variable: *const c_char) -> c_int;
    pub(crate) fn pam_getenv(handle: *mut c_void, name: *const c_char) -> *const c_char;
    pub(crate) fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    pub(crate) fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    pub(crate) fn pam_open_session(handle: *mut c_void, flags: c_int) -> c_int;
    pub(crate) fn pam_close_session(handle: *mut c_void, flags: c_int) -> c_int;
    pub(crate) fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
}
