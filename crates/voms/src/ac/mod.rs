//! Attribute certificates: extracting them from a proxy, and verifying them.

mod attributes;
pub mod embedded;
pub mod finding;
mod holder;
pub mod judgement;
pub(crate) mod known;
pub mod loose;
mod signer;
mod structure;
mod verified;
pub mod verify;
