//! The card, asked by APDU: what SP 800-73-4 and Yubico's documentation say it answers.

mod attestation;
mod firmware;
mod keys;
mod management;
mod objects;
mod pin;
mod reader;
mod touch;
mod transport;
