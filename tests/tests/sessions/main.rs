//! Sessions of the real sshd that end with their certificate.

mod looks;
mod rig;
mod with_certificate;
