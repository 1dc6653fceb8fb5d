//! Why bytes were not decoded, or a value not encoded.

use std::fmt;

use der::{ErrorKind, Tag};

use crate::diagnose::{Quirk, diagnose};

/// Why bytes were not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not the DER of the wanted type.
    Malformed {
        /// The wanted type, as a reader would name it: `attribute certificate`, `list of targets` …
        what: &'static str,
        /// What the decoder objects to.
        error: der::Error,
        /// The first deviation from DER found in the same bytes, the likely cause.
        quirk: Option<Quirk>,
    },
    /// A list that must have elements has none.
    Empty {
        /// The list.
        what: &'static str,
    },
    /// A list has more elements than a sane writer would make.
    TooMany {
        /// The list.
        what: &'static str,
        /// The most elements accepted.
        limit: usize,
    },
    /// An encoding is longer than a sane writer would make it.
    TooLong {
        /// The encoded thing.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The greatest length accepted, in bytes.
        limit: usize,
    },
}

impl DecodeError {
    pub(crate) fn malformed(what: &'static str, error: der::Error, bytes: &[u8]) -> Self {
        let quirk = diagnose(bytes).into_iter().find(|q| explains(*q, error));
        DecodeError::Malformed { what, error, quirk }
    }
}

/// Certificates inside of the bytes have UTCTime with good reason.
fn explains(quirk: Quirk, error: der::Error) -> bool {
    match (quirk, error.kind()) {
        (Quirk::UtcTime { .. }, ErrorKind::TagUnexpected { actual, .. }) => actual == Tag::UtcTime,
        (Quirk::UtcTime { .. }, _) => false,
        _ => true,
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Malformed { what, error, quirk } => {
                write!(f, "malformed {what}: {error}")?;
                match quirk {
                    Some(quirk) => write!(f, " ({quirk})"),
                    None => Ok(()),
                }
            }
            DecodeError::Empty { what } => write!(f, "{what} is empty"),
            DecodeError::TooMany { what, limit } => {
                write!(f, "{what} has more than {limit} elements")
            }
            DecodeError::TooLong {
                what,
                length,
                limit,
            } => write!(f, "{what} has {length} bytes, more than {limit}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Why a value was not encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A list that must have elements has none.
    Empty {
        /// The list.
        what: &'static str,
    },
    /// A list has more elements than a reader would accept.
    TooMany {
        /// The list.
        what: &'static str,
        /// The most elements accepted.
        limit: usize,
    },
    /// The value has no DER: text outside of IA5, a length beyond 256 MiB, a certificate that is not a `SEQUENCE`.
    Der(der::Error),
}

impl From<der::Error> for EncodeError {
    fn from(error: der::Error) -> Self {
        EncodeError::Der(error)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::Empty { what } => write!(f, "{what} is empty"),
            EncodeError::TooMany { what, limit } => {
                write!(f, "{what} has more than {limit} elements")
            }
            EncodeError::Der(error) => write!(f, "value has no encoding: {error}"),
        }
    }
}

impl std::error::Error for EncodeError {}
