//! Attribute certificates: extracting them from a proxy, and verifying them.

mod attributes;
pub mod embedded;
pub mod finding;
mod holder;
mod signer;
mod structure;
pub mod verify;
