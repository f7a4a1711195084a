//! The module in the stacks of the real sshd.

mod configurations;
mod constrained_keys;
mod crowd;
mod environment;
mod from;
mod held_open;
mod planted;
mod principals;
mod refusals;
mod rig;
mod second_factor;
mod security_keys;
mod without_certificate;
