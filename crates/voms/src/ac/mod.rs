//! Attribute certificates: where they are in a proxy, and whether they can be trusted.

pub mod embedded;
pub mod finding;
pub mod verify;
