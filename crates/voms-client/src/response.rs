//! Parses the answers of VOMS servers, REST and legacy (spec 4.3 to 4.6).
//!
//! The module `xml` reads their XML, escaped or not.

use voms::crypto::base64_decode;

use crate::refusal::{ServerError, Software};
use crate::xml::{self, element, elements};

/// Maximum length of one message, in characters; the rest is cut.
const MAX_MESSAGE: usize = 500;
/// Maximum number of warnings, and half that of warnings and errors together.
const MAX_MESSAGES: usize = 16;
/// Maximum raw content read for one message, in characters: a message may consist entirely of
/// references.
const MAX_CONTENT: usize = 64 * MAX_MESSAGE;

/// A reply recognized as coming from VOMS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The software that sent it, as far as the reply's format reveals it.
    pub software: Software,
    /// The attribute certificate in DER.
    pub ac: Option<Vec<u8>>,
    /// The result of `N` (list).
    pub bits: Option<Vec<u8>>,
    /// Where the server deviated from the request.
    pub warnings: Vec<ServerWarning>,
    /// Why there is no attribute certificate.
    pub errors: Vec<ServerError>,
}

/// A deviation from the request, in the server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerWarning {
    /// What it means.
    pub kind: WarningKind,
    /// The server's message, on one line.
    pub message: String,
}

/// What a warning means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// The lifetime was shortened from the requested one to the server's maximum.
    LifetimeCut {
        /// The actual lifetime.
        seconds: u64,
    },
    /// Anything else.
    Other,
}

impl ServerWarning {
    /// Classifies a message. IAM prefixes it with `WARNING: VO : `, which callers print themselves.
    #[must_use]
    pub fn new(message: &str) -> Self {
        let message = message
            .strip_prefix("WARNING: ")
            .map_or(message.to_owned(), |rest| rest.replacen(" : ", ": ", 1));
        let cut = message
            .split_once("is shortened to ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        let kind = cut.map_or(WarningKind::Other, |seconds| WarningKind::LifetimeCut {
            seconds,
        });
        Self { kind, message }
    }
}

/// A body that does not come from a VOMS server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The body is empty.
    #[error("an empty answer")]
    Empty,
    /// Something else, such as an HTML page.
    #[error("an answer that is not VOMS's: {0:?}")]
    Foreign(String),
    /// An `<ac>` that does not decode.
    #[error("an attribute certificate that is not base64")]
    Base64,
}

impl Reply {
    /// Parses a body, whatever its HTTP status: an `<ac>` in it means success, except for the dummy
    /// `<ac>` (the byte `A`) that servers send along with errors.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse(body: &[u8]) -> Result<Self, ResponseError> {
        let text = String::from_utf8_lossy(body);
        if text.trim().is_empty() {
            return Err(ResponseError::Empty);
        }
        let ours = ["<voms>", "<voms ", "<vomsans", "<voms/>"]
            .iter()
            .any(|root| text.contains(root));
        if !ours {
            return Err(ResponseError::Foreign(
                text.trim().chars().take(80).collect(),
            ));
        }
        let software = software(&text);
        let mut reply = Self {
            software,
            ac: None,
            bits: None,
            warnings: Vec::new(),
            errors: Vec::new(),
        };
        if let Some(ac) = element(&text, "ac") {
            let der = decode(ac).ok_or(ResponseError::Base64)?;
            reply.ac = Some(der).filter(|der| der.len() > 2 && der[0] == 0x30);
        }
        reply.bits = element(&text, "bitstr").and_then(decode);
        let warnings = elements(&text, "warning").take(MAX_MESSAGES);
        reply.warnings = warnings
            .map(|warning| ServerWarning::new(&clean(warning)))
            .collect();
        reply.take_errors(&text);
        Ok(reply)
    }

    fn take_errors(&mut self, text: &str) {
        for error in elements(text, "error") {
            let items: Vec<&str> = elements(error, "item").collect();
            let items = if items.is_empty() { vec![error] } else { items };
            for item in items {
                let legacy = element(item, "number");
                let code = legacy
                    .or_else(|| element(item, "code"))
                    .unwrap_or("")
                    .trim();
                let message = clean(element(item, "message").unwrap_or(item));
                if self.errors.len() + self.warnings.len() >= 2 * MAX_MESSAGES {
                    return;
                }
                let number = code.parse::<u32>().ok();
                if number.is_some_and(|number| number < 1000) {
                    self.warnings.push(ServerWarning::new(&message));
                    continue;
                }
                // In REST, the C++ server uses words as codes; IAM uses the legacy protocol's
                // numbers.
                let software = match (legacy, number) {
                    (None, Some(_)) => Software::Iam,
                    (None, None) if code.is_empty() => Software::Unknown,
                    _ => Software::Voms,
                };
                self.errors
                    .push(ServerError::new(software, clean(code), message));
            }
        }
    }
}

