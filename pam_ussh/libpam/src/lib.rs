//! libpam from the side of a program that runs PAM stacks, as much of it as one question takes.
//!
//! ```text
//! Transaction    pam_start(3) to pam_end(3)
//! Said           what modules say meanwhile
//! code           PAM's codes and their names
//! ```
//!
//! Nobody is there to answer: a module that asks for something is told that there is no conversation.
//!
//! `unsafe` stands in `ffi`, `transaction` and `conversation`, which are the C border, and may stand nowhere else.
#![deny(unsafe_code)]

pub mod code;
mod conversation;
mod ffi;
mod transaction;

pub use conversation::Said;
pub use transaction::{Item, Transaction};
