//! What may be wrong with an attribute certificate, each with the fact and the next step.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier;

use crate::pki::dn::Dn;
use crate::pki::strength::Weakness;
use crate::trust::PathFinding;
use crate::vo::vomsdir::LscProblem;

/// One thing wrong with an attribute certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcFinding {
    /// Not version 2.
    #[error("its version is not 2")]
    Version,
    /// The two places that name the signature algorithm differ.
    #[error("it names two different signature algorithms")]
    AlgorithmMismatch,
    /// An algorithm that is not known.
    #[error("it is signed with the unknown algorithm {0}")]
    Algorithm(ObjectIdentifier),
    /// Strength, not trust, is what it lacks.
    #[error("it is too weak: {0}")]
    Weak(Weakness),
    /// The FQAN attribute is missing or malformed.
    #[error("its attributes cannot be read: {0}")]
    Attributes(String),
    /// The URI of its authority names no VO and server.
    #[error("its authority cannot be read: {0}")]
    PolicyAuthority(String),
    /// A serial number that RFC 5755 section 4.2.5 does not allow.
    #[error("its serial number is not a positive one of at most 20 octets")]
    Serial,
    /// Generic attributes that another VO granted.
    #[error("it has attributes granted by {0:?}, which is not its VO {1}")]
    ForeignAttributes(String, String),
    /// An FQAN of another VO.
    #[error("attribute {0} does not belong to its VO {1}")]
    ForeignFqan(String, String),
    /// An FQAN against the grammar.
    #[error("the attribute {0:?} is malformed")]
    MalformedFqan(String),
    /// It is of another VO than was asked for.
    #[error("it was issued by VO {found}, expected {wanted}")]
    OtherVo {
        /// The VO asked for.
        wanted: String,
        /// The VO it names.
        found: String,
    },
    /// No signer certificate in it and none in the vomsdir.
    #[error("it does not carry its signer's certificate")]
    NoSigner,
    /// The vomsdir has nothing for this server.
    #[error("LSC file matching VOMS attributes not found in store: there is no {vo}/{host}.lsc in {}", .vomsdir.display())]
    NotTrusted {
        /// The VO.
        vo: String,
        /// The server's host, as the attribute certificate names it.
        host: String,
        /// Where was looked.
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
    #[error("the LSC file {} does not name its signer {signer}, certified by {issuer}", .file.display())]
    LscMismatch {
        /// The file.
        file: PathBuf,
        /// The signer's subject.
        signer: Dn,
        /// The signer's issuer.
        issuer: Dn,
    },
    /// The LSC file names the server as it was before its site changed CA.
    #[error(
        "the LSC file {} is from before the server's site changed its CA: it names {former}, but the certificate is now \
         issued by {issuer}; update the vomsdir",
        .file.display()
    )]
    LscFormerCa {
        /// The file.
        file: PathBuf,
        /// The issuer that the file names.
        former: Dn,
        /// The signer's subject.
        signer: Dn,
        /// The signer's issuer.
        issuer: Dn,
    },
    /// The signer is not the server that was asked.
    #[error("its signer {signer} is not the server that was asked")]
    NotTheServer {
        /// The signer's subject.
        signer: Dn,
    },
    /// The issuer's name is not the signer's subject.
    #[error("it names {0} as its issuer, but {1} signed it")]
    IssuerName(String, Dn),
    /// The signature does not fit.
    #[error("its signature is not the signer's")]
    Signature,
    /// CAs may not issue attribute certificates.
    #[error("its signer {0} is a CA")]
    SignerIsCa(Dn),
    /// The signer's key usage lacks digitalSignature.
    #[error("the key of its signer {0} may not sign")]
    SignerMayNotSign(Dn),
    /// The signer's certificate is not to be believed.
    #[error("its signer: {0}")]
    Signer(PathFinding),
    /// It is for somebody else.
    #[error("it is for somebody else: holder {holder}")]
    Holder {
        /// Whom it names.
        holder: String,
    },
    /// It is for other hosts.
    #[error("AC target check failed: it is for {} only", quoted(.0))]
    Target(Vec<String>),
    /// Past its end.
    #[error("it expired on {}", crate::when(.0))]
    Expired(DateTime<Utc>),
    /// Before its begin.
    #[error("it is not valid before {}", crate::when(.0))]
    NotYetValid(DateTime<Utc>),
    /// Its end lies before its begin.
    #[error("it ends before it begins")]
    NoValidity,
    /// An extension that nobody knows, or that may not be so, is critical.
    #[error("it has the extension {0}, which may not be critical")]
    CriticalExtension(ObjectIdentifier),
    /// The same extension twice.
    #[error("it has the extension {0} twice")]
    DuplicateExtension(ObjectIdentifier),
    /// An extension that cannot be read.
    #[error("its extension {0} cannot be read")]
    Extension(ObjectIdentifier),
    /// A mandatory extension is missing.
    #[error("it has no {0} extension")]
    MissingExtension(&'static str),
    /// The authority key identifier is of another key.
    #[error("its authority key identifier is not its signer's")]
    KeyIdentifier,
    /// OpenSSL failed.
    #[error("it could not be checked: OpenSSL failed")]
    OpenSsl,
}

/// Texts of strangers, of which only the first few are told.
fn quoted(texts: &[String]) -> String {
    let told: Vec<String> = texts
        .iter()
        .take(5)
        .map(|text| text.escape_default().to_string())
        .collect();
    told.join(", ")
}
