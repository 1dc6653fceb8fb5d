//! The exchange between service and identity provider, relayed by the client (ECP spec section 2).

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use url::Url;
use voms::crypto::base64_encode;
use zeroize::Zeroizing;

use crate::error::{EcpError, excerpt};
use crate::gssapi::Gssapi;
use crate::http::{Answer, Http, Message, host_of};
use crate::idp::Idp;
use crate::jar::Jar;
use crate::kerberos;
use crate::paos::{self, Envelope, EnvelopeError};

const ACCEPTED: &str = "text/html; application/vnd.paos+xml";
const PAOS: &str =
    "ver=\"urn:liberty:paos:2003-08\";\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\"";
const PAOS_TYPE: &str = "application/vnd.paos+xml";
/// More nested status codes than any real message has.
const MAX_CODES: usize = 10;
const XML_TYPE: &str = "text/xml; charset=utf-8";

/// How the user authenticates.
#[non_exhaustive]
pub enum Login {
    /// User name and password.
    Basic(String, Zeroizing<String>),
    /// A Kerberos ticket.
    Kerberos(Gssapi),
}

/// A login at one service.
pub struct Session<'a> {
    http: &'a Http,
    service: &'a Url,
}

/// How a service's answer deviates from the ECP profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPaos {
    /// A redirect, as for browsers.
    #[error("it sends browsers to a login page")]
    Redirect,
    /// A page instead of an envelope.
    #[error("it sent a page")]
    Page,
    /// An envelope without an authentication request.
    #[error("its envelope does not request a login")]
    NoRequest,
    /// An envelope that does not name exactly one address for the answer.
    #[error("it does not say where to send the login")]
    NoConsumer,
}

/// The service's answer to an initial request.
enum Asked {
    /// It requires a login: the envelope, raw and parsed.
    Login(Vec<u8>, Box<Envelope>),
    /// No login is required.
    Open,
}

impl<'a> Session<'a> {
    /// A login at this URL.
    #[must_use]
    pub fn at(http: &'a Http, service: &'a Url) -> Self {
        Self { http, service }
    }

    /// Logs in, so that the jar then holds the session. If it already holds one, or none is needed,
    /// the identity provider is not contacted.
    ///
    /// # Errors
    /// [`EcpError`]. The user's data goes only to the identity provider, and the identity
    /// provider's data only to the requesting service.
    pub fn log_in(&self, jar: &mut Jar, idp: &Idp, login: &Login) -> Result<(), EcpError> {
        let (request_xml, request) = match self.ask(jar)? {
            Asked::Login(xml, request) => (xml, request),
            Asked::Open => return Ok(()),
        };
        let consumer = self.consumer(&request)?;
        let answer = self.authenticate(idp, login, request.without_header(&request_xml))?;
        let response = self.judge(idp, login, &answer)?;
        if let Err(error) = check_address(&answer.host, &response, &request.consumers[0]) {
            self.report_address(&consumer, jar);
            return Err(error);
        }
        let no_header = EcpError::Envelope {
            host: answer.host.clone(),
            why: EnvelopeError::NoHeader,
        };
        let body = response
            .with_header_of(&answer.body, &request)
            .ok_or(no_header)?;
        self.deliver(&consumer, jar, body)
    }

    fn ask(&self, jar: &mut Jar) -> Result<Asked, EcpError> {
        let headers = vec![
            (ACCEPT, ACCEPTED.to_owned().into()),
            (HeaderName::from_static("paos"), PAOS.to_owned().into()),
        ];
        // Checked beforehand: any answer may set one.
        let had_session = jar.has_session(&host_of(self.service)?);
        let answer = self.http.send(
            self.service,
            Message {
                headers,
                jar: Some(jar),
                ..Message::default()
            },
        )?;
        if answer.redirect().is_some() {
            let (host, why) = (answer.host, NotPaos::Redirect);
            return Err(EcpError::NotPaos { host, why });
        }
        match answer.status {
            200 => read_request(answer, had_session),
            status => Err(EcpError::Status {
                host: answer.host,
                status,
            }),
        }
    }

    /// Where the service wants the answer: an address on the service itself, the same throughout
    /// the envelope.
    fn consumer(&self, request: &Envelope) -> Result<Url, EcpError> {
        let host = host_of(self.service)?;
        let [consumer] = request.consumers.as_slice() else {
            let why = NotPaos::NoConsumer;
            return Err(EcpError::NotPaos { host, why });
        };
        let url = Url::parse(consumer)
            .ok()
            .filter(|url| url.origin() == self.service.origin());
        let same = request
            .request_address
            .as_ref()
            .is_none_or(|address| address == consumer);
        url.filter(|_| same).ok_or_else(|| EcpError::Elsewhere {
            service: host,
            address: excerpt(
                request
                    .request_address
                    .as_ref()
                    .filter(|_| !same)
                    .unwrap_or(consumer),
            ),
        })
    }

