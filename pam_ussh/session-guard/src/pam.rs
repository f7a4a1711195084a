//! libpam, as much of it as one question takes.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;

/// `_pam_types.h`.
pub(crate) const SUCCESS: c_int = 0;
pub(crate) const PERM_DENIED: c_int = 6;
pub(crate) const AUTH_ERR: c_int = 7;
pub(crate) const CRED_EXPIRED: c_int = 16;
pub(crate) const IGNORE: c_int = 25;
const BUF_ERR: c_int = 5;
const CONV_ERR: c_int = 19;
const ERROR_MSG: c_int = 3;
const TEXT_INFO: c_int = 4;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    unused: c_int,
}

type Converse = unsafe extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_putenv(handle: *mut c_void, variable: *const c_char) -> c_int;
    fn pam_getenv(handle: *mut c_void, name: *const c_char) -> *const c_char;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
}

/// A PAM transaction.
pub(crate) struct Transaction {
    handle: *mut c_void,
    last: c_int,
}

impl Transaction {
    /// With the pam.d files in `folder`, which libpam has read when this returns.
    ///
    /// # Errors
    /// PAM's code.
    pub(crate) fn start(service: &str, user: &str, folder: &Path) -> Result<Self, c_int> {
        let c_string = |text: &str| CString::new(text).map_err(|_| BUF_ERR);
        let (service, user, folder) = (c_string(service)?, c_string(user)?, c_string(folder.to_str().ok_or(BUF_ERR)?)?);
        let conversation = Conversation { converse: print_messages, data: ptr::null_mut() };
        let mut handle = ptr::null_mut();
        // SAFETY: libpam copies all that it is given; `handle` is a place for its own pointer.
        let code = unsafe {
            pam_start_confdir(service.as_ptr(), user.as_ptr(), &raw const conversation, folder.as_ptr(), &raw mut handle)
        };
        if code == SUCCESS && !handle.is_null() { Ok(Self { handle, last: SUCCESS }) } else { Err(code) }
    }

    /// Puts a variable into the PAM environment.
    ///
    /// # Errors
    /// PAM's code.
    pub(crate) fn put(&mut self, name: &str, value: &str) -> Result<(), c_int> {
        let variable = CString::new(format!("{name}={value}")).map_err(|_| BUF_ERR)?;
        // SAFETY: the handle lives until `drop`; libpam copies the string.
        let code = unsafe { pam_putenv(self.handle, variable.as_ptr()) };
        if code == SUCCESS { Ok(()) } else { Err(code) }
    }

    /// A variable of the PAM environment.
    pub(crate) fn get(&self, name: &CStr) -> Option<String> {
        // SAFETY: the handle lives until `drop`.
        let value = unsafe { pam_getenv(self.handle, name.as_ptr()) };
        // SAFETY: not NULL, so a C string that stays until the variable is changed; it is copied here.
        (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned())
    }

    /// Runs the account stack; gives PAM's code.
    pub(crate) fn account(&mut self) -> c_int {
        // SAFETY: the handle lives until `drop`.
        self.last = unsafe { pam_acct_mgmt(self.handle, 0) };
        self.last
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // SAFETY: `start` made the handle, and nothing uses it afterwards.
        unsafe { pam_end(self.handle, self.last) };
    }
}

/// Prints what a module tells the person as `message TEXT` lines. Nobody is here to answer a question.
///
/// # Safety
/// For libpam alone: `count` messages, and a place for the answers.
unsafe extern "C" fn print_messages(
    count: c_int,
    messages: *const *const Message,
    answers: *mut *mut Response,
    _: *mut c_void,
) -> c_int {
    let Ok(count) = usize::try_from(count) else { return CONV_ERR };
    if messages.is_null() || answers.is_null() || count == 0 {
        return CONV_ERR;
    }
    // SAFETY: as libpam promises (pam_conv(3)); on Linux it is an array of pointers.
    for message in unsafe { std::slice::from_raw_parts(messages, count) } {
        // SAFETY: each points to a message.
        let Some(message) = (unsafe { message.as_ref() }) else { return CONV_ERR };
        if !matches!(message.style, ERROR_MSG | TEXT_INFO) || message.text.is_null() {
            return CONV_ERR;
        }
        // SAFETY: a C string that outlives this call.
        crate::judge::print("message", &unsafe { CStr::from_ptr(message.text) }.to_string_lossy());
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
