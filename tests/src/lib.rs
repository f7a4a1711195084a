//! The rig.

pub mod setting;
pub mod world;
