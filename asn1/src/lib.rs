//! ASN.1 types of grid credentials: proxy certificates ([RFC 3820]), attribute certificates
//! ([RFC 5755]) and what VOMS puts into them ([GFD.182]).
//!
//! Decoding is strict DER except for deviations that VOMS software is known to write; each is
//! documented where it is accepted. An attribute certificate keeps its original bytes
//! ([`EncodedAc`]), because its signature covers those bytes and not any re-encoding. [`diagnose`]
//! explains what is wrong with bytes that are not DER.
//!
//! This crate verifies nothing: it has no cryptography, no clock and no I/O.
//!
//! [RFC 3820]: https://www.rfc-editor.org/rfc/rfc3820
//! [RFC 5755]: https://www.rfc-editor.org/rfc/rfc5755
//! [GFD.182]: https://www.ogf.org/documents/GFD.182.pdf

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

pub mod attribute_certificate;
pub mod certificate_list;
pub mod diagnose;
pub mod error;
pub mod oid;
pub mod proxy_cert_info;
pub mod targets;
pub mod voms;
mod wire;

pub use attribute_certificate::EncodedAc;
pub use error::{DecodeError, EncodeError};
