//! HTTP for the login: https only, no redirects, limits on size and time, secrets masked in traces.

use std::ffi::c_int;
use std::time::Duration;

use openssl::error::ErrorStack;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method};
use tokio::runtime::Runtime;
use url::Url;
use zeroize::Zeroizing;

use crate::error::EcpError;
use crate::jar::Jar;

/// Maximum size of a login message, in bytes.
pub const MESSAGE_LIMIT: usize = 1 << 20;
/// Maximum size of a page, which is kept in memory.
const PAGE_LIMIT: usize = 64 << 20;
const CONNECTING: Duration = Duration::from_secs(10);
/// Maximum time without receiving data.
const SILENCE: Duration = Duration::from_secs(30);
/// Time limit for a login message.
pub const WHOLE: Duration = Duration::from_secs(30);
/// Time limit for a page; even a slow download must end.
const WHOLE_PAGE: Duration = Duration::from_secs(24 * 3600);
const AGENT: &str = concat!("voms-proxy/", env!("CARGO_PKG_VERSION"));

/// The contents of a request. Fill in what differs from `Message::default()`, a plain GET.
#[derive(Default)]
#[non_exhaustive]
pub struct Message<'a> {
    /// Names and values, which are wiped on drop: one may hold a password.
    pub headers: Vec<(HeaderName, Zeroizing<String>)>,
    /// The body of a POST; a GET has none.
    pub body: Option<Vec<u8>>,
    /// Cookies to send; those set by the answer are added.
    pub jar: Option<&'a mut Jar>,
    /// Whether the body contains a secret.
    pub secret: bool,
    /// Whether a page is requested, which may be large and slow, rather than a login message.
    pub page: bool,
}

/// An HTTP answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The host queried.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The text of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The redirect target.
    #[must_use]
    pub fn redirect(&self) -> Option<&str> {
        self.header("location")
            .filter(|_| (300..400).contains(&self.status))
    }
}

/// Makes requests, one at a time.
pub struct Http {
    client: Client,
    runtime: Runtime,
    trace: Option<fn(&str)>,
}

impl Http {
    /// `trace` receives the traffic line by line, with secrets masked.
    ///
    /// Proxies and CAs come from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`,
    /// `SSL_CERT_DIR`), or else from the system.
    ///
    /// # Errors
    /// [`EcpError::Internal`].
    pub fn new(trace: Option<fn(&str)>) -> Result<Self, EcpError> {
        let client = strict().build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        let internal = |error: &dyn std::fmt::Display| {
            EcpError::Internal(format!("HTTP cannot be set up: {error}"))
        };
        Ok(Self {
            client: client.map_err(|error| internal(&error))?,
            runtime: runtime.map_err(|error| internal(&error))?,
            trace,
        })
    }

    /// Sends a GET, or a POST if there is a body.
    ///
    /// # Errors
    /// [`EcpError::Insecure`], [`EcpError::UserInAddress`], [`EcpError::Connect`],
    /// [`EcpError::Untrusted`], [`EcpError::Timeout`], [`EcpError::TooLarge`].
    pub fn send(&self, url: &Url, mut message: Message<'_>) -> Result<Answer, EcpError> {
        let host = host_of(url)?;
        let method = if message.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let headers = headers_of(&message, url)?;
        self.trace_request(&method, url, &headers, &message);
        let (limit, time) = if message.page {
            (PAGE_LIMIT, WHOLE_PAGE)
        } else {
            (MESSAGE_LIMIT, WHOLE)
        };
        let mut request = self
            .client
            .request(method, url.clone())
            .headers(headers)
            .timeout(time);
        if let Some(body) = message.body.take() {
            request = request.body(body);
        }
        let answer = self.runtime.block_on(receive(request, &host, limit))?;
        self.trace_answer(&answer, message.secret);
        if let Some(jar) = message.jar {
            jar.take(&answer.headers, url);
        }
        Ok(answer)
    }

    fn trace_request(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        message: &Message<'_>,
    ) {
        let Some(trace) = self.trace else { return };
        trace(&format!("> {method} {url}"));
        headers
            .iter()
            .for_each(|(name, value)| trace(&format!("> {name}: {}", masked_request(name, value))));
        match &message.body {
            Some(body) if message.secret => trace(&format!("> ({} bytes not shown)", body.len())),
            Some(body) => trace(&format!("> {}", String::from_utf8_lossy(body))),
            None => {}
        }
    }

    fn trace_answer(&self, answer: &Answer, secret: bool) {
        let Some(trace) = self.trace else { return };
        trace(&format!("< {} {}", answer.status, answer.host));
        answer
            .headers
            .iter()
            .for_each(|(name, value)| trace(&format!("< {name}: {}", masked(name, value))));
        match std::str::from_utf8(&answer.body) {
            Ok(text) if !secret => trace(&format!("< {text}")),
            _ => trace(&format!("< ({} bytes not shown)", answer.body.len())),
        }
    }
}

/// What every client of ours begins with: https only, no redirects, a deadline for each silence.
pub fn strict() -> ClientBuilder {
    Client::builder()
        .https_only(true)
        .redirect(Policy::none())
        .referer(false)
        .user_agent(AGENT)
        .connect_timeout(CONNECTING)
        .read_timeout(SILENCE)
}

