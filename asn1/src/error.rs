//! Decoding and encoding errors.

use std::fmt;

use der::{ErrorKind, Tag};

use crate::diagnose::{Quirk, diagnose};

/// Why bytes could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not DER of the expected type.
    Malformed {
        /// The expected type, in plain words: `attribute certificate`, `list of targets` …
        what: &'static str,
        /// The decoder's error.
        error: der::Error,
        /// The first deviation from DER in the same bytes, the likely cause.
        quirk: Option<Quirk>,
    },
    /// A list that must have elements has none.
    Empty {
        /// The list.
        what: &'static str,
    },
    /// A list has more elements than any sane writer would write.
    TooMany {
        /// The list.
        what: &'static str,
        /// The most elements accepted.
        limit: usize,
    },
    /// An encoding is longer than any sane writer would make it.
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

/// UTCTime is legitimate in embedded certificates.
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

/// Why a value could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A list that must have elements has none.
    Empty {
        /// The list.
        what: &'static str,
    },
    /// A list has more elements than readers accept.
    TooMany {
        /// The list.
        what: &'static str,
        /// The most elements accepted.
        limit: usize,
    },
    /// The value has no DER encoding: text outside IA5, a length beyond 256 MiB, or a certificate
    /// that is not a `SEQUENCE`.
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
