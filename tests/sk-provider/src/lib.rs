//! The software security key.
