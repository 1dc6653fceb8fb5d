//! What a verified chain says.

use std::time::SystemTime;

use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;
use crate::pki::proxy_kind::ProxyType;
use crate::trust::{PathNote, VerifiedPath};

/// A verified chain; only [`Chain::verify`](super::Chain::verify) creates one.
#[derive(Clone, Debug)]
pub struct VerifiedChain {
    /// The proxies, the user's certificate and the CAs above it.
    certificates: Vec<Certificate>,
    /// How many are proxies. The user's certificate follows them.
    depth: usize,
    notes: Vec<PathNote>,
}

impl VerifiedChain {
    /// Takes what was verified: the proxies, leaf first, and the path from the user's certificate
    /// to the trust anchor.
    pub(super) fn new(proxies: &[Certificate], path: VerifiedPath) -> Self {
        Self {
            certificates: [proxies, &path.certificates].concat(),
            depth: proxies.len(),
            notes: path.notes,
        }
    }

    /// Notes on the path from the user's certificate to the trust anchor.
    #[must_use]
    pub fn notes(&self) -> &[PathNote] {
        &self.notes
    }

    /// The certificates that were verified: the proxies, the user's certificate and the CAs above
    /// it, the trust anchor last.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The user: the subject of the end-entity certificate.
    #[must_use]
    pub fn identity(&self) -> &Dn {
        self.certificates[self.depth].subject()
    }

    fn types(&self) -> impl Iterator<Item = &ProxyType> {
        let proxies = self.certificates[..self.depth].iter();
        proxies.filter_map(Certificate::proxy_type)
    }

    /// The leaf's proxy type; `None` if the leaf is the user's certificate itself.
    #[must_use]
    pub fn proxy_type(&self) -> Option<&ProxyType> {
        self.types().next()
    }

    /// Whether any proxy in the chain is limited, which limits the whole chain.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.types().any(ProxyType::is_limited)
    }

    /// Whether any proxy in the chain is independent (RFC 3820 section 3.8.2): such a proxy has
    /// none of the user's rights, only those granted to its own name.
    #[must_use]
    pub fn is_independent(&self) -> bool {
        self.types().any(ProxyType::is_independent)
    }

    /// The number of proxies below the user's certificate.
    #[must_use]
    pub fn delegation_depth(&self) -> usize {
        self.depth
    }

    /// The earliest notAfter on the path to the trust anchor. It may lie in the past, by up to the
    /// clock skew.
    #[must_use]
    pub fn usable_until(&self) -> SystemTime {
        let ends = self.certificates.iter().map(Certificate::not_after);
        ends.min().unwrap_or(SystemTime::UNIX_EPOCH)
    }
}
