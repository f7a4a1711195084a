//! The few functions of libpam that a host program calls (security/pam_appl.h), by hand.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr;

use crate::conversation::Conversation;

pub(crate) const PAM_USER: c_int = 2;
pub(crate) const PAM_TTY: c_int = 3;
pub(crate) const PAM_RHOST: c_int = 4;
pub(crate) const PAM_RUSER: c_int = 8;
pub(crate) const PAM_SILENT: c_int = 0x8000;

const PAM_SUCCESS: c_int = 0;
const PAM_ESTABLISH_CRED: c_int = 2;

/// `struct pam_message`.
#[repr(C)]
pub(crate) struct Message {
    pub(crate) style: c_int,
    pub(crate) text: *const c_char,
}

/// `struct pam_response`, allocated by the conversation with malloc and freed by the module.
#[repr(C)]
pub(crate) struct Response {
    pub(crate) text: *mut c_char,
    pub(crate) code: c_int,
}

pub(crate) type Converse = extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

/// `struct pam_conv`.
#[repr(C)]
pub(crate) struct Conv {
    pub(crate) converse: Converse,
    pub(crate) data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conv: *const Conv,
        confdir: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_putenv(handle: *mut c_void, name_value: *const c_char) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_chauthtok(handle: *mut c_void, flags: c_int) -> c_int;
}

/// One PAM transaction; the conversation it borrows must outlive it.
pub(crate) struct Handle<'a> {
    raw: *mut c_void,
    conversation: PhantomData<&'a Conversation>,
}

impl<'a> Handle<'a> {
    pub(crate) fn start(service: &str, user: &str, confdir: &str, conversation: &'a Conversation) -> Self {
        let (service, user, confdir) = (c_string(service), c_string(user), c_string(confdir));
        let mut raw = ptr::null_mut();
        // SAFETY: libpam copies the strings and the pam_conv; what pam_conv points to outlives the handle ('a).
        let code = unsafe {
            pam_start_confdir(service.as_ptr(), user.as_ptr(), &conversation.as_pam(), confdir.as_ptr(), &raw mut raw)
        };
        assert_eq!(code, PAM_SUCCESS, "pam_start_confdir: {}", code_name(code));
        Self { raw, conversation: PhantomData }
    }

    pub(crate) fn set_item(&self, item: c_int, value: &str) {
        let value = c_string(value);
        // SAFETY: the handle is live; libpam copies the string.
        let code = unsafe { pam_set_item(self.raw, item, value.as_ptr().cast()) };
        assert_eq!(code, PAM_SUCCESS, "pam_set_item: {}", code_name(code));
    }

    pub(crate) fn putenv(&self, name_value: &[u8]) {
        let name_value = c_string(name_value);
        // SAFETY: the handle is live; libpam copies the string.
        let code = unsafe { pam_putenv(self.raw, name_value.as_ptr()) };
        assert_eq!(code, PAM_SUCCESS, "pam_putenv: {}", code_name(code));
    }

    pub(crate) fn call(&self, hook: &str, flags: c_int) -> c_int {
        // SAFETY: the handle is live, and these functions take nothing else.
        unsafe {
            match hook {
                "authenticate" => pam_authenticate(self.raw, flags),
                "acct_mgmt" => pam_acct_mgmt(self.raw, flags),
                "setcred" => pam_setcred(self.raw, flags | PAM_ESTABLISH_CRED),
                "open_session" => pam_open_session(self.raw, flags),
                "close_session" => pam_close_session(self.raw, flags),
                "chauthtok" => pam_chauthtok(self.raw, flags),
                _ => panic!("unknown hook {hook}"),
            }
        }
    }

    /// pam_end unloads the modules.
    pub(crate) fn end(self) {
        // SAFETY: the handle is live and `self` is consumed.
        let code = unsafe { pam_end(self.raw, PAM_SUCCESS) };
        assert_eq!(code, PAM_SUCCESS, "pam_end: {}", code_name(code));
    }
}

/// The name of a return code, without `PAM_` (security/_pam_types.h).
pub(crate) fn code_name(code: c_int) -> String {
    const NAMES: [&str; 32] = [
        "SUCCESS",
        "OPEN_ERR",
        "SYMBOL_ERR",
        "SERVICE_ERR",
        "SYSTEM_ERR",
        "BUF_ERR",
        "PERM_DENIED",
        "AUTH_ERR",
        "CRED_INSUFFICIENT",
        "AUTHINFO_UNAVAIL",
        "USER_UNKNOWN",
        "MAXTRIES",
        "NEW_AUTHTOK_REQD",
        "ACCT_EXPIRED",
        "SESSION_ERR",
        "CRED_UNAVAIL",
        "CRED_EXPIRED",
        "CRED_ERR",
        "NO_MODULE_DATA",
        "CONV_ERR",
        "AUTHTOK_ERR",
        "AUTHTOK_RECOVERY_ERR",
        "AUTHTOK_LOCK_BUSY",
        "AUTHTOK_DISABLE_AGING",
        "TRY_AGAIN",
        "IGNORE",
        "ABORT",
        "AUTHTOK_EXPIRED",
        "MODULE_UNKNOWN",
        "BAD_ITEM",
        "CONV_AGAIN",
        "INCOMPLETE",
    ];
    let known = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    known.map_or_else(|| format!("CODE_{code}"), |name| (*name).to_owned())
}

pub(crate) fn c_string(text: impl Into<Vec<u8>>) -> CString {
    CString::new(text).expect("no NUL in an argument")
}

/// What a module said, as text on one line; a control character that came through shows as ⟨hex⟩.
pub(crate) fn one_line(text: &CStr) -> String {
    let escape = |c: char| if c.is_control() { format!("⟨{:02x}⟩", u32::from(c)) } else { c.to_string() };
    text.to_string_lossy().chars().map(escape).collect()
}
