//! What can be wrong with an attribute certificate.

use std::path::PathBuf;
use std::time::SystemTime;

use der::asn1::ObjectIdentifier;
use voms_asn1::voms::fqans::{FqanError, PolicyAuthorityError};

use crate::pki::dn::Dn;
use crate::pki::strength::Weakness;
use crate::report::Reported;
use crate::trust::PathFinding;
use crate::vo::vomsdir::LscProblem;

/// One thing wrong with an attribute certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcFinding {
    /// It is not version 2.
    #[error("its version is not 2")]
    Version,
    /// The two signature algorithm fields differ.
    #[error("it names two different signature algorithms")]
    AlgorithmMismatch,
    /// Its signature algorithm is unknown.
    #[error("it is signed with the unknown algorithm {0}")]
    Algorithm(ObjectIdentifier),
    /// Its key or signature algorithm is too weak.
    #[error("it is too weak: {0}")]
    Weak(Weakness),
    /// The FQAN attribute is missing or malformed.
    #[error("its attributes cannot be read: {0}")]
    Attributes(FqanError),
    /// The FQAN attribute has no FQAN.
    #[error("its attributes cannot be read: it names no group")]
    NoFqan,
    /// The URI of its policy authority does not name a VO and a server.
    #[error("its authority cannot be read: {0}")]
    PolicyAuthority(PolicyAuthorityError),
    /// Its serial number violates RFC 5755 section 4.2.5.
    #[error("its serial number is not a positive one of at most 20 octets")]
    Serial,
    /// It has generic attributes granted by another VO.
    #[error("it has attributes granted by \"{}\", which is not its VO {}", brief(.0), .1)]
    ForeignAttributes(String, String),
    /// It has an FQAN of another VO.
    #[error("attribute {0:.200} does not belong to its VO {1}")]
    ForeignFqan(String, String),
    /// It has a malformed FQAN.
    #[error("the attribute \"{}\" is malformed", brief(.0))]
    MalformedFqan(String),
    /// It was issued by a VO other than the one requested.
    #[error("it was issued by VO {found}, expected {wanted}")]
    OtherVo {
        /// The VO requested.
        wanted: String,
        /// The VO it names.
        found: String,
    },
    /// The signer's certificate is neither embedded nor in the vomsdir.
    #[error("it does not carry its signer's certificate")]
    NoSigner,
    /// The vomsdir has no entry for this server.
    #[error("LSC file matching VOMS attributes not found in store: there is no {vo}/{host}.lsc in {}", .vomsdir.display())]
    NotTrusted {
        /// The VO.
        vo: String,
        /// The server's host, as named in the attribute certificate.
        host: String,
        /// The directory searched.
        vomsdir: PathBuf,
    },
    /// The LSC file is unusable.
    #[error("Malformed LSC file {}: {why}", .file.display())]
    LscUnusable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: LscProblem,
    },
    /// The LSC file names another signer.
    #[error("the LSC file {} does not name its signer {signer:.200}, certified by {issuer:.200}", .file.display())]
    LscMismatch {
        /// The file.
        file: PathBuf,
        /// The signer's subject.
        signer: Dn,
        /// The signer's issuer.
        issuer: Dn,
    },
    /// The LSC file names the server's issuer from before its site changed CAs.
    #[error(
        "the LSC file {} is from before the server's site changed its CA: it names {former:.200}, but the certificate is now \
         issued by {issuer:.200}",
        .file.display()
    )]
    LscFormerCa {
        /// The file.
        file: PathBuf,
        /// The issuer named in the file.
        former: Dn,
        /// The signer's subject.
        signer: Dn,
        /// The signer's issuer.
        issuer: Dn,
    },
    /// The signer is not the server that was contacted.
    #[error("its signer {signer:.200} is not the server that was asked")]
    NotTheServer {
        /// The signer's subject.
        signer: Dn,
    },
    /// The issuer's name is not the signer's subject.
    #[error("it names {0:.200} as its issuer, but {1:.200} signed it")]
    IssuerName(String, Dn),
    /// The signature is invalid.
    #[error("its signature is not the signer's")]
    Signature,
    /// The signer is a CA, and CAs may not issue attribute certificates.
    #[error("its signer {0:.200} is a CA")]
    SignerIsCa(Dn),
    /// The signer's key usage lacks digitalSignature.
    #[error("the key of its signer {0:.200} may not sign")]
    SignerMayNotSign(Dn),
    /// The signer's certificate fails verification.
    #[error("its signer: {0}")]
    Signer(PathFinding),
    /// The holder is someone else, or not named as a certificate.
    #[error("{0}")]
    Holder(HolderProblem),
    /// It is targeted at other hosts.
    #[error("AC target check failed: it is for {} only", quoted(.0))]
    Target(Vec<String>),
    /// It has expired.
    #[error("it expired on {}", crate::time::when(.0))]
    Expired(SystemTime),
    /// It is not valid yet.
    #[error("it is not valid before {}", crate::time::when(.0))]
    NotYetValid(SystemTime),
    /// Its notAfter is earlier than its notBefore.
    #[error("it ends before it begins")]
    NoValidity,
    /// A critical extension is unknown or must not be critical.
    #[error("it has the extension {0}, which may not be critical")]
    CriticalExtension(ObjectIdentifier),
    /// It repeats an extension.
    #[error("it has the extension {0} twice")]
    DuplicateExtension(ObjectIdentifier),
    /// An extension cannot be parsed.
    #[error("its extension {0} cannot be read")]
    Extension(ObjectIdentifier),
    /// A mandatory extension is missing.
    #[error("it has no {0} extension")]
    MissingExtension(&'static str),
    /// The authority key identifier does not match the signer's key.
    #[error("its authority key identifier is not its signer's")]
    KeyIdentifier,
    /// Verifying all signatures would cost more than any real credential does.
    #[error("verifying it would cost more than any real credential does")]
    TooCostly,
    /// OpenSSL failed.
    #[error("it could not be checked: OpenSSL failed")]
    OpenSsl,
    /// So many more findings were left out.
    #[error("{0} more findings, not listed here")]
    More(usize),
}

