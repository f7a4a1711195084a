//! The places where a CA's key can be, each behind one trait.

use ssh_key::PublicKey;

use crate::error::Result;
use crate::selector::CaSelector;
use crate::setting::Setting;

mod agent;
mod file;
mod sk;

pub(crate) use sk::answer_for_the_agent;
mod pkcs11;

pub(crate) mod yubikey;

/// A key that signs certificates. What it says is checked by whoever asked: see `issue::certificate`.
pub(crate) trait CaSigner {
    /// The public key, as it goes into TrustedUserCAKeys; its comment says where the key is.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` (all of a certificate before its signature). `what` ends the sentence that a person reads when
    /// a PIN or a touch is wanted: `Touch YubiKey 5001234 to sign …`. Returns the signature as a blob (RFC 4253 section 6.6).
    ///
    /// # Errors
    /// What happened and what to do; nothing was signed then.
    fn sign(&mut self, message: &[u8], what: &str) -> Result<Vec<u8>>;
}

/// Opens the CA's key. PINs and passphrases may be asked for here or at the first signature.
pub(crate) fn open<'s>(selector: &CaSelector, setting: &'s Setting) -> Result<Box<dyn CaSigner + 's>> {
    match selector {
        CaSelector::File(path) => file::open(path, setting),
        CaSelector::Pkcs11(uri) => pkcs11::open(uri, setting),
        CaSelector::Agent(which) => agent::open(which),
        CaSelector::YubiKey { slot, serial } => yubikey::open(*slot, *serial, setting),
    }
}
