//! A PKCS#11 module: a shared library that somebody else wrote, loaded for as long as its key is used.

use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::slot::{Slot, TokenInfo};

use super::words;
use crate::error::{Error, OrSay, Result};

/// Finalized when dropped; whoever holds a session drops that first.
pub(super) struct Module(Pkcs11);

impl Module {
    pub(super) fn load(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Err(Error::new(format!("There is no PKCS#11 module {}.", path.display()), known()));
        }
        // Not a bare name: the loader would look for that elsewhere than where we just looked.
        let path = path.canonicalize().or_say(format!("The module {} cannot be used", path.display()), known())?;
        let context = Pkcs11::new(&path).map_err(|error| {
            Error::new(format!("{} is not a PKCS#11 module: {}.", path.display(), words::of(&error)), known())
        })?;
        context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(|error| {
            Error::new(
                format!("The PKCS#11 module {} does not start: {}.", path.display(), words::of(&error)),
                "Look at its own configuration, and whether its device or service is there.",
            )
        })?;
        Ok(Self(context))
    }

    pub(super) fn context(&self) -> &Pkcs11 {
        &self.0
    }

    /// Every token that somebody has set up, with what it says of itself. One that cannot be asked is no token.
    pub(super) fn tokens(&self) -> Result<Vec<(Slot, TokenInfo)>> {
        let slots = self.0.get_slots_with_initialized_token().map_err(|error| {
            Error::new(format!("The PKCS#11 module lists no tokens: {}.", words::of(&error)), "Is the device plugged in?")
        })?;
        Ok(slots.into_iter().filter_map(|slot| Some((slot, self.0.get_token_info(slot).ok()?))).collect())
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // Nothing is left to be done when a module does not end well.
        let _ = self.0.clone().finalize();
    }
}

/// Modules that distributions install, as far as they are here.
fn known() -> String {
    const PLACES: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];
    const NAMES: [&str; 5] =
        ["libykcs11.so", "opensc-pkcs11.so", "softhsm/libsofthsm2.so", "pkcs11/libsofthsm2.so", "pkcs11/p11-kit-client.so"];
    let found: Vec<_> = PLACES
        .iter()
        .flat_map(|place| NAMES.map(|name| Path::new(place).join(name)))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    match found.is_empty() {
        true => "Install the device's module, and name it with module-path=.".into(),
        false => format!("Name one with module-path=. Here are: {}.", found.join(", ")),
    }
}
