//! The async client: queries the servers of a VO one after another.

use std::time::Duration;
use std::time::SystemTime;

use tokio::time::{Instant, timeout_at};
use voms::credential::Credential;
use voms::pki::dn::Dn;

use crate::event::{Event, Protocol};
use crate::failure::{Attempt, ClientError, Failure};
use crate::net::NetError;
use crate::net::rest::IdleSlot;
use crate::net::tls::{ServerName, ServerTrust, TlsClient};
use crate::options::{RequestOptions, Schedule};
use crate::probe::{self, Probe};
use crate::query::ServerQuery;
use crate::reply::AcReply;
use crate::request::AcRequest;
use crate::vomses::VomsesEntry;

/// Queries VOMS servers on behalf of one user.
///
/// A client can be kept and shared: each call is given its own time and limits. Only the user's
/// credential is fixed; once it expires, servers reject it and a new client is needed.
///
/// Dropping a future cancels the request.
pub struct VomsClient {
    pub(crate) tls: TlsClient,
    pub(crate) idle: IdleSlot,
    pub(crate) any_host: bool,
}

impl VomsClient {
    /// Creates a client that authenticates with `credential` and verifies servers with `trust`.
    ///
    /// # Errors
    /// [`NetError::Credential`] or [`NetError::WebCas`].
    pub fn new(credential: &Credential, trust: ServerTrust) -> Result<Self, NetError> {
        Ok(Self {
            tls: TlsClient::new(credential, trust)?,
            idle: IdleSlot::default(),
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
    pub async fn request(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        options: &RequestOptions,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<AcReply, ClientError> {
        self.request_within(request, servers, &options.start(), on_event)
            .await
    }

    /// Probes a server step by step, with the user's certificate but without a request. Each step
    /// may take `timeout`.
    pub async fn probe(&self, entry: &VomsesEntry, now: SystemTime, timeout: Duration) -> Probe {
        probe::run(&self.tls, entry, self.any_host, now, timeout).await
    }

    pub(crate) async fn request_within(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        schedule: &Schedule,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<AcReply, ClientError> {
        let mut attempts = Vec::new();
        for entry in shuffled(servers) {
            on_event(&Event::Contacting(&entry));
            match self.query(request, &entry, schedule, on_event).await {
                Ok(reply) => return Ok(reply),
                Err(failures) => {
                    let definite = failures.iter().any(|(_, failure)| failure.is_definite());
                    attempts.push(Attempt { entry, failures });
                    if definite || schedule.is_over() {
                        break;
                    }
                }
            }
        }
        Err(ClientError::new(&request.vo, attempts))
    }

    /// Queries one server: REST first, then the legacy protocol if REST yielded no VOMS answer,
    /// both within one time limit.
    async fn query(
        &self,
        request: &AcRequest,
        entry: &VomsesEntry,
        schedule: &Schedule,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<AcReply, Vec<(Protocol, Failure)>> {
        let start = Instant::now();
        let deadline = schedule.server_deadline(start);
        let mut failures: Vec<(Protocol, Failure)> = Vec::new();
        for protocol in [Protocol::Rest, Protocol::Legacy] {
            let mut query = ServerQuery {
                client: self,
                entry,
                protocol,
                now: schedule.now,
                deadline,
                on_event,
            };
            let outcome = timeout_at(deadline, query.run(request)).await;
            let failure = match outcome {
                Ok(Ok(reply)) => {
                    on_event(&Event::Answered(entry, protocol));
                    return Ok(reply);
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Timeout(deadline - start),
            };
            on_event(&Event::Failed(entry, protocol, &failure));
            let try_next = failure.wants_legacy();
            failures.push((protocol, failure));
            if !try_next {
                break;
            }
        }
        Err(failures)
    }
}

pub(crate) fn server_name(entry: &VomsesEntry, any_host: bool) -> ServerName {
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
            let _ = voms::crypto::random(&mut key);
            (u64::from_ne_bytes(key), entry)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, entry)| entry.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send<T: Send>(_: &T) {}

    // Never called: it compiles only if the futures can be spawned.
    #[allow(dead_code)]
    fn futures_are_send(client: &VomsClient, servers: &[VomsesEntry], now: SystemTime) {
        let request = AcRequest::for_everything("virgo");
        let options = RequestOptions::new(now);
        is_send(&client.request(&request, servers, &options, &mut |_| {}));
        is_send(&client.survey("virgo", &[], servers, &options, &mut |_| {}));
        is_send(&client.probe(&servers[0], now, Duration::ZERO));
        is_send(&probe::probe_server(
            &servers[0],
            ServerTrust::WebCas,
            now,
            Duration::ZERO,
        ));
    }

    #[test]
    fn a_client_can_be_shared_between_threads() {
        fn is_shareable<T: Send + Sync>() {}
        is_shareable::<VomsClient>();
    }
}
