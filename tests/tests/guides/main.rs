//! The pages, word for word: each command of the README and of docs/ is run as it stands there, against the real sshd.

mod break_glass;
mod by_hand;
mod every_page;
mod in_sentences;
mod man_page;
mod manual;
mod migrating;
mod page;
mod picture;
mod readme;
mod runbooks;
mod sshd_host;
mod stage;
mod updating;
