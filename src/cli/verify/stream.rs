//! `voms-proxy verify --stream`: requests on standard input and verdicts on standard output, one a
//! line, for services in other languages that keep the process.

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use voms::files;
use voms::verifier::VomsVerifier;
use zeroize::{Zeroize, Zeroizing};

use super::sites::Sites;
use super::{NoVerdict, as_json, not_judged, read_failure, verdict};
use crate::cli::codes;
use crate::cli::exit::Exit;
use crate::cli::invocation::Clock;
use crate::cli::output::{self, Diagnostic};

/// A file of the usual limit, in which JSON needs two octets for each end of a line.
const LINE_LIMIT: usize = 2 * files::CONFIGURATION_LIMIT as usize;

/// What every request of a stream is judged by.
pub struct Stream {
    pub verifier: VomsVerifier,
    pub sites: Sites,
    /// For requests that name no time.
    pub at: Option<DateTime<Utc>>,
    pub now: Clock,
}

/// What is to be verified.
struct Request {
    id: Value,
    credential: Credential,
    now: Option<DateTime<Utc>>,
}

enum Credential {
    Pem(Zeroizing<String>),
    File(String),
}

/// Why a line is no request.
#[derive(Debug)]
struct NoRequest {
    id: Value,
    why: &'static str,
}

impl Stream {
    /// Answers until the input ends, or nobody reads the answers.
    pub fn run(&self) -> Exit {
        let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
        match self.answer_all(&mut input, &mut output) {
            Ok(()) => Exit::Success,
            Err(_) => Exit::Failure,
        }
    }

    fn answer_all(&self, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
        // Of its full size from the beginning: growing would leave copies of a key behind.
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_LIMIT + 1));
        while let Some(length) = next_line(input, &mut line)? {
            let request = match length {
                Length::Fits => Request::read(&line),
                Length::TooLong => Err(NoRequest::anonymous("the line is too long")),
            };
            line.as_mut_slice().zeroize();
            let answer = request.map_or_else(|none| none.answer(), |found| self.answer(&found));
            writeln!(output, "{}", output::json(&answer))?;
            output.flush()?;
        }
        Ok(())
    }

    fn answer(&self, request: &Request) -> Value {
        let now = (self.now)();
        let at = request.now.or(self.at).unwrap_or(now);
        let outcome = request
            .credential
            .read()
            .and_then(|presented| verdict(&self.verifier, &presented, at));
        let mut answer = as_json(&outcome, (&self.sites, now));
        answer["id"] = request.id.clone();
        answer
    }
}

impl Credential {
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, NoVerdict> {
        match self {
            Self::Pem(pem) => Ok(Zeroizing::new(pem.as_bytes().to_vec())),
            // Standard input has the requests, so that "-" is an ordinary name here.
            Self::File(name) => files::read_limited(Path::new(name), files::CONFIGURATION_LIMIT)
                .map_err(|error| read_failure(Path::new(name), &error)),
        }
    }
}

impl Request {
    fn read(line: &[u8]) -> Result<Self, NoRequest> {
        let Ok(Object(mut fields)) = serde_json::from_slice(line) else {
            return Err(NoRequest::anonymous(
                "the line is not a JSON object, or repeats a field",
            ));
        };
        let id = fields.remove("id").unwrap_or_default();
        match Self::parts(&mut fields) {
            Ok((credential, now)) => Ok(Self {
                id,
                credential,
                now,
            }),
            Err(why) => Err(NoRequest { id, why }),
        }
    }

    fn parts(
        fields: &mut Map<String, Value>,
    ) -> Result<(Credential, Option<DateTime<Utc>>), &'static str> {
        let mut text = |name| match fields.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
            Some(_) => Err("pem, file and now are strings"),
        };
        let (pem, file, now) = (text("pem")?, text("file")?, text("now")?);
        let credential = match (pem, file) {
            (Some(pem), None) => Credential::Pem(pem),
            (None, Some(file)) => Credential::File(file.to_string()),
            _ => return Err("a request has either pem or file"),
        };
        let now = now.map(|now| now.parse()).transpose();
        let now = now.map_err(|_| "now is no time in RFC 3339")?;
        // A rule that this version does not know must not be ignored.
        if !fields.is_empty() {
            return Err("a request has no fields but id, pem, file and now");
        }
        Ok((credential, now))
    }
}

/// A JSON object whose names differ: of two equal ones, each reader may take another.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = access.next_entry()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a field is there twice"));
            }
        }
        Ok(Object(fields))
    }
}

impl NoRequest {
    fn anonymous(why: &'static str) -> Self {
        let id = Value::Null;
        Self { id, why }
    }

    /// Not verified, for those who look at nothing else.
    fn answer(self) -> Value {
        let mut answer = not_judged(&Diagnostic::new(codes::REQUEST_INVALID, self.why));
        answer["error"] = json!({ "code": codes::REQUEST_INVALID, "message": self.why });
        answer["id"] = self.id;
        answer
    }
}

#[derive(Debug, PartialEq)]
enum Length {
    Fits,
    TooLong,
}

/// The next line that is not empty, up to the limit; the rest of a longer one is skipped.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Length>> {
    loop {
        line.clear();
        let most = LINE_LIMIT as u64 + 1;
        if input.by_ref().take(most).read_until(b'\n', line)? == 0 {
            return Ok(None);
        }
        if line.len() > LINE_LIMIT && line.last() != Some(&b'\n') {
            skip_line(input)?;
            return Ok(Some(Length::TooLong));
        }
        if !line.iter().all(u8::is_ascii_whitespace) {
            return Ok(Some(Length::Fits));
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (length, is_last) = match buffer.iter().position(|octet| *octet == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(length);
        if is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_the_next_one_is_read() {
        let long = "x".repeat(3 * LINE_LIMIT);
        let text = format!("{long}\n\n{{}}\nlast");
        let (mut input, mut line) = (text.as_bytes(), Vec::new());
        assert_eq!(
            next_line(&mut input, &mut line).unwrap(),
            Some(Length::TooLong)
        );
        assert!(line.len() <= LINE_LIMIT + 1);
        for wanted in ["{}\n", "last"] {
            assert_eq!(
                next_line(&mut input, &mut line).unwrap(),
                Some(Length::Fits)
            );
            assert_eq!(line, wanted.as_bytes());
        }
        assert_eq!(next_line(&mut input, &mut line).unwrap(), None);
    }

    #[test]
    fn what_is_no_request_keeps_its_id_where_it_has_one() {
        for (line, id) in [
            ("[]", Value::Null),
            (r#"{"id":7}"#, json!(7)),
            (r#"{"id":7,"pem":"a","file":"b"}"#, json!(7)),
            (r#"{"id":{"a":[]},"pem":1}"#, json!({ "a": [] })),
            (
                r#"{"id":"x","pem":"a","now":"yesterday"}"#,
                Value::from("x"),
            ),
            (r#"{"id":"x","pem":"a","hosts":["b"]}"#, Value::from("x")),
        ] {
            let refused = Request::read(line.as_bytes()).err().unwrap();
            assert_eq!(refused.id, id, "{line}");
            let answer = refused.answer();
            assert_eq!(answer["verified"], false, "{line}");
            assert!(answer["error"]["code"].is_string(), "{line}");
        }
        assert!(Request::read(br#"{"pem":"a","now":"2026-11-27T00:00:00Z"}"#).is_ok());
    }
}
