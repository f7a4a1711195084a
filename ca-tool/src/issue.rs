//! From a request to a certificate that may leave.

pub(crate) mod certificate;
pub(crate) mod deliver;
pub(crate) mod fresh_key;
pub(crate) mod options;
mod record;
pub(crate) mod request;
pub(crate) mod to_agent;

pub(crate) use record::{issue, issue_all};
