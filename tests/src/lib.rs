//! The rig.

pub mod hostile;
pub mod pam;
pub mod setting;
pub mod world;
