//! What one PAM transaction remembers: sudo calls the auth stack up to three times and then the account stack.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use nix::unistd::Uid;
use pamsm::{Pam, PamData, PamLibExt};
use ussh_cert::challenge::Receipt;

use crate::outcome::NoAgent;
use crate::request::Request;

/// However often sudo asks, a person touches their key at most so often.
const MOST_TOUCHES: u8 = 2;

/// A transaction that goes on for longer is a screen locker's: it starts anew.
const MOST_AGE: Duration = Duration::from_secs(600);

/// Under whose name libpam keeps the state: of this loaded copy of the library, so that no other build's state is read.
static OWN: u8 = 0;

fn name() -> String {
    format!("pam_ussh_memory_{:p}", &raw const OWN)
}

#[derive(Clone, Debug)]
struct State {
    about: About,
    since: Instant,
    touches: u8,
    last_sentence: String,
    agent_timed_out: Option<NoAgent>,
    receipt: Option<Receipt>,
}

/// Who was asked for what. What is remembered of one counts for nobody else, though they share a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct About {
    service: String,
    user: (Uid, String),
    invoker: Uid,
}

impl PamData for State {}

impl State {
    fn blank(about: About) -> Self {
        let since = Instant::now();
        Self { about, since, touches: 0, last_sentence: String::new(), agent_timed_out: None, receipt: None }
    }
}

/// The state, kept by libpam until pam_end(3).
pub(crate) struct Memory<'p> {
    pam: &'p Pam,
    state: State,
}

impl<'p> Memory<'p> {
    /// What was remembered of this request's people, or a blank.
    pub(crate) fn recall(pam: &'p Pam, request: &Request) -> Self {
        let about = About {
            service: request.service.clone(),
            user: (request.user.uid, request.user.name.clone()),
            invoker: request.invoker.uid,
        };
        // SAFETY: under this name only `keep` stores, always a `State` of this very copy of the library: libpam unloads no
        // module while the handle that owns the data lives.
        let kept = unsafe { pam.retrieve_data::<State>(&name()) };
        let state = kept.ok().filter(|state| state.about == about && state.since.elapsed() < MOST_AGE);
        Self { pam, state: state.unwrap_or_else(|| State::blank(about)) }
    }

    fn keep(&self) -> bool {
        // SAFETY: `send_bytes` is never used, and the type is the one that `recall` asks for.
        unsafe { self.pam.send_data(&name(), self.state.clone()) }.is_ok()
    }

    /// Counts a touch before it is asked for; false when there were enough, or when it could not be counted.
    pub(crate) fn may_ask_for_touch(&mut self) -> bool {
        if self.state.touches >= MOST_TOUCHES {
            return false;
        }
        self.state.touches += 1;
        self.keep()
    }

    pub(crate) fn keep_receipt(&mut self, receipt: Receipt) {
        self.state.receipt = Some(receipt);
        self.keep();
    }

    pub(crate) fn receipt(&self) -> Option<&Receipt> {
        self.state.receipt.as_ref()
    }

    pub(crate) fn agent_timed_out(&self) -> Option<&NoAgent> {
        self.state.agent_timed_out.as_ref()
    }

    pub(crate) fn keep_agent_timed_out(&mut self, why: &NoAgent) {
        self.state.agent_timed_out = Some(why.clone());
        self.keep();
    }

    /// Whether this sentence is news to the person.
    pub(crate) fn is_news(&mut self, sentence: &str) -> bool {
        let news = self.state.last_sentence != sentence;
        if news {
            self.state.last_sentence = sentence.to_owned();
            self.keep();
        }
        news
    }
}
