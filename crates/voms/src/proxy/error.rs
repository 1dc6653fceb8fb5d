//! Why a proxy cannot be issued, and how an issued one deviates from the request.

use std::time::SystemTime;

use crate::crypto::CryptoError;
use crate::pki::certificate::CertificateError;
use crate::pki::proxy_kind::Generation;

/// Why a proxy could not be issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// A certificate in the chain has expired.
    #[error("the credential expired on {}", crate::time::when(.0))]
    Expired(SystemTime),
    /// The key usage of the issuing certificate lacks digitalSignature.
    #[error("the certificate's key usage does not allow it to sign, so it cannot issue proxies")]
    MayNotSign,
    /// The issuing chain mixes proxies of different generations.
    #[error("the issuing chain mixes proxies of different types")]
    MixedChain,
    /// The issuing proxy's path length is exhausted.
    #[error("the issuing proxy allows no further proxies below it")]
    PathLength,
    /// Legacy proxies cannot express a path length or a policy.
    #[error("a legacy proxy cannot carry a path length or a policy of its own")]
    LegacyCannot,
    /// ASN.1 could not be encoded.
    #[error("encoding failed: {0}")]
    Encoding(#[from] der::Error),
    /// The attribute certificates could not be embedded.
    #[error("embedding the attribute certificates failed: {0}")]
    Attributes(String),
    /// Signing failed.
    #[error("signing failed: {0}")]
    Signing(#[from] CryptoError),
    /// The issued proxy cannot be parsed.
    #[error("the new proxy cannot be read back: {0}")]
    Unreadable(#[from] CertificateError),
}

/// A deviation from the request, made to keep the chain valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyNote {
    /// The lifetime was cut to the issuing chain's.
    LifetimeCut,
    /// The issuing proxy's generation was used.
    TypeForced(Generation),
    /// The issuing proxy is limited, so this one is too.
    LimitedForced,
}
