//! What can be wrong with a chain.

use std::time::SystemTime;

use der::asn1::ObjectIdentifier;

use crate::pki::dn::Dn;
use crate::pki::key_limit::KeyLimit;
use crate::pki::strength::Weakness;
use crate::report::Reported;
use crate::trust::PathFinding;

/// One thing wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainFinding {
    /// A problem on the path from the user's certificate to the CA.
    #[error(transparent)]
    Path(#[from] PathFinding),
    /// The chain has proxies but not the end-entity certificate that issued them.
    #[error("the certificate of {0:.200} that issued the proxy is missing")]
    NoEndEntity(Dn),
    /// Its key or signature algorithm is too weak.
    #[error("proxy {0:.200}: it is too weak: {1}")]
    Weak(Dn, Weakness),
    /// The user's certificate has an empty subject.
    #[error("the user's certificate has an empty subject")]
    Nameless,
    /// Without a proxy, the user's own key has to serve for TLS: its key usage has neither
    /// digitalSignature nor keyAgreement.
    #[error("certificate {0:.200}: its key usage allows neither signatures nor key agreement")]
    UserKeyUsage(Dn),
    /// The certificate in the end-entity position is a CA's.
    #[error("certificate {0:.200}: it is a CA's, not a user's")]
    EndEntityIsCa(Dn),
    /// Its subject is not the issuer's name plus one common name.
    #[error("proxy {0:.200}: its subject is not its issuer's plus one common name")]
    Name(Dn),
    /// Verifying all its signatures would cost more than any real chain does.
    #[error("verifying it would cost more than any real chain does")]
    TooCostly,
    /// Its key would be too costly to use.
    #[error("proxy {0:.200}: its key is not accepted: {1}")]
    Key(Dn, KeyLimit),
    /// OpenSSL cannot handle it.
    #[error("proxy {0:.200}: OpenSSL cannot handle it")]
    Unhandled(Dn),
    /// The issuer's key did not sign it.
    #[error("proxy {0:.200}: its signature is not its issuer's")]
    Signature(Dn),
    /// It has expired.
    #[error("proxy {subject:.200}: it expired on {}", crate::time::when(.at))]
    Expired {
        /// The proxy's subject.
        subject: Dn,
        /// Its notAfter.
        at: SystemTime,
    },
    /// It is not valid yet.
    #[error("proxy {subject:.200}: it is not valid before {}", crate::time::when(.at))]
    NotYetValid {
        /// The proxy's subject.
        subject: Dn,
        /// Its notBefore.
        at: SystemTime,
    },
    /// The issuer's key usage lacks digitalSignature.
    #[error("proxy {0:.200}: its issuer's key may not sign")]
    IssuerMayNotSign(Dn),
    /// Its own key usage lacks digitalSignature, or has keyCertSign.
    #[error("proxy {0:.200}: its key usage is not allowed for a proxy")]
    KeyUsage(Dn),
    /// It has extensions but is not version 3.
    #[error("proxy {0:.200}: it has extensions but is not version 3")]
    Version(Dn),
    /// More proxies follow than the path length of a certificate above allows.
    #[error("proxy {0:.200}: more proxies than the path length above it allows")]
    PathLength(Dn),
    /// Proxies of different generations in one chain.
    #[error("proxy {0:.200}: its type differs from that of the proxy that issued it")]
    MixedTypes(Dn),
    /// A limited proxy issued a proxy that is not limited.
    #[error("proxy {0:.200}: not limited although the proxy that issued it is")]
    LimitedNotKept(Dn),
    /// Proxies must not have alternative names.
    #[error("proxy {0:.200}: it has an alternative name, which proxies may not have")]
    AlternativeName(Dn),
    /// The ProxyCertInfo extension must be critical.
    #[error("proxy {0:.200}: its proxyCertInfo is not critical")]
    NotCritical(Dn),
    /// A CA issued it; only end-entity certificates and proxies may issue proxies.
    #[error("proxy {0:.200}: a CA issued it")]
    IssuerIsCa(Dn),
    /// It has more than one ProxyCertInfo extension.
    #[error("proxy {0:.200}: it has more than one proxyCertInfo")]
    TwoInfos(Dn),
    /// It repeats an extension.
    #[error("proxy {0:.200}: it has the extension {1} twice")]
    DuplicateExtension(Dn, ObjectIdentifier),
    /// A restricting extension cannot be parsed.
    #[error("proxy {0:.200}: its extension {1} cannot be read")]
    UnreadableExtension(Dn, ObjectIdentifier),
    /// It has policy rules where none are allowed, or in an unknown language.
    #[error("proxy {0:.200}: its policy has rules that cannot be followed")]
    PolicyRules(Dn),
    /// It has an unknown critical extension.
    #[error("proxy {0:.200}: unknown critical extension {1}")]
    CriticalExtension(Dn, ObjectIdentifier),
    /// So many more findings were left out.
    #[error("{0} more findings, not listed here")]
    More(usize),
}

impl Reported for ChainFinding {
    fn more(left_out: usize) -> Self {
        Self::More(left_out)
    }

    fn count(&self) -> usize {
        match self {
            Self::More(left_out) => *left_out,
            _ => 1,
        }
    }
}