/// IAM's serializer writes a `standalone` declaration with the value "no"; only the C++ server uses
/// the legacy protocol.
fn software(text: &str) -> Software {
    let declaration = text
        .trim_start()
        .split_once("?>")
        .map_or("", |(declaration, _)| declaration);
    if text.contains("<vomsans") {
        Software::Voms
    } else if declaration.starts_with("<?xml") && declaration.contains("standalone=\"no\"") {
        Software::Iam
    } else {
        Software::Unknown
    }
}

/// Drops a reference that truncation cut in two.
fn whole_references(cut: &str) -> &str {
    match cut.rfind('&') {
        Some(at) if !cut[at..].contains(';') => &cut[..at],
        _ => cut,
    }
}

/// Reduces a message to one line of bounded length.
fn clean(content: &str) -> String {
    let start: String = content.chars().take(MAX_CONTENT).collect();
    let text = xml::resolve(if start.len() < content.len() {
        whole_references(&start)
    } else {
        &start
    });
    let words: Vec<&str> = text.split_whitespace().take(MAX_MESSAGE).collect();
    words.join(" ").chars().take(MAX_MESSAGE).collect()
}

/// Decodes standard base64 with any white space, or the VOMS alphabet (`a-zA-Z0-9[]` for 0 to 63,
/// no padding).
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = xml::resolve(text);
    let compact: String = text.split_whitespace().collect();
    let standard = compact.contains(['+', '/', '=']) || text.trim().contains('\n');
    let voms = || decode_voms(&compact).filter(|bytes| bytes.first() == Some(&0x30));
    if let (false, Some(bytes)) = (standard, voms()) {
        return Some(bytes);
    }
    base64_decode(&compact).or_else(|| decode_voms(&compact))
}

