//! The setting for liars: the real agent stands apart, and somebody else listens at alice's socket.

use tests::hostile::Between;
use tests::hostile::wire::Identity;
use tests::pam::{Agent, Room, User};

use crate::hostile_streams::assert_bounded;
use crate::usual::{ACCEPTED, Usual, Verdict, verdict};

/// A room whose agent stands apart, so that a liar can stand in its place.
pub(crate) struct Apart {
    pub(crate) usual: Usual,
    pub(crate) real: Agent,
}

impl Apart {
    /// The usual setting, and a second real agent (of root's) with the same key.
    pub(crate) fn new() -> Self {
        let usual = Usual::new();
        assert_eq!(usual.verdict(""), ACCEPTED, "the real agent");
        let real = usual.room.agent_of(User::ROOT, &usual.room.folder().join("real"));
        real.add(&usual.key);
        Self { usual, real }
    }

    /// Its room.
    pub(crate) fn room(&self) -> &Room {
        &self.usual.room
    }

    /// A man in the middle before the second agent.
    pub(crate) fn between(&self) -> Between {
        Between::before(self.real.socket())
    }

    /// The verdict with what the real agent lists changed.
    pub(crate) fn verdict_with_list(&self, change: impl Fn(Vec<Identity>) -> Vec<Identity> + Send + Sync + 'static) -> Verdict {
        let _liar = self.between().list(change).start(self.room());
        self.verdict()
    }

    /// The verdict with what the real agent signs changed.
    pub(crate) fn verdict_with_signature(&self, change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Verdict {
        let _liar = self.between().signature(change).start(self.room());
        self.verdict()
    }

    /// The verdict with whoever listens at alice's socket.
    pub(crate) fn verdict(&self) -> Verdict {
        let host = || self.usual.sudo("timeout=5 sign_timeout=5");
        assert_bounded(&host().auth(), "a liar");
        verdict(host)
    }
}