impl Reported for AcFinding {
    fn more(left_out: usize) -> Self {
        Self::More(left_out)
    }

    fn count(&self) -> usize {
        match self {
            Self::More(left_out) => *left_out,
            _ => 1,
        }
    }
}

/// Why a holder is not the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HolderProblem {
    /// The name is neither the subject nor the issuer of the user's certificate.
    #[error("it belongs to another user: holder {name:.200}{}", with_serial(.serial))]
    OtherName {
        /// The name in it.
        name: Dn,
        /// The serial number in it, its content octets.
        serial: Vec<u8>,
    },
    /// The name is the user's, the serial number another certificate's.
    #[error("it is for another certificate of its holder {name:.200}{}", with_serial(.serial))]
    OtherSerial {
        /// The name in it.
        name: Dn,
        /// The serial number in it, its content octets.
        serial: Vec<u8>,
    },
    /// The name is a CA's, so it stands for a certificate that this CA issued (RFC 5755 section
    /// 4.2.2), though it is the user's subject too.
    #[error("it belongs to another user: the holder is a certificate issued by {name:.200}{}", with_serial(.serial))]
    IssuedByNamesake {
        /// The name in it.
        name: Dn,
        /// The serial number in it, its content octets.
        serial: Vec<u8>,
    },
    /// The certificate is not named by exactly one directory name.
    #[error("its holder is not one directory name")]
    NotOneName,
    /// The certificate is named by a unique identifier of its issuer too, which no certificate has
    /// today.
    #[error("its holder's issuer has a unique identifier, which no certificate has")]
    UniqueId,
    /// The holder has an entity name, alone or beside a certificate's.
    #[error("its holder is an entity name, which VOMS does not use")]
    EntityName,
    /// The holder has a digest of something.
    #[error("its holder is a digest, which VOMS does not use")]
    ObjectDigest,
    /// There is no holder at all.
    #[error("it has no holder")]
    Missing,
}

/// In octets (RFC 5280 section 4.1.2.2); more are not shown.
const LONGEST_SERIAL: usize = 20;

/// A serial number, which may be empty.
fn with_serial(serial: &[u8]) -> String {
    match serial {
        [] => ", without a serial number".to_owned(),
        serial if serial.len() > LONGEST_SERIAL => {
            let beginning = hex::encode(&serial[..LONGEST_SERIAL]);
            format!(", serial {beginning}…")
        }
        serial => format!(", serial {}", hex::encode(serial)),
    }
}

/// The beginning of an untrusted text.
fn brief(text: &str) -> String {
    text.chars()
        .take(200)
        .flat_map(char::escape_default)
        .collect()
}

/// Quotes untrusted texts, only the first few of them.
fn quoted(texts: &[String]) -> String {
    let shown: Vec<String> = texts.iter().take(5).map(|text| brief(text)).collect();
    shown.join(", ")
}
