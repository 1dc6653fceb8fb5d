//! Certificates that are found again by their bytes, so that the same user is not parsed twice.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::{PoisonError, RwLock};

use crate::pki::certificate::Certificate;

/// A service sees a few hundred users again and again.
const MOST: usize = 1024;
/// In bytes of DER; those with thousands of attributes are not worth the memory.
pub(crate) const LARGEST: usize = 64 << 10;

/// A certificate that is found by its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ByDer(pub Certificate);

impl Hash for ByDer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.der().hash(state);
    }
}

impl Borrow<[u8]> for ByDer {
    fn borrow(&self) -> &[u8] {
        self.0.der()
    }
}

/// Hashes the end of what is signed, the signature: all of it would cost more than what follows.
/// What is found is compared whole.
#[derive(Debug, Default, Clone)]
pub(crate) struct ByItsEnd(RandomState);

pub(crate) struct EndHasher(DefaultHasher);

impl BuildHasher for ByItsEnd {
    type Hasher = EndHasher;

    fn build_hasher(&self) -> EndHasher {
        EndHasher(self.0.build_hasher())
    }
}

impl Hasher for EndHasher {
    fn write(&mut self, bytes: &[u8]) {
        const END: usize = 32;
        self.0.write(&bytes[bytes.len().saturating_sub(END)..]);
    }

    fn write_usize(&mut self, length: usize) {
        self.0.write_usize(length);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// Certificates of users that were verified: others cannot fill it.
#[derive(Debug, Default)]
pub(crate) struct KnownCertificates(RwLock<HashSet<ByDer, ByItsEnd>>);

impl KnownCertificates {
    pub fn find(&self, der: &[u8]) -> Option<Certificate> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(der).map(|found| found.0.clone())
    }

    pub fn insert(&self, certificates: &[Certificate]) {
        let fits = |own: &&Certificate| own.der().len() <= LARGEST;
        let new = |own: &&Certificate| self.find(own.der()).is_none();
        for own in certificates.iter().filter(fits).filter(new) {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(ByDer(own.clone()));
        }
    }
}
