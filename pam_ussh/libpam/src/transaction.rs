//! One transaction with libpam.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use crate::code::{BUF_ERR, SUCCESS};
use crate::conversation::{Hear, Said, converse};
use crate::ffi;

/// What a program can tell modules of the person, besides their name (pam_set_item(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The terminal.
    Tty,
    /// The host that they come from.
    RemoteHost,
    /// Who asks, where that is not who it is about.
    RemoteUser,
}

impl Item {
    fn number(self) -> c_int {
        match self {
            Self::Tty => 3,
            Self::RemoteHost => 4,
            Self::RemoteUser => 8,
        }
    }
}

/// From pam_start(3) to pam_end(3), which comes when it is dropped.
pub struct Transaction {
    handle: *mut c_void,
    last: c_int,
    /// libpam points to it until pam_end(3), so it must not move.
    _hear: Box<Hear>,
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Transaction {
    /// Begins one for `user` (PAM_USER), with the pam.d files in `folder`, or, without one, the system's. libpam has read
    /// them when this returns. `hear` is called with what modules say.
    ///
    /// # Errors
    /// PAM's code.
    pub fn start(
        service: &str,
        user: &str,
        folder: Option<&Path>,
        hear: impl FnMut(Said<'_>) + 'static,
    ) -> Result<Self, c_int> {
        let (service, user) = (c_string(service)?, c_string(user)?);
        let folder = folder.map(|folder| c_string(folder.as_os_str().as_bytes())).transpose()?;
        let mut hear: Box<Hear> = Box::new(Box::new(hear));
        let conversation = ffi::Conversation { converse, data: ptr::from_mut::<Hear>(&mut hear).cast() };
        let (service, user, conversation) = (service.as_ptr(), user.as_ptr(), &raw const conversation);
        let mut handle = ptr::null_mut();
        let code = match folder {
            // SAFETY: libpam copies all that it is given; `hear` lives as long as the handle; `handle` is a place for it.
            Some(folder) => unsafe { ffi::pam_start_confdir(service, user, conversation, folder.as_ptr(), &raw mut handle) },
            // SAFETY: as above.
            None => unsafe { ffi::pam_start(service, user, conversation, &raw mut handle) },
        };
        if code == SUCCESS && !handle.is_null() { Ok(Self { handle, last: SUCCESS, _hear: hear }) } else { Err(code) }
    }

    /// Puts a variable into the PAM environment.
    ///
    /// # Errors
    /// PAM's code.
    pub fn put(&mut self, name: &str, value: &str) -> Result<(), c_int> {
        let variable = c_string(format!("{name}={value}"))?;
        // SAFETY: the handle lives until `drop`; libpam copies the string.
        went_well(unsafe { ffi::pam_putenv(self.handle, variable.as_ptr()) })
    }

    /// A variable of the PAM environment.
    pub fn get(&self, name: &CStr) -> Option<String> {
        // SAFETY: the handle lives until `drop`.
        let value = unsafe { ffi::pam_getenv(self.handle, name.as_ptr()) };
        // SAFETY: not NULL, so a C string that stays until the variable is changed; it is copied here.
        (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned())
    }

    /// Sets an item.
    ///
    /// # Errors
    /// PAM's code.
    pub fn set(&mut self, item: Item, value: &str) -> Result<(), c_int> {
        let value = c_string(value)?;
        // SAFETY: the handle lives until `drop`; libpam copies the string, which is what these items are.
        went_well(unsafe { ffi::pam_set_item(self.handle, item.number(), value.as_ptr().cast()) })
    }

    /// Runs the auth stack; gives PAM's code.
    pub fn authenticate(&mut self) -> c_int {
        // SAFETY: the handle lives until `drop`.
        self.last = unsafe { ffi::pam_authenticate(self.handle, 0) };
        self.last
    }

    /// Runs the account stack; gives PAM's code.
    pub fn account(&mut self) -> c_int {
        // SAFETY: the handle lives until `drop`.
        self.last = unsafe { ffi::pam_acct_mgmt(self.handle, 0) };
        self.last
    }

    /// Runs the session stack at a session's beginning; gives PAM's code.
    pub fn open_session(&mut self) -> c_int {
        // SAFETY: the handle lives until `drop`.
        self.last = unsafe { ffi::pam_open_session(self.handle, 0) };
        self.last
    }

    /// Runs the session stack at a session's end; gives PAM's code.
    pub fn close_session(&mut self) -> c_int {
        // SAFETY: the handle lives until `drop`.
        self.last = unsafe { ffi::pam_close_session(self.handle, 0) };
        self.last
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // SAFETY: `start` made the handle, and nothing uses it afterwards.
        unsafe { ffi::pam_end(self.handle, self.last) };
    }
}

fn c_string(text: impl Into<Vec<u8>>) -> Result<CString, c_int> {
    CString::new(text).map_err(|_| BUF_ERR)
}

fn went_well(code: c_int) -> Result<(), c_int> {
    if code == SUCCESS { Ok(()) } else { Err(code) }
}
