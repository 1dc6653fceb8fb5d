//! Reads chains, and puts their certificates in order.

use crate::chain::rules::issuer_among;
use crate::chain::{Chain, ChainError, MAX_BYTES, MAX_CERTIFICATES, MAX_REPORTED};
use crate::pki::certificate::Certificate;
use crate::pki::pem;
use crate::work::Work;

impl Chain {
    /// Orders certificates: the first is the leaf, each of the following issued the one before it.
    /// Certificates that issued none of the others stay at the end.
    ///
    /// # Errors
    /// [`ChainError::Empty`], [`ChainError::TooMany`].
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        Self::ordered(certificates, &mut Work::after(0))
    }

    fn ordered(mut certificates: Vec<Certificate>, work: &mut Work) -> Result<Self, ChainError> {
        if certificates.is_empty() {
            return Err(ChainError::Empty);
        }
        if certificates.len() > MAX_CERTIFICATES {
            return Err(ChainError::TooMany(certificates.len()));
        }
        for at in 1..certificates.len() {
            let Some(found) = issuer_among(&certificates[at..], &certificates[at - 1], work) else {
                break;
            };
            certificates[at..=at + found].rotate_right(1);
        }
        Ok(Self {
            certificates,
            spent: work.spent(),
        })
    }

    /// Reads the certificates of a PEM file, or one DER certificate.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn parse(file: &[u8]) -> Result<Self, ChainError> {
        Self::parse_or(file, &|_| None)
    }

    /// The same; certificates that are known by their DER are not parsed again.
    pub(crate) fn parse_or(
        file: &[u8],
        known: &dyn Fn(&[u8]) -> Option<Certificate>,
    ) -> Result<Self, ChainError> {
        if file.len() > MAX_BYTES {
            return Err(ChainError::TooLong(file.len()));
        }
        if pem::blocks(file).is_empty() && file.first() == Some(&0x30) {
            let own = known(file).map_or_else(|| Certificate::from_der(file), Ok);
            return Self::new(vec![own?]);
        }
        Self::new(Certificate::all_from_pem_or(file, known)?)
    }

    /// Like [`Chain::parse`], for files of the user, in which CAs may come before the certificate
    /// below them. Such a certificate becomes the leaf only if the first one signed it, or one of
    /// those between.
    ///
    /// Of the certificates that a peer presents, the first is the one whose key it holds:
    /// [`Chain::parse`] and [`Chain::from_der`] never pass it over.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn parse_in_any_order(file: &[u8]) -> Result<Self, ChainError> {
        Self::parse(file).map(Self::in_any_order)
    }

    /// A chain that was read as it came, with the leaf that [`Chain::parse_in_any_order`] finds.
    pub(crate) fn in_any_order(self) -> Self {
        let chain = self;
        if !chain.leaf().is_ca() {
            return chain;
        }
        let mut work = chain.budget();
        let below = chain.below_the_first(&mut work);
        below.unwrap_or(Self {
            spent: work.spent(),
            ..chain
        })
    }

    /// The same certificates, with the first one that is accepted as the leaf; `None` if none is.
    #[must_use]
    pub fn beginning_with(&self, is_leaf: impl FnMut(&Certificate) -> bool) -> Option<Self> {
        let at = self.certificates.iter().position(is_leaf)?;
        self.beginning_at(at, &mut self.budget())
    }

    fn beginning_at(&self, at: usize, work: &mut Work) -> Option<Self> {
        let mut certificates = self.certificates.clone();
        certificates[..=at].rotate_right(1);
        Self::ordered(certificates, work).ok()
    }

    /// The chain from a certificate of no CA, which issued none of the others, up to the first one.
    fn below_the_first(&self, work: &mut Work) -> Option<Self> {
        let all = &self.certificates;
        let is_last = |own: &Certificate| {
            let mut others = all.iter().filter(|other| *other != own);
            !own.is_ca() && !others.any(|other| other.issuer().matches(own.subject()))
        };
        (0..all.len())
            .filter(|at| is_last(&all[*at]))
            .take(MAX_REPORTED)
            .find_map(|at| {
                let chain = self.beginning_at(at, work)?;
                let signed = chain.is_signed_by(self.leaf(), work);
                let spent = work.spent();
                signed.then_some(Self { spent, ..chain })
            })
    }

    /// Whether the certificate signed the leaf, or one of the certificates between.
    fn is_signed_by(&self, issuer: &Certificate, work: &mut Work) -> bool {
        let mut signed = self
            .certificates
            .windows(2)
            .take_while(|pair| work.spend(&pair[1]).is_ok() && pair[0].is_signed_by(&pair[1]));
        signed.any(|pair| pair[1] == *issuer)
    }

    /// Reads DER certificates, leaf first.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn from_der(certificates: &[impl AsRef<[u8]>]) -> Result<Self, ChainError> {
        Self::from_der_or(certificates, &|_| None)
    }

    /// The same; certificates that are known by their DER are not parsed again.
    pub(crate) fn from_der_or(
        certificates: &[impl AsRef<[u8]>],
        known: &dyn Fn(&[u8]) -> Option<Certificate>,
    ) -> Result<Self, ChainError> {
        if certificates.len() > MAX_CERTIFICATES {
            return Err(ChainError::TooMany(certificates.len()));
        }
        let size = certificates
            .iter()
            .map(|certificate| certificate.as_ref().len())
            .sum();
        if size > MAX_BYTES {
            return Err(ChainError::TooLong(size));
        }
        let all = certificates
            .iter()
            .map(AsRef::as_ref)
            .map(|der| known(der).map_or_else(|| Certificate::from_der(der), Ok));
        Self::new(all.collect::<Result<_, _>>()?)
    }
}
