//! SOAP envelopes of the ECP profile (SAML 2.0 Profiles section 4.2.3; PAOS 2.0): a scanner that
//! extracts byte ranges and values. Signed content is passed on byte for byte; only the header is
//! ever rewritten.
//!
//! Elements are matched by namespace and local name, never by prefix. Document type declarations
//! are rejected, as are nesting depths and sizes that no legitimate message has.

use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const PAOS: &str = "urn:liberty:paos:2003-08";
const ECP: &str = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const DEEPEST: usize = 60;
const BYTE_ORDER_MARK: char = '\u{feff}';
/// Maximum length kept of one text.
const LONGEST_TEXT: usize = 4096;

/// The contents of an envelope.
#[derive(Debug, Default)]
pub struct Envelope {
    /// Where the message starts, after any byte order mark.
    start: usize,
    header: Option<Range<usize>>,
    bodies: usize,
    /// `responseConsumerURL` of each `paos:Request`.
    pub consumers: Vec<String>,
    /// `messageID` of the `paos:Request`.
    pub message_id: Option<String>,
    /// `ecp:RelayState`.
    pub relay_state: Option<String>,
    /// `AssertionConsumerServiceURL` of each `ecp:Response`, empty if it has none.
    pub addresses: Vec<String>,
    /// Whether the Body contains a `samlp:AuthnRequest`.
    pub has_request: bool,
    /// Its `AssertionConsumerServiceURL`, if any.
    pub request_address: Option<String>,
    /// Whether the Body contains a `samlp:Response`.
    pub has_response: bool,
    /// Status codes of the `samlp:Response`, outermost first.
    pub status: Vec<String>,
    /// Its `StatusMessage`.
    pub status_message: Option<String>,
    /// The text of a SOAP Fault.
    pub fault: Option<String>,
}

/// The scanner's position: the enclosing elements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Envelope,
    Header,
    Body,
    RelayState,
    Response,
    Status,
    StatusCode,
    StatusMessage,
    Fault,
    FaultString,
    Elsewhere,
}

