//! The module in the stacks of the real sshd.

mod configurations;
mod refusals;
mod rig;
mod second_factor;
mod without_certificate;
