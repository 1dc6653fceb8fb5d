//! Queries one server over one protocol, using as many requests as needed.

use std::time::SystemTime;

use tokio::time::{Instant, timeout_at};
use voms::ac::verify::{carried_certificates, validity};
use voms::pki::certificate::Certificate;
use voms_asn1::EncodedAc;

use crate::client::{VomsClient, server_name};
use crate::event::{Event, Protocol};
use crate::failure::Failure;
use crate::http::HttpFailure;
use crate::net::legacy;
use crate::net::rest::HttpResponse;
use crate::refusal::Software;
use crate::reply::AcReply;
use crate::request::AcRequest;
use crate::response::{Reply, ResponseError};
use crate::vomses::VomsesEntry;

/// The `Server` header value of the C++ server, which is built on gSOAP.
const CPP_SERVER: &str = "gSOAP";

/// A query of one server over one protocol.
pub(crate) struct ServerQuery<'a, 'o> {
    pub client: &'a VomsClient,
    pub entry: &'a VomsesEntry,
    pub protocol: Protocol,
    /// The time at which certificates are verified.
    pub now: SystemTime,
    pub deadline: Instant,
    pub on_event: &'a mut (dyn FnMut(&Event<'_>) + Send + 'o),
}

impl ServerQuery<'_, '_> {
    pub async fn run(&mut self, request: &AcRequest) -> Result<AcReply, Failure> {
        let first = self.exchange(request, &request.rest_target()).await?;
        if !request.fqans.is_empty()
            || first.software != Software::Voms
            || self.protocol == Protocol::Legacy
        {
            return Ok(self.in_order(request, first).await);
        }
        match self.roles(request).await {
            Ok(all) => Ok(self.in_order(request, all).await),
            Err(failure) => {
                (self.on_event)(&Event::RolesNotListed(self.entry, &failure));
                Ok(first)
            }
        }
    }

    /// The C++ server returns roles when asked for `all`. IAM treats that word as a malformed FQAN
    /// and fails with an exception, so it is sent only to a server known to be the C++ one.
    async fn roles(&mut self, request: &AcRequest) -> Result<AcReply, Failure> {
        let all = self
            .request_again(request, &request.rest_target_for_all())
            .await?;
        Ok(AcReply {
            is_complete: true,
            ..all
        })
    }

    /// IAM ignores `order` but preserves the order of the requested FQANs. Only FQANs already
    /// granted are requested again, so the server has nothing to refuse; if the second request
    /// fails anyway, the first answer is used.
    async fn in_order(&mut self, request: &AcRequest, first: AcReply) -> AcReply {
        if request.order.is_empty() {
            return first;
        }
        let Some(reordered) = request.reordered(&first.granted()) else {
            return first;
        };
        match self
            .request_again(&reordered, &reordered.rest_target())
            .await
        {
            Ok(mut again) => {
                again.is_complete = first.is_complete;
                again
            }
            Err(_) => first,
        }
    }

    /// Sends another request to a server that has already answered; the caller keeps the first
    /// answer if this one is late.
    async fn request_again(
        &mut self,
        request: &AcRequest,
        target: &str,
    ) -> Result<AcReply, Failure> {
        let start = Instant::now();
        // Stop shortly before the server's overall deadline.
        let end = start + (self.deadline - start) * 9 / 10;
        let late = |_| Failure::Timeout(end - start);
        timeout_at(end, self.exchange(request, target))
            .await
            .map_err(late)?
    }

    async fn exchange(&mut self, request: &AcRequest, target: &str) -> Result<AcReply, Failure> {
        let (name, now) = (server_name(self.entry, self.client.any_host), self.now);
        let (response, server) = match self.protocol {
            Protocol::Rest => {
                let idle = &self.client.idle;
                idle.get(&self.client.tls, name, now, target).await?
            }
            Protocol::Legacy => {
                let connection = self.client.tls.connect(&name, now).await?;
                let body = legacy::exchange(connection.stream, &request.legacy_document()).await?;
                (
                    HttpResponse {
                        body,
                        ..HttpResponse::default()
                    },
                    connection.server,
                )
            }
        };
        self.compare_subject(&server);
        self.read(request, response, server)
    }

    fn read(
        &self,
        request: &AcRequest,
        response: HttpResponse,
        server: Certificate,
    ) -> Result<AcReply, Failure> {
        let foreign = || Failure::Http(HttpFailure::of(&response));
        let is_rest = self.protocol == Protocol::Rest;
        let reply = Reply::parse(&response.body).map_err(|error| match error {
            ResponseError::Empty | ResponseError::Foreign(_) if is_rest => foreign(),
            error => Failure::Response(error),
        })?;
        let Some(der) = reply.ac else {
            let error = reply
                .errors
                .into_iter()
                .next()
                .filter(|_| !(300..400).contains(&response.status));
            return Err(match error {
                Some(error) => Failure::Server(error.under_status(response.status)),
                None if response.status >= 300 => foreign(),
                None => Failure::Nothing,
            });
        };
        let ac = EncodedAc::from_der(&der)?;
        // VOMS servers set `notBefore` to the current time.
        let server_time = response
            .date
            .or_else(|| Some(validity(&ac.certificate().acinfo).0));
        let is_complete = self.protocol == Protocol::Legacy && request.fqans.is_empty();
        let (entry, warnings) = (self.entry.clone(), reply.warnings);
        let is_cpp_server = response
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
            && self.client.tls.web_cas_trust(signer, above, self.now);
        stands_in.then(|| signer.clone())
    }

    fn compare_subject(&mut self, server: &Certificate) {
        if !self.entry.expects(server.subject()) {
            (self.on_event)(&Event::OtherSubject(self.entry, server.subject()));
        }
    }
}
