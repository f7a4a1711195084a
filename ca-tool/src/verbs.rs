//! One room for each verb: what can be typed, and its story.

pub(crate) mod sign;
