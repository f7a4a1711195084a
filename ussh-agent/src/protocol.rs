//! The messages (RFC 9987), as pure functions over bytes.
//!
//! A *message* here is a type byte and its contents, without the length that frames it on the wire.

use crate::{Error, MAX_REPLY};

const SSH_AGENTC_REQUEST_IDENTITIES: u8 = 11;
const SSH_AGENT_IDENTITIES_ANSWER: u8 = 12;
const SSH_AGENTC_SIGN_REQUEST: u8 = 13;
const SSH_AGENT_SIGN_RESPONSE: u8 = 14;

/// `SSH_AGENT_FAILURE`, `SSH_AGENT_EXTENSION_FAILURE`, and two old ones that OpenSSH still understands:
/// `SSH2_AGENT_FAILURE` and `SSH_COM_AGENT2_FAILURE`.
const FAILURES: [u8; 4] = [5, 28, 30, 102];

/// How an RSA key is to sign (RFC 9987 section 5.6.1). Other keys take no flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignFlags(u32);

impl SignFlags {
    /// No flags. An RSA key would sign with SHA-1: use it for other keys only.
    pub const NONE: SignFlags = SignFlags(0);
    /// `SSH_AGENT_RSA_SHA2_256`: sign with rsa-sha2-256.
    pub const RSA_SHA2_256: SignFlags = SignFlags(2);
    /// `SSH_AGENT_RSA_SHA2_512`: sign with rsa-sha2-512.
    pub const RSA_SHA2_512: SignFlags = SignFlags(4);
}

/// What the agent holds, as it said it.
#[derive(Clone, Debug)]
pub struct Identities {
    message: Vec<u8>,
    count: usize,
}

/// One key or certificate in the agent: untrusted bytes, exactly as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The public key or certificate blob (RFC 4253 section 6.6, PROTOCOL.certkeys), unparsed.
    pub blob: &'a [u8],
    /// The comment, in no certain encoding.
    pub comment: &'a [u8],
}

/// Walks [`Identities`] in the agent's order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl Identities {
    /// Takes an `SSH_AGENT_IDENTITIES_ANSWER` message: `byte 12, uint32 count`, then `string blob, string comment`
    /// for each. Only this framing is checked.
    ///
    /// # Errors
    /// [`Error::Refused`] for a failure message, [`Error::Malformed`] for anything but exactly such an answer.
    pub fn from_reply(message: Vec<u8>) -> Result<Identities, Error> {
        let mut rest = contents(&message, SSH_AGENT_IDENTITIES_ANSWER)?;
        let announced = take_u32(&mut rest).ok_or(Error::Malformed("no count of identities"))?;
        let mut identities = Iter { rest };
        let mut count = 0;
        for _ in 0..announced {
            identities.next().ok_or(Error::Malformed("fewer identities than announced"))?;
            count += 1;
        }
        if !identities.rest.is_empty() {
            return Err(Error::Malformed("bytes after the last identity"));
        }
        Ok(Identities { message, count })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the agent holds nothing (a locked agent says so too).
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The identities, in the agent's order.
    pub fn iter(&self) -> Iter<'_> {
        // from_reply has seen the type and the count before the first identity.
        Iter { rest: self.message.get(5..).unwrap_or_default() }
    }
}

impl<'a> IntoIterator for &'a Identities {
    type Item = Identity<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Identity<'a>;

    fn next(&mut self) -> Option<Identity<'a>> {
        let blob = take_string(&mut self.rest)?;
        let comment = take_string(&mut self.rest)?;
        Some(Identity { blob, comment })
    }
}

/// The signature blob in an `SSH_AGENT_SIGN_RESPONSE` message: `byte 14, string signature`.
///
/// # Errors
/// [`Error::Refused`] for a failure message, [`Error::Malformed`] for anything but exactly such a response.
pub fn signature_from_reply(message: &[u8]) -> Result<&[u8], Error> {
    let mut rest = contents(message, SSH_AGENT_SIGN_RESPONSE)?;
    let signature = take_string(&mut rest).ok_or(Error::Malformed("the signature is cut short"))?;
    if !rest.is_empty() {
        return Err(Error::Malformed("bytes after the signature"));
    }
    Ok(signature)
}

/// `byte 11`.
pub(crate) fn list_request() -> Vec<u8> {
    vec![SSH_AGENTC_REQUEST_IDENTITIES]
}

/// `byte 13, string blob, string data, uint32 flags`.
pub(crate) fn sign_request(blob: &[u8], data: &[u8], flags: SignFlags) -> Result<Vec<u8>, Error> {
    let mut message = vec![SSH_AGENTC_SIGN_REQUEST];
    put_string(&mut message, blob)?;
    put_string(&mut message, data)?;
    message.extend(flags.0.to_be_bytes());
    // Told here, or the agent would drop the connection and the other keys with it.
    if message.len() > MAX_REPLY {
        return Err(Error::RequestTooLarge);
    }
    Ok(message)
}

/// What follows the type byte, when it is the type expected.
pub(crate) fn contents(message: &[u8], expected: u8) -> Result<&[u8], Error> {
    match message.split_first() {
        Some((&kind, contents)) if kind == expected => Ok(contents),
        Some((kind, _)) if FAILURES.contains(kind) => Err(Error::Refused),
        Some(_) => Err(Error::Malformed("not a reply to what was asked")),
        None => Err(Error::Malformed("an empty message")),
    }
}

/// Takes a uint32 (RFC 4251 section 5) off the front.
fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*number))
}

/// Takes a string (RFC 4251 section 5) off the front.
fn take_string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_u32(bytes)?).ok()?;
    let (string, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(string)
}

pub(crate) fn put_string(message: &mut Vec<u8>, string: &[u8]) -> Result<(), Error> {
    let length = u32::try_from(string.len()).map_err(|_| Error::RequestTooLarge)?;
    message.extend(length.to_be_bytes());
    message.extend(string);
    Ok(())
}
