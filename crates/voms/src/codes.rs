//! The stable code of each finding and error: what programs match on, and what `--json` prints.
//! `schema/verify.json` lists those of findings, `schema/codes.json` all.

use voms_asn1::oid;

use crate::ac::finding::AcFinding;
use crate::chain::{ChainError, ChainFinding};
use crate::mapping::Unmapped;
use crate::pki::certificate::CertificateError;
use crate::pki::key::KeyError;
use crate::proxy::ProxyError;
use crate::trust::{AnchorError, CrlProblem, PathNote, PathProblem, PolicyKind};
use crate::verifier::{Finding, VerifierError};
use crate::vo::fqan::FqanError;
use crate::vo::vomsdir::VomsDirError;

impl PathNote {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DeltaList { .. } => "crl-delta",
            Self::SilentPolicy { .. } => "policy-silent",
        }
    }
}

impl Finding {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "chain-unreadable",
            Self::Chain(finding) => finding.code(),
            Self::Independent => "proxy-independent",
            Self::Decode(_) => "ac-encoding",
            Self::Ac { finding, .. } => finding.code(),
            Self::More(_) => "more-findings",
        }
    }
}

impl PathProblem {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired(_) => "expired",
            Self::NotYetValid(_) => "not-yet-valid",
            Self::UnknownIssuer { .. } => "untrusted",
            Self::Revoked { .. } => "revoked",
            Self::CrlExpired { .. } => "crl-outdated",
            Self::CrlMissing(_) => "crl-missing",
            Self::CrlUnusable { problem, .. } => problem.code(),
            Self::Policy {
                kind: PolicyKind::SigningPolicy,
                ..
            } => "signing-policy",
            Self::Policy {
                kind: PolicyKind::Namespaces,
                ..
            } => "namespaces",
            Self::Weak(_) => "weak",
            Self::DuplicateExtension(_) => "duplicate-extension",
            Self::UnreadableExtension(_) => "unreadable-extension",
            Self::Version => "encoding",
            Self::NotACa => "not-a-ca",
            Self::PathLength => "ca-path-length",
            Self::NameConstraint => "name-constraints",
            Self::CriticalExtension => "critical-extension",
            Self::Signature => "signature",
            Self::Purpose(_) => "purpose",
            Self::Rejected { .. } => "ca-rejected",
            Self::CertificatePolicies => "certificate-policies",
            Self::IsProxy => "is-proxy",
            Self::Key(_) => "key-limit",
            Self::OpenSsl { .. } | Self::Unhandled => "path-invalid",
        }
    }

    /// The code for the same problem with an attribute certificate's signer.
    fn code_of_signer(&self) -> &'static str {
        match self {
            Self::Expired(_) => "signer-expired",
            Self::NotYetValid(_) => "signer-not-yet-valid",
            Self::UnknownIssuer { .. } => "signer-untrusted",
            Self::Revoked { .. } => "signer-revoked",
            Self::Weak(_) => "signer-weak",
            Self::Policy { .. } => "signer-policy",
            Self::Signature => "signer-signature",
            Self::IsProxy => "signer-is-proxy",
            other => other.code(),
        }
    }
}

impl CrlProblem {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "crl-unreadable",
            Self::OtherIssuer | Self::Signature | Self::MayNotSign => "crl-signature",
            Self::OtherKey => "crl-other-key",
            Self::Delta => "crl-delta",
            Self::NoNextUpdate => "crl-no-next-update",
            Self::Weak => "crl-weak",
            Self::CriticalExtension | Self::Scope => "crl-unsupported",
            Self::NotYetValid => "crl-not-yet-valid",
        }
    }
}

impl ChainFinding {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Path(finding) => finding.problem.code(),
            Self::NoEndEntity(_) => "user-missing",
            Self::Weak(..) => "weak",
            Self::Nameless => "user-nameless",
            Self::UserKeyUsage(_) => "user-key-usage",
            Self::EndEntityIsCa(_) => "ca-as-user",
            Self::Name(_) => "proxy-name",
            Self::Key(..) => "key-limit",
            Self::TooCostly => "too-costly",
            Self::Unhandled(_) => "path-invalid",
            Self::Signature(_) => "signature",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::IssuerMayNotSign(_) => "issuer-may-not-sign",
            Self::KeyUsage(_) => "key-usage",
            Self::Version(_) => "encoding",
            Self::PathLength(_) => "path-length",
            Self::MixedTypes(_) => "mixed-types",
            Self::LimitedNotKept(_) => "limited-not-kept",
            Self::AlternativeName(_) => "alternative-name",
            Self::NotCritical(_) => "pci-not-critical",
            Self::IssuerIsCa(_) => "issued-by-ca",
            Self::TwoInfos(_) => "two-pcis",
            Self::DuplicateExtension(_, oid::PROXY_CERT_INFO) => "two-pcis",
            Self::DuplicateExtension(..) => "duplicate-extension",
            Self::UnreadableExtension(_, oid::PROXY_CERT_INFO | oid::DRAFT_PROXY_CERT_INFO) => {
                "pci-unreadable"
            }
            Self::UnreadableExtension(..) => "unreadable-extension",
            Self::PolicyRules(_) => "policy",
            Self::CriticalExtension(..) => "critical-extension",
            Self::More(_) => "more-findings",
        }
    }
}

