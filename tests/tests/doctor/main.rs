//! `ca-tool doctor` on a private host: well, and with one thing wrong at a time; what it says mends it does.

mod commands;
mod files;
mod lines;
mod rig;
mod sshd_and_sudo;
mod unasked;
mod well;
mod yubikey;
