//! What can be wrong with a certificate path.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use der::asn1::ObjectIdentifier;
use voms_asn1::oid;

use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;
use crate::pki::key_limit::KeyLimit;
use crate::pki::strength::Weakness;
use crate::time::is_after;
use crate::trust::policy::PolicyError;
use crate::trust::{Usage, purpose};

/// What is wrong with one certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// It has expired.
    #[error("it expired on {}", crate::time::when(.0))]
    Expired(SystemTime),
    /// It is not valid yet.
    #[error("it is not valid before {}", crate::time::when(.0))]
    NotYetValid(SystemTime),
    /// The issuer's CA certificate was not found.
    #[error("its issuer {issuer:.200} is not among the trusted CAs in {}{}", .directory.display(), aside(.unreadable, .namesake))]
    UnknownIssuer {
        /// The issuer's name.
        issuer: Dn,
        /// The directory searched.
        directory: PathBuf,
        /// A file with the right name that holds no certificate.
        unreadable: Option<PathBuf>,
        /// The file of a CA with that name whose key did not sign the certificate.
        namesake: Option<PathBuf>,
    },
    /// Its issuer's CRL lists it.
    #[error("it was revoked on {} (listed in {})", crate::time::when(.at), .crl.display())]
    Revoked {
        /// The revocation date.
        at: SystemTime,
        /// The CRL file.
        crl: PathBuf,
    },
    /// The issuer's CRL is out of date.
    #[error("the revocation list {} of its issuer expired on {}", .crl.display(), crate::time::when(.next_update))]
    CrlExpired {
        /// The file.
        crl: PathBuf,
        /// Its nextUpdate.
        next_update: SystemTime,
    },
    /// A CRL is required, but there is none.
    #[error("there is no revocation list of its issuer in {}", .0.display())]
    CrlMissing(PathBuf),
    /// Its issuer's policy file does not permit its name.
    #[error("{} {problem}", .file.display())]
    Policy {
        /// Which kind of file.
        kind: PolicyKind,
        /// The file.
        file: PathBuf,
        /// What is wrong.
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
    /// Its key would be too costly to use.
    #[error("its key is not accepted: {0}")]
    Key(KeyLimit),
    /// It repeats an extension.
    #[error("it has the extension {0} twice")]
    DuplicateExtension(ObjectIdentifier),
    /// A restricting extension cannot be parsed.
    #[error("its extension {0} cannot be read")]
    UnreadableExtension(ObjectIdentifier),
    /// It has extensions but is not version 3.
    #[error("it has extensions but is not version 3")]
    Version,
    /// It issued a certificate without being a CA.
    #[error("it is not a CA certificate, but issued another one")]
    NotACa,
    /// It exceeds the path length that a CA above it allows.
    #[error("more CAs than the path length above it allows")]
    PathLength,
    /// Its name violates the name constraints of a CA above it.
    #[error("its name is outside the name constraints of a CA above it")]
    NameConstraint,
    /// It has an unknown critical extension.
    #[error("it has a critical extension that is not understood")]
    CriticalExtension,
    /// Its issuer's key did not sign it.
    #[error("its signature is not its issuer's")]
    Signature,
    /// Its extended key usage, or Netscape's certificate type, does not allow this purpose.
    #[error("its extended key usage or certificate type does not include {0}")]
    Purpose(Usage),
    /// The administrator's trust settings in the CA directory reject it for this purpose.
    #[error("the trust settings in {} reject it for {usage}", .directory.display())]
    Rejected {
        /// The purpose.
        usage: Usage,
        /// The directory.
        directory: PathBuf,
    },
    /// Its certificate policies violate the constraints of a CA above it.
    #[error("its certificate policies violate the constraints of a CA above it")]
    CertificatePolicies,
    /// It is a proxy where an end-entity or CA certificate is required.
    #[error("it is a proxy certificate, which is not allowed here")]
    IsProxy,
    /// Another result of OpenSSL's path validation, `X509_V_ERR_…`.
    #[error("{text}")]
    OpenSsl {
        /// The error code.
        code: i32,
        /// OpenSSL's text for it.
        text: &'static str,
    },
    /// OpenSSL failed before reaching a result.
    #[error("OpenSSL cannot handle it")]
    Unhandled,
}

