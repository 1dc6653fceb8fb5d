//! Attribute certificates that were verified, by their bytes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use voms_asn1::EncodedAc;

use crate::ac::attributes::AcAttributes;
use crate::pki::certificate::Certificate;
use crate::pki::known::{ByItsEnd, LARGEST};

const MOST: usize = 1024;

/// What follows from the bytes of an attribute certificate and of its signer's certificate alone:
/// it has the form that it must have, and the signature is right. Whether that signer is trusted,
/// dates, holder and targets are judged each time.
#[derive(Debug)]
pub(super) struct KnownAc {
    pub encoded: EncodedAc,
    pub attributes: AcAttributes,
    pub carried: Vec<Certificate>,
    pub signer: Certificate,
}

/// The attribute certificates that trusted servers signed: others cannot fill it.
#[derive(Debug, Default)]
pub(crate) struct KnownAcs(RwLock<HashMap<Vec<u8>, Arc<KnownAc>, ByItsEnd>>);

impl KnownAcs {
    pub(super) fn find(&self, der: &[u8]) -> Option<Arc<KnownAc>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(der).cloned()
    }

    /// One that needs not be decoded again.
    pub fn encoded(&self, der: &[u8]) -> Option<EncodedAc> {
        self.find(der).map(|known| known.encoded.clone())
    }

    pub(super) fn insert(&self, ac: KnownAc) {
        let der = ac.encoded.as_der();
        if der.len() > LARGEST {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(der.to_vec(), Arc::new(ac));
    }
}
