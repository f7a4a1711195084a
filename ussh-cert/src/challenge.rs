//! Proof of possession: what the agent signs, and the check of what it answers. Byte by byte in pam_ussh/PROTOCOL.md.

use ssh_key::{HashAlg, SshSig};

use crate::authority::{Accepted, check_time};
use crate::refusal::Refusal;
use crate::signature::{self, UserFlags};
use crate::wire::put_string;

/// The SSHSIG namespace: a signature made for us is of no use anywhere else, nor one made elsewhere for us.
pub const NAMESPACE: &str = "pam_ussh";

/// First field of the signed message.
const VERSION: &[u8] = b"pam_ussh-challenge-v1";

/// For how many seconds a proof may be counted again within one PAM transaction.
const RECEIPT_SECONDS: u64 = 60;

/// Bytes that nobody signed before: an SSHSIG (PROTOCOL.sshsig) over a fresh nonce and what it is asked for.
#[derive(Clone, Debug)]
pub struct Challenge {
    to_sign: Vec<u8>,
}

impl Challenge {
    /// A challenge for this use. The nonce must be fresh and random.
    ///
    /// # Errors
    /// None in practice: ssh-key refuses an empty namespace, and ours is not.
    pub fn new(nonce: &[u8; 32], service: &str, user: &str, host: &str) -> Result<Self, ssh_key::Error> {
        let mut message = Vec::new();
        for field in [VERSION, nonce, service.as_bytes(), user.as_bytes(), host.as_bytes()] {
            put_string(&mut message, field);
        }
        let to_sign = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, &message)?;
        Ok(Self { to_sign })
    }

    /// What the agent is asked to sign.
    pub fn as_bytes(&self) -> &[u8] {
        &self.to_sign
    }
}

/// A certificate that is accepted, held by someone who has its key. Nothing but a good signature makes one.
#[derive(Debug)]
pub struct Proven<'c> {
    accepted: Accepted<'c>,
    flags: UserFlags,
}

impl<'c> Proven<'c> {
    /// What was accepted.
    pub fn accepted(&self) -> &Accepted<'c> {
        &self.accepted
    }

    /// A note that this was proven, for [`Accepted::proven_before`].
    pub fn receipt(&self, now: u64) -> Receipt {
        Receipt { certificate: digest(self.accepted.certificate().blob), flags: self.flags, at: now }
    }
}

/// That a certificate was proven a moment ago, so that a security key need not be touched twice for one `sudo`.
#[derive(Clone, Debug)]
pub struct Receipt {
    certificate: Vec<u8>,
    flags: UserFlags,
    at: u64,
}

fn digest(blob: &[u8]) -> Vec<u8> {
    HashAlg::Sha256.digest(blob)
}

impl<'c> Accepted<'c> {
    /// Turns the agent's answer into proof. `now` is the time of the answer: a touch can outlast a certificate.
    ///
    /// # Errors
    /// A [`Refusal`]: not signed by this key over this challenge, no touch, no verification, or expired meanwhile.
    pub fn prove(self, challenge: &Challenge, signature: &[u8], now: u64) -> Result<Proven<'c>, Refusal> {
        let flags = signature::verify(self.key(), challenge.as_bytes(), signature, self.accepted_algorithms())?;
        self.check_flags(flags)?;
        check_time(self.certificate(), now)?;
        Ok(Proven { accepted: self, flags })
    }

    /// Counts what sshd has verified in this very connection: it checks possession itself, and of a security key a touch
    /// unless the certificate does without, and its user when the certificate says so. What our rules ask for beyond
    /// that nobody has shown.
    ///
    /// # Errors
    /// A [`Refusal`]: a touch or a verification that sshd need not have seen.
    pub fn verified_by_sshd(self) -> Result<Proven<'c>, Refusal> {
        let flags = self.flags_that_sshd_saw();
        self.check_flags(flags).map_err(|refusal| match refusal {
            Refusal::UserNotPresent => Refusal::TouchNotAskedFor,
            Refusal::UserNotVerified => Refusal::VerificationNotAskedFor,
            other => other,
        })?;
        Ok(Proven { accepted: self, flags })
    }

    fn check_flags(&self, flags: UserFlags) -> Result<(), Refusal> {
        if self.is_sk() && self.touch_required() && !flags.present {
            return Err(Refusal::UserNotPresent);
        }
        if self.verify_required() && !flags.verified {
            return Err(Refusal::UserNotVerified);
        }
        Ok(())
    }

    /// Counts a proof of the same certificate again, within a minute; gives the certificate back when there is none.
    ///
    /// # Errors
    /// Nothing was proven before: the certificate, still to be proven.
    #[allow(clippy::result_large_err, reason = "it is the caller's own value, given back")]
    pub fn proven_before(self, receipt: Option<&Receipt>, now: u64) -> Result<Proven<'c>, Self> {
        match receipt.filter(|receipt| self.is_shown_by(receipt, now)) {
            Some(receipt) => Ok(Proven { accepted: self, flags: receipt.flags }),
            None => Err(self),
        }
    }

    /// The other line of the stack may ask for more than the one that the receipt is from.
    fn is_shown_by(&self, receipt: &Receipt, now: u64) -> bool {
        let fresh = now.checked_sub(receipt.at).is_some_and(|age| age <= RECEIPT_SECONDS);
        fresh && self.check_flags(receipt.flags).is_ok() && receipt.certificate == digest(self.certificate().blob)
    }
}

#[cfg(test)]
mod tests;
