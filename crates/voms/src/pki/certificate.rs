//! One X.509 certificate (RFC 5280), with the accessors this library needs.

mod extensions;
mod outline;
mod proxy;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;
use x509_cert::spki::AlgorithmIdentifierOwned;

use self::outline::Outline;
use crate::crypto::{CryptoError, DerCertificate, PublicKey, reason};
use crate::pki::dn::Dn;
use crate::pki::early;
use crate::pki::key::PrivateKey;
use crate::pki::key_limit::{self, Cost, KeyLimit};
use crate::pki::pem;
use crate::pki::proxy_kind::ProxyType;
use crate::time::since_epoch;

/// In bytes of DER.
const LONGEST_NAME: usize = 4 << 10;
/// In a name; real ones have ten.
const MOST_ATTRIBUTES: usize = 64;
/// In a certificate; real ones have twelve.
const MOST_EXTENSIONS: usize = 100;

/// Why a certificate could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The bytes are not a DER certificate.
    #[error("not an X.509 certificate: {0}")]
    Der(#[from] der::Error),
    /// Its key would be too costly to use.
    #[error("its key is not accepted: {0}")]
    Key(KeyLimit),
    /// OpenSSL cannot handle it, so nothing in it can be verified.
    #[error("OpenSSL cannot handle this certificate: {0}")]
    Unsupported(CryptoError),
    /// A name has bytes that are invalid in the encoding it states, so OpenSSL rejects it.
    #[error("a name in this certificate has bytes that are invalid in its encoding")]
    Characters,
    /// A name so long that it must be an attack.
    #[error(
        "a name in it is longer than {LONGEST_NAME} bytes, or has more than {MOST_ATTRIBUTES} attributes"
    )]
    Name,
    /// So many extensions that it must be an attack.
    #[error("{0} extensions in it; at most {MOST_EXTENSIONS} are allowed")]
    Extensions(usize),
    /// A PEM block has no matching end line.
    #[error("a certificate block does not end as it begins, or is cut short")]
    Block,
    /// A PEM block is not base64.
    #[error("a certificate block is not base64")]
    Base64,
}

/// A parsed certificate together with its original bytes; cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    encoded: DerCertificate,
    /// With other years where these lie before 1970.
    parsed: CertificateInner<Raw>,
    /// notBefore and notAfter.
    validity: [SystemTime; 2],
    issuer_der: Range<usize>,
    subject_der: Range<usize>,
    subject: Dn,
    issuer: Dn,
    is_ca: bool,
    proxy_type: Option<ProxyType>,
    cost: Result<Cost, KeyLimit>,
    /// The certificate whose key was last found to have made the signature: that stays true, as
    /// neither of them changes.
    signer: Mutex<Weak<Inner>>,
}

