//! What may be wrong with a chain, each with the fact and the next step.

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier;

use crate::pki::dn::Dn;
use crate::pki::strength::Weakness;
use crate::trust::PathFinding;

/// One thing wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainFinding {
    /// The part from the user's certificate to the CA.
    #[error(transparent)]
    Path(#[from] PathFinding),
    /// The chain has proxies but not the certificate they come from.
    #[error("the certificate of {0} that issued the proxy is missing")]
    NoEndEntity(Dn),
    /// Strength, not trust, is what it lacks.
    #[error("proxy {0}: it is too weak: {1}")]
    Weak(Dn, Weakness),
    /// The user has no name.
    #[error("the user's certificate has an empty subject")]
    Nameless,
    /// Below the proxies is a CA instead of a user.
    #[error("certificate {0}: it is a CA's, not a user's")]
    EndEntityIsCa(Dn),
    /// The subject is not the issuer's name and one common name.
    #[error("proxy {0}: its name is not its issuer's and one common name")]
    Name(Dn),
    /// The issuer's key did not sign it.
    #[error("proxy {0}: its signature is not its issuer's")]
    Signature(Dn),
    /// Past its last second.
    #[error("proxy {subject}: it expired on {}", crate::when(.at))]
    Expired {
        /// The proxy's subject.
        subject: Dn,
        /// Its last second.
        at: DateTime<Utc>,
    },
    /// Before its first second.
    #[error("proxy {subject}: it is not valid before {}", crate::when(.at))]
    NotYetValid {
        /// The proxy's subject.
        subject: Dn,
        /// Its first second.
        at: DateTime<Utc>,
    },
    /// The issuer's key usage lacks digitalSignature.
    #[error("proxy {0}: its issuer's key may not sign")]
    IssuerMayNotSign(Dn),
    /// Its own key usage lacks digitalSignature, or has keyCertSign.
    #[error("proxy {0}: its key usage is not one for a proxy")]
    KeyUsage(Dn),
    /// Extensions came with version 3.
    #[error("proxy {0}: it has extensions, which its version does not know")]
    Version(Dn),
    /// More proxies than a certificate above allows.
    #[error("proxy {0}: more proxies than the path length above it allows")]
    PathLength(Dn),
    /// Proxies of different generations in one chain.
    #[error("proxy {0}: of another type than the proxy that issued it")]
    MixedTypes(Dn),
    /// A proxy of a limited proxy that is not limited.
    #[error("proxy {0}: not limited although the proxy that issued it is")]
    LimitedNotKept(Dn),
    /// Alternative names are forbidden in proxies.
    #[error("proxy {0}: it has an alternative name, which proxies may not have")]
    AlternativeName(Dn),
    /// The ProxyCertInfo extension must be critical.
    #[error("proxy {0}: its proxyCertInfo is not critical")]
    NotCritical(Dn),
    /// Only a person's or a host's certificate, or a proxy, may issue proxies.
    #[error("proxy {0}: a CA issued it")]
    IssuerIsCa(Dn),
    /// It says twice what kind of proxy it is.
    #[error("proxy {0}: it has more than one proxyCertInfo")]
    TwoInfos(Dn),
    /// The same extension twice.
    #[error("proxy {0}: it has the extension {1} twice")]
    DuplicateExtension(Dn, ObjectIdentifier),
    /// An extension that limits it and cannot be read.
    #[error("proxy {0}: its extension {1} cannot be read")]
    UnreadableExtension(Dn, ObjectIdentifier),
    /// Rules where there may be none, or in a language that nobody here knows.
    #[error("proxy {0}: its policy has rules that cannot be followed")]
    PolicyRules(Dn),
    /// A critical extension nobody knows.
    #[error("proxy {0}: unknown critical extension {1}")]
    CriticalExtension(Dn, ObjectIdentifier),
}
