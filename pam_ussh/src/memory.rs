//! What one PAM transaction remembers: sudo calls the auth stack up to three times and then the account stack.
#![allow(unsafe_code)]

use pamsm::{Pam, PamData, PamLibExt};
use ussh_cert::challenge::Receipt;

/// However often sudo asks, a person touches their key at most so often.
const MOST_TOUCHES: u8 = 2;

/// The name under which libpam keeps the state. No other type is ever stored under it.
const NAME: &str = "pam_ussh_memory";

#[derive(Clone, Debug, Default)]
struct State {
    touches: u8,
    last_sentence: String,
    agent_timed_out: Option<String>,
    receipt: Option<Receipt>,
}

impl PamData for State {}

/// The state, kept by libpam until pam_end(3).
pub(crate) struct Memory<'p> {
    pam: &'p Pam,
    state: State,
}

impl<'p> Memory<'p> {
    /// What was remembered, or a blank.
    pub(crate) fn recall(pam: &'p Pam) -> Self {
        // SAFETY: under NAME only `keep` stores, always a `State` of this very library: libpam unloads no module while
        // the handle that owns the data lives.
        let state = unsafe { pam.retrieve_data::<State>(NAME) }.unwrap_or_default();
        Self { pam, state }
    }

    fn keep(&self) -> bool {
        // SAFETY: `send_bytes` is never used, and the type is the one that `recall` asks for.
        unsafe { self.pam.send_data(NAME, self.state.clone()) }.is_ok()
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

    pub(crate) fn agent_timed_out(&self) -> Option<&str> {
        self.state.agent_timed_out.as_deref()
    }

    pub(crate) fn keep_agent_timed_out(&mut self, what: &str) {
        self.state.agent_timed_out = Some(what.to_owned());
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
