//! What VOMS servers answer, REST and legacy (spec 4.3 to 4.6).
//!
//! Servers write message texts into their XML without escaping them, so this is a reader of known elements and not an
//! XML parser; it copies what it finds and never expands anything.

use openssl::base64;

/// What is kept of one message, in characters, and of all of them.
const LONGEST_MESSAGE: usize = 500;
const MOST_MESSAGES: usize = 16;

/// One `<error>` of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The server's code: a word in REST (`NoSuchUser`), a number in the legacy protocol and in voms-aa.
    pub code: String,
    /// The server's sentence.
    pub message: String,
}

impl ServerError {
    /// Whether asking another server of the VO cannot help: the user is unknown, suspended, or lacks what was asked.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        const CODES: [&str; 8] =
            ["NoSuchUser", "SuspendedUser", "BadRequest", "1001", "1002", "1004", "1007", "SuspendedCertificate"];
        const TEXTS: [&str; 4] = ["unknown to this vo", "suspended", "not active", "unable to satisfy"];
        let message = self.message.to_ascii_lowercase();
        CODES.contains(&self.code.as_str()) || TEXTS.iter().any(|text| message.contains(text))
    }

    /// Whether the server does not know the user, or not any more.
    #[must_use]
    pub fn is_about_membership(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        ["NoSuchUser", "SuspendedUser", "1001", "1004"].contains(&self.code.as_str())
            || ["unknown to this vo", "suspended", "not active"].iter().any(|text| message.contains(text))
    }

    /// The next step for the user.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let message = self.message.to_ascii_lowercase();
        let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        if has(&["suspended", "not active", "aup"]) {
            Some(
                "ask the VO's managers why; often the VO's usage policy has to be signed again on its VOMS page".into(),
            )
        } else if has(&["unknown to this vo"]) || self.code == "NoSuchUser" {
            Some(
                "register this certificate on the VO's VOMS page, which voms-proxy register shows, and wait for the \
                 mail that says you are in"
                    .into(),
            )
        } else if has(&["unable to satisfy"]) || self.code == "1007" {
            Some("ask for a group or role that you hold; apply for others on the VO's VOMS page".into())
        } else {
            None
        }
    }
}

/// A reply that was understood as VOMS's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The attribute certificate, as DER.
    pub ac: Option<Vec<u8>>,
    /// What `N` (list) returns.
    pub bits: Option<Vec<u8>>,
    /// Things that were done otherwise than asked, in the server's words.
    pub warnings: Vec<String>,
    /// Why there is no attribute certificate.
    pub errors: Vec<ServerError>,
}

/// A body that no VOMS server would write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Nothing at all.
    #[error("an empty answer")]
    Empty,
    /// Something else, an HTML page perhaps.
    #[error("an answer that is not VOMS's: {0:?}")]
    Foreign(String),
    /// An `<ac>` that does not decode.
    #[error("an attribute certificate that is not base64")]
    Base64,
}

impl Reply {
    /// Parses a body, whatever HTTP status it came with: an `<ac>` in it is a success, and a dummy `<ac>` (the byte
    /// `A` that servers send along with errors) is none.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse(body: &[u8]) -> Result<Self, ResponseError> {
        let text = String::from_utf8_lossy(body);
        if text.trim().is_empty() {
            return Err(ResponseError::Empty);
        }
        let ours = ["<voms>", "<voms ", "<vomsans", "<error>", "<voms/>"].iter().any(|root| text.contains(root));
        if !ours {
            return Err(ResponseError::Foreign(text.trim().chars().take(80).collect()));
        }
        let mut reply = Self::default();
        if let Some(ac) = element(&text, "ac") {
            let der = decode(ac).ok_or(ResponseError::Base64)?;
            reply.ac = Some(der).filter(|der| der.len() > 2 && der[0] == 0x30);
        }
        reply.bits = element(&text, "bitstr").and_then(decode);
        reply.warnings = elements(&text, "warning").map(clean).take(MOST_MESSAGES).collect();
        reply.take_errors(&text);
        Ok(reply)
    }

    fn take_errors(&mut self, text: &str) {
        for error in elements(text, "error") {
            let items: Vec<&str> = elements(error, "item").collect();
            let items = if items.is_empty() { vec![error] } else { items };
            for item in items {
                let code = element(item, "number").or_else(|| element(item, "code")).unwrap_or("").trim();
                let message = clean(element(item, "message").unwrap_or(item));
                if self.errors.len() + self.warnings.len() >= 2 * MOST_MESSAGES {
                    return;
                }
                match code.parse::<u32>() {
                    Ok(number) if number < 1000 => self.warnings.push(message),
                    _ => self.errors.push(ServerError { code: clean(code), message }),
                }
            }
        }
    }
}

