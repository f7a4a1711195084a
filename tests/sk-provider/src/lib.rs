//! A software security key: the four functions of OpenSSH's sk-api.h over a device that is a folder.
//!
//! The folder named by `SK_PROVIDER_DEVICE` is the device: see `device.rs` for what a test can put there (a PIN, a
//! withheld touch) and read there (every touch that was asked for). The private keys lie unprotected on the disk: this
//! is for tests and nothing else.

mod api;
mod credential;
mod device;
mod resident;

use api::{Buffer, EnrollResponse, ResidentKey, SignResponse, SkOption};
use credential::{Algorithm, Credential};
use device::Device;
use libc::{c_char, c_int};

/// What went wrong, by OpenSSH's numbers (`SSH_SK_ERR_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
enum SkError {
    General = -1,
    Unsupported = -2,
    PinRequired = -3,
    DeviceNotFound = -4,
    CredentialExists = -5,
}

type Result<T> = std::result::Result<T, SkError>;

/// The API version, of which OpenSSH 8.7 to 10.5 compare the upper half.
#[unsafe(no_mangle)]
pub extern "C" fn sk_api_version() -> u32 {
    0x000a_0000
}

/// Makes a key on the device (`ssh-keygen -t ed25519-sk`): a touch always, the PIN when the device has one.
///
/// # Safety
/// As sk-api.h says: `application` and `pin` are C strings (`pin` or NULL), `options` a NULL-terminated array or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_enroll(
    alg: u32,
    _challenge: *const u8,
    _challenge_len: usize,
    application: *const c_char,
    flags: u8,
    pin: *const c_char,
    options: *mut *mut SkOption,
    response: *mut *mut EnrollResponse,
) -> c_int {
    // SAFETY: the caller hands over C strings or NULL, and an options array that ends with NULL.
    let (application, pin, user) = unsafe { (api::bytes(application), api::bytes(pin), api::user_option(options)) };
    answer(response, || {
        let device = Device::plugged_in()?;
        let algorithm = Algorithm::try_from(alg)?;
        let application = application.ok_or(SkError::General)?;
        device.verify_user(pin, device.has_pin())?;
        let resident = flags & api::RESIDENT_KEY != 0;
        if resident && flags & api::FORCE_OPERATION == 0 && resident::exists(&device, application, user?) {
            return Err(SkError::CredentialExists);
        }
        device.ask_for_touch("enroll", application)?;
        let credential = Credential::create(&device.secret()?, algorithm, application)?;
        if resident {
            resident::store(&device, &credential, application, user?, flags)?;
        }
        Ok(EnrollResponse::new(flags, &credential.public_key(), &credential.handle))
    })
}

/// Signs with a key of this device: a touch when the flags say so, the PIN when the flags say so.
///
/// # Safety
/// As sk-api.h says: each pointer with its length, `application` and `pin` as for `sk_enroll`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_sign(
    alg: u32,
    data: *const u8,
    data_len: usize,
    application: *const c_char,
    key_handle: *const u8,
    key_handle_len: usize,
    flags: u8,
    pin: *const c_char,
    options: *mut *mut SkOption,
    response: *mut *mut SignResponse,
) -> c_int {
    // SAFETY: the caller hands over pointers with their lengths, C strings or NULL, and a NULL-terminated array.
    let (data, handle, application, pin, user) = unsafe {
        (
            api::slice(data, data_len),
            api::slice(key_handle, key_handle_len),
            api::bytes(application),
            api::bytes(pin),
            api::user_option(options),
        )
    };
    answer(response, || {
        user?; // refuses options that this device must know and does not
        let device = Device::plugged_in()?;
        let application = application.ok_or(SkError::General)?;
        let algorithm = Algorithm::try_from(alg)?;
        let credential = Credential::open(&device.secret()?, algorithm, application, handle)?;
        let verified = device.verify_user(pin, flags & api::USER_VERIFICATION != 0)?;
        let wanted = flags & api::USER_PRESENCE;
        let present = if wanted != 0 && device.ask_for_touch("sign", application)? { wanted } else { 0 };
        let shown = present | if verified { api::USER_VERIFICATION } else { 0 };
        let counter = device.count_signature(application, shown)?;
        let signature = credential.sign(application, shown, counter, data)?;
        Ok(SignResponse::new(shown, counter, &signature))
    })
}

/// Lists the resident keys (`ssh-keygen -K`, `ssh-add -K`): needs the PIN, never a touch.
///
/// # Safety
/// As sk-api.h says: `pin` is a C string or NULL, the two outputs are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sk_load_resident_keys(
    pin: *const c_char,
    options: *mut *mut SkOption,
    keys: *mut *mut *mut ResidentKey,
    count: *mut usize,
) -> c_int {
    // SAFETY: the caller hands over a C string or NULL, and an options array that ends with NULL.
    let (pin, user) = unsafe { (api::bytes(pin), api::user_option(options)) };
    let found = (|| {
        user?;
        let device = Device::plugged_in()?;
        device.verify_user(pin, true)?;
        resident::load_all(&device)
    })();
    match found {
        Ok(found) => {
            // SAFETY: the caller's two output variables are writable.
            unsafe {
                *count = found.len();
                *keys = Buffer::of_pointers(found);
            }
            0
        }
        Err(error) => error as c_int,
    }
}

/// Runs the work and hands its response to OpenSSH, or its error number.
fn answer<T>(output: *mut *mut T, work: impl FnOnce() -> Result<T>) -> c_int {
    if output.is_null() {
        return SkError::General as c_int;
    }
    match work() {
        Ok(response) => {
            // SAFETY: OpenSSH passes the address of its pointer variable, checked not to be NULL.
            unsafe { *output = Buffer::of(response) };
            0
        }
        Err(error) => error as c_int,
    }
}