fn decode_voms(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut buffer, mut filled) = (0u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'a'..=b'z' => c - b'a',
            b'A'..=b'Z' => c - b'A' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'[' => 62,
            b']' => 63,
            _ => return None,
        };
        buffer = (buffer << 6 | u32::from(value)) & 0x3fff;
        filled += 6;
        if filled >= 8 {
            filled -= 8;
            bytes.push((buffer >> filled & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::ServerErrorKind;

    macro_rules! golden {
        ($path:literal) => {
            Reply::parse(include_bytes!(concat!("../../../fixtures/", $path))).unwrap()
        };
    }

    #[test]
    fn an_ac_is_a_success_whatever_stands_beside_it() {
        assert!(golden!("rest/ok.body").ac.is_some());
        let long = golden!("rest/longlife.body");
        assert!(long.ac.is_some() && long.errors.is_empty());
        assert_eq!(
            long.warnings[0].kind,
            WarningKind::LifetimeCut { seconds: 86_400 }
        );
        assert_eq!(golden!("rest/unknownparam.body").warnings.len(), 1);
    }

    #[test]
    fn refusals_keep_the_servers_words() {
        let unknown = golden!("rest/unknown.body");
        assert_eq!(unknown.errors[0].code, "NoSuchUser");
        assert_eq!(unknown.errors[0].message, "virgo: User unknown to this VO.");
        assert_eq!(unknown.errors[0].software, Software::Voms);
        assert!(!unknown.errors[0].is_definite() && unknown.ac.is_none());
        assert!(
            golden!("rest/suspended.body").errors[0]
                .message
                .contains("suspended! Suspension reason")
        );
    }

    #[test]
    fn iams_lines_end_in_references_to_carriage_returns() {
        let body = include_str!("../../../fixtures/rest/iam-ok.body");
        assert!(body.contains("&#13;\n"));
        let reply = golden!("rest/iam-ok.body");
        assert_eq!(reply.software, Software::Iam);
        let der = reply.ac.unwrap();
        assert_eq!(
            usize::from(der[2]) << 8 | usize::from(der[3]),
            der.len() - 4
        );
        for other in ["&#xD;", "&#xd;", "&#013;", "&#10;", "&#x20;", "\r", ""] {
            let body = body.replace("&#13;", other);
            assert_eq!(
                Reply::parse(body.as_bytes()).unwrap().ac.as_ref(),
                Some(&der),
                "{other}"
            );
        }
        for damaged in [
            "&#13",
            "&#0;",
            "&#;",
            "&#1;",
            "&cr;",
            "&#x110000;",
            "&#00000000000000000000000000000000000013;",
        ] {
            let body = body.replacen("&#13;", damaged, 1);
            assert_eq!(
                Reply::parse(body.as_bytes()),
                Err(ResponseError::Base64),
                "{damaged}"
            );
        }
    }

    #[test]
    fn refusals_of_iam_are_distinguished() {
        use ServerErrorKind as Kind;
        let kind = |reply: Reply| {
            let error = reply.errors.into_iter().next().unwrap();
            assert_eq!(error.software, Software::Iam, "{error:?}");
            error.kind
        };
        let Kind::UnknownUser {
            subject: Some(subject),
            issuer: Some(issuer),
        } = kind(golden!("rest/iam-other-issuer.body"))
        else {
            panic!("neither subject nor issuer")
        };
        assert!(
            subject.starts_with("CN=Alice Adams,O=") && issuer.starts_with("CN=Personal CA 5,")
        );
        assert!(matches!(
            kind(golden!("rest/iam-unknown.body")),
            Kind::UnknownUser { .. }
        ));
        assert!(matches!(
            kind(golden!("rest/iam-no-group.body")),
            Kind::UnknownUser { .. }
        ));
        assert_eq!(
            kind(golden!("rest/iam-inactive.body")),
            Kind::Suspended { reason: None }
        );
        assert_eq!(kind(golden!("rest/iam-aup.body")), Kind::UsagePolicy);
        assert!(matches!(
            kind(golden!("rest/iam-notheld.body")),
            Kind::NotHeld { fqan: Some(_) }
        ));
        for too_long in [
            golden!("rest/iam-toolong.body"),
            golden!("rest/iam-targets-toolong.body"),
        ] {
            assert_eq!(kind(too_long), Kind::TooLong { limit: Some(512) });
        }
        assert_eq!(
            kind(golden!("rest/iam-notauthenticated.body")),
            Kind::CertificateRejected
        );
        assert_eq!(
            kind(golden!("rest/iam-cert-xml.body")),
            Kind::CertificateRejected
        );
        assert_eq!(kind(golden!("rest/iam-down-xml.body")), Kind::Fault);
        assert_eq!(kind(golden!("rest/iam-life0.body")), Kind::Other);
    }

    #[test]
    fn a_shortened_life_is_understood_in_the_words_of_either_server() {
        let warning = golden!("rest/iam-shortened.body").warnings.remove(0);
        assert_eq!(warning.kind, WarningKind::LifetimeCut { seconds: 43_200 });
        assert!(
            warning
                .message
                .starts_with("virgo: The validity of this VOMS AC"),
            "{}",
            warning.message
        );
    }

    #[test]
    fn legacy_answers_are_read_in_both_alphabets() {
        let standard = golden!("legacy/group.response").ac.unwrap();
        assert_eq!(&standard[..2], [0x30, 0x82]);
        let own = golden!("legacy/voms-alphabet.response").ac.unwrap();
        assert_eq!(&own[..2], [0x30, 0x82]);
        assert_eq!(
            usize::from(own[2]) << 8 | usize::from(own[3]),
            own.len() - 4
        );
        assert!(golden!("legacy/list.response").bits.is_some());
    }

    #[test]
    fn the_dummy_ac_of_a_refusal_is_no_ac() {
        for reply in [
            golden!("legacy/unknown-user.response"),
            golden!("legacy/unknown-user-voms-alphabet.response"),
        ] {
            assert_eq!((reply.ac, reply.errors[0].code.as_str()), (None, "1001"));
        }
        assert!(
            Reply::parse(b"<voms><ac>QQ==</ac></voms>")
                .unwrap()
                .ac
                .is_none()
        );
    }

    #[test]
    fn unescaped_texts_and_entities_are_read() {
        let reply = Reply::parse(
            b"<voms><error><code>X</code><message>a < b & c\n&lt;d&gt;</message></error></voms>",
        );
        assert_eq!(reply.unwrap().errors[0].message, "a < b & c <d>");
        assert!(!golden!("legacy/not-xml.response").errors.is_empty());
    }

    #[test]
    fn what_no_voms_server_writes_is_refused() {
        assert_eq!(Reply::parse(b" \n"), Err(ResponseError::Empty));
        assert!(matches!(
            Reply::parse(b"<html>no</html>"),
            Err(ResponseError::Foreign(_))
        ));
        assert_eq!(
            Reply::parse(b"<voms><ac>%%%</ac></voms>"),
            Err(ResponseError::Base64)
        );
    }
}
