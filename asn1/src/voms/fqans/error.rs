use std::fmt;

/// Why the FQANs of an attribute certificate were not read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FqanError {
    /// The AC has no FQAN attribute.
    Missing,
    /// The AC has several FQAN attributes.
    Repeated {
        /// How many.
        count: usize,
    },
    /// The FQAN attribute does not have exactly one value.
    ValueCount {
        /// How many it has.
        count: usize,
    },
    /// The value is not an `IetfAttrSyntax`.
    Malformed(der::Error),
    /// The policy authority is missing, or not in a known form.
    NoPolicyAuthority,
    /// The policy authority is not exactly one URI.
    NotOneUri,
    /// An FQAN is not an `OCTET STRING`.
    NotOctetString {
        /// Its position, from 0.
        index: usize,
    },
    /// An FQAN has bytes outside of printable ASCII.
    NotText {
        /// Its position, from 0.
        index: usize,
    },
    /// There are too many FQANs.
    TooMany {
        /// The maximum accepted.
        limit: usize,
    },
}

impl From<der::Error> for FqanError {
    fn from(error: der::Error) -> Self {
        FqanError::Malformed(error)
    }
}

impl fmt::Display for FqanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FqanError::Missing => write!(f, "no FQAN attribute"),
            FqanError::Repeated { count } => write!(f, "{count} FQAN attributes instead of one"),
            FqanError::ValueCount { count } => {
                write!(f, "FQAN attribute has {count} values instead of one")
            }
            FqanError::Malformed(error) => write!(f, "malformed FQAN attribute: {error}"),
            FqanError::NoPolicyAuthority => write!(f, "FQAN attribute has no policy authority"),
            FqanError::NotOneUri => {
                write!(f, "policy authority of the FQAN attribute is not one URI")
            }
            FqanError::NotOctetString { index } => {
                write!(f, "FQAN {index} is not an OCTET STRING")
            }
            FqanError::NotText { index } => write!(f, "FQAN {index} is not printable ASCII"),
            FqanError::TooMany { limit } => write!(f, "more than {limit} FQANs"),
        }
    }
}

impl std::error::Error for FqanError {}
