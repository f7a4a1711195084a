//! Adding a key to the agent, and removing it again (RFC 9987 sections 5.2 to 5.4).
//!
//! The request holds a private key: it is written once, at its full size, and overwritten when it has been sent.

use zeroize::Zeroizing;

use crate::protocol::{contents, put_string};
use crate::{Error, MAX_REPLY};

const SSH_AGENT_SUCCESS: u8 = 6;
const SSH_AGENTC_REMOVE_IDENTITY: u8 = 18;
const SSH_AGENTC_ADD_IDENTITY: u8 = 17;
const SSH_AGENTC_ADD_ID_CONSTRAINED: u8 = 25;

const SSH_AGENT_CONSTRAIN_LIFETIME: u8 = 1;
const SSH_AGENT_CONSTRAIN_CONFIRM: u8 = 2;
const SSH_AGENT_CONSTRAIN_EXTENSION: u8 = 255;

/// What the agent shall see to while it holds a key. An agent that does not know one of them refuses the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint<'a> {
    /// Forget the key after this many seconds, never 0 (an agent may take that as no limit).
    Lifetime(std::num::NonZeroU32),
    /// Ask the person before each signature.
    Confirm,
    /// `sk-provider@openssh.com`: the library that reaches the security key, or `internal` (PROTOCOL.agent).
    SkProvider(&'a str),
}

/// `uint32 length`, then `byte 17 or 25, key, string comment, constraints`.
pub(crate) fn framed_add_request(
    key: &[u8],
    comment: &str,
    constraints: &[Constraint<'_>],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let tail = tail(comment, constraints)?;
    let length = 1 + key.len() + tail.len();
    if length > MAX_REPLY {
        return Err(Error::RequestTooLarge);
    }
    let mut framed = Zeroizing::new(Vec::with_capacity(4 + length));
    framed.extend(u32::try_from(length).map_err(|_| Error::RequestTooLarge)?.to_be_bytes());
    framed.push(if constraints.is_empty() { SSH_AGENTC_ADD_IDENTITY } else { SSH_AGENTC_ADD_ID_CONSTRAINED });
    framed.extend(key);
    framed.extend(tail);
    Ok(framed)
}

fn tail(comment: &str, constraints: &[Constraint<'_>]) -> Result<Vec<u8>, Error> {
    let mut tail = Vec::new();
    put_string(&mut tail, comment.as_bytes())?;
    for constraint in constraints {
        match constraint {
            Constraint::Lifetime(seconds) => {
                tail.push(SSH_AGENT_CONSTRAIN_LIFETIME);
                tail.extend(seconds.get().to_be_bytes());
            }
            Constraint::Confirm => tail.push(SSH_AGENT_CONSTRAIN_CONFIRM),
            Constraint::SkProvider(provider) => {
                tail.push(SSH_AGENT_CONSTRAIN_EXTENSION);
                put_string(&mut tail, b"sk-provider@openssh.com")?;
                put_string(&mut tail, provider.as_bytes())?;
            }
        }
    }
    Ok(tail)
}

/// `byte 18, string blob`.
pub(crate) fn remove_request(blob: &[u8]) -> Result<Vec<u8>, Error> {
    let mut message = vec![SSH_AGENTC_REMOVE_IDENTITY];
    put_string(&mut message, blob)?;
    Ok(message)
}

/// `byte 6` and nothing else.
pub(crate) fn success(message: &[u8]) -> Result<(), Error> {
    match contents(message, SSH_AGENT_SUCCESS)? {
        [] => Ok(()),
        _ => Err(Error::Malformed("bytes after a success")),
    }
}
