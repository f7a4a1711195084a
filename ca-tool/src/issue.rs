//! From a request to a certificate that may leave.

pub(crate) mod certificate;
pub(crate) mod deliver;
pub(crate) mod options;
pub(crate) mod request;
