//! Why a proxy cannot be issued, and what was done that the user did not ask for.

use chrono::{DateTime, Utc};
use openssl::error::ErrorStack;

use crate::pki::certificate::CertificateError;
use crate::proxy::kind::Generation;

/// A proxy that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// A certificate of the chain is past its end.
    #[error("the credential expired on {}", crate::when(.0))]
    Expired(DateTime<Utc>),
    /// The key usage of the issuing certificate lacks digitalSignature.
    #[error("the certificate's key usage does not allow it to sign, so it cannot issue proxies")]
    MayNotSign,
    /// The issuing chain holds proxies of different generations.
    #[error("the issuing chain mixes proxies of different types")]
    MixedChain,
    /// The issuing proxy's path length is used up.
    #[error("the issuing proxy allows no further proxies below it")]
    PathLength,
    /// Legacy proxies have no place for a path length or a policy.
    #[error("a legacy proxy cannot carry a path length or a policy of its own")]
    LegacyCannot,
    /// ASN.1 could not be encoded.
    #[error("encoding failed: {0}")]
    Encoding(#[from] der::Error),
    /// The attribute certificates could not be embedded.
    #[error("embedding the attribute certificates failed: {0}")]
    Attributes(String),
    /// OpenSSL failed.
    #[error("signing failed: {0}")]
    OpenSsl(#[from] ErrorStack),
    /// What was made cannot be read back.
    #[error("the proxy made is not readable: {0}")]
    Unreadable(#[from] CertificateError),
}

/// Something the user did not ask for, that was done to keep the chain valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyNote {
    /// The end was cut to the issuing chain's.
    LifetimeCut,
    /// The generation of the issuing proxy was kept.
    TypeForced(Generation),
    /// The issuing proxy is limited, so this one is.
    LimitedForced,
}
