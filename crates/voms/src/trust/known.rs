//! A cache of verified paths from attribute certificate signers to their trust anchors.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use crate::pki::certificate::Certificate;

/// Enough for a few servers per VO and a few dozen VOs per site.
const MAX_PATHS: usize = 64;

/// A path, and the certificates it was found from.
#[derive(Debug)]
struct KnownPath {
    leaf: Certificate,
    untrusted: Vec<Certificate>,
    anchors: Vec<Certificate>,
    path: Vec<Certificate>,
}

/// The most recent paths. Only a path that uses every certificate it was found from is cached, and
/// a trusted CA has certified each of those, so outsiders cannot fill the cache.
#[derive(Debug, Default)]
pub struct KnownPaths(RwLock<VecDeque<KnownPath>>);

impl KnownPaths {
    /// The path found from exactly these certificates.
    pub fn find(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        anchors: &[Certificate],
    ) -> Option<Vec<Certificate>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&KnownPath| {
            known.leaf == *leaf && known.untrusted == untrusted && known.anchors == anchors
        };
        known.iter().find(same).map(|known| known.path.clone())
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
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.truncate(MAX_PATHS - 1);
        known.push_front(KnownPath {
            leaf: leaf.clone(),
            untrusted,
            anchors,
            path,
        });
    }

    /// A certificate that starts a cached path, or lies on one.
    pub fn certificate(&self, der: &[u8]) -> Option<Certificate> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = known
            .iter()
            .flat_map(|known| std::iter::once(&known.leaf).chain(&known.untrusted));
        all.find(|certificate| certificate.der() == der).cloned()
    }
}
