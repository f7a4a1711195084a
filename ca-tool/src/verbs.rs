//! One room for each verb: what can be typed, and its story.

pub(crate) mod ca_file;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod emergency;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod krl;
pub(crate) mod log;
pub(crate) mod manual;
pub(crate) mod revoke;
pub(crate) mod sign;
pub(crate) mod update;