fn headers_of(message: &Message<'_>, url: &Url) -> Result<HeaderMap, EcpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.headers {
        let mut value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| EcpError::Internal(format!("the header {name} cannot be written")))?;
        value.set_sensitive(true);
        headers.append(name.clone(), value);
    }
    let Some(jar) = &message.jar else {
        return Ok(headers);
    };
    let own = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|own| own.to_str().ok())
        .map(str::to_owned)
        .collect();
    let pairs = with_own(jar.pairs(url), own);
    if !pairs.is_empty()
        && let Ok(mut value) = HeaderValue::from_str(&pairs.join("; "))
    {
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
    Ok(headers)
}

/// Merges the jar's cookies with the message's own, which take precedence over cookies with the
/// same name.
fn with_own(jar: Vec<String>, own: Vec<String>) -> Vec<String> {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().trim().to_owned();
    let names: Vec<String> = own
        .iter()
        .flat_map(|own| own.split(';'))
        .map(name)
        .collect();
    jar.into_iter()
        .filter(|pair| !names.contains(&name(pair)))
        .chain(own)
        .collect()
}

/// A request header for the trace: any header added by the user may be secret, whatever its name.
fn masked_request(name: &HeaderName, value: &HeaderValue) -> String {
    match name.as_str() {
        "accept" | "content-type" | "paos" | "authorization" | "cookie" => masked(name, value),
        _ => "***".to_owned(),
    }
}

/// A header for the trace, without credentials and cookie values.
fn masked(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    match name.as_str() {
        "authorization" | "www-authenticate" => {
            let scheme = text.split_once(' ').map(|(scheme, _)| format!("{scheme} "));
            format!("{}***", scheme.unwrap_or_default())
        }
        "cookie" => text
            .split("; ")
            .map(masked_cookie)
            .collect::<Vec<_>>()
            .join("; "),
        "set-cookie" => masked_cookie(text.split(';').next().unwrap_or_default()),
        _ => text,
    }
}

fn masked_cookie(cookie: &str) -> String {
    cookie
        .split_once('=')
        .map_or_else(|| "***".to_owned(), |(name, _)| format!("{name}=***"))
}

/// The host of an https URL without user name or password.
///
/// # Errors
/// [`EcpError::Insecure`], [`EcpError::UserInAddress`].
pub fn host_of(url: &Url) -> Result<String, EcpError> {
    let host = url.host_str().filter(|_| url.scheme() == "https");
    let host = host.ok_or_else(|| EcpError::insecure(url.as_str()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EcpError::UserInAddress(host.to_owned()));
    }
    Ok(host.to_owned())
}

/// Sends a request, and reads an answer of at most `limit` bytes.
///
/// # Errors
/// [`EcpError::Connect`], [`EcpError::Untrusted`], [`EcpError::Timeout`], [`EcpError::TooLarge`].
pub async fn receive(
    request: reqwest::RequestBuilder,
    host: &str,
    limit: usize,
) -> Result<Answer, EcpError> {
    let failed = |error: &reqwest::Error| {
        if error.is_timeout() {
            return EcpError::Timeout(host.to_owned());
        }
        let host = host.to_owned();
        match distrust(error) {
            Some(reason) => EcpError::Untrusted { host, reason },
            None => EcpError::Connect {
                host,
                reason: innermost(error),
            },
        }
    };
    let mut response = request.send().await.map_err(|error| failed(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(EcpError::TooLarge {
                host: host.to_owned(),
                mebibytes: limit >> 20,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        host: host.to_owned(),
        status,
        headers,
        body,
    })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
}

/// SSL_R_CERTIFICATE_VERIFY_FAILED of ERR_LIB_SSL.
const VERIFY_FAILED: (c_int, c_int) = (20, 134);

/// Why OpenSSL does not trust a certificate. The result of its verification is only in the text of
/// the error, in parentheses after OpenSSL's own message.
fn distrust(error: &reqwest::Error) -> Option<String> {
    let mut stacks = causes(error).filter_map(|cause| cause.downcast_ref::<ErrorStack>());
    let numbers = |one: &openssl::error::Error| (one.library_code(), one.reason_code());
    if !stacks.any(|stack| {
        stack
            .errors()
            .iter()
            .any(|one| numbers(one) == VERIFY_FAILED)
    }) {
        return None;
    }
    let reason = |text: String| Some(text.strip_suffix(')')?.rsplit_once(" (")?.1.to_owned());
    // The outer causes have addresses in parentheses.
    let reasons = causes(error).filter_map(|cause| reason(cause.to_string()));
    let reason = reasons.last();
    Some(reason.unwrap_or_else(|| innermost(error)))
}

/// The root cause, which is the informative one.
fn innermost(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_the_message_replaces_the_one_in_the_jar() {
        let jar = || vec!["CSRF=theirs".to_owned(), "_shibsession_1=x=y".to_owned()];
        assert_eq!(
            with_own(jar(), vec!["CSRF=ours".to_owned()]),
            ["_shibsession_1=x=y", "CSRF=ours"]
        );
        assert_eq!(with_own(jar(), Vec::new()), jar());
    }
}
