//! Conversions to and from OpenSSL's types, for programs that use OpenSSL for TLS.
//!
//! These are the only public functions of this crate that name types of the `openssl` crate: a
//! breaking release of that crate breaks this module and nothing else.

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::ssl::SslRef;
use openssl::x509::{X509, X509Ref};

use crate::chain::{Chain, ChainError};
use crate::crypto::SecretKey;
pub use crate::crypto::encode::{asn1_time, extension, unix_seconds};
pub use crate::crypto::reason::in_words;
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::key::PrivateKey;

/// A certificate as OpenSSL sees it.
///
/// # Errors
/// OpenSSL's, if it rejects the certificate.
pub fn x509(certificate: &Certificate) -> Result<&X509, ErrorStack> {
    certificate.encoded().x509()
}

/// Converts an OpenSSL certificate.
///
/// # Errors
/// As [`Certificate::from_der`].
pub fn certificate(x509: &X509Ref) -> Result<Certificate, CertificateError> {
    let der = x509
        .to_der()
        .map_err(|_| der::Error::from(der::ErrorKind::Failed))?;
    Certificate::from_der(&der)
}

/// A private key as OpenSSL sees it.
#[must_use]
pub fn pkey(key: &PrivateKey) -> &PKeyRef<Private> {
    &key.secret().0
}

/// Wraps an OpenSSL key.
#[must_use]
pub fn private_key(key: PKey<Private>) -> PrivateKey {
    SecretKey(key).into()
}

/// Reads the certificates a TLS client presented. The server must request them, but need not have
/// verified them.
///
/// # Errors
/// [`ChainError`].
pub fn chain_of_peer(client: &SslRef) -> Result<Chain, ChainError> {
    let leaf = client.peer_certificate();
    let above = client.peer_cert_chain().into_iter().flatten();
    let all = leaf.as_deref().into_iter().chain(above);
    let der: Result<Vec<_>, _> = all.map(X509Ref::to_der).collect();
    Chain::from_der(&der.map_err(|_| CertificateError::Der(der::ErrorKind::Failed.into()))?)
}