impl Certificate {
    /// Parses one DER certificate. Its key is not looked at: see [`Certificate::check_supported`].
    ///
    /// # Errors
    /// [`CertificateError`] if the bytes are not a certificate, or trailing bytes follow it.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        // Oversized input is refused before it is parsed; the parser reports malformed DER.
        let outline = outline::of(bytes);
        if let Ok(outline) = &outline {
            outline.check()?;
        }
        let (parsed, validity) = read(bytes)?;
        let subject = Dn::from_name(parsed.tbs_certificate().subject());
        let issuer = Dn::from_name(parsed.tbs_certificate().issuer());
        let Outline {
            issuer: issuer_der,
            subject: subject_der,
            ..
        } = outline?;
        let (is_ca, proxy_type) = (false, None);
        let cost = key_limit::cost(parsed.tbs_certificate().subject_public_key_info());
        let mut inner = Inner {
            encoded: DerCertificate::new(bytes.to_vec(), cost.is_ok()),
            cost,
            parsed,
            validity,
            issuer_der,
            subject_der,
            subject,
            issuer,
            is_ca,
            proxy_type,
            signer: Mutex::default(),
        };
        inner.is_ca = inner.says_ca();
        inner.proxy_type = inner.find_proxy_type();
        Ok(Self(Arc::new(inner)))
    }

    /// Parses every certificate block in a PEM file, in order; the list is empty if there are none.
    ///
    /// # Errors
    /// [`CertificateError`] for the first block that is not a valid certificate.
    pub fn all_from_pem(file: &[u8]) -> Result<Vec<Self>, CertificateError> {
        Self::all_from_pem_or(file, |_| None)
    }

    /// The same; those that are known by their DER are not parsed again.
    pub(crate) fn all_from_pem_or(
        file: &[u8],
        known: impl Fn(&[u8]) -> Option<Self>,
    ) -> Result<Vec<Self>, CertificateError> {
        let certificates = pem::blocks(file);
        if !pem::has_only(file, &certificates) {
            return Err(CertificateError::Block);
        }
        certificates
            .iter()
            .filter(|block| block.is_certificate())
            .map(|block| {
                let der = block.public().ok_or(CertificateError::Base64)?;
                known(&der).map_or_else(|| Self::from_der(&der), Ok)
            })
            .collect()
    }

    /// The original DER bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.0.encoded.der()
    }

    pub(crate) fn encoded(&self) -> &DerCertificate {
        &self.0.encoded
    }

    /// Whether OpenSSL can handle the certificate, which verification requires and display does
    /// not.
    ///
    /// # Errors
    /// [`CertificateError::Key`], [`CertificateError::Characters`],
    /// [`CertificateError::Unsupported`].
    pub fn check_supported(&self) -> Result<(), CertificateError> {
        self.0.cost.map_err(CertificateError::Key)?;
        let failed = |error: CryptoError| match error.is_one_of(&reason::CHARACTERS) {
            true => CertificateError::Characters,
            false => CertificateError::Unsupported(error),
        };
        self.encoded().check().map_err(failed)
    }

    /// What verifying a signature with its key costs; refused keys cost nothing, as they are not
    /// used.
    pub(crate) fn cost(&self) -> Cost {
        self.0.cost.unwrap_or(0)
    }

    /// Why its key is not used, if it is not.
    #[must_use]
    pub fn key_limit(&self) -> Option<KeyLimit> {
        self.0.cost.err()
    }

    /// The subject's public key.
    ///
    /// # Errors
    /// [`CryptoError`] if OpenSSL rejects the certificate or the key.
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        self.encoded().public_key()
    }

    /// Whether the key of `issuer` made its signature, regardless of names.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let known = || self.0.signer.lock().unwrap_or_else(PoisonError::into_inner);
        if std::ptr::eq(known().as_ptr(), Arc::as_ptr(&issuer.0)) {
            return true;
        }
        #[cfg(fuzzing)]
        crate::meter::count(issuer.cost());
        let signed = issuer
            .public_key()
            .is_ok_and(|key| self.encoded().is_signed_by(&key));
        if signed {
            // A weak reference keeps the address from being given to another certificate.
            *known() = Arc::downgrade(&issuer.0);
        }
        signed
    }

    /// The subject name.
    #[must_use]
    pub fn subject(&self) -> &Dn {
        &self.0.subject
    }

    /// The issuer name.
    #[must_use]
    pub fn issuer(&self) -> &Dn {
        &self.0.issuer
    }

    /// The serial number's content octets, big-endian two's complement.
    #[must_use]
    pub fn serial_bytes(&self) -> &[u8] {
        self.0.parsed.tbs_certificate().serial_number().as_bytes()
    }

    /// The notBefore time.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.0.validity[0]
    }

    /// The notAfter time, the last second of validity.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.0.validity[1]
    }

    /// The signature algorithm.
    #[must_use]
    pub fn signature_algorithm(&self) -> &AlgorithmIdentifierOwned {
        self.0.parsed.signature_algorithm()
    }

    /// The content octets of the subjectPublicKey BIT STRING, the input of SHA-1 key identifiers.
    #[must_use]
    pub fn public_key_bits(&self) -> &[u8] {
        self.0
            .parsed
            .tbs_certificate()
            .subject_public_key_info()
            .subject_public_key
            .raw_bytes()
    }

    /// Whether it has no extensions or is version 3 (RFC 5280 section 4.1.2.1).
    #[must_use]
    pub fn version_fits(&self) -> bool {
        let tbs = self.0.parsed.tbs_certificate();
        tbs.extensions().is_none() || tbs.version() == x509_cert::Version::V3
    }

    /// Whether another certificate has the same subject and issuer, which is what an LSC file
    /// names.
    #[must_use]
    pub fn has_names_of(&self, other: &Self) -> bool {
        self.subject().matches(other.subject()) && self.issuer().matches(other.issuer())
    }

    /// Whether subject and issuer are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject().matches(self.issuer())
    }

    /// Whether the private key belongs to this certificate.
    #[must_use]
    pub fn belongs_to(&self, key: &PrivateKey) -> bool {
        self.public_key()
            .is_ok_and(|public| public.belongs_to(key.secret()))
    }

    /// The original DER of the issuer's name.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.der()[self.0.issuer_der.clone()]
    }

    /// The original DER of the subject's name.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.der()[self.0.subject_der.clone()]
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.subject())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.der() == other.der()
    }
}

