//! The exchange between service and identity provider, relayed by the client (ECP spec section 2).

use openssl::base64;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use url::Url;
use zeroize::Zeroizing;

use crate::error::{EcpError, told};
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
const MOST_CODES: usize = 10;
const XML_TYPE: &str = "text/xml; charset=utf-8";

/// How the user authenticates.
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
        if response
            .addresses
            .iter()
            .any(|told| *told != request.consumers[0])
            || response.addresses.is_empty()
        {
            self.report_address(&consumer, jar);
            let other = response
                .addresses
                .iter()
                .find(|other| **other != request.consumers[0]);
            return Err(EcpError::Address {
                idp: answer.host,
                told: other
                    .filter(|other| !other.is_empty())
                    .map_or_else(|| "nowhere".to_owned(), |other| told(other)),
                asked: told(&request.consumers[0]),
            });
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
            (ACCEPT, ACCEPTED.to_owned()),
            (HeaderName::from_static("paos"), PAOS.to_owned()),
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
        let not_paos = |what: &str| EcpError::NotPaos {
            host: answer.host.clone(),
            what: what.to_owned(),
        };
        if answer.redirect().is_some() {
            return Err(not_paos("it sends browsers to a log-in page"));
        }
        if answer.status != 200 {
            return Err(EcpError::Status {
                host: answer.host,
                status: answer.status,
            });
        }
        match Envelope::parse(&answer.body) {
            Ok(request) if request.fault.is_some() => {
                let text = request.fault.unwrap_or_default();
                Err(EcpError::Fault {
                    host: answer.host,
                    status: answer.status,
                    text,
                })
            }
            Ok(request) if request.has_request => Ok(Asked::Login(answer.body, Box::new(request))),
            Ok(_) => Err(not_paos("its envelope asks for nothing")),
            Err(EnvelopeError::NotXml | EnvelopeError::NotSoap) if had_session => Ok(Asked::Open),
            Err(EnvelopeError::NotXml | EnvelopeError::NotSoap) => Err(not_paos("it sent a page")),
            Err(why) => Err(EcpError::Envelope {
                host: answer.host,
                why,
            }),
        }
    }

    /// Where the service wants the answer: an address of its own, the same throughout the envelope.
    fn consumer(&self, request: &Envelope) -> Result<Url, EcpError> {
        let host = host_of(self.service)?;
        let [consumer] = request.consumers.as_slice() else {
            return Err(EcpError::NotPaos {
                host,
                what: "it does not say where the log-in is to go".to_owned(),
            });
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
            told: told(
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
        let send = |authorization: String| {
            let headers = vec![
                (CONTENT_TYPE, XML_TYPE.to_owned()),
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
                let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
                send(format!("Basic {}", base64::encode_block(pair.as_bytes())))
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
        if let Ok(Envelope {
            fault: Some(text), ..
        }) = &parsed
        {
            return Err(EcpError::Fault {
                host,
                status: answer.status,
                text: text.clone(),
            });
        }
        if answer.status != 200 {
            return Err(EcpError::Status {
                host,
                status: answer.status,
            });
        }
        let response = parsed.map_err(|why| match why {
            EnvelopeError::NotXml | EnvelopeError::NotSoap => EcpError::Page(host.clone()),
            why => EcpError::Envelope {
                host: host.clone(),
                why,
            },
        })?;
        if !response.has_response {
            return Err(EcpError::Envelope {
                host,
                why: EnvelopeError::NoResponse,
            });
        }
        if !response.is_success() {
            let codes = response.status.iter().take(MOST_CODES);
            let codes = codes.map(|code| told(code.rsplit(':').next().unwrap_or(code)));
            let text = codes
                .chain(response.status_message.clone())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(EcpError::Failed { host, text });
        }
        Ok(response)
    }

    /// Reports to the service that its answers are requested at another address; its reply is
    /// ignored.
    fn report_address(&self, consumer: &Url, jar: &mut Jar) {
        let headers = vec![(CONTENT_TYPE, PAOS_TYPE.to_owned())];
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
        let headers = vec![(CONTENT_TYPE, PAOS_TYPE.to_owned())];
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
