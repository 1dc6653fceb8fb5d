//! What a user holds in a VO.

use voms::ac::verify::AcAttributes;
use voms::vo::fqan::Fqan;

use crate::refusal::{ServerError, ServerErrorKind};
use crate::request::AcRequest;
use crate::vomses::VomsesEntry;
use crate::{AcReply, ClientError, Event, VomsClient};

/// How many groups and roles are asked for by name.
const MOST_BY_NAME: usize = 16;

/// What a server grants a user.
#[derive(Debug)]
pub struct Survey {
    /// What it gives when nothing particular is asked for.
    pub reply: AcReply,
    /// The groups and roles in it, and those of the wanted ones that it gives by name.
    pub granted: Vec<Fqan>,
}

impl VomsClient {
    /// Finds out what a VO grants: all that it lists, and then, one by one, what of `wanted` is not among it. IAM lists
    /// neither roles nor optional groups, but gives them by name.
    ///
    /// # Errors
    /// [`ClientError`] when no server gives anything, or one fails before all is known.
    pub fn survey(
        &self,
        vo: &str,
        wanted: &[Fqan],
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<Survey, ClientError> {
        let everything = AcRequest::for_everything(vo);
        let reply = self.request(&everything, servers, observe)?;
        let mut granted = fqans(&reply);
        let by_name = wanted.iter().take(MOST_BY_NAME).filter(|_| !reply.is_complete);
        for fqan in by_name {
            if granted.contains(fqan) {
                continue;
            }
            let request = AcRequest { fqans: vec![fqan.clone()], ..everything.clone() };
            match self.request(&request, std::slice::from_ref(&reply.entry), &mut |_| {}) {
                Ok(more) => granted.extend(fqans(&more)),
                Err(error) if error.refusal().is_some_and(is_not_held) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Survey { reply, granted })
    }
}

fn is_not_held(error: &ServerError) -> bool {
    matches!(error.kind, ServerErrorKind::NotHeld { .. })
}

fn fqans(reply: &AcReply) -> Vec<Fqan> {
    let attributes = AcAttributes::read(&reply.ac.certificate().acinfo);
    let texts = attributes.map(|attributes| attributes.fqans).unwrap_or_default();
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