impl AcFinding {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Version => "ac-version",
            Self::AlgorithmMismatch | Self::Algorithm(_) => "ac-algorithm",
            Self::Weak(_) => "ac-weak",
            Self::Attributes(_) | Self::NoFqan => "ac-attributes",
            Self::PolicyAuthority(_) => "ac-policy-authority",
            Self::Serial => "ac-serial",
            Self::ForeignAttributes(..) => "ac-foreign-attributes",
            Self::ForeignFqan(..) => "ac-foreign-fqan",
            Self::MalformedFqan(_) => "ac-fqan",
            Self::OtherVo { .. } => "ac-other-vo",
            Self::NoSigner => "ac-no-signer",
            Self::NotTrusted { .. } => "lsc-missing",
            Self::LscUnusable { .. } => "lsc-unusable",
            Self::LscMismatch { .. } => "lsc-mismatch",
            Self::LscFormerCa { .. } => "lsc-outdated",
            Self::NotTheServer { .. } => "signer-not-server",
            Self::IssuerName(..) => "ac-issuer",
            Self::Signature => "ac-signature",
            Self::SignerIsCa(_) => "signer-is-ca",
            Self::SignerMayNotSign(_) => "signer-may-not-sign",
            Self::Signer(finding) => finding.problem.code_of_signer(),
            Self::Holder(_) => "ac-holder",
            Self::Target(_) => "ac-target",
            Self::Expired(_) => "ac-expired",
            Self::NotYetValid(_) => "ac-not-yet-valid",
            Self::NoValidity => "ac-validity",
            Self::CriticalExtension(_) => "ac-critical-extension",
            Self::DuplicateExtension(_) => "ac-duplicate-extension",
            Self::Extension(_) => "ac-extension",
            Self::MissingExtension(_) => "ac-missing-extension",
            Self::KeyIdentifier => "ac-key-identifier",
            Self::TooCostly => "ac-too-costly",
            Self::OpenSsl => "ac-unhandled",
            Self::More(_) => "more-findings",
        }
    }
}

impl ChainError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Certificate(error) => error.code(),
            Self::Empty => "certificate-missing",
            Self::TooLong(_) | Self::TooMany(_) => "chain-too-long",
        }
    }
}

impl CertificateError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Der(_) | Self::Block | Self::Base64 | Self::Extensions(_) => {
                "certificate-unreadable"
            }
            Self::Key(_) => "key-limit",
            Self::Unsupported(_) => "certificate-unsupported",
            Self::Characters | Self::Name => "certificate-name",
        }
    }
}

impl KeyError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase-wrong",
            Self::Cipher => "cipher-unsupported",
            Self::TooCostly(_) => "key-too-costly",
            Self::Malformed => "key-unreadable",
            Self::Generation(_) => "key-generation",
            Self::Encryption => "key-encryption",
        }
    }
}

impl Unmapped {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "map-unreadable",
            Self::Line { .. } => "map-line",
            Self::Banned { .. } => "banned",
            Self::NoAccount { .. } => "map-no-account",
            Self::Spelling { .. } => "map-spelling",
            Self::Wildcard { .. } => "map-wildcard",
            Self::Unknown { .. } => "not-mapped",
        }
    }
}

impl ProxyError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired(_) => "expired",
            Self::MayNotSign => "issuer-may-not-sign",
            Self::MixedChain => "mixed-types",
            Self::PathLength => "path-length",
            Self::LegacyCannot => "legacy-cannot",
            Self::Encoding(_) | Self::Attributes(_) | Self::Signing(_) | Self::Unreadable(_) => {
                "proxy-not-issued"
            }
        }
    }
}

impl FqanError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "fqan-invalid"
    }
}

impl AnchorError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "ca-directory-missing"
    }
}

impl VomsDirError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "vomsdir-missing"
    }
}

impl VerifierError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Anchors(error) => error.code(),
            Self::VomsDir(error) => error.code(),
        }
    }
}
