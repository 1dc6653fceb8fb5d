//! Attribute certificates: extracting them from a proxy, and verifying them.

mod attributes;
pub mod embedded;
pub mod finding;
mod holder;
pub(crate) mod known;
mod signer;
mod structure;
pub mod verify;
