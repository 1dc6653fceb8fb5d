//! SOAP envelopes of the ECP profile (SAML 2.0 Profiles section 4.2.3; PAOS 2.0). Signed content is
//! passed on byte for byte; only the header is ever rewritten.

mod scanner;

use std::ops::Range;

use quick_xml::escape::escape;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const PAOS: &str = "urn:liberty:paos:2003-08";
const ECP: &str = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// The contents of an envelope.
#[derive(Debug, Default)]
#[non_exhaustive]
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

impl Envelope {
    /// Scans a message.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn parse(xml: &[u8]) -> Result<Self, EnvelopeError> {
        scanner::scan(xml)
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
        let place = self.header.as_ref()?;
        let (before, after) = (&xml[self.start..place.start], &xml[place.end..]);
        Some([before, request.reply_header().as_bytes(), after].concat())
    }

    /// The header of the reply to this request.
    fn reply_header(&self) -> String {
        const FOR_NEXT: &str =
            "r:mustUnderstand=\"1\" r:actor=\"http://schemas.xmlsoap.org/soap/actor/next\"";
        let response = self.message_id.as_deref().map(|id| {
            let id = escape(id);
            format!("<p:Response xmlns:p=\"{PAOS}\" {FOR_NEXT} refToMessageID=\"{id}\"/>")
        });
        let state = self.relay_state.as_deref().map(|state| {
            let state = escape(state);
            format!("<e:RelayState xmlns:e=\"{ECP}\" {FOR_NEXT}>{state}</e:RelayState>")
        });
        format!(
            "<r:Header xmlns:r=\"{SOAP}\">{}{}</r:Header>",
            response.unwrap_or_default(),
            state.unwrap_or_default()
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
    #[error("it has no SAML response")]
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

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "<?xml version=\"1.0\"?>\n<a:Envelope xmlns:a=\"http://schemas.xmlsoap.org/soap/envelope/\">\
        <a:Header><p:Request xmlns:p=\"urn:liberty:paos:2003-08\" responseConsumerURL=\"https://sp/acs?a&amp;b\"/>\
        <RelayState xmlns=\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\">x<![CDATA[<]]>&amp;&#x41;</RelayState>\
        </a:Header><a:Body><q:AuthnRequest xmlns:q=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
        AssertionConsumerServiceURL=\"https://sp/acs\">  <!-- kept --></q:AuthnRequest></a:Body></a:Envelope>";

    #[test]
    fn values_are_found_under_any_prefix() {
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
    fn a_byte_order_mark_does_not_shift_offsets() {
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
    fn anything_but_a_well_formed_envelope_is_rejected() {
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