/// The content of the first element of that name; up to the last end tag, as content may hold anything.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(&open)? + open.len();
        let length = rest[start..].find(&close)?;
        let content = &rest[start..start + length];
        rest = &rest[start + length + close.len()..];
        Some(content)
    })
}

/// A message on one line, with the five entities of XML resolved where a server did escape.
fn clean(text: &str) -> String {
    let text = text.split_whitespace().take(LONGEST_MESSAGE).collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(LONGEST_MESSAGE).collect();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

/// Standard base64 with any white space, or the VOMS alphabet (`a-zA-Z0-9[]` for 0 to 63, no padding).
fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_whitespace().collect();
    let standard = compact.contains(['+', '/', '=']) || text.trim().contains('\n');
    let own = || decode_voms(&compact).filter(|bytes| bytes.first() == Some(&0x30));
    if let (false, Some(bytes)) = (standard, own()) {
        return Some(bytes);
    }
    base64::decode_block(&compact).ok().or_else(|| decode_voms(&compact))
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

    macro_rules! golden {
        ($path:literal) => {
            Reply::parse(include_bytes!(concat!("../../fixtures/", $path))).unwrap()
        };
    }

    #[test]
    fn an_ac_is_a_success_whatever_stands_beside_it() {
        assert!(golden!("rest/ok.body").ac.is_some());
        let long = golden!("rest/longlife.body");
        assert!(long.ac.is_some() && long.errors.is_empty());
        assert!(long.warnings[0].contains("shortened to 86400 seconds"));
        assert_eq!(golden!("rest/unknownparam.body").warnings.len(), 1);
    }

    #[test]
    fn refusals_keep_the_servers_words() {
        let unknown = golden!("rest/unknown.body");
        assert_eq!(unknown.errors[0].code, "NoSuchUser");
        assert_eq!(unknown.errors[0].message, "virgo: User unknown to this VO.");
        assert!(unknown.errors[0].is_definite() && unknown.ac.is_none());
        assert!(golden!("rest/suspended.body").errors[0].message.contains("suspended! Suspension reason"));
    }

    #[test]
    fn legacy_answers_are_read_in_both_alphabets() {
        let standard = golden!("legacy/group.response").ac.unwrap();
        assert_eq!(&standard[..2], [0x30, 0x82]);
        let own = golden!("legacy/voms-alphabet.response").ac.unwrap();
        assert_eq!(&own[..2], [0x30, 0x82]);
        assert_eq!(usize::from(own[2]) << 8 | usize::from(own[3]), own.len() - 4);
        assert!(golden!("legacy/list.response").bits.is_some());
    }

    #[test]
    fn the_dummy_ac_of_a_refusal_is_no_ac() {
        for reply in [golden!("legacy/unknown-user.response"), golden!("legacy/unknown-user-voms-alphabet.response")] {
            assert_eq!((reply.ac, reply.errors[0].code.as_str()), (None, "1001"));
        }
        assert!(Reply::parse(b"<voms><ac>QQ==</ac></voms>").unwrap().ac.is_none());
    }

    #[test]
    fn unescaped_texts_and_entities_are_read() {
        let reply = Reply::parse(b"<voms><error><code>X</code><message>a < b & c\n&lt;d&gt;</message></error></voms>");
        assert_eq!(reply.unwrap().errors[0].message, "a < b & c <d>");
        assert!(!golden!("legacy/not-xml.response").errors.is_empty());
    }

    #[test]
    fn what_no_voms_server_writes_is_refused() {
        assert_eq!(Reply::parse(b" \n"), Err(ResponseError::Empty));
        assert!(matches!(Reply::parse(b"<html>no</html>"), Err(ResponseError::Foreign(_))));
        assert_eq!(Reply::parse(b"<voms><ac>%%%</ac></voms>"), Err(ResponseError::Base64));
    }
}
