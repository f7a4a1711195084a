//! The guides, word for word: each command of a page in docs/ is run as it stands there, against the real sshd.

mod break_glass;
mod page;
mod sshd_host;
