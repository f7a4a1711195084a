//! The rig.

pub mod world;
