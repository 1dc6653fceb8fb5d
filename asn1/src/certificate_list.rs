//! Certificate revocation lists (RFC 5280 section 5.1).

use der::Sequence;
use der::asn1::{BitString, Int, ObjectIdentifier};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

/// CertificateList as defined in RFC 5280 section 5.1.
///
/// ```text
/// CertificateList ::= SEQUENCE {
///     tbsCertList         TBSCertList,
///     signatureAlgorithm  AlgorithmIdentifier,
///     signatureValue      BIT STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct CertificateList {
    /// The signed part.
    pub tbs_cert_list: TbsCertList,
    /// The signature algorithm.
    pub signature_algorithm: AlgorithmIdentifierOwned,
    /// The signature.
    pub signature_value: BitString,
}

/// TBSCertList as defined in RFC 5280 section 5.1.
///
/// ```text
/// TBSCertList ::= SEQUENCE {
///     version              Version OPTIONAL,
///     signature            AlgorithmIdentifier,
///     issuer               Name,
///     thisUpdate           Time,
///     nextUpdate           Time OPTIONAL,
///     revokedCertificates  SEQUENCE OF SEQUENCE { … } OPTIONAL,
///     crlExtensions        [0] EXPLICIT Extensions OPTIONAL }
/// ```
///
/// Version 1 CRLs, which `openssl ca -gencrl` writes by default and real CAs issue, omit `version`.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct TbsCertList {
    /// 1 is v2; absent is v1.
    pub version: Option<u8>,
    /// The signature algorithm.
    pub signature: AlgorithmIdentifierOwned,
    /// The CA, or another CRL issuer for it.
    pub issuer: Name,
    /// When this CRL was issued.
    pub this_update: Time,
    /// When the next CRL is due.
    pub next_update: Option<Time>,
    /// The revoked certificates.
    pub revoked_certificates: Option<Vec<RevokedCertificate>>,
    /// The extensions.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub crl_extensions: Option<Vec<Extension>>,
}

/// One CRL entry.
///
/// ```text
/// SEQUENCE {
///     userCertificate     CertificateSerialNumber,
///     revocationDate      Time,
///     crlEntryExtensions  Extensions OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct RevokedCertificate {
    /// The serial number.
    pub user_certificate: Int,
    /// The revocation date.
    pub revocation_date: Time,
    /// The entry's extensions, such as the reason.
    pub crl_entry_extensions: Option<Vec<Extension>>,
}

impl TbsCertList {
    /// The OIDs of the critical extensions of the CRL and its entries.
    pub fn critical_extensions(&self) -> impl Iterator<Item = ObjectIdentifier> {
        let entries = self
            .revoked_certificates
            .iter()
            .flatten()
            .filter_map(|entry| entry.crl_entry_extensions.as_ref());
        let all = self.crl_extensions.iter().chain(entries).flatten();
        all.filter(|extension| extension.critical)
            .map(|extension| extension.extn_id)
    }
}
