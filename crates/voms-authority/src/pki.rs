//! A throwaway CA and the certificates it issues.

use chrono::{DateTime, Duration, Utc};
use der::Encode;
use openssl::asn1::Asn1Integer;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{
    X509, X509Builder, X509CrlBuilder, X509Extension, X509Name, X509RevokedBuilder,
};
use voms::chain::Chain;
use voms::credential::Credential;
use voms::crypto::CryptoError;
use voms::openssl_types::{self, asn1_time, extension};
use voms::pki::certificate::{Certificate, CertificateError};
use voms::pki::key::{KeyError, KeyKind, PrivateKey};
use voms_asn1::oid;

use crate::sign::key_identifier;

/// A failure to issue a certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// OpenSSL failed.
    #[error("issuing failed: {}", openssl_types::in_words(.0))]
    OpenSsl(#[from] ErrorStack),
    /// A key cannot be encoded.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The key could not be generated or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The issued certificate cannot be parsed.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Key and certificate do not match.
    #[error("the key does not match the certificate")]
    Mismatch,
}

/// What a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A person.
    User,
    /// A server with these names.
    Host(Vec<String>),
}

/// The requested certificate.
#[derive(Debug, Clone)]
pub struct Certification {
    /// The attributes of the subject: short name and value.
    pub subject: Vec<(&'static str, String)>,
    /// The purpose.
    pub purpose: Purpose,
    /// The kind of key.
    pub key: KeyKind,
    /// The first second of validity.
    pub not_before: DateTime<Utc>,
    /// The last second of validity.
    pub not_after: DateTime<Utc>,
}

/// A CA whose key exists only as long as this value.
pub struct ThrowAwayCa {
    x509: X509,
    key: PrivateKey,
    certificate: Certificate,
}

impl ThrowAwayCa {
    /// Creates a CA that is valid for 30 days, starting a day before `now`.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn create(
        subject: &[(&'static str, String)],
        now: DateTime<Utc>,
    ) -> Result<Self, PkiError> {
        let key = PrivateKey::generate_rsa(2048)?;
        let name = name(subject)?;
        let mut builder = builder(
            &name,
            &name,
            &key,
            now - Duration::days(1),
            now + Duration::days(365),
        )?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.append_extension(
            KeyUsage::new()
                .critical()
                .key_cert_sign()
                .crl_sign()
                .build()?,
        )?;
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(identifier)?;
        builder.sign(openssl_types::pkey(&key), MessageDigest::sha256())?;
        let x509 = builder.build();
        let certificate = openssl_types::certificate(&x509)?;
        Ok(Self {
            x509,
            key,
            certificate,
        })
    }

    /// The CA's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Issues a certificate for a new key.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn issue(&self, wanted: &Certification) -> Result<Credential, PkiError> {
        self.certify(wanted, PrivateKey::generate(wanted.key)?)
    }

    /// Issues a certificate for an existing key of the requested kind.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn certify(&self, wanted: &Certification, key: PrivateKey) -> Result<Credential, PkiError> {
        let subject = name(&wanted.subject)?;
        let mut builder = builder(
            &subject,
            &name_of(&self.x509)?,
            &key,
            wanted.not_before,
            wanted.not_after,
        )?;
        for extension in self.extensions(&builder, wanted)? {
            builder.append_extension(extension)?;
        }
        builder.sign(openssl_types::pkey(&self.key), MessageDigest::sha256())?;
        let chain = Chain::new(vec![openssl_types::certificate(&builder.build())?])
            .map_err(|_| PkiError::Mismatch)?;
        Credential::new(chain, key).map_err(|_| PkiError::Mismatch)
    }

    fn extensions(
        &self,
        builder: &X509Builder,
        wanted: &Certification,
    ) -> Result<Vec<X509Extension>, ErrorStack> {
        let context = builder.x509v3_context(Some(&self.x509), None);
        let mut usage = KeyUsage::new();
        usage.critical().digital_signature();
        if wanted.key != KeyKind::P256 {
            usage.key_encipherment();
        }
        let mut extensions = vec![
            BasicConstraints::new().critical().build()?,
            usage.build()?,
            SubjectKeyIdentifier::new().build(&context)?,
            AuthorityKeyIdentifier::new().keyid(true).build(&context)?,
        ];
        let mut extended = ExtendedKeyUsage::new();
        extended.client_auth();
        if let Purpose::Host(names) = &wanted.purpose {
            extended.server_auth();
            let mut alternative = SubjectAlternativeName::new();
            for name in names {
                if name.parse::<std::net::IpAddr>().is_ok() {
                    alternative.ip(name)
                } else {
                    alternative.dns(name)
                };
            }
            extensions.push(alternative.build(&context)?);
        }
        extensions.push(extended.build()?);
        Ok(extensions)
    }

    /// Signs a CRL and returns it in PEM.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn revocation_list(
        &self,
        revoked: &[&Certificate],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<u8>, PkiError> {
        let mut builder = X509CrlBuilder::new()?;
        builder.set_issuer_name(self.x509.subject_name())?;
        builder.set_last_update(&*asn1_time(from)?)?;
        builder.set_next_update(&*asn1_time(until)?)?;
        for certificate in revoked {
            let mut entry = X509RevokedBuilder::new()?;
            entry.set_serial_number(openssl_types::x509(certificate)?.serial_number())?;
            entry.set_revocation_date(&*asn1_time(from)?)?;
            builder.add_revoked(entry.build())?;
        }
        let own = self
            .x509
            .subject_key_id()
            .map(|id| id.as_slice())
            .unwrap_or_default();
        let identifier = key_identifier(own).map_err(CertificateError::from)?;
        builder.append_extension(extension(
            oid::AUTHORITY_KEY_IDENTIFIER,
            false,
            &identifier,
        )?)?;
        let number = 1u8.to_der().map_err(CertificateError::from)?;
        builder.append_extension(extension(oid::CRL_NUMBER, false, &number)?)?;
        builder.sign(openssl_types::pkey(&self.key), MessageDigest::sha256())?;
        Ok(builder.build()?.to_pem()?)
    }
}

fn builder(
    subject: &X509Name,
    issuer: &X509Name,
    key: &PrivateKey,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
) -> Result<X509Builder, ErrorStack> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*random_serial()?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(openssl_types::pkey(key))?;
    builder.set_not_before(&*asn1_time(not_before)?)?;
    builder.set_not_after(&*asn1_time(not_after)?)?;
    Ok(builder)
}

fn random_serial() -> Result<Asn1Integer, ErrorStack> {
    let mut number = BigNum::new()?;
    number.rand(63, MsbOption::ONE, false)?;
    number.to_asn1_integer()
}

fn name(attributes: &[(&'static str, String)]) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    for (label, value) in attributes {
        name.append_entry_by_text(label, value)?;
    }
    Ok(name.build())
}

fn name_of(certificate: &X509) -> Result<X509Name, ErrorStack> {
    certificate.subject_name().to_owned()
}
