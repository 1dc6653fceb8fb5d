//! HTTP/1.1 GET, reusing an open connection if there is one (spec 4.2).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::time::SystemTime;

use chrono::DateTime;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    ACCEPT, CONTENT_ENCODING, DATE, HOST, HeaderMap, HeaderName, LOCATION, RETRY_AFTER, SERVER,
    USER_AGENT,
};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;
use voms::pki::certificate::Certificate;

use crate::net::recording::{FirstBytes, RecordingStream};
use crate::net::tls::{Connection, ServerName, TlsClient};
use crate::net::{NetError, REPLY_LIMIT};

const AGENT: &str = concat!("voms-proxy/", env!("CARGO_PKG_VERSION"));

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header: the redirect target.
    pub location: Option<String>,
    /// The `Retry-After` header: how long the server asks clients to wait.
    pub retry_after: Option<Duration>,
    /// The `Server` header: the server software.
    pub software: Option<String>,
    /// The `Content-Encoding` header; only unencoded bodies are requested.
    pub encoding: Option<String>,
    /// The `Date` header, if present and valid.
    pub date: Option<SystemTime>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let date = text(DATE).and_then(|date| parse_date(&date));
        Self {
            status: status.as_u16(),
            location: text(LOCATION),
            retry_after: text(RETRY_AFTER).and_then(|value| retry_after(&value, date)),
            software: text(SERVER),
            encoding: text(CONTENT_ENCODING)
                .filter(|encoding| !encoding.eq_ignore_ascii_case("identity")),
            date,
            body: Vec::new(),
        }
    }
}

/// Parses a `Date` header.
pub fn parse_date(text: &str) -> Option<SystemTime> {
    DateTime::parse_from_rfc2822(text)
        .ok()
        .map(SystemTime::from)
}

/// Parses seconds, or a date relative to the server's own clock (RFC 9110 section 10.2.3).
fn retry_after(text: &str, date: Option<SystemTime>) -> Option<Duration> {
    let text = text.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| parse_date(text)?.duration_since(date?).ok())
}

/// How far apart two requests may be, by the caller's clock, to share a connection. Its server was
/// verified for the first of them.
const MAX_REUSE: Duration = Duration::from_secs(300);

/// The last connection, kept for the next request to the same server.
#[derive(Default)]
pub struct IdleSlot(Mutex<Option<IdleConnection>>);

/// A connection that may accept another request.
struct IdleConnection {
    name: ServerName,
    /// The certificate the server presented, and when it was verified.
    server: Certificate,
    verified_at: SystemTime,
    session: Session,
}

impl IdleConnection {
    fn serves(&self, name: &ServerName, now: SystemTime) -> bool {
        let age = now
            .duration_since(self.verified_at)
            .unwrap_or_else(|backwards| backwards.duration());
        self.name == *name && age <= MAX_REUSE
    }
}

impl IdleSlot {
    /// Queries a server over the idle connection to it, or a new one. Returns the response and the
    /// certificate the server presented.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn get(
        &self,
        tls: &TlsClient,
        name: ServerName,
        now: SystemTime,
        target: &str,
    ) -> Result<(HttpResponse, Certificate), NetError> {
        let host = format!("{}:{}", name.host, name.port);
        let idle = self.lock().take().filter(|idle| idle.serves(&name, now));
        if let Some(mut idle) = idle
            && idle.session.is_open().await
        {
            match idle.session.get(&host, target).await {
                Ok(response) => return Ok((response, self.put(idle))),
                Err(NetError::Closed | NetError::Broken(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let Connection { stream, server } = tls.connect(&name, now).await?;
        let mut connection = IdleConnection {
            name,
            server,
            verified_at: now,
            session: Session::open(stream).await?,
        };
        let response = connection.session.get(&host, target).await?;
        Ok((response, self.put(connection)))
    }

    fn put(&self, connection: IdleConnection) -> Certificate {
        let server = connection.server.clone();
        *self.lock() = Some(connection);
        server
    }

    fn lock(&self) -> MutexGuard<'_, Option<IdleConnection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that carries one request after another for as long as the server keeps it open.
struct Session {
    sender: SendRequest<Empty<Bytes>>,
    first: FirstBytes,
}

impl Session {
    /// Starts HTTP on a connection.
    ///
    /// # Errors
    /// [`NetError::Refused`], [`NetError::Closed`], [`NetError::Broken`].
    async fn open(stream: SslStream<TcpStream>) -> Result<Self, NetError> {
        let first = FirstBytes::default();
        let opened =
            http1::handshake(TokioIo::new(RecordingStream::new(stream, first.clone()))).await;
        let (sender, connection) = opened.map_err(|error| from_hyper(&error))?;
        // The pending request also receives any connection error.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self { sender, first })
    }

    /// Whether another request can be sent. Do not call before the first request: an alert the
    /// server sends before receiving one would be lost.
    async fn is_open(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends the request and reads the body whatever the status: VOMS servers send valid answers
    /// with status 500 too.
    ///
    /// # Errors
    /// [`NetError::Closed`] if nothing was received, [`NetError::Truncated`],
    /// [`NetError::TooLarge`], [`NetError::Refused`], [`NetError::Broken`].
    async fn get(&mut self, host: &str, target: &str) -> Result<HttpResponse, NetError> {
        let broken = |error: &dyn std::fmt::Display| NetError::Broken(error.to_string());
        let target: Uri = target.parse().map_err(|error| broken(&error))?;
        let request = Request::get(target)
            .header(HOST, host)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "*/*")
            .body(Empty::<Bytes>::new())
            .map_err(|error| broken(&error))?;
        let response = self.sender.send_request(request).await;
        let response = response.map_err(|error| match from_hyper(&error) {
            NetError::Closed | NetError::Broken(_) if self.first.are_http() => {
                NetError::MalformedHttp(error.to_string())
            }
            other => other,
        })?;
        let head = HttpResponse::of(response.status(), response.headers());
        let body = Limited::new(response.into_body(), REPLY_LIMIT)
            .collect()
            .await;
        body.map(|body| HttpResponse {
            body: body.to_bytes().to_vec(),
            ..head
        })
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                return NetError::TooLarge;
            }
            match NetError::from_io(&*error, false) {
                NetError::Broken(reason) => NetError::Truncated(reason),
                other => other,
            }
        })
    }
}

fn from_hyper(error: &hyper::Error) -> NetError {
    // If an alert arrives before the request is sent, it appears only as the cause of the
    // cancellation.
    if let refused @ NetError::Refused(_) = NetError::from_io(error, true) {
        return refused;
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return NetError::Closed;
    }
    NetError::from_io(error, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_ask_for_seconds_or_name_a_moment() {
        let date = parse_date("Thu, 26 Nov 2026 12:00:00 GMT");
        assert_eq!(retry_after(" 120 ", None), Some(Duration::from_secs(120)));
        assert_eq!(
            retry_after("Thu, 26 Nov 2026 12:01:30 GMT", date),
            Some(Duration::from_secs(90))
        );
        for odd in [
            "",
            "-1",
            "soon",
            "99999999999999999999999",
            "Thu, 26 Nov 2026 11:00:00 GMT",
        ] {
            assert_eq!(retry_after(odd, date), None, "{odd}");
        }
    }
}
