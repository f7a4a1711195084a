//! Programs that pretend to be alice's agent.
//!
//! Three kinds: [`streams`] that break the framing, on raw sockets; [`Between`], which stands before a real ssh-agent and changes
//! what passes; [`Liar`], on ssh-agent-lib, for lies that are well-formed messages. [`token`] makes signatures of FIDO keys with flags of choice.

mod between;
mod liar;
mod listener;
pub mod streams;
pub mod token;
pub mod wire;

pub use between::Between;
pub use liar::{Liar, RealAgent};
pub use listener::Listener;
