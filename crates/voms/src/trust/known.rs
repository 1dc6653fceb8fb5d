//! A cache of the paths from certificates to their trust anchors.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::pki::certificate::Certificate;
use crate::pki::known::{ByDer, ByItsEnd};

/// Enough for a few servers per VO and a few dozen VOs per site.
const MAX_SIGNERS: usize = 64;
/// A service sees a few hundred users again and again.
const MAX_USERS: usize = 1024;

/// A path, and the certificates it was found from.
#[derive(Debug)]
struct KnownPath {
    untrusted: Vec<Certificate>,
    anchors: Vec<Certificate>,
    path: Vec<Certificate>,
}

/// The paths found, the last of each certificate. What is remembered of one is what OpenSSL says of
/// names, signatures and constraints, which depends on these certificates alone; dates, lists and
/// policies are judged each time. Only a path that uses every certificate it was found from is
/// cached, and a trusted CA has certified each of those, so outsiders cannot fill the cache.
#[derive(Debug)]
pub struct KnownPaths {
    most: usize,
    known: RwLock<HashMap<ByDer, KnownPath, ByItsEnd>>,
}

impl KnownPaths {
    pub fn of_signers() -> Self {
        Self::up_to(MAX_SIGNERS)
    }

    pub fn of_users() -> Self {
        Self::up_to(MAX_USERS)
    }

    fn up_to(most: usize) -> Self {
        let known = RwLock::default();
        Self { most, known }
    }

    /// The path found from exactly these certificates.
    pub fn find(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        anchors: &[Certificate],
    ) -> Option<Vec<Certificate>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(leaf.der())?;
        let same = found.untrusted == untrusted && found.anchors == anchors;
        same.then(|| found.path.clone())
    }

    pub fn insert(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        anchors: &[Certificate],
        path: &[Certificate],
    ) {
        if !untrusted
            .iter()
            .all(|certificate| path.contains(certificate))
        {
            return;
        }
        let (untrusted, anchors, path) = (untrusted.to_vec(), anchors.to_vec(), path.to_vec());
        let found = KnownPath {
            untrusted,
            anchors,
            path,
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.most {
            known.clear();
        }
        known.insert(ByDer(leaf.clone()), found);
    }

    /// A certificate that starts a cached path, or lies on one.
    pub fn certificate(&self, der: &[u8]) -> Option<Certificate> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((found, _)) = known.get_key_value(der) {
            return Some(found.0.clone());
        }
        let mut above = known.values().flat_map(|known| &known.untrusted);
        above.find(|certificate| certificate.der() == der).cloned()
    }
}
