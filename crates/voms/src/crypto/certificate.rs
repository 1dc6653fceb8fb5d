//! What OpenSSL knows of a certificate or revocation list, parsed when first needed.

use std::ops::Range;
use std::sync::OnceLock;

use der::asn1::ObjectIdentifier;
use openssl::error::ErrorStack;
use openssl::pkey::Id;
use openssl::x509::{X509, X509Crl, X509Ref};

use voms_asn1::certificate_list::CertificateList;
use voms_asn1::oid;

use crate::crypto::{CryptoError, Digest, PublicKey};

/// The DER of a certificate.
///
/// OpenSSL takes a millisecond to look up its first public key, and display needs none.
pub(crate) struct DerCertificate {
    der: Vec<u8>,
    /// Whether its key is cheap enough to be used; OpenSSL never sees another.
    is_accepted: bool,
    x509: OnceLock<Result<X509, ErrorStack>>,
}

impl DerCertificate {
    pub fn new(der: Vec<u8>, is_accepted: bool) -> Self {
        Self {
            der,
            is_accepted,
            x509: OnceLock::new(),
        }
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub fn x509(&self) -> Result<&X509, ErrorStack> {
        self.x509
            .get_or_init(|| match self.is_accepted {
                true => X509::from_der(&self.der),
                false => Err(ErrorStack::get()),
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Whether OpenSSL can parse the certificate and its key.
    ///
    /// # Errors
    /// OpenSSL's reason if it cannot.
    pub fn check(&self) -> Result<(), CryptoError> {
        self.x509().map(drop).map_err(CryptoError)
    }

    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        self.x509()
            .and_then(|x509| x509.public_key())
            .map(PublicKey)
            .map_err(CryptoError)
    }

    /// Whether the key made the certificate's signature.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.x509()
            .and_then(|x509| x509.verify(&key.0))
            .unwrap_or(false)
    }

    /// OpenSSL's hash of the issuer's name, which names files in a CA directory.
    pub fn issuer_hash(&self) -> Option<u32> {
        self.x509().ok().map(|x509| x509.issuer_name_hash())
    }

    /// OpenSSL's hash of the subject's name.
    pub fn subject_hash(&self) -> Option<u32> {
        self.x509().ok().map(|x509| x509.subject_name_hash())
    }

    /// Whether `x509` is the same certificate.
    pub(super) fn is(&self, x509: &X509Ref) -> bool {
        self.x509().is_ok_and(|own| **own == *x509)
    }
}

/// The signature of a revocation list.
pub(crate) struct SignedList {
    /// Where the signed part is in the list.
    signed: Range<usize>,
    algorithm: ObjectIdentifier,
    /// `None` unless it is whole octets.
    signature: Option<Vec<u8>>,
}

impl SignedList {
    /// The signature of a list that was parsed without its entries, from `rest`; `None` if OpenSSL
    /// rejects that.
    pub fn new(rest: &[u8], parsed: &CertificateList, signed: Range<usize>) -> Option<Self> {
        X509Crl::from_der(rest).ok()?;
        Some(Self {
            signed,
            algorithm: parsed.signature_algorithm.oid,
            signature: parsed.signature_value.as_bytes().map(<[u8]>::to_vec),
        })
    }

    /// Whether the key signed the list, which is one hash over its bytes.
    pub fn is_signed_by(&self, list: &[u8], key: &PublicKey) -> bool {
        let Some(signature) = &self.signature else {
            return false;
        };
        let is_of_the_key = match self.algorithm {
            oid::ECDSA_WITH_SHA1
            | oid::ECDSA_WITH_SHA256
            | oid::ECDSA_WITH_SHA384
            | oid::ECDSA_WITH_SHA512 => key.0.id() == Id::EC,
            _ => key.0.id() == Id::RSA,
        };
        match Digest::of_signature(self.algorithm) {
            Some(digest) => {
                is_of_the_key && key.verifies(digest, signature, &list[self.signed.clone()])
            }
            // Such as RSA-PSS, which has parameters.
            None => X509Crl::from_der(list).is_ok_and(|list| list.verify(&key.0).unwrap_or(false)),
        }
    }
}
