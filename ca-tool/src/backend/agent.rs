//! A CA whose key an ssh-agent holds: `agent:SHA256:…` or `agent:CA.pub`. Security keys and PKCS#11 tokens included;
//! where the key is, and what it asks for, is the agent's business.

use std::path::Path;

use ssh_key::PublicKey;
use ussh_agent::{Agent, Identities, SignFlags};
use ussh_cert::algorithm::KeyType;
use ussh_cert::key::fingerprint;

use super::{CaSigner, sk};
use crate::agent;
use crate::error::{Error, OrSay, Result};
use crate::{public_key, talk};

/// A key in an agent, to be signed with.
pub(super) struct AgentSigner {
    agent: Agent,
    blob: Vec<u8>,
    key_type: KeyType,
    public: PublicKey,
}

/// Finds the key: `which` is a fingerprint as `ssh-add -l` prints it, or the public key's file.
pub(super) fn open(which: &str) -> Result<Box<dyn CaSigner>> {
    let wanted = wanted(which)?;
    let mut agent = agent::connect()?;
    let held = agent::list(&mut agent)?;
    // Certificates in the agent have names of their own, and so never match: a CA is a plain key.
    let found = held.iter().find(|identity| fingerprint(identity.blob) == wanted);
    let identity = found.ok_or_else(|| not_held(&wanted, &held))?;
    let comment = String::from_utf8_lossy(identity.comment).into_owned();
    Ok(Box::new(AgentSigner::new(agent, identity.blob, &comment)?))
}

fn wanted(which: &str) -> Result<String> {
    if which.starts_with("SHA256:") {
        return Ok(which.to_owned());
    }
    public_key::read(Path::new(which)).map(|key| fingerprint(&key.blob))
}

fn not_held(wanted: &str, held: &Identities) -> Error {
    let list: Vec<String> = held
        .iter()
        .filter(|identity| KeyType::from_name(name(identity.blob)).is_some())
        .map(|identity| {
            let comment = String::from_utf8_lossy(identity.comment).escape_debug().to_string();
            format!("\n  agent:{} {comment} ({})", fingerprint(identity.blob), name(identity.blob).escape_ascii())
        })
        .collect();
    let advice = if list.is_empty() {
        "It holds no plain key at all: add the CA's (ssh-add FILE, or ssh-add -K for a security key); if it is locked, ssh-add -X.".into()
    } else {
        format!("Add it (ssh-add FILE, or ssh-add -K for a security key), or take one that it holds:{}", list.concat())
    };
    Error::new(format!("The ssh-agent does not hold the key {wanted}."), advice)
}

fn name(blob: &[u8]) -> &[u8] {
    ussh_cert::certificate::blob_name(blob).unwrap_or_default()
}

impl AgentSigner {
    pub(super) fn new(agent: Agent, blob: &[u8], comment: &str) -> Result<Self> {
        // Checked before it is parsed: ssh-key panics at names that nobody has.
        let advice = "Use an ed25519, ecdsa, rsa or sk key as the CA.";
        let key_type = ussh_cert::key::PublicKey::from_blob(blob)
            .map_err(|_| Error::new(format!("{} is not a key that a CA can have.", fingerprint(blob)), advice))?
            .key_type();
        let mut public = PublicKey::from_bytes(blob).or_say("The ssh-agent's key cannot be read", advice)?;
        public.set_comment(comment);
        Ok(Self { agent, blob: blob.to_vec(), key_type, public })
    }

    /// Has the agent sign and says nothing.
    pub(super) fn sign_silently(&mut self, message: &[u8]) -> std::result::Result<Vec<u8>, ussh_agent::Error> {
        let flags = if self.key_type == KeyType::Rsa { SignFlags::RSA_SHA2_512 } else { SignFlags::NONE };
        agent::wait_for_people(&mut self.agent);
        self.agent.sign(&self.blob, message, flags)
    }

    pub(super) fn key_type(&self) -> KeyType {
        self.key_type
    }

    fn refused(&mut self, error: ussh_agent::Error) -> Error {
        let what = format!("The ssh-agent did not sign with {}: {error}.", fingerprint(&self.blob));
        if error != ussh_agent::Error::Refused {
            return Error::new(what, "Nothing was signed. Try `ssh-add -T CA.pub`, which has the agent sign as well.");
        }
        if agent::list(&mut self.agent).is_ok_and(|held| held.is_empty()) {
            return Error::new(what, "It is locked or empty by now: unlock it with ssh-add -X, or add the key again.");
        }
        Error::new(what, reasons(self.key_type))
    }
}

/// An agent refuses without a word; these are what OpenSSH's refuses for.
fn reasons(key_type: KeyType) -> &'static str {
    if key_type.is_sk() {
        "Plug the security key in, touch it when it blinks, and type its PIN right; a key that was added for certain hosts (ssh-add -h) signs no certificates."
    } else {
        "Whoever holds it may have declined (ssh-add -c); a key that was added for certain hosts (ssh-add -h) signs no certificates; a token may have been taken out: remove its keys and add them again (ssh-add -e and -s)."
    }
}

impl CaSigner for AgentSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&mut self, message: &[u8], what: &str) -> Result<Vec<u8>> {
        if self.key_type.is_sk() {
            talk::say(format_args!("Touch the security key to sign {what}."));
        }
        let signature = agent::saying_so(|| self.sign_silently(message)).map_err(|error| self.refused(error))?;
        if name(&signature) == b"ssh-rsa" {
            return Err(Error::new(
                "The ssh-agent signed with SHA-1, which nobody accepts any more.",
                "Use OpenSSH's ssh-agent, or another key: this agent does not know rsa-sha2-512.",
            ));
        }
        sk::refuse_untouched(self.key_type, &signature)?;
        Ok(signature)
    }
}
