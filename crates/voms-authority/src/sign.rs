//! Signs attribute certificates (RFC 5755, GFD.182; spec 2 and appendix A).

use chrono::{DateTime, Utc};
use der::asn1::{Any, BitString, GeneralizedTime, Int, Null, OctetString};
use der::{DateTime as DerDateTime, Decode, Encode};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::Id;
use openssl::sign::Signer;
use voms::credential::Credential;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms_asn1::attribute_certificate::{
    AttCertIssuer, AttCertValidityPeriod, AttributeCertificate, AttributeCertificateInfo, Holder,
    IssuerSerial, V2Form,
};
use voms_asn1::oid;
use voms_asn1::targets::Targets;
use voms_asn1::voms::certs::AcCerts;
use voms_asn1::voms::fqans::{FqanAttribute, FqanError};
use voms_asn1::voms::generic_attributes::{self, GenericAttribute, GrantedAttributes};
use voms_asn1::{DecodeError, EncodeError, EncodedAc};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::extra::Extra;

/// A failure to create an attribute certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The ASN.1 encoding failed.
    #[error("encoding failed: {0}")]
    Der(#[from] der::Error),
    /// Encoding the VOMS extensions failed.
    #[error("encoding failed: {0}")]
    Encode(#[from] EncodeError),
    /// The FQANs cannot be encoded.
    #[error("{0}")]
    Fqans(#[from] FqanError),
    /// The result cannot be parsed.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// OpenSSL failed.
    #[error("signing failed: {}", openssl_types::in_words(.0))]
    OpenSsl(#[from] ErrorStack),
}

/// The name by which an attribute certificate identifies its holder (spec 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderName {
    /// The subject of the holder's certificate, as VOMS servers write it.
    Subject,
    /// The issuer of the holder's certificate, as in RFC 5755 and `newformat`.
    Issuer,
}

/// The contents of an attribute certificate to be signed.
#[derive(Debug, Clone)]
pub struct AcDraft {
    /// The VO.
    pub vo: String,
    /// `host:port` of the issuing server.
    pub uri: String,
    /// The FQANs in order.
    pub fqans: Vec<String>,
    /// The member's generic attributes.
    pub attributes: Vec<GenericAttribute>,
    /// Target hosts: only these may accept it; empty for all.
    pub targets: Vec<String>,
    /// The first second of validity.
    pub not_before: DateTime<Utc>,
    /// The last second of validity.
    pub not_after: DateTime<Utc>,
}

impl AcDraft {
    /// Signs it for a holder, identified by subject and serial number as VOMS servers do, with a
    /// random serial number.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, holder: &Certificate, signer: &Credential) -> Result<EncodedAc, SignError> {
        self.sign_with(holder, HolderName::Subject, &[], signer)
    }

    /// The same with another name for the holder, and more extensions.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_with(
        &self,
        holder: &Certificate,
        name: HolderName,
        more: &[Extra],
        signer: &Credential,
    ) -> Result<EncodedAc, SignError> {
        let signature = algorithm(signer)?;
        let mut extensions = self.extensions(signer)?;
        for extra in more {
            extensions.push(extra.to_extension()?);
        }
        let acinfo = AttributeCertificateInfo {
            version: 1,
            holder: holder_of(holder, name)?,
            issuer: issuer_of(signer.chain().leaf())?,
            signature: signature.0.clone(),
            serial_number: serial()?,
            attr_cert_validity_period: AttCertValidityPeriod {
                not_before_time: generalized(self.not_before)?,
                not_after_time: generalized(self.not_after)?,
            },
            attributes: vec![
                FqanAttribute {
                    policy_authority: self.authority(),
                    fqans: self.fqans.clone(),
                }
                .to_attribute()?,
            ],
            issuer_unique_id: None,
            extensions: Some(extensions),
        };
        let mut sign = Signer::new(signature.1, openssl_types::pkey(signer.key()))?;
        let value = sign.sign_oneshot_to_vec(&acinfo.to_der()?)?;
        let certificate = AttributeCertificate {
            acinfo,
            signature_algorithm: signature.0,
            signature_value: BitString::from_bytes(&value)?,
        };
        Ok(EncodedAc::from_der(&certificate.to_der()?)?)
    }

    fn authority(&self) -> String {
        format!("{}://{}", self.vo, self.uri)
    }

    fn extensions(&self, signer: &Credential) -> Result<Vec<Extension>, SignError> {
        let mut extensions = Vec::new();
        if !self.attributes.is_empty() {
            let granted = GrantedAttributes {
                grantor: self.authority(),
                attributes: self.attributes.clone(),
            };
            extensions.push(generic_attributes::to_extension(&[granted])?);
        }
        let leaf = signer.chain().leaf();
        extensions.push(
            AcCerts {
                certificates: vec![leaf.der().to_vec()],
            }
            .to_extension()?,
        );
        extensions.push(plain(oid::NO_REV_AVAIL, &Null.to_der()?)?);
        let own = match openssl_types::x509(leaf)?.subject_key_id() {
            Some(id) => id.as_slice().to_vec(),
            None => openssl::hash::hash(MessageDigest::sha1(), leaf.public_key_bits())?.to_vec(),
        };
        extensions.push(plain(
            oid::AUTHORITY_KEY_IDENTIFIER,
            &key_identifier(&own)?,
        )?);
        if !self.targets.is_empty() {
            let targets = Targets {
                hosts: self.targets.clone(),
            };
            extensions.push(targets.to_extension()?);
        }
        Ok(extensions)
    }
}

