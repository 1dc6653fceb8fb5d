//! Grid credentials: RFC 3820 proxy certificates with VOMS attribute certificates, made, read and verified.
//!
//! The way of a proxy: [`credential::user::Credential::load`] → [`credential::chain::Chain::verify`] →
//! [`client::VomsClient::request`] → [`voms::verify::AcVerifier::verify`] → [`credential::proxy::ProxyRequest::issue`].
//!
//! Sections cited as "RFC" are of the IETF's documents, as "GFD" of the Open Grid Forum's, and as "spec" of the
//! project's own notes on what VOMS software does where no standard says it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod authority;
pub mod bounded;
pub mod cli;
pub mod client;
pub mod credential;
pub mod ecp;
pub mod net;
mod remembered;
pub mod verifier;
pub mod voms;

use chrono::{DateTime, Utc};

/// A point in time as messages show it.
fn when(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
