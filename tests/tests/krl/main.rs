//! KRLs: whatever ssh-keygen says of one, ussh-cert says, in both directions.
//!
//! Random lists, from a seed that a failure prints: `KRL_SEED=N` runs the same ones again.

mod keygen;
mod malformed;
mod naive;
mod pool;
mod random;
mod raw;
mod spec_lines;
mod specs;
mod through_the_module;
mod written_by_them;
mod written_by_us;