/// An authorityKeyIdentifier with only a key identifier.
pub(super) fn key_identifier(key: &[u8]) -> Result<Vec<u8>, der::Error> {
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key)?),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    identifier.to_der()
}

fn plain(id: der::asn1::ObjectIdentifier, value: &[u8]) -> Result<Extension, der::Error> {
    Ok(Extension {
        extn_id: id,
        critical: false,
        extn_value: OctetString::new(value)?,
    })
}

fn algorithm(signer: &Credential) -> Result<(AlgorithmIdentifierOwned, MessageDigest), der::Error> {
    let key = openssl_types::pkey(signer.key());
    let (oid, digest, parameters) = match (key.id(), key.bits()) {
        (Id::EC, 257..) => (oid::ECDSA_WITH_SHA384, MessageDigest::sha384(), None),
        (Id::EC, _) => (oid::ECDSA_WITH_SHA256, MessageDigest::sha256(), None),
        _ => (
            oid::SHA256_WITH_RSA,
            MessageDigest::sha256(),
            Some(Any::from(Null)),
        ),
    };
    Ok((AlgorithmIdentifierOwned { oid, parameters }, digest))
}

fn holder_of(holder: &Certificate, name: HolderName) -> Result<Holder, der::Error> {
    let name = match name {
        HolderName::Subject => holder.subject_der(),
        HolderName::Issuer => holder.issuer_der(),
    };
    let name = GeneralName::DirectoryName(Name::from_der(name)?);
    let id = IssuerSerial {
        issuer: vec![name],
        serial: Int::new(holder.serial_bytes())?,
        issuer_uid: None,
    };
    Ok(Holder {
        base_certificate_id: Some(id),
        ..Holder::default()
    })
}

fn issuer_of(signer: &Certificate) -> Result<AttCertIssuer, der::Error> {
    let name = GeneralName::DirectoryName(Name::from_der(signer.subject_der())?);
    Ok(AttCertIssuer::V2Form(V2Form {
        issuer_name: Some(vec![name]),
        ..V2Form::default()
    }))
}

fn serial() -> Result<Int, SignError> {
    let mut bytes = [0; 16];
    openssl::rand::rand_bytes(&mut bytes)?;
    // Positive, and without leading zeros for DER to strip.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(Int::new(&bytes)?)
}

fn generalized(time: DateTime<Utc>) -> Result<GeneralizedTime, der::Error> {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    let time = DerDateTime::from_unix_duration(std::time::Duration::from_secs(seconds))?;
    Ok(GeneralizedTime::from_date_time(time))
}
