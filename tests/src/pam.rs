//! Runs the module in the real libpam, and says what came out.
//!
//! A [`Room`] is a small private host: its own /etc and /dev, users, log. [`Host`] runs the program `pam-host` in it, which plays sudo.
//! Lighter than the `world` of real sshd and sudo (no network, no bash, the real /usr): a call costs some 10 milliseconds, so that every
//! return code and every option can be a case of its own.

mod answer;
mod credentials;
mod host;
mod log;
mod module;
mod room;

pub use answer::{Answer, Call};
pub use credentials::{Agent, Certificate, Key, private_to, run};
pub use host::Host;
pub use log::Log;
pub use module::{module, module_that_panics};
pub use room::{Room, User};
