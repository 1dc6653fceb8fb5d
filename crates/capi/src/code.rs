//! The codes that callers branch on, and which findings lead to which.

use voms::ac::finding::{AcFinding, HolderProblem};
use voms::trust::{PathFinding, PathProblem};
use voms_asn1::attribute_certificate::{AttCertIssuer, AttributeCertificateInfo};
use voms_asn1::oid;
use voms_asn1::voms::fqans::FqanError;

/// `VERR_*` of voms_apic.h, as far as they are used.
pub const NO_IDENTITY: i32 = 2;
pub const PARAM: i32 = 4;
pub const NO_EXTENSION: i32 = 5;
pub const NO_INIT: i32 = 6;
pub const ID_CHECK: i32 = 8;
pub const FORMAT: i32 = 10;
pub const DIRECTORY: i32 = 13;
pub const SIGN: i32 = 14;
pub const MEMORY: i32 = 16;
pub const VERIFY: i32 = 17;
pub const NOT_AVAILABLE: i32 = 21;

/// Why nothing was retrieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: i32,
    pub message: String,
}

impl Refusal {
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }
}

/// What a caller wants to be checked: the bits of `VERIFY_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks(pub u32);

impl Checks {
    const DATE: u32 = 1;
    const TARGET: u32 = 2;
    const KEY: u32 = 4;
    const SIGN: u32 = 8;
    const ID: u32 = 32;

    fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    pub fn signer(self) -> bool {
        self.has(Self::SIGN)
    }

    pub fn targets(self) -> bool {
        self.has(Self::TARGET)
    }

    /// Both compare with the signer's certificate, which nobody looks for.
    pub fn lacks_signer(self) -> bool {
        !self.signer() && (self.has(Self::KEY) || self.has(Self::ID))
    }

    /// The code for a finding, if it counts.
    ///
    /// Without the check of the signer only what libvomsapi asks of every attribute certificate
    /// counts: what is found then is only claimed anyway.
    pub fn code_of(self, finding: &AcFinding) -> Option<i32> {
        let (counts, code) = match finding {
            AcFinding::Expired(_) | AcFinding::NotYetValid(_) => (self.has(Self::DATE), VERIFY),
            AcFinding::Holder(
                HolderProblem::EntityName | HolderProblem::ObjectDigest | HolderProblem::Missing,
            ) => (self.has(Self::ID), FORMAT),
            AcFinding::Holder(_) => (self.has(Self::ID), VERIFY),
            AcFinding::Target(_) => (self.targets(), VERIFY),
            AcFinding::Extension(oid::TARGETS) => (self.signer() || self.targets(), VERIFY),
            AcFinding::KeyIdentifier => (self.has(Self::KEY), VERIFY),
            // Without them it does not know whom to ask for the signer.
            AcFinding::PolicyAuthority(_)
            | AcFinding::Attributes(
                FqanError::Missing
                | FqanError::ValueCount { count: 0 }
                | FqanError::NoPolicyAuthority,
            ) if self.signer() => (true, SIGN),
            AcFinding::MissingExtension(_)
            | AcFinding::CriticalExtension(_)
            | AcFinding::Attributes(_)
            | AcFinding::NoFqan
            | AcFinding::PolicyAuthority(_)
            | AcFinding::Extension(oid::VOMS_GENERIC_ATTRIBUTES)
            | AcFinding::ForeignFqan(..) => (true, VERIFY),
            AcFinding::Extension(oid::VOMS_CERTS)
            | AcFinding::NoSigner
            | AcFinding::NotTrusted { .. }
            | AcFinding::LscUnusable { .. }
            | AcFinding::LscMismatch { .. }
            | AcFinding::LscFormerCa { .. }
            | AcFinding::SignerIsCa(_)
            | AcFinding::SignerMayNotSign(_)
            | AcFinding::Signer(_)
            | AcFinding::TooCostly => (self.signer(), SIGN),
            _ => (self.signer(), VERIFY),
        };
        counts.then_some(code)
    }
}

/// Whether libvomsapi cannot decode what this was found in, so that there is no attribute certificate
/// for it, whatever is to be checked.
pub fn is_unreadable_to_it(info: &AttributeCertificateInfo, finding: &AcFinding) -> bool {
    match finding {
        AcFinding::MissingExtension(_) => info.extensions.as_ref().is_none_or(Vec::is_empty),
        AcFinding::IssuerName(..) => match &info.issuer {
            AttCertIssuer::V2Form(form) => form.base_certificate_id.is_some(),
            AttCertIssuer::V1Form(_) => true,
        },
        AcFinding::Attributes(FqanError::Missing) => !info.attributes.is_empty(),
        AcFinding::Attributes(FqanError::Malformed(_) | FqanError::NotOctetString { .. }) => true,
        _ => false,
    }
}

/// Of several findings the first by rank gives the code: what libvomsapi cannot decode, then the
/// signer, at which it looks first. But it holds revocation lists against the present, whatever
/// the time asked for.
pub fn rank(code: i32, finding: &AcFinding) -> u8 {
    match finding {
        AcFinding::Signer(PathFinding {
            problem: PathProblem::CrlExpired { .. },
            ..
        }) => 3,
        _ if code == FORMAT => 0,
        _ if code == SIGN => 1,
        _ => 2,
    }
}

/// The sentence that libvomsapi has for a refusal, which logs are searched for.
pub fn headline(code: i32, finding: &AcFinding) -> &'static str {
    match finding {
        _ if code == SIGN => "Cannot verify AC signature!",
        _ if code == FORMAT => "AC not present in credentials.",
        AcFinding::Signature => "Failed to verify AC signature.",
        AcFinding::Expired(_) => "AC not valid anymore.",
        AcFinding::NotYetValid(_) => "AC not yet valid.",
        AcFinding::Holder(_) => {
            "AC has been granted to a different certificate than the passed one."
        }
        AcFinding::Target(_) => "Cannot find match among allowed hosts.",
        AcFinding::KeyIdentifier => "AC issuer key unreadable or unverifiable.",
        AcFinding::PolicyAuthority(_) => "VOMS Server contact data missing from AC.",
        AcFinding::Attributes(_) | AcFinding::NoFqan => "VOMS Attributes absent or malformed.",
        AcFinding::MissingExtension(_) => "Required AC extensions missing from AC.",
        AcFinding::CriticalExtension(_) => "Unknown critical extension inside AC.",
        AcFinding::IssuerName(..) => "Cannot discover AC creator.",
        _ => "AC refused.",
    }
}
