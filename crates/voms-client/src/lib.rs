//! Requests an attribute certificate from the servers of a VO, one after another, and records every
//! failure.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod exchange;
mod failure;
mod http;
mod look;
pub mod net;
pub mod refusal;
pub mod request;
pub mod response;
pub mod spec;
mod survey;
pub mod vomses;
mod waiting;
mod xml;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout_at};
use voms::ac::verify::AcAttributes;
use voms::pki::certificate::Certificate;
use voms::pki::credential::Credential;
use voms::pki::dn::Dn;
use voms::vo::fqan::Fqan;
use voms_asn1::EncodedAc;

use self::exchange::Asking;
pub use self::failure::{Attempt, ClientError, Failure};
pub use self::http::HttpFailure;
pub use self::look::{Look, look_at};
pub use self::survey::Survey;
use self::waiting::Waiting;
use crate::net::tls::{ServerName, ServerTrust, TlsClient};
use crate::net::{NetError, rest};
use crate::refusal::Software;
use crate::request::AcRequest;
use crate::response::ServerWarning;
use crate::vomses::VomsesEntry;

/// The protocol used to query a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// An attribute certificate as received, not yet verified.
#[derive(Debug)]
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
    pub server_time: Option<DateTime<Utc>>,
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

/// Queries VOMS servers on behalf of one user.
pub struct VomsClient {
    tls: TlsClient,
    kept: rest::Kept,
    runtime: Waiting,
    timeout: Duration,
    deadline: Instant,
    any_host: bool,
}

impl VomsClient {
    /// Creates a client that spends at most `timeout` on one server and at most `total` on all
    /// requests together.
    ///
    /// # Errors
    /// [`NetError::Credential`], [`NetError::WebCas`], or the system's error if no connections can
    /// be made at all.
    pub fn new(
        credential: &Credential,
        trust: ServerTrust,
        now: DateTime<Utc>,
        timeout: Duration,
        total: Duration,
    ) -> Result<Self, NetError> {
        Ok(Self {
            tls: TlsClient::new(credential, trust, now)?,
            kept: rest::Kept::default(),
            runtime: Waiting::new()?,
            timeout: timeout.min(total),
            deadline: Instant::now() + total,
            any_host: false,
        })
    }

    /// Accepts any server whose certificate chains to a trusted CA, whatever its name. Anyone
    /// holding a certificate from such a CA can then impersonate the server.
    #[must_use]
    pub fn without_host_check(self) -> Self {
        Self {
            any_host: true,
            ..self
        }
    }

    /// Queries the servers in random order until one returns an attribute certificate or gives a
    /// definite refusal.
    ///
    /// # Errors
    /// [`ClientError`] with every attempt.
    pub fn request(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, ClientError> {
        let nothing = |attempts| ClientError {
            vo: request.vo.clone(),
            attempts,
        };
        let outcome = self.runtime.until(self.ask_all(request, servers, observe));
        outcome.unwrap_or_else(|| Err(Vec::new())).map_err(nothing)
    }

    async fn ask_all(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, Vec<Attempt>> {
        let mut attempts = Vec::new();
        for entry in shuffled(servers) {
            observe(&Event::Contacting(&entry));
            match self.ask(request, &entry, observe).await {
                Ok(reply) => return Ok(reply),
                Err(failures) => {
                    let definite = failures.iter().any(|(_, failure)| failure.is_definite());
                    attempts.push(Attempt { entry, failures });
                    if definite || Instant::now() >= self.deadline {
                        break;
                    }
                }
            }
        }
        Err(attempts)
    }

    /// Queries one server: REST first, then the legacy protocol if REST yielded no VOMS answer,
    /// both within one time limit.
    async fn ask(
        &self,
        request: &AcRequest,
        entry: &VomsesEntry,
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, Vec<(Protocol, Failure)>> {
        let start = Instant::now();
        let end = (start + self.timeout).min(self.deadline);
        let mut failures: Vec<(Protocol, Failure)> = Vec::new();
        for protocol in [Protocol::Rest, Protocol::Legacy] {
            let mut asking = Asking {
                client: self,
                entry,
                protocol,
                end,
                observe,
            };
            let outcome = timeout_at(end, asking.ask(request)).await;
            let failure = match outcome {
                Ok(Ok(reply)) => {
                    observe(&Event::Answered(entry, protocol));
                    return Ok(reply);
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Timeout(end - start),
            };
            observe(&Event::Failed(entry, protocol, &failure));
            let go_on = failure.wants_legacy();
            failures.push((protocol, failure));
            if !go_on {
                break;
            }
        }
        Err(failures)
    }
}

fn server_name(entry: &VomsesEntry, any_host: bool) -> ServerName {
    ServerName {
        host: entry.host.clone(),
        port: entry.port,
        subject: Dn::parse(&entry.dn),
        any_host,
    }
}

fn shuffled(servers: &[VomsesEntry]) -> Vec<VomsesEntry> {
    let mut keyed: Vec<(u64, &VomsesEntry)> = servers
        .iter()
        .map(|entry| {
            let mut key = [0; 8];
            // Without randomness, file order is as good as any.
            let _ = openssl::rand::rand_bytes(&mut key);
            (u64::from_ne_bytes(key), entry)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, entry)| entry.clone()).collect()
}
