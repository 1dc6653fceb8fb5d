//! The answers of INDIGO IAM's VOMS-AA and the nginx in front of it: one resource, REST only,
//! numeric codes.

mod page;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use url::form_urlencoded;
use voms::credential::Credential;
use voms::pki::certificate::Certificate;
use voms::vo::fqan::Fqan;

use self::page::{Page, error, nginx, old_error, untyped, voms, xml};
use crate::answer::base64;
use crate::server::Client;
use crate::{Authority, Member};

const RESOURCE: &str = "/generate-ac";
const LONGEST_PARAMETER: usize = 512;
/// The user agent of libvomsapi; IAM answers it in the legacy format.
const OLD_AGENT: &str = "voms APIs 2.0";

/// Whether enough of a request has arrived to answer it. Anything other than HTTP is rejected at
/// once.
#[must_use]
pub fn is_complete(request: &[u8]) -> bool {
    let ends = |end: &[u8]| request.windows(end.len()).any(|window| window == end);
    request
        .first()
        .is_some_and(|first| !first.is_ascii_uppercase())
        || ends(b"\r\n\r\n")
        || ends(b"\n\n")
}

impl Authority {
    /// Answers a request as IAM does.
    #[must_use]
    pub fn iam_answer(
        &self,
        signer: &Credential,
        client: &Client,
        request: &[u8],
        now: DateTime<Utc>,
    ) -> Vec<u8> {
        let text = String::from_utf8_lossy(request);
        let Some(request) = Request::parse(&text) else {
            return nginx(None).write(now, true);
        };
        let page = match client {
            Client::Anonymous => nginx(Some("No required SSL certificate was sent")),
            Client::Unverified(_) => nginx(Some("The SSL certificate error")),
            // After a session resumption nginx's VOMS module has no chain, so it passes no
            // certificate to IAM.
            Client::Resumed => self.page(signer, None, &request, now),
            Client::Verified(chain) => self.page(signer, chain.end_entity(), &request, now),
        };
        page.write(now, request.method != "HEAD")
    }

