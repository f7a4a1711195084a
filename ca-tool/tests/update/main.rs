//! `ca-tool update` from paths: what gets onto a host, and what does not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../room/mod.rs"]
mod room;

mod brought;
mod host;
mod trusted;
mod written;
