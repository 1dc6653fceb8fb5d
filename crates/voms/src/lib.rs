//! Verifies grid proxy certificates (RFC 3820) and the VOMS attribute certificates in them (RFC 5755).
//!
//! Start with [`verifier::VomsVerifier`]. Nothing here knows the network, the environment, a home directory or the
//! clock: the caller hands in files, directories and the time.
//!
//! Sections cited as "RFC" are of the IETF's documents, as "GFD" of the Open Grid Forum's, and as "spec" of `docs/spec`
//! in the repository.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod ac;
pub mod chain;
mod codes;
pub mod files;
pub mod pki;
pub mod proxy;
pub mod trust;
pub mod verifier;
pub mod vo;

use chrono::{DateTime, Utc};

/// A point in time as messages show it.
fn when(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
