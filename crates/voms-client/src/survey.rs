//! Finds out which groups and roles a user holds in a VO.

use voms::vo::fqan::Fqan;

use crate::client::VomsClient;
use crate::event::Event;
use crate::failure::ClientError;
use crate::options::RequestOptions;
use crate::refusal::{ServerError, ServerErrorKind};
use crate::reply::AcReply;
use crate::request::AcRequest;
use crate::vomses::VomsesEntry;

/// Maximum number of groups and roles requested by name.
const MAX_BY_NAME: usize = 16;

/// What a server grants a user.
#[derive(Debug)]
#[non_exhaustive]
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
    pub async fn survey(
        &self,
        vo: &str,
        wanted: &[Fqan],
        servers: &[VomsesEntry],
        options: &RequestOptions,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Survey, ClientError> {
        let schedule = options.start();
        let everything = AcRequest::for_everything(vo);
        let first = self.request_within(&everything, servers, &schedule, on_event);
        let (mut found, servers) = match first.await {
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
        let mut requested = 0;
        let mut unknown = Vec::new();
        for fqan in wanted.iter().filter(|_| !is_complete) {
            if granted.contains(fqan) {
                continue;
            }
            requested += 1;
            if requested > MAX_BY_NAME {
                unknown.push(fqan.clone());
                continue;
            }
            let request = everything.clone().with_fqans(vec![fqan.clone()]);
            let mut silent = |_: &Event<'_>| {};
            let named = self.request_within(&request, &servers, &schedule, &mut silent);
            match named.await {
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
