//! An attribute authority: knows the members of a VO, signs attribute certificates, and answers
//! like the C++ VOMS server or INDIGO IAM.
//!
//! For the sandbox and tests; it listens on the loopback interface only.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod answer;
pub mod extra;
pub mod forge;
pub mod iam;
pub mod pki;
pub mod server;
pub mod sign;
pub mod users;
pub mod world;

use chrono::{DateTime, Duration, Utc};
use voms::credential::Credential;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;
use voms::vo::fqan::Fqan;
use voms_asn1::EncodedAc;
use voms_asn1::voms::generic_attributes::GenericAttribute;

use self::sign::{AcDraft, SignError};

/// One member of the VO.
#[derive(Debug, Clone)]
pub struct Member {
    /// The member's account name.
    pub name: String,
    /// The subject of the member's certificate.
    pub subject: Dn,
    /// The certificate's issuer, which IAM checks too.
    pub issuer: Dn,
    /// The groups, all of them always granted.
    pub groups: Vec<Fqan>,
    /// The groups that IAM grants only on request. The C++ server has no such groups.
    pub optional_groups: Vec<Fqan>,
    /// The roles, granted on request.
    pub roles: Vec<Fqan>,
    /// The member's generic attributes in the VO.
    pub attributes: Vec<GenericAttribute>,
    /// The reason for the member's suspension, if suspended.
    pub suspended: Option<String>,
    /// Whether the member still has to sign the VO's usage policy.
    pub must_sign_aup: bool,
}

impl Member {
    /// Why the member is suspended: VOMS-Admin treats an unsigned usage policy as a reason.
    fn suspension(&self) -> Option<&str> {
        let aup = self
            .must_sign_aup
            .then_some("User failed to sign the AUP in time.");
        self.suspended.as_deref().or(aup)
    }
}

/// Why the request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not a member.
    #[error("User unknown to this VO.")]
    Unknown,
    /// A member who is suspended.
    #[error("User is currently suspended!\nSuspension reason: {0}")]
    Suspended(String),
    /// A group or role that the member does not hold.
    #[error("Unable to satisfy {0} request!")]
    NotHeld(Fqan),
    /// Signing failed.
    #[error("Internal error: {0}")]
    Sign(#[from] SignError),
}

/// A request to an authority.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The requested groups and roles, in order; empty for the VO's top group.
    pub fqans: Vec<Fqan>,
    /// Whether all roles are requested too.
    pub all: bool,
    /// The requested order of the granted FQANs; it grants nothing by itself.
    pub order: Vec<Fqan>,
    /// Target hosts: only these may accept the attribute certificate.
    pub targets: Vec<String>,
    /// The requested lifetime in seconds; `None` for the maximum.
    pub lifetime: Option<u64>,
}

/// A granted request.
#[derive(Debug)]
pub struct Grant {
    /// The attribute certificate.
    pub ac: EncodedAc,
    /// Where the grant deviates from the request.
    pub warnings: Vec<String>,
}

/// The authority of one VO.
#[derive(Debug)]
pub struct Authority {
    /// The VO's name.
    pub vo: String,
    /// `host:port` as it appears in attribute certificates.
    pub uri: String,
    /// The maximum lifetime of an attribute certificate.
    pub longest: Duration,
    /// The members of the VO.
    pub members: Vec<Member>,
}

impl Authority {
    /// Grants a member's request: the requested FQANs first, in order, then all other groups (spec
    /// 3.3).
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn grant(
        &self,
        signer: &Credential,
        holder: &Certificate,
        wanted: &Wanted,
        now: DateTime<Utc>,
    ) -> Result<Grant, Refusal> {
        let member = self
            .members
            .iter()
            .find(|member| member.subject.matches(holder.subject()));
        let member = member.ok_or(Refusal::Unknown)?;
        if let Some(reason) = member.suspension() {
            return Err(Refusal::Suspended(reason.to_owned()));
        }
        let fqans = granted_fqans(member, wanted)?;
        let longest = self.longest_seconds();
        let asked = wanted
            .lifetime
            .filter(|seconds| *seconds > 0)
            .unwrap_or(longest);
        let granted = asked.min(longest);
        let shortened = (granted < asked).then(|| {
            format!(
                "{}: The validity of this VOMS AC in your proxy is shortened to {granted} seconds!",
                self.uri
            )
        });
        let draft = AcDraft {
            targets: wanted.targets.clone(),
            ..self.draft(member, fqans.iter().map(long_form).collect(), granted, now)
        };
        Ok(Grant {
            ac: draft.sign(holder, signer)?,
            warnings: shortened.into_iter().collect(),
        })
    }

    fn longest_seconds(&self) -> u64 {
        u64::try_from(self.longest.num_seconds()).unwrap_or(0)
    }

    /// The attribute certificate to sign for a member, its lifetime capped at the authority's
    /// maximum.
    fn draft(
        &self,
        member: &Member,
        fqans: Vec<String>,
        seconds: u64,
        now: DateTime<Utc>,
    ) -> AcDraft {
        let lifetime = i64::try_from(seconds)
            .ok()
            .and_then(Duration::try_seconds)
            .unwrap_or(self.longest);
        AcDraft {
            vo: self.vo.clone(),
            uri: self.uri.clone(),
            fqans,
            attributes: member.attributes.clone(),
            targets: Vec::new(),
            not_before: now,
            not_after: now + lifetime.min(self.longest),
        }
    }
}

/// The requested FQANs and all groups, in the requested order.
fn granted_fqans(member: &Member, wanted: &Wanted) -> Result<Vec<Fqan>, Refusal> {
    let held = |fqan: &Fqan| member.groups.contains(fqan) || member.roles.contains(fqan);
    if let Some(missing) = wanted.fqans.iter().find(|fqan| !held(fqan)) {
        return Err(Refusal::NotHeld(missing.clone()));
    }
    let roles = member.roles.iter().filter(|_| wanted.all);
    let mut fqans: Vec<Fqan> = Vec::new();
    for fqan in wanted.fqans.iter().chain(&member.groups).chain(roles) {
        if !fqans.contains(fqan) {
            fqans.push(fqan.clone());
        }
    }
    let rank = |fqan: &Fqan| wanted.order.iter().position(|first| first == fqan);
    fqans.sort_by_key(|fqan| rank(fqan).unwrap_or(usize::MAX));
    Ok(fqans)
}

/// The long form with NULLs, as current servers send it.
fn long_form(fqan: &Fqan) -> String {
    format!(
        "{}/Role={}/Capability=NULL",
        fqan.group(),
        fqan.role().unwrap_or("NULL")
    )
}
