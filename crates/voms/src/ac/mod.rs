//! Attribute certificates: where they are in a proxy, and whether they can be trusted.

mod attributes;
pub mod embedded;
pub mod finding;
mod structure;
pub mod verify;
