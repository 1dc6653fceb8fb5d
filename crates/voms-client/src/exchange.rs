//! Asking one server over one protocol, in as many requests as it takes.

use tokio::time::{Instant, timeout_at};
use voms::ac::verify::{AcAttributes, carried_certificates, validity};
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;
use voms::vo::fqan::Fqan;
use voms_asn1::EncodedAc;

use crate::http::HttpFailure;
use crate::net::legacy;
use crate::net::rest::Answer;
use crate::refusal::Software;
use crate::request::AcRequest;
use crate::response::{Reply, ResponseError};
use crate::vomses::VomsesEntry;
use crate::{AcReply, Event, Failure, Protocol, VomsClient, server_name};

/// How the C++ server, which is built on gSOAP, introduces itself over HTTP.
const CPP_SERVER: &str = "gSOAP";

/// One server that is being asked.
pub(super) struct Asking<'a, 'o> {
    pub client: &'a VomsClient,
    pub entry: &'a VomsesEntry,
    pub protocol: Protocol,
    /// When the time for this server is up.
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

    /// The C++ server gives roles by the word `all`, which IAM takes for a malformed FQAN and answers with an
    /// exception; so only a server that has shown itself to be the C++ one hears it.
    async fn roles(&mut self, request: &AcRequest) -> Result<AcReply, Failure> {
        let all = self
            .once_more(request, &request.rest_target_for_all())
            .await?;
        Ok(AcReply {
            is_complete: true,
            ..all
        })
    }

    /// IAM passes over `order`, but keeps to the order of the FQANs that are asked for. Only what was granted is asked
    /// for again, so that nothing can be refused; if that fails all the same, the first answer serves.
    async fn in_order(&mut self, request: &AcRequest, given: AcReply) -> AcReply {
        let attributes = AcAttributes::read(&given.ac.certificate().acinfo);
        let granted = attributes
            .map(|attributes| attributes.fqans)
            .unwrap_or_default();
        let granted: Vec<Fqan> = granted
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
        let Some(reordered) = request.reordered(&granted) else {
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

    /// Another request to a server that has answered already, whose answer is kept if this one is late.
    async fn once_more(&mut self, request: &AcRequest, target: &str) -> Result<AcReply, Failure> {
        let start = Instant::now();
        // A moment before the end of everything that belongs to this server.
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
        // VOMS servers begin the life of what they sign with the present.
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

    /// The signer, if it is not the server's certificate, but one with the same names that the web CAs vouch for.
    fn stand_in(&self, ac: &EncodedAc, server: &Certificate) -> Option<Certificate> {
        let carried = carried_certificates(&ac.certificate().acinfo).ok()?;
        let (signer, above) = carried.split_first()?;
        let named = !signer.subject().is_empty();
        let same_names =
            signer.subject().matches(server.subject()) && signer.issuer().matches(server.issuer());
        let stands_in = named
            && signer != server
            && same_names
            && self.client.tls.is_vouched_for(signer, above);
        stands_in.then(|| signer.clone())
    }

    fn compare_subject(&mut self, server: &Certificate) {
        let expected = Dn::parse(&self.entry.dn);
        if !self.entry.dn.is_empty()
            && expected.is_none_or(|expected| !expected.matches(server.subject()))
        {
            (self.observe)(&Event::OtherSubject(self.entry, server.subject()));
        }
    }
}
