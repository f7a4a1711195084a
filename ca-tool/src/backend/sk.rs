//! A CA on a FIDO security key, named by its key file: the file says which key of the device, the device signs.
//!
//! OpenSSH's own ssh-agent speaks to the device for us: a private one, started for this run in a folder that only we
//! can enter. Why not otherwise: ssh-sk-helper's protocol is internal to OpenSSH and changes with it, and a provider
//! (`SSH_SK_PROVIDER`, libfido2) called from here would be C code beside the journal and everybody's PINs. The
//! agent's protocol is stable, whatever OpenSSH knows of devices comes with it, and nobody else's agent learns of the CA.

mod askpass;
mod private_agent;

use std::path::Path;

use ssh_key::encoding::Encode;
use ssh_key::private::KeypairData;
use ssh_key::{PrivateKey, PublicKey};
use ussh_agent::Constraint;
use ussh_cert::algorithm::KeyType;
use zeroize::Zeroizing;

use super::CaSigner;
use super::agent::AgentSigner;
use crate::error::{Error, OrSay, Result};
use crate::setting::Setting;
use crate::talk;
use askpass::PinDesk;
pub(crate) use askpass::answer_for_the_agent;
use private_agent::PrivateAgent;

/// `SSH_SK_USER_PRESENCE_REQD` and `SSH_SK_USER_VERIFICATION_REQD` in the key file, and in signatures (PROTOCOL.u2f).
const USER_PRESENCE: u8 = 0x01;
const USER_VERIFICATION: u8 = 0x04;

struct SkSigner {
    signer: AgentSigner,
    desk: PinDesk,
    flags: u8,
    /// Ends the agent when dropped, so it is the last field.
    _agent: PrivateAgent,
}

/// What the file says of its key, when it is a security key's.
pub(super) fn flags(key: &PrivateKey) -> Option<u8> {
    match key.key_data() {
        KeypairData::SkEd25519(key) => Some(key.flags()),
        KeypairData::SkEcdsaSha2NistP256(key) => Some(key.flags()),
        _ => None,
    }
}

/// Starts the private agent and gives it the key, which has been decrypted.
pub(super) fn open(key: &PrivateKey, flags: u8, path: &Path, setting: &Setting) -> Result<Box<dyn CaSigner>> {
    let provider = Provider::from_environment()?;
    let agent = PrivateAgent::start(&provider.allowed)?;
    let desk = PinDesk::open(
        agent.askpass_socket(),
        setting.secrets.clone(),
        format!("PIN of the security key for {}", path.display()),
    )?;
    let mut connection = agent.connect()?;
    let what = format!("The security key's file {} cannot be given to a private ssh-agent", path.display());
    let private = Zeroizing::new(key.key_data().encode_vec().or_say(&what, "The file may be damaged.")?);
    connection.add(&private, "", &[Constraint::SkProvider(&provider.name)]).or_say(
        &what,
        "Does SSH_SK_PROVIDER name a security key library (sk-api)? `ssh-add FILE` asks the same of your own agent.",
    )?;
    let blob = key.public_key().key_data().encode_vec().or_say(&what, "The file may be damaged.")?;
    let signer = AgentSigner::new(connection, &blob, key.comment().as_ref())?;
    Ok(Box::new(SkSigner { signer, desk, flags, _agent: agent }))
}

impl CaSigner for SkSigner {
    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    fn sign(&mut self, message: &[u8], what: &str) -> Result<Vec<u8>> {
        let touch = self.flags & USER_PRESENCE != 0;
        let prompt = touch.then(|| format!("Touch the security key to sign {what}."));
        if let Some(prompt) = &prompt {
            talk::say(prompt);
        }
        let signer = &mut self.signer;
        let signed = self.desk.while_open(prompt.as_deref(), || signer.sign_silently(message))?;
        let signature = signed.map_err(|error| refused(error, self.flags, self.desk.has_given()))?;
        self.desk.was_right();
        if touch {
            refuse_untouched(self.signer.key_type(), &signature)?;
        }
        Ok(signature)
    }
}

/// The agent refuses without a word, and says neither which try a wrong PIN was nor how many are left.
fn refused(error: ussh_agent::Error, flags: u8, pin_given: bool) -> Error {
    let mut causes = vec!["it is not plugged in, or is not the one that this file was made with"];
    if flags & USER_PRESENCE != 0 {
        causes.push("it was not touched in time");
    }
    if pin_given || flags & USER_VERIFICATION != 0 {
        causes.push("its PIN was wrong or not given (a FIDO key blocks after 8 wrong ones in a row, and after 3 until it is plugged in anew)");
    }
    Error::new(
        format!("The security key did not sign ({error}): {}.", causes.join(", or ")),
        "Nothing was signed. Try again with the key plugged in; `ssh-keygen -Y sign -n test -f FILE` asks the same of it.",
    )
}

/// sshd accepts a CA's signature that says nobody touched the key; we want the person there who signs.
///
/// # Errors
/// When a security key's signature does not show a touch.
pub(super) fn refuse_untouched(key_type: KeyType, signature: &[u8]) -> Result<()> {
    // The last five bytes: flags and counter (PROTOCOL.u2f). That they are really there is checked with the signature.
    let flags = signature.len().checked_sub(5).and_then(|at| signature.get(at)).copied().unwrap_or(0);
    if key_type.is_sk() && flags & USER_PRESENCE == 0 {
        return Err(Error::new(
            "The security key signed, but nobody touched it: its signature is not used.",
            "A CA that was made with no-touch-required signs when its key file is named: -s FILE.",
        ));
    }
    Ok(())
}

/// Which library reaches the device.
struct Provider {
    /// As the agent is told.
    name: String,
    /// The only library that the agent may load; `None` for the one that is built in.
    allowed: Option<String>,
}

impl Provider {
    /// `SSH_SK_PROVIDER` as for ssh-add(1); OpenSSH's built-in one when it is not set.
    fn from_environment() -> Result<Self> {
        let set = std::env::var("SSH_SK_PROVIDER").unwrap_or_default();
        if set.is_empty() || set.eq_ignore_ascii_case("internal") {
            return Ok(Self { name: "internal".into(), allowed: None });
        }
        let what = format!("SSH_SK_PROVIDER={set} cannot be used");
        let advice = "It names the security key library, or is left unset for OpenSSH's own.";
        let path = std::fs::canonicalize(&set).or_say(&what, advice)?;
        // The agent compares real paths, and takes the name as a list of patterns.
        let name = path.to_str().filter(|path| !path.contains([',', '*', '?', '!'])).map(str::to_owned);
        let name = name
            .ok_or_else(|| Error::new(format!("{what}: its path has characters that ssh-agent takes for patterns."), advice))?;
        Ok(Self { allowed: Some(name.clone()), name })
    }
}
