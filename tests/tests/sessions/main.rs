//! Sessions of the real sshd that end with their certificate.

mod hostile;
mod limit;
mod looks;
mod not_installed;
mod processes;
mod renews;
mod rig;
mod with_certificate;