    fn page(
        &self,
        signer: &Credential,
        holder: Option<&Certificate>,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Page {
        if request.path != RESOURCE {
            return request.spring("404 Not Found", now);
        }
        let Some(holder) = holder else {
            return untyped(
                "400 Bad Request",
                error(1006, "Client is not authenticated."),
            );
        };
        if !["GET", "HEAD"].contains(&request.method) {
            return Page {
                more: "Allow: GET\r\n",
                ..request.spring("405 Method Not Allowed", now)
            };
        }
        let known = |member: &&Member| {
            member.subject == *holder.subject() && member.issuer == *holder.issuer()
        };
        let Some(member) = self.members.iter().find(known) else {
            return untyped("403 Forbidden", error(1001, &unknown(holder)));
        };
        match self.iam_grant(signer, member, holder, request, now) {
            Ok(content) => xml(voms(&content)),
            Err(Denial::Validation(message)) => xml(error(1006, &message)),
            Err(Denial::Attributes(code, message)) if request.agent() == Some(OLD_AGENT) => {
                xml(old_error(code, &message))
            }
            Err(Denial::Attributes(code, message)) => xml(error(code, &message)),
            Err(Denial::Aup(message)) => xml(error(1004, &message)),
            Err(Denial::Uncaught) => request.spring("500 Internal Server Error", now),
        }
    }

    /// The content of `<voms>`. IAM parses the parameter `targets` but ignores it.
    fn iam_grant(
        &self,
        signer: &Credential,
        member: &Member,
        holder: &Certificate,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<String, Denial> {
        let lifetime = lifetime(request)?;
        let asked = request.parameter("fqans").unwrap_or_default();
        let texts = asked
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty());
        let asked = texts
            .map(Asked::parse)
            .collect::<Option<Vec<_>>>()
            .ok_or(Denial::Uncaught)?;
        let fqans = self.attributes(member, holder, &asked)?;
        if member.must_sign_aup {
            let name = &member.name;
            return Err(Denial::Aup(format!(
                "User {name} needs to sign AUP for this organization in order to proceed."
            )));
        }
        let longest = self.longest_seconds();
        let seconds = lifetime.unwrap_or(longest).min(longest);
        let ac = self
            .draft(member, fqans, seconds, now)
            .sign(holder, signer)
            .map_err(|_| Denial::Uncaught)?;
        // Java's XML writer escapes the carriage returns that Java's base64 encoder inserts.
        let ac = format!("<ac>{}</ac>", base64(ac.as_der(), "&#13;\n"));
        let shortened = lifetime.filter(|asked| *asked > longest).map(|_| {
            format!(
                "<warning>WARNING: {} : The validity of this VOMS AC in your proxy is shortened to {longest} seconds, \
                 which is the maximum allowed by this VOMS server configuration.</warning>",
                self.vo
            )
        });
        Ok(ac + &shortened.unwrap_or_default())
    }

    /// The requested FQANs, then all other groups granted by default, sorted by name.
    fn attributes(
        &self,
        member: &Member,
        holder: &Certificate,
        asked: &[Asked<'_>],
    ) -> Result<Vec<String>, Denial> {
        if member.suspended.is_some() {
            let (subject, issuer) = names(holder);
            return Err(Denial::Attributes(
                1004,
                format!("User '{subject}, {issuer}' is not active."),
            ));
        }
        if let Some(missing) = asked.iter().find(|asked| !asked.is_held_by(member)) {
            let text = missing.text;
            let message = format!(
                "User is not authorized to request attribute '{text}' or attribute does not exist."
            );
            return Err(Denial::Attributes(1007, message));
        }
        let mut groups: Vec<String> = member
            .groups
            .iter()
            .filter(|group| group.is_of(&self.vo))
            .map(ToString::to_string)
            .collect();
        groups.sort();
        let mut granted: Vec<String> = Vec::new();
        for fqan in asked
            .iter()
            .map(|asked| asked.text.to_owned())
            .chain(groups)
        {
            if !granted.contains(&fqan) {
                granted.push(fqan);
            }
        }
        if granted.is_empty() {
            Err(Denial::Attributes(1001, unknown(holder)))
        } else {
            Ok(granted)
        }
    }
}

/// Why a known user is granted nothing.
enum Denial {
    /// Invalid parameters.
    Validation(String),
    /// An exception that IAM does not catch.
    Uncaught,
    /// An error about the attributes: a code and a message.
    Attributes(u32, String),
    /// The usage policy must be signed; IAM checks this last.
    Aup(String),
}

/// The requested lifetime in seconds; `None` for the maximum.
fn lifetime(request: &Request<'_>) -> Result<Option<u64>, Denial> {
    for name in ["fqans", "targets"] {
        if request
            .parameter(name)
            .is_some_and(|value| value.encode_utf16().count() > LONGEST_PARAMETER)
        {
            return Err(Denial::Validation(format!(
                "{name} parameter length is limited to {LONGEST_PARAMETER} characters"
            )));
        }
    }
    let asked = request.parameter("lifetime").unwrap_or_default();
    match (asked.trim(), asked.trim().parse::<i64>()) {
        ("", _) => Ok(None),
        (_, Ok(seconds @ 1..)) => Ok(u64::try_from(seconds).ok()),
        (_, Ok(_)) => Err(Denial::Validation(
            "lifetime must be a positive integer".to_owned(),
        )),
        (text, Err(_)) => Err(Denial::Validation(format!(
            "Failed to convert property value of type 'java.lang.String' to required type 'java.lang.Long' for \
             property 'lifetime'; nested exception is java.lang.NumberFormatException: For input string: \"{text}\""
        ))),
    }
}

/// An FQAN as IAM parses it: literally, so that `Role=NULL` is a role.
struct Asked<'a> {
    text: &'a str,
    /// The name IAM uses internally. A role is an IAM group with a label.
    name: String,
    is_role: bool,
}

impl<'a> Asked<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        };
        let (group, role) = match text.split_once("/Role=") {
            Some((group, role)) => (group, Some(role)),
            None => (text, None),
        };
        let path = group.strip_prefix('/')?;
        let fits = text.len() <= 255 && path.split('/').all(is_name) && role.is_none_or(is_name);
        let name = role.map_or_else(|| path.to_owned(), |role| format!("{path}/{role}"));
        fits.then_some(Self {
            text,
            name,
            is_role: role.is_some(),
        })
    }

    fn is_held_by(&self, member: &Member) -> bool {
        let mut groups = member.groups.iter().chain(&member.optional_groups);
        let path = |fqan: &Fqan| fqan.group().trim_start_matches('/').to_owned();
        let role = |fqan: &Fqan| fqan.role().map(|role| format!("{}/{role}", path(fqan)));
        member
            .roles
            .iter()
            .any(|fqan| role(fqan).as_ref() == Some(&self.name))
            || (!self.is_role && groups.any(|fqan| path(fqan) == self.name))
    }
}

/// The head of an HTTP request.
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    head: &'a str,
}

impl<'a> Request<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (line, head) = text.split_once('\n')?;
        let mut words = line.trim_end().split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        let fits = is_method
            && target.starts_with('/')
            && version.starts_with("HTTP/1.")
            && words.next().is_none();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        fits.then_some(Self {
            method,
            path,
            query,
            head,
        })
    }

    /// The decoded value; Spring joins repeated parameters into a list.
    fn parameter(&self, name: &str) -> Option<String> {
        let all = form_urlencoded::parse(self.query.as_bytes()).filter(|(key, _)| key == name);
        let values: Vec<Cow<'_, str>> = all.map(|(_, value)| value).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    fn agent(&self) -> Option<&str> {
        let fields = self
            .head
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':'));
        let mut agents = fields.filter(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        agents.next().map(|(_, value)| value.trim())
    }

    /// Spring Boot's error document for clients that do not ask for HTML.
    fn spring(&self, status: &'static str, now: DateTime<Utc>) -> Page {
        let (number, reason) = status.split_at(3);
        let body = format!(
            r#"{{"timestamp":"{}","status":{number},"error":"{}","path":{}}}"#,
            now.format("%Y-%m-%dT%H:%M:%S%.3f+00:00"),
            reason.trim_start(),
            serde_json::Value::from(self.path)
        );
        Page {
            status,
            content_type: Some("application/json"),
            more: "",
            body,
        }
    }
}

/// Subject and issuer in the format IAM stores.
fn names(holder: &Certificate) -> (String, String) {
    (holder.subject().rfc2253(), holder.issuer().rfc2253())
}

fn unknown(holder: &Certificate) -> String {
    let (subject, issuer) = names(holder);
    format!("User unknown to this VO: '{subject}' (issued by '{issuer}')")
}
