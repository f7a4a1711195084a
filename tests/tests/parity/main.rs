//! For every certificate that sshd can judge, sshd and sudo through the module say the same.
//!
//! Each case is asked on one private host of a real sshd and of a real sudo, with the same bytes in the same agent and
//! the same files; and where sshd accepts, of the module in that sshd's session stack. Where they are meant to differ, the case says why.

mod agent;
mod ca_file;
mod case;
mod draft;
mod fields;
mod keys;
mod line_options;
mod options;
mod principals;
mod principals_file;
mod revoked;
mod rig;
mod time_zone;
mod validity;