/// The kinds of policy files, which say which names a CA may certify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The file cannot be parsed.
    #[error("cannot be understood: {0}")]
    Malformed(PolicyError),
    /// A rule denies the name.
    #[error("denies its CA this name")]
    Denied,
    /// No rule permits it.
    #[error("does not permit its CA this name")]
    NotPermitted,
}

/// Why a CRL is unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlProblem {
    /// It is not a CRL, or is damaged.
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
    /// It has an unknown critical extension.
    #[error("has a critical extension that is not understood")]
    CriticalExtension,
    /// It covers only some certificates of its CA.
    #[error("does not cover all such certificates")]
    Scope,
    /// Its thisUpdate lies in the future.
    #[error("is not valid yet")]
    NotYetValid,
    /// It has no nextUpdate, so there is no telling whether it is the newest.
    #[error("does not say when it expires (no nextUpdate)")]
    NoNextUpdate,
    /// It has only the changes since another list (RFC 5280 section 5.2.4).
    #[error("has only the changes since another list")]
    Delta,
    /// Another key of the CA's name signed it, and no trusted certificate has that key.
    #[error("is signed by another key of that CA, which no trusted certificate has")]
    OtherKey,
}

fn aside(unreadable: &Option<PathBuf>, namesake: &Option<PathBuf>) -> String {
    match (unreadable, namesake) {
        (Some(file), _) => format!(" ({} cannot be read)", file.display()),
        (None, Some(file)) => format!(
            ": the CA of that name in {} has another key",
            file.display()
        ),
        (None, None) => String::new(),
    }
}

/// One finding on a certificate path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificate {subject:.200}: {problem}")]
#[non_exhaustive]
pub struct PathFinding {
    /// The certificate's subject.
    pub subject: Dn,
    /// Whether it is a CA certificate.
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

    /// Checks for malformations that parsers interpret differently.
    pub(crate) fn of_form(certificate: &Certificate) -> Option<Self> {
        let problem = if let Some(id) = certificate.duplicate_extension() {
            PathProblem::DuplicateExtension(id)
        } else if let Some(id) = certificate.unreadable_extension() {
            PathProblem::UnreadableExtension(id)
        } else if !certificate.version_fits() {
            PathProblem::Version
        } else if purpose::has_unknown_policies(certificate) || constrains_in_vain(certificate) {
            PathProblem::CriticalExtension
        } else if let Some(limit) = certificate.key_limit() {
            PathProblem::Key(limit)
        } else if certificate.check_supported().is_err() {
            PathProblem::Unhandled
        } else {
            return None;
        };
        Some(Self::new(certificate, problem))
    }

    /// Checks the certificate's own extended key usage.
    pub(crate) fn of_purpose(certificate: &Certificate, usage: Usage) -> Option<Self> {
        (!purpose::is_allowed(certificate, usage))
            .then(|| Self::new(certificate, PathProblem::Purpose(usage)))
    }

    /// Checks the certificate's validity period.
    pub(crate) fn of_validity(
        certificate: &Certificate,
        now: SystemTime,
        skew: Duration,
    ) -> Option<Self> {
        let problem = if is_after(now, certificate.not_after(), skew) {
            PathProblem::Expired(certificate.not_after())
        } else if is_after(certificate.not_before(), now, skew) {
            PathProblem::NotYetValid(certificate.not_before())
        } else {
            return None;
        };
        Some(Self::new(certificate, problem))
    }
}

/// Whether it limits the names of certificates below it, as only a CA may (RFC 5280
/// section 4.2.1.10). Others hold a user's proxies to it, we do not.
fn constrains_in_vain(certificate: &Certificate) -> bool {
    !certificate.is_ca()
        && certificate
            .critical_extensions()
            .any(|id| id == oid::NAME_CONSTRAINTS)
}
