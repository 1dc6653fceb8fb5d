//! The paved path: asks the servers of a VO for an attribute certificate, one after the other, and keeps every failure.

mod failure;
mod look;
mod waiting;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout_at};
use voms_asn1::EncodedAc;

pub use self::failure::{Attempt, ClientError, Failure};
pub use self::look::{Look, look_at};
use self::waiting::Waiting;
use crate::credential::certificate::Certificate;
use crate::credential::dn::Dn;
use crate::credential::user::Credential;
use crate::net::tls::{ServerName, ServerTrust, TlsClient};
use crate::net::{NetError, legacy, rest};
use crate::voms::request::AcRequest;
use crate::voms::response::{Reply, ResponseError};
use crate::voms::verify::validity;
use crate::voms::vomses::VomsesEntry;

/// How servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, as all of today's servers speak it.
    Rest,
    /// The XML protocol before it.
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

/// What happens on the way, for whoever wants to tell the user.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server is about to be asked.
    Contacting(&'a VomsesEntry),
    /// A server failed in one protocol.
    Failed(&'a VomsesEntry, Protocol, &'a Failure),
    /// A server answered with an attribute certificate.
    Answered(&'a VomsesEntry, Protocol),
}

/// An attribute certificate as it came, not yet judged.
#[derive(Debug)]
pub struct AcReply {
    /// The attribute certificate.
    pub ac: EncodedAc,
    /// What the server says it did otherwise than asked.
    pub warnings: Vec<String>,
    /// The certificate with which the server authenticated itself.
    pub server: Certificate,
    /// What the server's clock showed, if it said so.
    pub server_time: Option<DateTime<Utc>>,
}

/// Asks VOMS servers on behalf of one user.
pub struct VomsClient {
    tls: TlsClient,
    kept: rest::Kept,
    runtime: Waiting,
    timeout: Duration,
    deadline: Instant,
    any_host: bool,
}

impl VomsClient {
    /// A client that spends at most `timeout` on one server and at most `total` on everything it is asked.
    ///
    /// # Errors
    /// [`NetError::Credential`], [`NetError::WebCas`], or what the system says where no connections can be made at all.
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

    /// The same, which believes a server that a trusted CA vouches for whatever its name is. Whoever has a certificate
    /// of such a CA can then answer in the server's place.
    #[must_use]
    pub fn without_host_check(self) -> Self {
        Self { any_host: true, ..self }
    }

    /// Asks the servers in random order until one gives an attribute certificate, or says that none will.
    ///
    /// # Errors
    /// [`ClientError`] with every attempt.
    pub fn request(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, ClientError> {
        let nothing = |attempts| ClientError { vo: request.vo.clone(), attempts };
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

    /// One server: REST, then the legacy protocol if REST brought nothing of VOMS, both within one time limit.
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
            let outcome = timeout_at(end, self.speak(protocol, request, entry)).await;
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

    async fn speak(&self, protocol: Protocol, request: &AcRequest, entry: &VomsesEntry) -> Result<AcReply, Failure> {
        let first = self.exchange(protocol, request, entry).await;
        // Some servers do not know the word for "everything"; the top group brings at least all groups.
        match (&first, request.without_all()) {
            (Err(Failure::Server(error)), Some(top)) if protocol == Protocol::Rest && !error.is_about_membership() => {
                self.instead_of_all(protocol, &top, entry).await
            }
            (Err(Failure::Response(ResponseError::Foreign(_))), Some(top)) if protocol == Protocol::Rest => {
                self.instead_of_all(protocol, &top, entry).await
            }
            _ => first,
        }
    }

    async fn instead_of_all(
        &self,
        protocol: Protocol,
        top: &AcRequest,
        entry: &VomsesEntry,
    ) -> Result<AcReply, Failure> {
        let mut reply = self.exchange(protocol, top, entry).await?;
        reply
            .warnings
            .push(format!("{} does not know the request for everything: no roles were asked for", entry.host));
        Ok(reply)
    }

    async fn exchange(&self, protocol: Protocol, request: &AcRequest, entry: &VomsesEntry) -> Result<AcReply, Failure> {
        let name = server_name(entry, self.any_host);
        let (body, date, server) = match protocol {
            Protocol::Rest => {
                let (answer, server) = self.kept.get(&self.tls, name, &request.rest_target()).await?;
                (answer.body, answer.date, server)
            }
            Protocol::Legacy => {
                let connection = self.tls.connect(&name).await?;
                let answer = legacy::exchange(connection.stream, &request.legacy_document()).await?;
                (answer, None, connection.server)
            }
        };
        let reply = Reply::parse(&body)?;
        if let Some(der) = reply.ac {
            let ac = EncodedAc::from_der(&der)?;
            // VOMS servers begin the life of what they sign with the present.
            let server_time = date.or_else(|| Some(validity(&ac.certificate().acinfo).0));
            return Ok(AcReply { ac, warnings: reply.warnings, server, server_time });
        }
        Err(reply.errors.into_iter().next().map_or(Failure::Nothing, Failure::Server))
    }
}

fn server_name(entry: &VomsesEntry, any_host: bool) -> ServerName {
    ServerName { host: entry.host.clone(), port: entry.port, subject: Dn::parse(&entry.dn), any_host }
}

fn shuffled(servers: &[VomsesEntry]) -> Vec<VomsesEntry> {
    let mut keyed: Vec<(u64, &VomsesEntry)> = servers
        .iter()
        .map(|entry| {
            let mut key = [0; 8];
            // Without randomness the order of the file is as good as any.
            let _ = openssl::rand::rand_bytes(&mut key);
            (u64::from_ne_bytes(key), entry)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, entry)| entry.clone()).collect()
}
