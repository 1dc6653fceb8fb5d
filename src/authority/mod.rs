//! An attribute authority: knows the members of a VO, signs attribute certificates, and answers like a VOMS server.
//!
//! It serves the sandbox and tests. It listens on the loopback interface only.

pub mod answer;
pub mod pki;
pub mod server;
pub mod sign;
pub mod world;

use chrono::{DateTime, Duration, Utc};
use voms_asn1::EncodedAc;
use voms_asn1::voms::generic_attributes::GenericAttribute;

use self::sign::{AcDraft, SignError};
use crate::credential::certificate::Certificate;
use crate::credential::dn::Dn;
use crate::credential::user::Credential;
use crate::voms::fqan::Fqan;

/// One member of the VO.
#[derive(Debug, Clone)]
pub struct Member {
    /// The subject of the member's certificate.
    pub subject: Dn,
    /// The groups, all of which are always granted.
    pub groups: Vec<Fqan>,
    /// The roles, granted on request.
    pub roles: Vec<Fqan>,
    /// Attributes of the member in the VO.
    pub attributes: Vec<GenericAttribute>,
    /// Why the member is suspended, if so.
    pub suspended: Option<String>,
}

/// Why nothing is granted.
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

/// What is asked of an authority.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Groups and roles in order; empty for the VO's top group.
    pub fqans: Vec<Fqan>,
    /// Whether all roles are wanted too.
    pub all: bool,
    /// Hosts that alone may accept what is granted.
    pub targets: Vec<String>,
    /// Seconds; `None` for the most there is.
    pub lifetime: Option<u64>,
}

/// What is granted.
#[derive(Debug)]
pub struct Grant {
    /// The attribute certificate.
    pub ac: EncodedAc,
    /// What was done otherwise than asked.
    pub warnings: Vec<String>,
}

/// The authority of one VO.
#[derive(Debug)]
pub struct Authority {
    /// The VO's name.
    pub vo: String,
    /// `host:port` as it stands in attribute certificates.
    pub uri: String,
    /// The most that an attribute certificate may live.
    pub longest: Duration,
    /// Who is in the VO.
    pub members: Vec<Member>,
}

impl Authority {
    /// Grants what a member asks for: the wanted FQANs first, in order, then all other groups (spec 3.3).
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
        let member = self.members.iter().find(|member| member.subject.matches(holder.subject()));
        let member = member.ok_or(Refusal::Unknown)?;
        if let Some(reason) = &member.suspended {
            return Err(Refusal::Suspended(reason.clone()));
        }
        let mut fqans: Vec<Fqan> = Vec::new();
        let held = |fqan: &Fqan| member.groups.contains(fqan) || member.roles.contains(fqan);
        if let Some(missing) = wanted.fqans.iter().find(|fqan| !held(fqan)) {
            return Err(Refusal::NotHeld(missing.clone()));
        }
        let roles = member.roles.iter().filter(|_| wanted.all);
        for fqan in wanted.fqans.iter().chain(&member.groups).chain(roles) {
            if !fqans.contains(fqan) {
                fqans.push(fqan.clone());
            }
        }
        let longest = u64::try_from(self.longest.num_seconds()).unwrap_or(0);
        let asked = wanted.lifetime.filter(|seconds| *seconds > 0).unwrap_or(longest);
        let granted = asked.min(longest);
        let warnings = (granted < asked).then(|| {
            format!("{}: The validity of this VOMS AC in your proxy is shortened to {granted} seconds!", self.uri)
        });
        let draft = AcDraft {
            vo: self.vo.clone(),
            uri: self.uri.clone(),
            fqans: fqans.iter().map(long_form).collect(),
            attributes: member.attributes.clone(),
            targets: wanted.targets.clone(),
            not_before: now,
            not_after: now + Duration::seconds(i64::try_from(granted).unwrap_or(i64::MAX)),
        };
        Ok(Grant { ac: draft.sign(holder, signer)?, warnings: warnings.into_iter().collect() })
    }
}

/// The form with the NULLs, as today's servers send it.
fn long_form(fqan: &Fqan) -> String {
    format!("{}/Role={}/Capability=NULL", fqan.group(), fqan.role().unwrap_or("NULL"))
}
