//! The module in programs other than sudo and sshd, and docs/other-hosts.md: every pam.d file on that page is tried here.

mod doas;
mod login;
mod page;
mod pkexec;
mod su;
