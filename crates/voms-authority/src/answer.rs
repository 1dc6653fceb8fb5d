//! An authority's answers to requests in either protocol (spec 4.2 to 4.5).

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::credential::Credential;
use voms::pki::pem;
use voms::vo::fqan::Fqan;

use crate::{Authority, Grant, Refusal, Wanted};

const INTERNAL_ERROR: &str = "500 Internal Server Error";

/// Whether a request is complete and can be answered.
#[must_use]
pub fn is_complete(request: &[u8]) -> bool {
    let ends = |end: &[u8]| request.windows(end.len()).any(|window| window == end);
    if request.starts_with(b"GET") {
        ends(b"\r\n\r\n") || ends(b"\n\n")
    } else {
        ends(b"</voms>")
    }
}

impl Authority {
    /// Answers a request, REST or legacy, from the user with this chain.
    #[must_use]
    pub fn answer(
        &self,
        signer: &Credential,
        client: &Chain,
        request: &[u8],
        now: DateTime<Utc>,
    ) -> Vec<u8> {
        let text = String::from_utf8_lossy(request);
        let grant = |wanted: Option<Wanted>| match (wanted, client.end_entity()) {
            (Some(wanted), Some(holder)) => Some(self.grant(signer, holder, &wanted, now)),
            _ => None,
        };
        match text.strip_prefix("GET ") {
            Some(rest) => self.rest_answer(grant(rest_request(rest))),
            None => self.legacy_answer(grant(legacy_request(&text))),
        }
    }

    fn rest_answer(&self, outcome: Option<Result<Grant, Refusal>>) -> Vec<u8> {
        match outcome {
            None => http("404 Not Found", ""),
            Some(Ok(grant)) => rest_grant(&grant),
            Some(Err(refusal)) => self.rest_refusal(&refusal),
        }
    }

    fn rest_refusal(&self, refusal: &Refusal) -> Vec<u8> {
        let (status, code) = match refusal {
            Refusal::Unknown => ("403 Forbidden", "NoSuchUser"),
            Refusal::Suspended(_) => ("403 Forbidden", "SuspendedUser"),
            Refusal::NotHeld(_) => ("400 Bad Request", "BadRequest"),
            Refusal::Sign(_) => (INTERNAL_ERROR, "InternalError"),
        };
        let error = format!(
            "<code>{code}</code><message>{}: {refusal}</message>",
            self.vo
        );
        http(status, &document(&format!("<error>{error}</error>")))
    }

    fn legacy_answer(&self, outcome: Option<Result<Grant, Refusal>>) -> Vec<u8> {
        let item = |number: u32, message: &str| {
            format!(
                "<error><item><number>{number}</number><message>{message}</message></item></error>"
            )
        };
        let content = match outcome {
            None => item(1005, "Unable to intepret command") + "<ac>QQ==\n</ac>",
            Some(Ok(grant)) => {
                let warnings: String = grant
                    .warnings
                    .iter()
                    .map(|warning| item(2, warning))
                    .collect();
                format!("{warnings}<ac>{}</ac>", base64(grant.ac.as_der(), "\n"))
            }
            Some(Err(refusal)) => {
                let number = match refusal {
                    Refusal::Unknown | Refusal::NotHeld(_) => 1001,
                    Refusal::Suspended(_) => 1004,
                    Refusal::Sign(_) => 1006,
                };
                item(number, &format!("{}: {refusal}", self.vo)) + "<ac>QQ==\n</ac>"
            }
        };
        let declaration = r#"<?xml version="1.0" encoding = "US-ASCII"?>"#;
        format!("{declaration}<vomsans><version>3</version>{content}</vomsans>").into_bytes()
    }
}

fn rest_grant(grant: &Grant) -> Vec<u8> {
    // The C++ server answers 500 to a request granted with a warning.
    let status = if grant.warnings.is_empty() {
        "200 OK"
    } else {
        INTERNAL_ERROR
    };
    let warnings = grant.warnings.iter();
    let warnings: String = warnings
        .map(|warning| format!("<warning>{warning}</warning>"))
        .collect();
    let ac = base64(grant.ac.as_der(), "\n");
    http(status, &document(&format!("<ac>{ac}</ac>{warnings}")))
}

fn document(content: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><voms>{content}</voms>")
}

fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nServer: gSOAP/2.8\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Base64 in lines of 64 characters, each terminated by `end`.
pub(super) fn base64(der: &[u8], end: &str) -> String {
    let text = pem::encode("AC", der);
    text.lines()
        .filter(|line| !line.starts_with("-----"))
        .map(|line| format!("{line}{end}"))
        .collect()
}

/// Parses the query of `/generate-ac`, undecoded, as the C++ server does.
fn rest_request(rest: &str) -> Option<Wanted> {
    let target = rest.split_whitespace().next()?;
    let query = target.strip_prefix("/generate-ac")?.trim_start_matches('?');
    let mut wanted = Wanted::default();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=')? {
            ("fqans", "all") => wanted.all = true,
            ("fqans", list) => wanted.fqans = fqans(list.split(','))?,
            ("order", list) => wanted.order = fqans(list.split(',')).unwrap_or_default(),
            ("targets", list) => wanted.targets = hosts(list),
            ("lifetime", seconds) => wanted.lifetime = seconds.parse().ok(),
            _ => {}
        }
    }
    Some(wanted)
}

fn legacy_request(document: &str) -> Option<Wanted> {
    let element = |name: &str| {
        let (_, rest) = document.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>"))
            .map(|(content, _)| content)
    };
    let mut wanted = Wanted {
        lifetime: element("lifetime").and_then(|text| text.parse().ok()),
        order: element("order").map(legacy_order).unwrap_or_default(),
        targets: element("targets").map(hosts).unwrap_or_default(),
        ..Wanted::default()
    };
    let commands: Vec<String> = element("command")?
        .split(',')
        .filter_map(|command| match command.split_at_checked(1)? {
            ("G", group) => Some(group.to_owned()),
            ("B", both) => both
                .split_once(':')
                .map(|(group, role)| format!("{group}/Role={role}")),
            ("A", _) => {
                wanted.all = true;
                None
            }
            _ => Some(String::new()),
        })
        .collect();
    wanted.fqans = fqans(commands.iter().map(String::as_str))?;
    Some(wanted)
}

fn legacy_order(list: &str) -> Vec<Fqan> {
    list.split(',')
        .filter_map(|item| item.replacen(':', "/Role=", 1).parse().ok())
        .collect()
}

fn hosts(list: &str) -> Vec<String> {
    list.split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(str::to_owned)
        .collect()
}

fn fqans<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Vec<Fqan>> {
    texts.map(|text| text.parse().ok()).collect()
}
