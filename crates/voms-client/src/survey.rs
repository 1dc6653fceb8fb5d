//! Finds out which groups and roles a user holds in a VO.

use voms::vo::fqan::Fqan;

use crate::refusal::{ServerError, ServerErrorKind};
use crate::request::AcRequest;
use crate::vomses::VomsesEntry;
use crate::{AcReply, ClientError, Event, VomsClient};

/// Maximum number of groups and roles requested by name.
const MOST_BY_NAME: usize = 16;

/// What a server grants a user.
#[derive(Debug)]
pub struct Survey {
    /// An answer with attributes: the server's default grant, or else the first grant by name.
    pub reply: AcReply,
    /// The groups and roles in it, and the wanted ones granted by name.
    pub granted: Vec<Fqan>,
    /// The wanted ones that could not be requested, or got no answer.
    pub unknown: Vec<Fqan>,
}

impl VomsClient {
    /// Finds out what a VO grants: everything it lists, then, one by one, the members of `wanted`
    /// that are missing. IAM lists neither roles nor optional groups but grants them by name, even
    /// to users who are in no other group.
    ///
    /// # Errors
    /// [`ClientError`] if no server grants anything.
    pub fn survey(
        &self,
        vo: &str,
        wanted: &[Fqan],
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<Survey, ClientError> {
        let everything = AcRequest::for_everything(vo);
        let (mut found, servers) = match self.request(&everything, servers, observe) {
            Ok(reply) => {
                let entry = vec![reply.entry.clone()];
                (Ok(reply), entry)
            }
            Err(error) if error.refusal().is_some_and(is_without_group) => {
                (Err(error), servers.to_vec())
            }
            Err(error) => return Err(error),
        };
        let mut granted = found.as_ref().map(AcReply::granted).unwrap_or_default();
        let is_complete = found.as_ref().is_ok_and(|reply| reply.is_complete);
        let mut asked = 0;
        let mut unknown = Vec::new();
        for fqan in wanted.iter().filter(|_| !is_complete) {
            if granted.contains(fqan) {
                continue;
            }
            asked += 1;
            if asked > MOST_BY_NAME {
                unknown.push(fqan.clone());
                continue;
            }
            let request = AcRequest {
                fqans: vec![fqan.clone()],
                ..everything.clone()
            };
            match self.request(&request, &servers, &mut |_| {}) {
                Ok(more) => {
                    granted.extend(more.granted());
                    found = found.or(Ok(more));
                }
                Err(error) if error.refusal().is_some_and(is_not_held) => {}
                Err(_) => unknown.push(fqan.clone()),
            }
        }
        found.map(|reply| Survey {
            reply,
            granted,
            unknown,
        })
    }
}

fn is_without_group(error: &ServerError) -> bool {
    error.kind == ServerErrorKind::NoGroup
}

fn is_not_held(error: &ServerError) -> bool {
    matches!(error.kind, ServerErrorKind::NotHeld { .. })
}