impl Eq for Certificate {}

/// Parses a certificate, with its validity period.
fn read(der: &[u8]) -> der::Result<(CertificateInner<Raw>, [SystemTime; 2])> {
    let error = match CertificateInner::<Raw>::from_der(der) {
        Ok(parsed) => {
            let validity = parsed.tbs_certificate().validity();
            let period = [instant(validity.not_before), instant(validity.not_after)];
            return Ok((parsed, period));
        }
        Err(error) => error,
    };
    let (changed, period) = early::with_later_years(der).ok_or(error)?;
    Ok((CertificateInner::<Raw>::from_der(&changed)?, period))
}

/// Strips redundant leading octets from a two's-complement integer.
pub fn minimal_integer(mut bytes: &[u8]) -> &[u8] {
    while let [first, second, ..] = bytes {
        let redundant =
            (*first == 0 && second & 0x80 == 0) || (*first == 0xff && second & 0x80 != 0);
        if !redundant {
            break;
        }
        bytes = &bytes[1..];
    }
    bytes
}

/// Converts a certificate's time.
pub(crate) fn instant(time: x509_cert::time::Time) -> SystemTime {
    since_epoch(time.to_unix_duration())
}

#[cfg(test)]
mod tests {
    use openssl::bn::BigNum;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::{X509Builder, X509Name};
    use voms_asn1::oid;
    use x509_cert::der::asn1::ObjectIdentifier;

    use super::*;
    use crate::openssl_types;
    use crate::trust::PathFinding;

    fn with_extension(id: ObjectIdentifier, critical: bool, value: &[u8]) -> Certificate {
        let key = PKey::generate_ed25519().unwrap();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        let now = openssl_types::asn1_time(SystemTime::UNIX_EPOCH).unwrap();
        builder.set_not_before(&now).unwrap();
        builder.set_not_after(&now).unwrap();
        builder.set_pubkey(&key).unwrap();
        let extension = openssl_types::extension(id, critical, value).unwrap();
        builder.append_extension(extension).unwrap();
        builder.sign(&key, MessageDigest::null()).unwrap();
        Certificate::from_der(&builder.build().to_der().unwrap()).unwrap()
    }

    #[test]
    fn a_critical_extension_of_a_known_kind_that_cannot_be_read_is_not_passed_over() {
        let kinds = [
            oid::SUBJECT_KEY_IDENTIFIER,
            oid::AUTHORITY_KEY_IDENTIFIER,
            oid::NETSCAPE_CERT_TYPE,
        ];
        for id in kinds {
            let unreadable =
                |critical| with_extension(id, critical, &[0x0c, 1, b'a']).unreadable_extension();
            assert_eq!((unreadable(true), unreadable(false)), (Some(id), None));
        }
        let identifier = with_extension(oid::SUBJECT_KEY_IDENTIFIER, true, &[4, 1, 0]);
        assert_eq!(identifier.unreadable_extension(), None);
    }

