//! Paths that were found before, from the certificates of those who sign attribute certificates.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use crate::pki::certificate::Certificate;

/// A VO has a few servers, a site a few dozen VOs.
const MOST_PATHS: usize = 64;

/// What a path was found from, and the path.
#[derive(Debug)]
struct KnownPath {
    leaf: Certificate,
    untrusted: Vec<Certificate>,
    anchors: Vec<Certificate>,
    path: Vec<Certificate>,
}

/// The last paths found. Only those come in that use all certificates they were found from, each of which a trusted CA
/// has certified, so strangers cannot fill it.
#[derive(Debug, Default)]
pub struct KnownPaths(RwLock<VecDeque<KnownPath>>);

impl KnownPaths {
    /// The path from the very same certificates.
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
        known.truncate(MOST_PATHS - 1);
        known.push_front(KnownPath {
            leaf: leaf.clone(),
            untrusted,
            anchors,
            path,
        });
    }

    /// A certificate from which a path began, or that lay on it.
    pub fn certificate(&self, der: &[u8]) -> Option<Certificate> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = known
            .iter()
            .flat_map(|known| std::iter::once(&known.leaf).chain(&known.untrusted));
        all.find(|certificate| certificate.der() == der).cloned()
    }
}
