//! A scanner that extracts byte ranges and values from an envelope.
//!
//! Elements are matched by namespace and local name, never by prefix. Document type declarations
//! are rejected, as are nesting depths and sizes that no legitimate message has.

use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::{ECP, Envelope, EnvelopeError, PAOS, SOAP};

const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ADDRESS: &str = "AssertionConsumerServiceURL";
const DEEPEST: usize = 60;
const BYTE_ORDER_MARK: char = '\u{feff}';
/// Maximum length kept of one text.
const LONGEST_TEXT: usize = 4096;

pub(super) fn scan(xml: &[u8]) -> Result<Envelope, EnvelopeError> {
    let text = std::str::from_utf8(xml).map_err(|_| EnvelopeError::NotXml)?;
    // The reader skips a byte order mark without counting it.
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.starts_with(BYTE_ORDER_MARK) {
        return Err(EnvelopeError::NotXml);
    }
    let start = xml.len() - text.len();
    let offset = |read: u64| usize::try_from(read).map_or(usize::MAX, |read| start + read);
    let mut scanner = Scanner::new(start);
    let mut reader = NsReader::from_str(text);
    loop {
        let from = offset(reader.buffer_position());
        let (namespace, event) = reader
            .read_resolved_event()
            .map_err(|_| EnvelopeError::NotXml)?;
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => {
                String::from_utf8_lossy(namespace.0.as_ref()).into_owned()
            }
            _ => String::new(),
        };
        if matches!(event, Event::Eof) {
            return scanner.finish();
        }
        scanner.take(&namespace, &event, from..offset(reader.buffer_position()))?;
    }
}

/// The enclosing elements.
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

struct Element<'a> {
    namespace: &'a str,
    name: &'a str,
    start: &'a BytesStart<'a>,
}

impl Element<'_> {
    fn attribute(&self, name: &str) -> Result<Option<String>, EnvelopeError> {
        let found = self
            .start
            .try_get_attribute(name)
            .map_err(|_| EnvelopeError::Attributes)?;
        let value = found.map(|value| {
            value
                .normalized_value(XmlVersion::default())
                .map(|value| value.into_owned())
        });
        value.transpose().map_err(|_| EnvelopeError::Attributes)
    }
}

struct Scanner {
    found: Envelope,
    path: Vec<At>,
    has_root: bool,
    header_from: usize,
}

impl Scanner {
    fn new(start: usize) -> Self {
        let found = Envelope {
            start,
            ..Envelope::default()
        };
        Self {
            found,
            path: Vec::new(),
            has_root: false,
            header_from: 0,
        }
    }

    fn take(
        &mut self,
        namespace: &str,
        event: &Event<'_>,
        at: Range<usize>,
    ) -> Result<(), EnvelopeError> {
        match event {
            Event::Start(start) => self.open(namespace, start, at.start)?,
            Event::Empty(start) => {
                self.open(namespace, start, at.start)?;
                self.close(at.end);
            }
            Event::End(_) => self.close(at.end),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                self.text(character(reference)?.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err(EnvelopeError::DocumentType),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(())
    }

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
        let element = Element {
            namespace,
            name: &String::from_utf8_lossy(local.as_ref().as_ref()),
            start,
        };
        let at = match self.path.last() {
            None => self.root(&element)?,
            Some(At::Envelope) => self.part(&element, from)?,
            Some(At::Header) => self.header_block(&element)?,
            Some(At::Body) => self.message(&element)?,
            Some(around) => self.within_message(*around, &element)?,
        };
        self.path.push(at);
        Ok(())
    }

    fn root(&mut self, element: &Element<'_>) -> Result<At, EnvelopeError> {
        if self.has_root || (element.namespace, element.name) != (SOAP, "Envelope") {
            return Err(EnvelopeError::NotSoap);
        }
        self.has_root = true;
        Ok(At::Envelope)
    }

    fn part(&mut self, element: &Element<'_>, from: usize) -> Result<At, EnvelopeError> {
        match (element.namespace, element.name) {
            (SOAP, "Header") if self.found.header.is_some() || self.found.bodies > 0 => {
                Err(EnvelopeError::Headers)
            }
            (SOAP, "Header") => {
                self.header_from = from;
                Ok(At::Header)
            }
            (SOAP, "Body") => {
                self.found.bodies += 1;
                Ok(At::Body)
            }
            _ => Ok(At::Elsewhere),
        }
    }

    fn header_block(&mut self, element: &Element<'_>) -> Result<At, EnvelopeError> {
        match (element.namespace, element.name) {
            (PAOS, "Request") => {
                let consumer = element.attribute("responseConsumerURL")?;
                self.found.consumers.push(consumer.unwrap_or_default());
                self.found.message_id = element.attribute("messageID")?;
            }
            (ECP, "RelayState") => {
                self.found.relay_state = Some(String::new());
                return Ok(At::RelayState);
            }
            (ECP, "Response") => {
                let address = element.attribute(ADDRESS)?;
                self.found.addresses.push(address.unwrap_or_default());
            }
            _ => {}
        }
        Ok(At::Elsewhere)
    }

    fn message(&mut self, element: &Element<'_>) -> Result<At, EnvelopeError> {
        match (element.namespace, element.name) {
            (SAMLP, "AuthnRequest") => {
                self.found.has_request = true;
                self.found.request_address = element.attribute(ADDRESS)?;
                Ok(At::Elsewhere)
            }
            (SAMLP, "Response") => {
                self.found.has_response = true;
                Ok(At::Response)
            }
            (SOAP, "Fault") => {
                self.found.fault = Some(String::new());
                Ok(At::Fault)
            }
            _ => Ok(At::Elsewhere),
        }
    }

    fn within_message(&mut self, around: At, element: &Element<'_>) -> Result<At, EnvelopeError> {
        Ok(match (around, element.namespace, element.name) {
            (At::Fault, "", "faultstring") => At::FaultString,
            (At::Response, SAMLP, "Status") => At::Status,
            (At::Status | At::StatusCode, SAMLP, "StatusCode") => {
                let code = element.attribute("Value")?;
                self.found.status.push(code.unwrap_or_default());
                At::StatusCode
            }
            (At::Status, SAMLP, "StatusMessage") => {
                self.found.status_message = Some(String::new());
                At::StatusMessage
            }
            _ => At::Elsewhere,
        })
    }

    fn close(&mut self, to: usize) {
        if self.path.pop() == Some(At::Header) {
            self.found.header = Some(self.header_from..to);
        }
    }

    fn text(&mut self, text: &str) {
        let kept = match self.path.last() {
            Some(At::RelayState) => &mut self.found.relay_state,
            Some(At::StatusMessage) => &mut self.found.status_message,
            Some(At::FaultString) => &mut self.found.fault,
            _ => return,
        };
        if let Some(kept) = kept
            .as_mut()
            .filter(|kept| kept.len() + text.len() <= LONGEST_TEXT)
        {
            kept.push_str(text);
        }
    }

    fn finish(self) -> Result<Envelope, EnvelopeError> {
        match (self.path.as_slice(), self.has_root, self.found.bodies) {
            ([_, ..], ..) => Err(EnvelopeError::CutShort),
            (_, false, _) => Err(EnvelopeError::NotSoap),
            (_, true, 1) => Ok(self.found),
            (_, true, _) => Err(EnvelopeError::Bodies),
        }
    }
}

fn character(reference: &BytesRef<'_>) -> Result<char, EnvelopeError> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Ok(character);
    }
    match &*reference.xml10_content() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(EnvelopeError::Entity),
    }
}
