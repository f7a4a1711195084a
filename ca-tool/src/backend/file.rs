//! A CA in a private key file: the only backend whose key can be copied, and it says so.

use std::fs;
use std::path::Path;

use ssh_key::encoding::Encode;
use ssh_key::{Algorithm, PrivateKey, PublicKey};

use super::{CaSigner, sk};
use crate::error::{Error, OrSay, Result};
use crate::secret::Kind;
use crate::setting::Setting;
use crate::talk;

/// As many as ssh(1) allows; what asks for us may be a program that never learns.
const TRIES: usize = 3;

struct FileSigner(PrivateKey);

/// Opens the file; an encrypted one has its passphrase asked for.
pub(super) fn open(path: &Path, setting: &Setting) -> Result<Box<dyn CaSigner>> {
    let advice = "Name a private key file in OpenSSH's format (`ssh-keygen -p -f FILE` rewrites older ones), or see -s in `ca-tool sign --help`.";
    let text =
        zeroize::Zeroizing::new(fs::read(path).or_say(format!("The CA's key {} cannot be read", path.display()), advice)?);
    refuse_public(&text, path)?;
    let key = PrivateKey::from_openssh(&*text);
    refuse_short(&key, path)?;
    let key = key.or_say(format!("{} is not a private key", path.display()), advice)?;
    refuse_rsa(&key, path)?;
    let key = if key.is_encrypted() { decrypt(&key, path, setting)? } else { key };
    if let Some(flags) = sk::flags(&key) {
        return sk::open(&key, flags, path, setting);
    }
    talk::warn(format_args!(
        "{} can be copied by whoever can read it. A CA's key is safer in a YubiKey: ca-tool init.",
        path.display()
    ));
    Ok(Box::new(FileSigner(key)))
}

/// With an agent it is the public key that is named, so that is what people try.
fn refuse_public(text: &[u8], path: &Path) -> Result<()> {
    let is_public = std::str::from_utf8(text).is_ok_and(|text| PublicKey::from_openssh(text).is_ok());
    if !is_public {
        return Ok(());
    }
    Err(Error::new(
        format!("{} is a public key.", path.display()),
        format!("Name the private one, or have an ssh-agent that holds it sign: -s agent:{}.", path.display()),
    ))
}

/// OpenSSH leaves zeros in front of an ECDSA key's number out, which one nistp256 key in 512 has; ssh-key wants 32 bytes.
fn refuse_short<T>(key: &ssh_key::Result<T>, path: &Path) -> Result<()> {
    match key {
        Err(ssh_key::Error::Encoding(ssh_key::encoding::Error::Length)) => Err(Error::new(
            format!(
                "{} is an ECDSA key whose number begins with zeros, which is not read from files here, or is damaged.",
                path.display()
            ),
            format!("Have an ssh-agent sign with it: ssh-add {0}; ca-tool sign -s agent:{0}.pub …", path.display()),
        )),
        _ => Ok(()),
    }
}

/// The rsa crate's private-key operations leak through their timing (RUSTSEC-2023-0071); OpenSSH's do not.
fn refuse_rsa(key: &PrivateKey, path: &Path) -> Result<()> {
    match key.algorithm() {
        Algorithm::Rsa { .. } => Err(Error::new(
            format!("{} is an RSA key, and those are not used from files here.", path.display()),
            format!("Have an ssh-agent sign with it: ssh-add {0}; ca-tool sign -s agent:{0}.pub …", path.display()),
        )),
        _ => Ok(()),
    }
}

fn decrypt(key: &PrivateKey, path: &Path, setting: &Setting) -> Result<PrivateKey> {
    for _ in 0..TRIES {
        let passphrase = setting.secrets.ask(Kind::Passphrase, &format!("Passphrase of {}", path.display()))?;
        let decrypted = key.decrypt(passphrase.bytes());
        refuse_short(&decrypted, path)?;
        match decrypted {
            Ok(key) => return Ok(key),
            Err(_) if passphrase.was_typed() => talk::say("That is not its passphrase."),
            Err(_) => {
                return Err(Error::new(
                    format!("The passphrase given for {} is wrong.", path.display()),
                    "Nothing was signed.",
                ));
            }
        }
    }
    Err(Error::new(
        format!("The passphrase for {} was wrong three times.", path.display()),
        "Nothing was signed. Run it again when you have found it.",
    ))
}

impl CaSigner for FileSigner {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&mut self, message: &[u8], _what: &str) -> Result<Vec<u8>> {
        let advice = "Nothing was signed.";
        let signature = signature::Signer::try_sign(&self.0, message).or_say("The CA's key cannot sign", advice)?;
        signature.encode_vec().or_say("The signature cannot be written", advice)
    }
}
