//! Resident keys: one file each in `resident/`, named by application and user.
//!
//! A file holds the algorithm, the flags and the lengths of application and user (a byte each), then the
//! application, the user and the key handle.

use std::fs;
use std::path::PathBuf;

use crate::api::{EnrollResponse, ResidentKey, USER_VERIFICATION};
use crate::credential::{Algorithm, Credential};
use crate::device::Device;
use crate::{Result, SkError};

/// Whether this application already has a key for this user.
pub(crate) fn exists(device: &Device, application: &[u8], user: &[u8]) -> bool {
    path(device, application, user).exists()
}

/// Stores a key, over one of the same application and user.
pub(crate) fn store(device: &Device, credential: &Credential, application: &[u8], user: &[u8], flags: u8) -> Result<()> {
    let length = |field: &[u8]| u8::try_from(field.len()).map_err(|_| SkError::General);
    let algorithm = u8::try_from(credential.alg()).map_err(|_| SkError::General)?;
    let header = [algorithm, flags & USER_VERIFICATION, length(application)?, length(user)?];
    let content = [&header[..], application, user, &credential.handle].concat();
    let folder = device.folder.join("resident");
    fs::create_dir_all(folder).and_then(|()| fs::write(path(device, application, user), content)).map_err(|_| SkError::General)
}

/// All keys, in the order of their file names.
pub(crate) fn load_all(device: &Device) -> Result<Vec<ResidentKey>> {
    let Ok(folder) = fs::read_dir(device.folder.join("resident")) else {
        return Ok(Vec::new());
    };
    let mut files: Vec<PathBuf> = folder.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    let secret = device.secret()?;
    files.iter().map(|file| load(&secret, &fs::read(file).map_err(|_| SkError::General)?)).collect()
}

fn load(secret: &[u8; 32], content: &[u8]) -> Result<ResidentKey> {
    let ([algorithm, flags, application, user], rest) = content.split_first_chunk().ok_or(SkError::General)?;
    let (application, rest) = rest.split_at_checked(usize::from(*application)).ok_or(SkError::General)?;
    let (user, handle) = rest.split_at_checked(usize::from(*user)).ok_or(SkError::General)?;
    let algorithm = Algorithm::try_from(u32::from(*algorithm))?;
    let credential = Credential::open(secret, algorithm, application, handle)?;
    let key = EnrollResponse::new(*flags, &credential.public_key(), &credential.handle);
    Ok(ResidentKey::new(credential.alg(), application, key, *flags, user))
}

fn path(device: &Device, application: &[u8], user: &[u8]) -> PathBuf {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    device.folder.join("resident").join(format!("{}-{}", hex(application), hex(user)))
}
