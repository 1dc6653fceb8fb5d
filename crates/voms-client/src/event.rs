//! Progress of a request.

use voms::pki::dn::Dn;

use crate::failure::Failure;
use crate::vomses::VomsesEntry;

/// The protocol used to query a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP, spoken by all current servers.
    Rest,
    /// The older XML protocol.
    Legacy,
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rest => "REST",
            Self::Legacy => "legacy protocol",
        })
    }
}

/// Progress events, for reporting to the user.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server is about to be contacted.
    Contacting(&'a VomsesEntry),
    /// A server failed with one protocol.
    Failed(&'a VomsesEntry, Protocol, &'a Failure),
    /// A server returned an attribute certificate.
    Answered(&'a VomsesEntry, Protocol),
    /// A server that can list roles failed to do so; the earlier answer is used.
    RolesNotListed(&'a VomsesEntry, &'a Failure),
    /// The server's certificate matches the host name, but not the subject in the vomses entry.
    OtherSubject(&'a VomsesEntry, &'a Dn),
}
