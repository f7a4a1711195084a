//! `pam_ussh.so`: logins, `sudo`, `su` and `doas` go on only as long as the person holds a valid SSH certificate.
//!
//! What it does for whom is in the man page, `pam_ussh.8`; what the agent is asked to sign in `PROTOCOL.md`.
//!
//! ```text
//! hooks            the six functions that libpam calls
//!   entry            what each of them does; no panic passes
//!   options        the words of the pam.d line
//!   request        who asks, in which stack of which service
//!   authenticate   the story, readable top down
//!     trusted_files  CA keys and principals, through safe_path
//!     login          inside sshd: the certificate that it has verified
//!     agent_socket   the person's agent, through privileges
//!     candidates     which of the agent's certificates are accepted
//!       revoked        the lists of revoked keys, and the versions that were seen of them
//!     possession     whose key the agent really has
//!   session        what an accepted login takes along
//!   end_session    how its session ends with the certificate
//!   outcome        what the story ended with: PAM code, sentence, log line
//!   report         the log (pam_syslog) and the person's terminal (conversation)
//!   memory         what one PAM transaction remembers from call to call
//! ```
//!
//! Nothing in here starts a thread, leaves a descriptor open or touches a signal handler, so that the library can be
//! unloaded; from call to call only libpam's handle remembers (`memory`), but for the text of a panic on its way to the
//! log. `unsafe` stands in `hooks`, `conversation`, `memory`, `safe_path/lease` and
//! `end_session/limit` alone.
#![deny(unsafe_code)]

mod agent_socket;
mod authenticate;
mod candidates;
mod conversation;
mod end_session;
mod entry;
mod hooks;
mod local_time;
mod login;
mod memory;
mod options;
mod outcome;
mod possession;
mod privileges;
mod report;
mod request;
mod revoked;
mod safe_path;
mod session;
mod trusted_files;

/// For `ca-tool doctor`: module and guard belong together, and a library cannot be asked for its version.
#[used]
static VERSION: &str = concat!("pam_ussh.so is version ", env!("CARGO_PKG_VERSION"), "\n");
