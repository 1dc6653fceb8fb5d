//! An attribute certificate as received.

use std::time::SystemTime;

use voms::ac::verify::AcAttributes;
use voms::pki::certificate::Certificate;
use voms::vo::fqan::Fqan;
use voms_asn1::EncodedAc;

use crate::refusal::Software;
use crate::response::ServerWarning;
use crate::vomses::VomsesEntry;

/// An attribute certificate as received, not yet verified.
#[derive(Debug)]
#[non_exhaustive]
pub struct AcReply {
    /// The attribute certificate.
    pub ac: EncodedAc,
    /// The server that issued it.
    pub entry: VomsesEntry,
    /// The server's software, as far as it can be identified.
    pub software: Software,
    /// Where the server deviated from the request.
    pub warnings: Vec<ServerWarning>,
    /// Whether the user has no further roles: the server lists all roles and was asked for them.
    pub is_complete: bool,
    /// The certificate the server presented in the TLS handshake.
    pub server: Certificate,
    /// The certificate that signed the attributes, if it differs from the server's but has the same
    /// subject and issuer and is trusted by the system's web CAs. Set only where web CAs verify
    /// servers.
    pub stand_in: Option<Certificate>,
    /// The time on the server's clock, if known.
    pub server_time: Option<SystemTime>,
}

impl AcReply {
    /// The groups and roles in the attribute certificate, verified or not.
    #[must_use]
    pub fn granted(&self) -> Vec<Fqan> {
        let attributes = AcAttributes::read(&self.ac.certificate().acinfo);
        attributes
            .map(|attributes| attributes.parsed_fqans())
            .unwrap_or_default()
    }

    /// The certificate that may sign without being listed in a vomsdir: the server's, or its
    /// stand-in.
    #[must_use]
    pub fn expected_signer(&self) -> &Certificate {
        self.stand_in.as_ref().unwrap_or(&self.server)
    }
}
