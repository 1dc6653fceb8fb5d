//! ASN.1 types of grid credentials: proxy certificates ([RFC 3820]), attribute certificates ([RFC 5755]) and what VOMS
//! puts into them ([GFD.182]).
//!
//! Decoding is strict DER except for the deviations that VOMS software is known to write; each is named where it is
//! accepted. An attribute certificate keeps the bytes it was read from ([`EncodedAc`]), because its signature is over
//! those bytes and not over any re-encoding. What DER refuses can be explained with [`diagnose`].
//!
//! Nothing here verifies anything: there is no cryptography, no clock and no I/O in this crate.
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