    fn authenticate(&self, idp: &Idp, login: &Login, body: Vec<u8>) -> Result<Answer, EcpError> {
        let host = host_of(&idp.url)?;
        let send = |authorization: Zeroizing<String>| {
            let headers = vec![
                (CONTENT_TYPE, XML_TYPE.to_owned().into()),
                (AUTHORIZATION, authorization),
            ];
            self.http.send(
                &idp.url,
                Message {
                    headers,
                    body: Some(body.clone()),
                    secret: true,
                    ..Message::default()
                },
            )
        };
        match login {
            Login::Basic(user, password) => {
                // concat knows the length beforehand, and so leaves no copy behind.
                let pair = Zeroizing::new([user, ":", password.as_str()].concat());
                let encoded = Zeroizing::new(base64_encode(pair.as_bytes()));
                send(Zeroizing::new(["Basic ", encoded.as_str()].concat()))
            }
            Login::Kerberos(gssapi) => {
                let (negotiation, authorization) = kerberos::begin(gssapi, &host)?;
                let answer = send(authorization)?;
                if answer.status == 200 {
                    kerberos::verify(negotiation, &answer)?;
                }
                Ok(answer)
            }
        }
    }

    /// Checks whether the identity provider logged the user in.
    fn judge(&self, idp: &Idp, login: &Login, answer: &Answer) -> Result<Envelope, EcpError> {
        let host = host_of(&idp.url)?;
        if answer.status == 401 || answer.status == 403 {
            let who = match login {
                Login::Basic(user, _) => format!("the password of {user}"),
                Login::Kerberos(_) => "your Kerberos ticket".to_owned(),
            };
            return Err(EcpError::Refused { host, who });
        }
        let parsed = Envelope::parse(&answer.body);
        let status = answer.status;
        match parsed {
            Ok(Envelope {
                fault: Some(text), ..
            }) => Err(EcpError::Fault { host, status, text }),
            _ if status != 200 => Err(EcpError::Status { host, status }),
            Ok(response) => check_success(host, response),
            Err(EnvelopeError::NotXml | EnvelopeError::NotSoap) => Err(EcpError::Page(host)),
            Err(why) => Err(EcpError::Envelope { host, why }),
        }
    }

    /// Reports to the service that its answers are requested at another address; its reply is
    /// ignored.
    fn report_address(&self, consumer: &Url, jar: &mut Jar) {
        let headers = vec![(CONTENT_TYPE, PAOS_TYPE.to_owned().into())];
        let body = Some(paos::address_fault());
        let _ = self.http.send(
            consumer,
            Message {
                headers,
                body,
                jar: Some(jar),
                ..Message::default()
            },
        );
    }

    fn deliver(&self, consumer: &Url, jar: &mut Jar, body: Vec<u8>) -> Result<(), EcpError> {
        let headers = vec![(CONTENT_TYPE, PAOS_TYPE.to_owned().into())];
        let before = jar.pairs(self.service);
        let message = Message {
            headers,
            body: Some(body),
            jar: Some(&mut *jar),
            secret: true,
            ..Message::default()
        };
        let answer = self.http.send(consumer, message)?;
        let has_new = jar
            .pairs(self.service)
            .iter()
            .any(|pair| !before.contains(pair));
        match answer.status {
            200..400 if has_new => Ok(()),
            200..400 => Err(EcpError::NoSession(answer.host)),
            status => Err(EcpError::Rejected {
                host: answer.host,
                status,
            }),
        }
    }
}

fn read_request(answer: Answer, had_session: bool) -> Result<Asked, EcpError> {
    let Answer {
        host, status, body, ..
    } = answer;
    let not_paos = |host, why| Err(EcpError::NotPaos { host, why });
    match Envelope::parse(&body) {
        Ok(Envelope {
            fault: Some(text), ..
        }) => Err(EcpError::Fault { host, status, text }),
        Ok(request) if request.has_request => Ok(Asked::Login(body, Box::new(request))),
        Ok(_) => not_paos(host, NotPaos::NoRequest),
        Err(EnvelopeError::NotXml | EnvelopeError::NotSoap) if had_session => Ok(Asked::Open),
        Err(EnvelopeError::NotXml | EnvelopeError::NotSoap) => not_paos(host, NotPaos::Page),
        Err(why) => Err(EcpError::Envelope { host, why }),
    }
}

fn check_success(host: String, response: Envelope) -> Result<Envelope, EcpError> {
    if !response.has_response {
        let why = EnvelopeError::NoResponse;
        return Err(EcpError::Envelope { host, why });
    }
    if response.is_success() {
        return Ok(response);
    }
    let codes = response.status.iter().take(MAX_CODES);
    let codes = codes.map(|code| excerpt(code.rsplit(':').next().unwrap_or(code)));
    let text: Vec<String> = codes.chain(response.status_message.clone()).collect();
    let text = text.join(", ");
    Err(EcpError::Failed { host, text })
}

/// The identity provider's answer must be addressed to the requesting service, and to no other.
fn check_address(idp: &str, response: &Envelope, consumer: &str) -> Result<(), EcpError> {
    let other = response
        .addresses
        .iter()
        .find(|address| *address != consumer);
    if other.is_none() && !response.addresses.is_empty() {
        return Ok(());
    }
    Err(EcpError::Address {
        idp: idp.to_owned(),
        named: other
            .filter(|other| !other.is_empty())
            .map_or_else(|| "nowhere".to_owned(), |other| excerpt(other)),
        expected: excerpt(consumer),
    })
}
