//! Whether the agent really has the key of an accepted certificate: it signs a fresh challenge, or it does not count.

use std::time::Instant;

use ussh_agent::{Agent, Error, SignFlags};
use ussh_cert::algorithm::{AlgorithmSet, KeyType, SignatureAlgorithm};
use ussh_cert::{Accepted, Challenge, Proven};

use crate::authenticate::now;
use crate::candidates::{Judged, Listed};
use crate::memory::Memory;
use crate::options::Options;
use crate::outcome::{NoAgent, Outcome, Why};
use crate::report::Report;
use crate::request::Request;

/// What the search for a proof works with.
pub(crate) struct Search<'s, 'r, 'p> {
    pub(crate) agent: &'s mut Agent,
    pub(crate) listed: &'s Listed<'s>,
    pub(crate) options: &'s Options,
    pub(crate) request: &'s Request,
    pub(crate) report: &'r Report<'p>,
    pub(crate) memory: &'s mut Memory<'p>,
}

impl Search<'_, '_, '_> {
    /// The first accepted certificate whose key signs. One that will not does not end the search.
    pub(crate) fn first_proven<'c>(mut self, mut judged: Judged<'c>) -> Result<Proven<'c>, Outcome> {
        let mut refused: Vec<_> = judged.refused.drain(..).map(|(certificate, why)| (certificate, Why::from(why))).collect();
        self.agent.set_deadline(Instant::now() + self.options.sign_timeout);
        for accepted in judged.accepted_in_order() {
            let certificate = accepted.certificate();
            match self.prove(accepted)? {
                Ok(proven) => return Ok(proven),
                Err(why) => refused.push((Some(certificate), why)),
            }
        }
        Err(Outcome::refused(refused))
    }

    /// Outer error: the agent failed and the search is over. Inner: this key is not proven.
    fn prove<'c>(&mut self, accepted: Accepted<'c>) -> Result<Result<Proven<'c>, Why>, Outcome> {
        if !accepted.is_sk() {
            return self.ask(accepted);
        }
        let accepted = match accepted.proven_before(self.memory.receipt(), now()) {
            Ok(proven) => return Ok(Ok(proven)),
            Err(accepted) => accepted,
        };
        if !self.memory.may_ask_for_touch() {
            return Ok(Err(Why::TouchedEnough));
        }
        self.report.ask_for_touch(accepted.certificate());
        let answer = self.ask(accepted)?;
        if let Ok(proven) = &answer {
            self.memory.keep_receipt(proven.receipt(now()));
        }
        Ok(answer)
    }

    fn ask<'c>(&mut self, accepted: Accepted<'c>) -> Result<Result<Proven<'c>, Why>, Outcome> {
        let challenge = self.challenge()?;
        let answer = match self.sign(&accepted, &challenge) {
            Ok(signature) => accepted.prove(&challenge, &signature, now()).map_err(Why::Certificate),
            Err(Error::Refused | Error::RequestTooLarge) => Err(Why::AgentRefused),
            Err(error) if accepted.is_sk() && error.is_timeout() => return Err(NoAgent::NotTouched.into()),
            Err(error) => return Err(NoAgent::from(error).into()),
        };
        Ok(answer)
    }

    fn challenge(&self) -> Result<Challenge, Outcome> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| Outcome::Misconfigured(format!("no random numbers: {error}")))?;
        let Request { service, user, host, .. } = self.request;
        Challenge::new(&nonce, service, &user.name, host).map_err(|error| Outcome::Misconfigured(error.to_string()))
    }

    /// With the plain key where the agent lists it, five times faster and as good a proof; with the certificate
    /// otherwise, or when the plain key is constrained and the certificate perhaps is not. Never twice for a touch.
    fn sign(&mut self, accepted: &Accepted<'_>, challenge: &Challenge) -> Result<Vec<u8>, Error> {
        let certificate = accepted.certificate();
        let flags = flags(certificate.key_type, &self.options.accepted_algorithms);
        if self.listed.has_plain_key(&certificate.public_key) {
            let answer = self.agent.sign(&certificate.public_key, challenge.as_bytes(), flags);
            if accepted.is_sk() || !matches!(answer, Err(Error::Refused | Error::RequestTooLarge)) {
                return answer;
            }
        }
        self.agent.sign(certificate.blob, challenge.as_bytes(), flags)
    }
}

/// Without a flag an agent would sign with SHA-1.
fn flags(key_type: KeyType, accepted: &AlgorithmSet) -> SignFlags {
    if key_type != KeyType::Rsa {
        return SignFlags::NONE;
    }
    if accepted.contains(SignatureAlgorithm::RsaSha512) { SignFlags::RSA_SHA2_512 } else { SignFlags::RSA_SHA2_256 }
}
