//! Queries one server over one protocol, using as many requests as needed.

use tokio::time::{Instant, timeout_at};
use voms::ac::verify::{carried_certificates, validity};
use voms::pki::certificate::Certificate;
use voms_asn1::EncodedAc;

use crate::http::HttpFailure;
use crate::net::legacy;
use crate::net::rest::Answer;
use crate::refusal::Software;
use crate::request::AcRequest;
use crate::response::{Reply, ResponseError};
use crate::vomses::VomsesEntry;
use crate::{AcReply, Event, Failure, Protocol, VomsClient, server_name};

/// The `Server` header value of the C++ server, which is built on gSOAP.
const CPP_SERVER: &str = "gSOAP";

/// The server currently being queried.
pub(super) struct Asking<'a, 'o> {
    pub client: &'a VomsClient,
    pub entry: &'a VomsesEntry,
    pub protocol: Protocol,
    /// The deadline for this server.
    pub end: Instant,
    pub observe: &'a mut (dyn FnMut(&Event<'_>) + 'o),
}

impl Asking<'_, '_> {
    pub async fn ask(&mut self, request: &AcRequest) -> Result<AcReply, Failure> {
        let given = self.exchange(request, &request.rest_target()).await?;
        if !request.fqans.is_empty()
            || given.software != Software::Voms
            || self.protocol == Protocol::Legacy
        {
            return Ok(self.in_order(request, given).await);
        }
        match self.roles(request).await {
            Ok(all) => Ok(self.in_order(request, all).await),
            Err(failure) => {
                (self.observe)(&Event::RolesNotListed(self.entry, &failure));
                Ok(given)
            }
        }
    }

    /// The C++ server returns roles when asked for `all`. IAM treats that word as a malformed FQAN
    /// and fails with an exception, so it is sent only to a server known to be the C++ one.
    async fn roles(&mut self, request: &AcRequest) -> Result<AcReply, Failure> {
        let all = self
            .once_more(request, &request.rest_target_for_all())
            .await?;
        Ok(AcReply {
            is_complete: true,
            ..all
        })
    }

    /// IAM ignores `order` but preserves the order of the requested FQANs. Only FQANs already
    /// granted are requested again, so the server has nothing to refuse; if the second request
    /// fails anyway, the first answer is used.
    async fn in_order(&mut self, request: &AcRequest, given: AcReply) -> AcReply {
        if request.order.is_empty() {
            return given;
        }
        let Some(reordered) = request.reordered(&given.granted()) else {
            return given;
        };
        match self.once_more(&reordered, &reordered.rest_target()).await {
            Ok(mut again) => {
                again.is_complete = given.is_complete;
                again
            }
            Err(_) => given,
        }
    }

    /// Sends another request to a server that has already answered; the caller keeps the first
    /// answer if this one is late.
    async fn once_more(&mut self, request: &AcRequest, target: &str) -> Result<AcReply, Failure> {
        let start = Instant::now();
        // Stop shortly before the server's overall deadline.
        let end = start + (self.end - start) * 9 / 10;
        let late = |_| Failure::Timeout(end - start);
        timeout_at(end, self.exchange(request, target))
            .await
            .map_err(late)?
    }

    async fn exchange(&mut self, request: &AcRequest, target: &str) -> Result<AcReply, Failure> {
        let name = server_name(self.entry, self.client.any_host);
        let (answer, server) = match self.protocol {
            Protocol::Rest => self.client.kept.get(&self.client.tls, name, target).await?,
            Protocol::Legacy => {
                let connection = self.client.tls.connect(&name).await?;
                let body = legacy::exchange(connection.stream, &request.legacy_document()).await?;
                (
                    Answer {
                        body,
                        ..Answer::default()
                    },
                    connection.server,
                )
            }
        };
        self.compare_subject(&server);
        self.read(request, answer, server)
    }

    fn read(
        &self,
        request: &AcRequest,
        answer: Answer,
        server: Certificate,
    ) -> Result<AcReply, Failure> {
        let foreign = || Failure::Http(HttpFailure::of(&answer));
        let is_rest = self.protocol == Protocol::Rest;
        let reply = Reply::parse(&answer.body).map_err(|error| match error {
            ResponseError::Empty | ResponseError::Foreign(_) if is_rest => foreign(),
            error => Failure::Response(error),
        })?;
        let Some(der) = reply.ac else {
            let error = reply
                .errors
                .into_iter()
                .next()
                .filter(|_| !(300..400).contains(&answer.status));
            return Err(match error {
                Some(error) => Failure::Server(error.under_status(answer.status)),
                None if answer.status >= 300 => foreign(),
                None => Failure::Nothing,
            });
        };
        let ac = EncodedAc::from_der(&der)?;
        // VOMS servers set `notBefore` to the current time.
        let server_time = answer
            .date
            .or_else(|| Some(validity(&ac.certificate().acinfo).0));
        let is_complete = self.protocol == Protocol::Legacy && request.fqans.is_empty();
        let (entry, warnings) = (self.entry.clone(), reply.warnings);
        let is_cpp_server = answer
            .software
            .is_some_and(|software| software.starts_with(CPP_SERVER));
        let software = if is_cpp_server {
            Software::Voms
        } else {
            reply.software
        };
        let stand_in = self.stand_in(&ac, &server);
        Ok(AcReply {
            stand_in,
            ac,
            entry,
            software,
            warnings,
            is_complete,
            server,
            server_time,
        })
    }

    /// The signer's certificate, if it differs from the server's but has the same subject and
    /// issuer and is trusted by the web CAs.
    fn stand_in(&self, ac: &EncodedAc, server: &Certificate) -> Option<Certificate> {
        if !self.client.tls.uses_web_cas() {
            return None;
        }
        let carried = carried_certificates(&ac.certificate().acinfo).ok()?;
        let (signer, above) = carried.split_first()?;
        let named = !signer.subject().is_empty();
        let stands_in = named
            && signer != server
            && signer.has_names_of(server)
            && self.client.tls.is_vouched_for(signer, above);
        stands_in.then(|| signer.clone())
    }

    fn compare_subject(&mut self, server: &Certificate) {
        if !self.entry.expects(server.subject()) {
            (self.observe)(&Event::OtherSubject(self.entry, server.subject()));
        }
    }
}