    #[test]
    fn names_are_limited_by_cas_only() {
        let permitted = [0x30, 0x07, 0xa0, 5, 0x30, 3, 0x82, 1, b'a'];
        let found = |critical| {
            let user = with_extension(oid::NAME_CONSTRAINTS, critical, &permitted);
            PathFinding::of_form(&user).map(|finding| finding.problem.code())
        };
        assert_eq!(
            (found(true), found(false)),
            (Some("critical-extension"), None)
        );
    }

    #[test]
    fn critical_policy_extensions_that_say_nothing_are_not_passed_over() {
        let kinds = [
            (oid::INHIBIT_ANY_POLICY, &[2, 1, 0][..]),
            (oid::POLICY_CONSTRAINTS, &[0x30, 3, 0x80, 1, 0]),
            (
                oid::POLICY_MAPPINGS,
                &[0x30, 8, 0x30, 6, 6, 1, 0x2a, 6, 1, 0x2b],
            ),
        ];
        for (id, good) in kinds {
            let unreadable =
                |critical, value| with_extension(id, critical, value).unreadable_extension();
            assert_eq!(unreadable(true, good), None, "{id}");
            for bad in [&[4, 1, b'x'][..], &[0x30, 0]] {
                assert_eq!(unreadable(true, bad), Some(id), "{id}");
                assert_eq!(unreadable(false, bad), None, "{id}");
            }
        }
    }

    #[test]
    fn critical_policies_are_there_once_and_their_notices_can_be_read() {
        let found = |value: &[u8]| {
            let user = with_extension(oid::CERTIFICATE_POLICIES, true, value);
            PathFinding::of_form(&user).map(|finding| finding.problem.code())
        };
        let refused = Some("critical-extension");
        let once = [0x30, 3, 6, 1, 0x2a];
        let all = |policies: &[&[u8]]| {
            let content = policies.concat();
            [&[0x30, content.len() as u8], &*content].concat()
        };
        assert_eq!(found(&all(&[&once])), None);
        assert_eq!(found(&all(&[&once, &once])), refused);
        let notice = |value: &[u8]| {
            let id = [6, 8, 0x2b, 6, 1, 5, 5, 7, 2, 2];
            let info = all(&[&id, value]);
            let policy = all(&[&[6, 1, 0x2a], &all(&[&info])]);
            found(&all(&[&policy]))
        };
        assert_eq!(notice(&[0x30, 0]), None);
        assert_eq!(notice(&[0x30, 3, 0x0c, 1, b'a']), None);
        assert_eq!(notice(&[0x30, 5, 0x30, 0, 0x0c, 1, b'a']), None);
        for garbage in [&[4, 1, b'a'][..], &[0x30, 3, 2, 1, 0]] {
            assert_eq!(notice(garbage), refused);
        }
    }

    #[test]
    fn names_and_extensions_have_a_limited_number_of_parts() {
        let key = PKey::generate_ed25519().unwrap();
        let made = |attributes: usize, length: usize, extensions: usize| {
            let mut builder = X509Builder::new().unwrap();
            builder.set_version(2).unwrap();
            let mut name = X509Name::builder().unwrap();
            for _ in 0..attributes {
                name.append_entry_by_text("UID", &"a".repeat(length))
                    .unwrap();
            }
            builder.set_subject_name(&name.build()).unwrap();
            let day = openssl_types::asn1_time(SystemTime::UNIX_EPOCH).unwrap();
            builder.set_not_before(&day).unwrap();
            builder.set_not_after(&day).unwrap();
            builder.set_pubkey(&key).unwrap();
            for number in 0..extensions {
                let id = format!("1.2.3.{number}").parse().unwrap();
                let own = openssl_types::extension(id, false, &[5, 0]).unwrap();
                builder.append_extension(own).unwrap();
            }
            builder.sign(&key, MessageDigest::null()).unwrap();
            Certificate::from_der(&builder.build().to_der().unwrap())
        };
        assert!(made(64, 1, 100).is_ok());
        assert!(matches!(made(65, 1, 0), Err(CertificateError::Name)));
        assert!(matches!(made(20, 250, 0), Err(CertificateError::Name)));
        let extensions = made(1, 1, 101);
        assert!(matches!(extensions, Err(CertificateError::Extensions(101))));
    }
}
