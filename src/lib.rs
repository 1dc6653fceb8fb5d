//! Grid credentials: RFC 3820 proxy certificates with VOMS attribute certificates, made, read and verified.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod authority;
pub mod bounded;
pub mod cli;
pub mod client;
pub mod credential;
pub mod net;
pub mod voms;

use chrono::{DateTime, Utc};

/// A point in time as messages show it.
fn when(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