impl Envelope {
    /// Scans a message.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn parse(xml: &[u8]) -> Result<Self, EnvelopeError> {
        let text = std::str::from_utf8(xml).map_err(|_| EnvelopeError::NotXml)?;
        // The reader skips a byte order mark without counting it.
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        if text.starts_with(BYTE_ORDER_MARK) {
            return Err(EnvelopeError::NotXml);
        }
        let start = xml.len() - text.len();
        let found = Self {
            start,
            ..Self::default()
        };
        let mut scanner = Scanner {
            found,
            path: Vec::new(),
            seen: false,
            header_from: 0,
        };
        let mut reader = NsReader::from_str(text);
        let place = |read: u64| usize::try_from(read).map_or(usize::MAX, |read| start + read);
        loop {
            let from = place(reader.buffer_position());
            let (namespace, event) = reader
                .read_resolved_event()
                .map_err(|_| EnvelopeError::NotXml)?;
            let namespace = match namespace {
                ResolveResult::Bound(namespace) => {
                    String::from_utf8_lossy(namespace.0.as_ref()).into_owned()
                }
                _ => String::new(),
            };
            match event {
                Event::Start(start) => scanner.open(&namespace, &start, from)?,
                Event::Empty(start) => {
                    scanner.open(&namespace, &start, from)?;
                    scanner.close(place(reader.buffer_position()));
                }
                Event::End(_) => scanner.close(place(reader.buffer_position())),
                Event::Text(text) => scanner.text(&text.xml10_content()),
                Event::CData(text) => scanner.text(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let known = match reference.resolve_char_ref() {
                        Ok(Some(c)) => Some(c),
                        _ => named(&reference.xml10_content()),
                    };
                    scanner.text(known.ok_or(EnvelopeError::Entity)?.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err(EnvelopeError::DocumentType),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        if !scanner.path.is_empty() {
            return Err(EnvelopeError::CutShort);
        }
        match (scanner.seen, scanner.found.bodies) {
            (false, _) => Err(EnvelopeError::NotSoap),
            (true, 1) => Ok(scanner.found),
            (true, _) => Err(EnvelopeError::Bodies),
        }
    }

    /// Whether the `samlp:Response` reports a successful login.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.has_response && self.status.first().is_some_and(|code| code == SUCCESS)
    }

    /// The message without its header, byte for byte.
    #[must_use]
    pub fn without_header(&self, xml: &[u8]) -> Vec<u8> {
        match &self.header {
            Some(header) => [&xml[self.start..header.start], &xml[header.end..]].concat(),
            None => xml[self.start..].to_vec(),
        }
    }

    /// The message with its header replaced by one for the service, otherwise byte for byte; `None`
    /// if it has no header.
    #[must_use]
    pub fn with_header_of(&self, xml: &[u8], request: &Self) -> Option<Vec<u8>> {
        const FOR_NEXT: &str =
            "r:mustUnderstand=\"1\" r:actor=\"http://schemas.xmlsoap.org/soap/actor/next\"";
        let place = self.header.as_ref()?;
        let mut header = format!("<r:Header xmlns:r=\"{SOAP}\">");
        if let Some(id) = &request.message_id {
            let id = escape(id.as_str());
            header.push_str(&format!(
                "<p:Response xmlns:p=\"{PAOS}\" {FOR_NEXT} refToMessageID=\"{id}\"/>"
            ));
        }
        if let Some(state) = &request.relay_state {
            let state = escape(state.as_str());
            header.push_str(&format!(
                "<e:RelayState xmlns:e=\"{ECP}\" {FOR_NEXT}>{state}</e:RelayState>"
            ));
        }
        header.push_str("</r:Header>");
        Some(
            [
                &xml[self.start..place.start],
                header.as_bytes(),
                &xml[place.end..],
            ]
            .concat(),
        )
    }
}

/// A message that cannot be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The message is not XML, for example an HTML page.
    #[error("it is not XML")]
    NotXml,
    /// XML other than a SOAP envelope.
    #[error("it is not a SOAP envelope")]
    NotSoap,
    /// A document type declaration, which SOAP forbids.
    #[error("it has a document type, which SOAP forbids")]
    DocumentType,
    /// An undeclared entity.
    #[error("it has an undeclared entity")]
    Entity,
    /// Unclosed elements.
    #[error("it is cut short")]
    CutShort,
    /// No body, or more than one.
    #[error("it does not have exactly one body")]
    Bodies,
    /// More than one header, or a misplaced one.
    #[error("it has more than one header, or one in the wrong place")]
    Headers,
    /// No header where one is required.
    #[error("it has no header")]
    NoHeader,
    /// Deeper nesting than in any legitimate message.
    #[error("it is nested too deeply")]
    TooDeep,
    /// Malformed attributes.
    #[error("its attributes cannot be read")]
    Attributes,
    /// A body without a SAML response.
    #[error("there is no SAML response in it")]
    NoResponse,
}

/// A SOAP Fault reporting to a service that its own address and the one the identity provider names
/// differ.
#[must_use]
pub fn address_fault() -> Vec<u8> {
    format!(
        "<S:Envelope xmlns:S=\"{SOAP}\"><S:Body><S:Fault><faultcode>S:Server</faultcode><faultstring>\
         responseConsumerURL from SP and assertionConsumerServiceURL from IdP do not match</faultstring></S:Fault>\
         </S:Body></S:Envelope>"
    )
    .into_bytes()
}

fn named(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

struct Scanner {
    found: Envelope,
    path: Vec<At>,
    seen: bool,
    header_from: usize,
}

impl Scanner {
    fn open(
        &mut self,
        namespace: &str,
        start: &BytesStart<'_>,
        from: usize,
    ) -> Result<(), EnvelopeError> {
        if self.path.len() >= DEEPEST {
            return Err(EnvelopeError::TooDeep);
        }
        let local = start.local_name();
        let name = String::from_utf8_lossy(local.as_ref().as_ref()).into_owned();
        let around = self.path.last().copied();
        let attribute = |name: &str| -> Result<Option<String>, EnvelopeError> {
            let found = start
                .try_get_attribute(name)
                .map_err(|_| EnvelopeError::Attributes)?;
            found
                .map(|value| {
                    value
                        .normalized_value(XmlVersion::default())
                        .map(|value| value.into_owned())
                })
                .transpose()
                .map_err(|_| EnvelopeError::Attributes)
        };
        let found = &mut self.found;
        let at = match (around, namespace, name.as_str()) {
            (None, SOAP, "Envelope") if !self.seen => {
                self.seen = true;
                At::Envelope
            }
            (None, ..) => return Err(EnvelopeError::NotSoap),
            (Some(At::Envelope), SOAP, "Header") if found.header.is_none() && found.bodies == 0 => {
                self.header_from = from;
                At::Header
            }
            (Some(At::Envelope), SOAP, "Header") => {
                return Err(EnvelopeError::Headers);
            }
            (Some(At::Envelope), SOAP, "Body") => {
                found.bodies += 1;
                At::Body
            }
            (Some(At::Header), PAOS, "Request") => {
                found
                    .consumers
                    .push(attribute("responseConsumerURL")?.unwrap_or_default());
                found.message_id = attribute("messageID")?;
                At::Elsewhere
            }
            (Some(At::Header), ECP, "RelayState") => {
                found.relay_state = Some(String::new());
                At::RelayState
            }
            (Some(At::Header), ECP, "Response") => {
                found
                    .addresses
                    .push(attribute("AssertionConsumerServiceURL")?.unwrap_or_default());
                At::Elsewhere
            }
            (Some(At::Body), SAMLP, "AuthnRequest") => {
                found.has_request = true;
                found.request_address = attribute("AssertionConsumerServiceURL")?;
                At::Elsewhere
            }
            (Some(At::Body), SAMLP, "Response") => {
                found.has_response = true;
                At::Response
            }
            (Some(At::Body), SOAP, "Fault") => {
                found.fault = Some(String::new());
                At::Fault
            }
            (Some(At::Fault), "", "faultstring") => At::FaultString,
            (Some(At::Response), SAMLP, "Status") => At::Status,
            (Some(At::Status | At::StatusCode), SAMLP, "StatusCode") => {
                found.status.push(attribute("Value")?.unwrap_or_default());
                At::StatusCode
            }
            (Some(At::Status), SAMLP, "StatusMessage") => {
                found.status_message = Some(String::new());
                At::StatusMessage
            }
            _ => At::Elsewhere,
        };
        self.path.push(at);
        Ok(())
    }

    fn close(&mut self, to: usize) {
        if self.path.pop() == Some(At::Header) {
            self.found.header = Some(self.header_from..to);
        }
    }

    fn text(&mut self, text: &str) {
        let place = match self.path.last() {
            Some(At::RelayState) => &mut self.found.relay_state,
            Some(At::StatusMessage) => &mut self.found.status_message,
            Some(At::FaultString) => &mut self.found.fault,
            _ => return,
        };
        if let Some(kept) = place
            .as_mut()
            .filter(|kept| kept.len() + text.len() <= LONGEST_TEXT)
        {
            kept.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "<?xml version=\"1.0\"?>\n<a:Envelope xmlns:a=\"http://schemas.xmlsoap.org/soap/envelope/\">\
        <a:Header><p:Request xmlns:p=\"urn:liberty:paos:2003-08\" responseConsumerURL=\"https://sp/acs?a&amp;b\"/>\
        <RelayState xmlns=\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\">x<![CDATA[<]]>&amp;&#x41;</RelayState>\
        </a:Header><a:Body><q:AuthnRequest xmlns:q=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
        AssertionConsumerServiceURL=\"https://sp/acs\">  <!-- kept --></q:AuthnRequest></a:Body></a:Envelope>";

    #[test]
    fn facts_are_found_whatever_the_prefixes() {
        let request = Envelope::parse(REQUEST.as_bytes()).unwrap();
        assert_eq!(request.consumers, ["https://sp/acs?a&b"]);
        assert_eq!(request.relay_state.as_deref(), Some("x<&A"));
        assert_eq!(request.request_address.as_deref(), Some("https://sp/acs"));
        let bare = String::from_utf8(request.without_header(REQUEST.as_bytes())).unwrap();
        assert!(
            !bare.contains("Header")
                && bare.contains("\">  <!-- kept --></q:AuthnRequest></a:Body></a:Envelope>")
        );
        let answer = request
            .with_header_of(REQUEST.as_bytes(), &request)
            .unwrap();
        let again = Envelope::parse(&answer).unwrap();
        assert_eq!(again.relay_state, request.relay_state);
        assert!(again.consumers.is_empty());
    }

    #[test]
    fn a_byte_order_mark_before_a_message_moves_nothing() {
        let marked = format!("\u{feff}{REQUEST}");
        let (plain, request) = (
            Envelope::parse(REQUEST.as_bytes()).unwrap(),
            Envelope::parse(marked.as_bytes()).unwrap(),
        );
        assert_eq!(
            request.without_header(marked.as_bytes()),
            plain.without_header(REQUEST.as_bytes())
        );
        let [ours, theirs] = [(&request, marked.as_str()), (&plain, REQUEST)]
            .map(|(envelope, xml)| envelope.with_header_of(xml.as_bytes(), &plain).unwrap());
        assert_eq!(ours, theirs);
        assert_eq!(
            Envelope::parse(format!("\u{feff}{marked}").as_bytes()).err(),
            Some(EnvelopeError::NotXml)
        );
    }

    #[test]
    fn what_is_no_such_message_is_refused() {
        let with =
            |from: &str, to: &str| Envelope::parse(REQUEST.replacen(from, to, 1).as_bytes()).err();
        assert_eq!(
            with("<a:Envelope", "<!DOCTYPE x><a:Envelope"),
            Some(EnvelopeError::DocumentType)
        );
        assert_eq!(
            with("<a:Body>", "<a:Body></a:Body><a:Body>"),
            Some(EnvelopeError::Bodies)
        );
        assert_eq!(with("&#x41;", "&home;"), Some(EnvelopeError::Entity));
        assert_eq!(with("</a:Envelope>", ""), Some(EnvelopeError::CutShort));
        assert_eq!(
            Envelope::parse(b"<html></html>").err(),
            Some(EnvelopeError::NotSoap)
        );
        assert_eq!(Envelope::parse(&[0xff]).err(), Some(EnvelopeError::NotXml));
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert!(with("  <!-- kept -->", &deep).is_some());
    }
}
