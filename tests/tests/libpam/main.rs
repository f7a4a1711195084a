//! The module in the real libpam: every return code, option, file and hostile agent, and what stays behind in the host.
//!
//! Needs root, ssh-keygen, ssh-agent, valgrind, nm, and the module's release build (`PAM_USSH_SO`, or target/release).

mod apart;
mod files;
mod hooks;
mod hostile_lists;
mod hostile_signatures;
mod hostile_streams;
mod log;
mod options;
mod options_malformed;
mod possession;
mod principals;
mod return_codes;
mod revoked;
mod revoked_cost;
mod revoked_seen;
mod revoked_trouble;
mod sshd;
mod sshd_values;
mod strangers;
mod usual;
mod valgrind;
mod without_trace;
