//! What may be wrong with a certificate path, each with the fact and the next step.

use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use der::asn1::ObjectIdentifier;

use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;
use crate::pki::strength::Weakness;
use crate::trust::policy::PolicyError;

/// What is wrong with one certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// Past its last second.
    #[error("it expired on {}", crate::when(.0))]
    Expired(DateTime<Utc>),
    /// Before its first second.
    #[error("it is not valid before {}", crate::when(.0))]
    NotYetValid(DateTime<Utc>),
    /// No CA certificate for its issuer was found.
    #[error("its issuer {issuer} is not among the trusted CAs in {}{}", .directory.display(), aside(.unreadable))]
    UnknownIssuer {
        /// The name looked for.
        issuer: Dn,
        /// Where.
        directory: PathBuf,
        /// A file of its name that holds no certificate.
        unreadable: Option<PathBuf>,
    },
    /// Its issuer's CRL lists it.
    #[error("it was revoked on {} (listed in {})", crate::when(.at), .crl.display())]
    Revoked {
        /// When.
        at: DateTime<Utc>,
        /// Where it is listed.
        crl: PathBuf,
    },
    /// The CRL that would tell is out of date.
    #[error("the revocation list {} of its issuer ended on {}", .crl.display(), crate::when(.next_update))]
    CrlExpired {
        /// The file.
        crl: PathBuf,
        /// Its nextUpdate.
        next_update: DateTime<Utc>,
    },
    /// There is no CRL where one is required.
    #[error("there is no revocation list of its issuer in {}", .0.display())]
    CrlMissing(PathBuf),
    /// Its issuer's policy does not let it have this name.
    #[error("{} {problem}", .file.display())]
    Policy {
        /// Which kind of file.
        kind: PolicyKind,
        /// The file.
        file: PathBuf,
        /// What is the matter.
        problem: PolicyProblem,
    },
    /// The CRL cannot be read, or its issuer did not sign it.
    #[error("the revocation list {} of its issuer {problem}", .crl.display())]
    CrlUnusable {
        /// The file.
        crl: PathBuf,
        /// Why.
        problem: CrlProblem,
    },
    /// Its key is too short, or it is signed with SHA-1 or MD5.
    #[error("it is too weak: {0}")]
    Weak(Weakness),
    /// The same extension twice.
    #[error("it has the extension {0} twice")]
    DuplicateExtension(ObjectIdentifier),
    /// An extension that limits it and cannot be read.
    #[error("its extension {0} cannot be read")]
    UnreadableExtension(ObjectIdentifier),
    /// Extensions came with version 3.
    #[error("it has extensions, which its version does not know")]
    Version,
    /// It issued a certificate without being a CA.
    #[error("it is not a CA certificate, but issued another one")]
    NotACa,
    /// A CA above allows fewer CAs below it.
    #[error("more CAs than the path length above it allows")]
    PathLength,
    /// A CA above does not allow its name.
    #[error("its name is outside the name constraints of a CA above it")]
    NameConstraint,
    /// A critical extension that is not understood.
    #[error("it has a critical extension that is not understood")]
    CriticalExtension,
    /// Its issuer's key did not sign it.
    #[error("its signature is not its issuer's")]
    Signature,
    /// It is not meant for what it is used for.
    #[error("it is not meant for this purpose (extended key usage)")]
    Purpose,
    /// A proxy stands where the certificate of a user, host or CA should.
    #[error("it is a proxy certificate, which cannot stand here")]
    IsProxy,
    /// OpenSSL reads a certificate above it otherwise than we do.
    #[error("a certificate above it cannot be read")]
    UnreadableIssuer,
    /// Another result of OpenSSL's path validation, `X509_V_ERR_…`.
    #[error("{text}")]
    OpenSsl {
        /// The number.
        code: i32,
        /// OpenSSL's text for it.
        text: &'static str,
    },
    /// OpenSSL failed before it came to a result.
    #[error("OpenSSL cannot handle it")]
    Unhandled,
}

/// The kinds of files that say which names a CA may certify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// Globus's `signing_policy`.
    SigningPolicy,
    /// The EUGridPMA's `namespaces`.
    Namespaces,
}

/// Why a policy file does not let a CA certify a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// The file cannot be understood.
    #[error("cannot be understood: {0}")]
    Malformed(PolicyError),
    /// A rule denies the name.
    #[error("denies its CA this name")]
    Denied,
    /// No rule permits it.
    #[error("does not permit its CA this name")]
    NotPermitted,
}

/// Why a revocation list does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlProblem {
    /// It is not a list, or damaged.
    #[error("cannot be read")]
    Unreadable,
    /// Another CA issued it.
    #[error("belongs to another CA")]
    OtherIssuer,
    /// The CA's key did not sign it.
    #[error("is not signed by it")]
    Signature,
    /// The CA's key usage lacks cRLSign.
    #[error("is signed by a key that may not sign lists")]
    MayNotSign,
    /// It is signed with SHA-1 or MD5.
    #[error("is too weak: it is signed with SHA-1 or MD5")]
    Weak,
    /// It has a critical extension that is not understood.
    #[error("has a critical extension that is not understood")]
    CriticalExtension,
    /// It covers only some certificates of its CA.
    #[error("does not cover all such certificates")]
    Scope,
    /// It is dated in the future.
    #[error("is not valid yet")]
    NotYetValid,
}

fn aside(unreadable: &Option<PathBuf>) -> String {
    unreadable
        .as_ref()
        .map(|file| format!(" ({} cannot be read)", file.display()))
        .unwrap_or_default()
}

/// One finding on a certificate path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificate {subject}: {problem}")]
pub struct PathFinding {
    /// Whose certificate.
    pub subject: Dn,
    /// Whether it is a CA's.
    pub is_ca: bool,
    /// What is wrong with it.
    pub problem: PathProblem,
}

impl PathFinding {
    pub(super) fn new(certificate: &Certificate, problem: PathProblem) -> Self {
        Self {
            subject: certificate.subject().clone(),
            is_ca: certificate.is_ca(),
            problem,
        }
    }

    /// Whether a certificate is one that readers understand differently.
    pub(crate) fn of_form(certificate: &Certificate) -> Option<Self> {
        let problem = if let Some(id) = certificate.duplicate_extension() {
            PathProblem::DuplicateExtension(id)
        } else if let Some(id) = certificate.unreadable_extension() {
            PathProblem::UnreadableExtension(id)
        } else if !certificate.version_fits() {
            PathProblem::Version
        } else {
            return None;
        };
        Some(Self::new(certificate, problem))
    }

    /// Whether a certificate is out of its dates.
    pub(crate) fn of_validity(
        certificate: &Certificate,
        now: DateTime<Utc>,
        skew: Duration,
    ) -> Option<Self> {
        let problem = if now - certificate.not_after() > skew {
            PathProblem::Expired(certificate.not_after())
        } else if certificate.not_before() - now > skew {
            PathProblem::NotYetValid(certificate.not_before())
        } else {
            return None;
        };
        Some(Self::new(certificate, problem))
    }
}
