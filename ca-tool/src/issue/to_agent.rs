//! A certificate that goes into the person's ssh-agent together with a key that nobody else has: no file is touched,
//! and both are forgotten when the certificate ends. Through a forwarded agent they end up at home.

use std::num::NonZeroU32;

use ussh_agent::{Agent, Constraint};
use ussh_cert::certificate::FOREVER;

use super::fresh_key::FreshKey;
use super::request::{Request, now};
use crate::agent;
use crate::error::{Error, OrSay, Result};

/// An agent that takes keys, tried before the CA signs anything.
pub(crate) struct AgentDelivery {
    agent: Agent,
    confirm: bool,
    until: u64,
    comment: String,
}

impl AgentDelivery {
    /// Finds the agent. `confirm`: it shall ask its person before each use.
    ///
    /// # Errors
    /// When there is none, and when the certificate would not end, or has ended already.
    pub(crate) fn prepare(request: &Request, confirm: bool) -> Result<Self> {
        let until = request.interval.to;
        if until == FOREVER {
            return Err(Error::usage(
                "A certificate in an agent ends: its key is nowhere else and would stay there for ever.",
                "Give an end with -V, as in -V +8h.",
            ));
        }
        lifetime(until)?;
        let mut agent = agent::connect()?;
        agent::list(&mut agent)?;
        Ok(Self { agent, confirm, until, comment: request.key_id.clone() })
    }

    /// Adds the key, then the certificate with it, as ssh-add does: both or none.
    pub(crate) fn deliver(&mut self, key: &FreshKey, certificate: &[u8]) -> Result<()> {
        self.add(&key.for_agent()?)?;
        let added = key.for_agent_with(certificate).and_then(|both| self.add(&both));
        if added.is_err() {
            let _ = self.agent.remove(key.blob());
        }
        added
    }

    fn add(&mut self, key: &[u8]) -> Result<()> {
        let lifetime = Constraint::Lifetime(lifetime(self.until)?);
        let constraints = if self.confirm { vec![lifetime, Constraint::Confirm] } else { vec![lifetime] };
        agent::wait_for_people(&mut self.agent);
        self.agent.add(key, &self.comment, &constraints).or_say(
            "The ssh-agent does not take the key",
            if self.confirm {
                "It may be locked (ssh-add -X), or know no confirmation: try without --confirm."
            } else {
                "It may be locked (ssh-add -X), or know no lifetimes: OpenSSH's does."
            },
        )
    }
}

/// What is left, rounded down: agents and certificates count in whole seconds, and the key must not outlive.
fn lifetime(until: u64) -> Result<NonZeroU32> {
    let left = until.saturating_sub(now()).saturating_sub(1);
    NonZeroU32::new(u32::try_from(left).unwrap_or(u32::MAX)).ok_or_else(|| {
        Error::new("The certificate has ended before anybody could use it.", "Give it a later end with -V, as in -V +1h.")
    })
}
