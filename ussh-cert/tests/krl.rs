//! What a KRL means, by hand-made bytes: every refusal, and the order in which reasons count.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod krl {
    pub(crate) mod bytes;
    mod flat_list;
    mod meaning;
    mod refusals;
    mod streams;
    mod writing;
}
