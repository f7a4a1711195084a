//! The structures of OpenSSH's sk-api.h, version 0x000a, and memory that OpenSSH will free.

use std::ffi::CStr;
use std::ptr;

use libc::c_char;

use crate::{Result, SkError};

/// `SSH_SK_USER_PRESENCE_REQD`, and the same bit in a signature's flags.
pub(crate) const USER_PRESENCE: u8 = 0x01;
/// `SSH_SK_USER_VERIFICATION_REQD`, and the same bit in a signature's flags.
pub(crate) const USER_VERIFICATION: u8 = 0x04;
/// `SSH_SK_FORCE_OPERATION`: replace a resident key that exists.
pub(crate) const FORCE_OPERATION: u8 = 0x10;
/// `SSH_SK_RESIDENT_KEY`.
pub(crate) const RESIDENT_KEY: u8 = 0x20;

/// Bytes from libc's malloc: OpenSSH frees whatever it gets from a provider.
#[repr(C)]
pub(crate) struct Buffer {
    start: *mut u8,
    length: usize,
}

impl Buffer {
    const NONE: Buffer = Buffer { start: ptr::null_mut(), length: 0 };

    fn copy(bytes: &[u8]) -> Buffer {
        // SAFETY: malloc of at least one byte, checked, and then filled with exactly the bytes asked for.
        let start = unsafe {
            let start = allocate(bytes.len()).cast::<u8>();
            ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
            start
        };
        Buffer { start, length: bytes.len() }
    }

    /// One structure, moved to malloc's memory.
    pub(crate) fn of<T>(value: T) -> *mut T {
        // SAFETY: the memory is large enough and, being malloc's, aligned for every type of this file.
        unsafe {
            let place = allocate(size_of::<T>()).cast::<T>();
            place.write(value);
            place
        }
    }

    /// An array of pointers to structures, each moved to malloc's memory.
    pub(crate) fn of_pointers<T>(values: Vec<T>) -> *mut *mut T {
        // SAFETY: room for as many pointers as are written.
        unsafe {
            let places = allocate(values.len() * size_of::<*mut T>()).cast::<*mut T>();
            for (index, value) in values.into_iter().enumerate() {
                places.add(index).write(Buffer::of(value));
            }
            places
        }
    }
}

/// malloc that never returns NULL, not even for nothing.
unsafe fn allocate(size: usize) -> *mut libc::c_void {
    // SAFETY: malloc has no precondition.
    let memory = unsafe { libc::malloc(size.max(1)) };
    assert!(!memory.is_null(), "out of memory");
    memory
}

/// `struct sk_enroll_response`.
#[repr(C)]
pub struct EnrollResponse {
    flags: u8,
    public_key: Buffer,
    key_handle: Buffer,
    signature: Buffer,
    attestation_cert: Buffer,
    authdata: Buffer,
}

impl EnrollResponse {
    /// A key without attestation.
    pub(crate) fn new(flags: u8, public_key: &[u8], key_handle: &[u8]) -> EnrollResponse {
        EnrollResponse {
            flags,
            public_key: Buffer::copy(public_key),
            key_handle: Buffer::copy(key_handle),
            signature: Buffer::NONE,
            attestation_cert: Buffer::NONE,
            authdata: Buffer::NONE,
        }
    }
}

/// `struct sk_sign_response`: for ed25519 the whole signature stands in `sig_r`.
#[repr(C)]
pub struct SignResponse {
    flags: u8,
    counter: u32,
    sig_r: Buffer,
    sig_s: Buffer,
}

impl SignResponse {
    /// A signature of 64 bytes: r and s for ecdsa; for ed25519 OpenSSH reads `sig_r` alone.
    pub(crate) fn new(flags: u8, counter: u32, signature: &Signature) -> SignResponse {
        let (sig_r, sig_s) = match signature {
            Signature::Ed25519(bytes) => (Buffer::copy(bytes), Buffer::NONE),
            Signature::Ecdsa { r, s } => (Buffer::copy(r), Buffer::copy(s)),
        };
        SignResponse { flags, counter, sig_r, sig_s }
    }
}

/// A signature in the pieces that OpenSSH wants.
pub(crate) enum Signature {
    /// 64 bytes.
    Ed25519([u8; 64]),
    /// Two big-endian numbers of 32 bytes.
    Ecdsa { r: [u8; 32], s: [u8; 32] },
}

/// `struct sk_resident_key`.
#[repr(C)]
pub struct ResidentKey {
    alg: u32,
    slot: usize,
    application: *mut c_char,
    key: EnrollResponse,
    flags: u8,
    user_id: Buffer,
}

impl ResidentKey {
    /// One resident key; `application` without a NUL.
    pub(crate) fn new(alg: u32, application: &[u8], key: EnrollResponse, flags: u8, user_id: &[u8]) -> ResidentKey {
        let application = Buffer::copy(&[application, b"\0"].concat()).start.cast();
        ResidentKey { alg, slot: 0, application, key, flags, user_id: Buffer::copy(user_id) }
    }
}

/// `struct sk_option`.
#[repr(C)]
pub struct SkOption {
    name: *mut c_char,
    value: *mut c_char,
    required: u8,
}

/// The bytes of a C string, None for NULL.
pub(crate) unsafe fn bytes<'a>(string: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller's string ends with NUL and lives as long as the call.
    (!string.is_null()).then(|| unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// A pointer and its length; NULL is empty.
pub(crate) unsafe fn slice<'a>(start: *const u8, length: usize) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: the caller's memory has this length and lives as long as the call.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// The `user` option (`ssh-keygen -O user=`), empty without one. An unknown option that is required is an error.
pub(crate) unsafe fn user_option<'a>(options: *mut *mut SkOption) -> Result<&'a [u8]> {
    let mut user: &[u8] = b"";
    let mut index = 0;
    // SAFETY: NULL, or an array of pointers that ends with NULL; names and values are C strings.
    unsafe {
        while let Some(option) = options.as_ref().and_then(|_| (*options.add(index)).as_ref()) {
            match bytes(option.name) {
                Some(b"user") => user = bytes(option.value).unwrap_or_default(),
                Some(b"device") => {}
                _ if option.required != 0 => return Err(SkError::Unsupported),
                _ => {}
            }
            index += 1;
        }
    }
    Ok(user)
}
