//! HTTP/1.1 GET over a connection that is already there (spec 4.2).

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, DATE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::{NetError, REPLY_LIMIT};

const AGENT: &str = concat!("voms-proxy/", env!("CARGO_PKG_VERSION"));

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The body.
    pub body: Vec<u8>,
    /// The `Date` header, if there is one that can be read.
    pub date: Option<DateTime<Utc>>,
}

/// A connection that takes one request after the other, as long as the server leaves it open.
pub struct Session(SendRequest<Empty<Bytes>>);

impl Session {
    /// Begins to speak HTTP on a connection.
    ///
    /// # Errors
    /// [`NetError::Refused`], [`NetError::Closed`], [`NetError::Broken`].
    pub async fn open(stream: SslStream<TcpStream>) -> Result<Self, NetError> {
        let opened = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|error| from_hyper(&error))?;
        // Errors of the connection also reach the request that waits on it.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self(sender))
    }

    /// Whether another request can be sent. Not to be asked before the first: an alert that the server sends instead of
    /// waiting for it would be lost.
    pub async fn is_open(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }

    /// Sends the request and reads the body, whatever the status: VOMS servers put good answers under status 500 too.
    ///
    /// # Errors
    /// [`NetError::Closed`] when nothing came back, [`NetError::TooLarge`], [`NetError::Refused`],
    /// [`NetError::Broken`].
    pub async fn get(&mut self, host: &str, target: &str) -> Result<Answer, NetError> {
        let broken = |error: &dyn std::fmt::Display| NetError::Broken(error.to_string());
        let target: Uri = target.parse().map_err(|error| broken(&error))?;
        let request = Request::get(target)
            .header(HOST, host)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "*/*")
            .body(Empty::<Bytes>::new())
            .map_err(|error| broken(&error))?;
        let response = self.0.send_request(request).await.map_err(|error| from_hyper(&error))?;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc());
        let body = Limited::new(response.into_body(), REPLY_LIMIT).collect().await;
        body.map(|body| Answer { body: body.to_bytes().to_vec(), date }).map_err(|error| {
            if error.is::<LengthLimitError>() {
                return NetError::TooLarge;
            }
            NetError::from_io(&*error, false)
        })
    }
}

fn from_hyper(error: &hyper::Error) -> NetError {
    // An alert that came before the request was sent is only the cause of its cancellation.
    if let refused @ NetError::Refused(_) = NetError::from_io(error, true) {
        return refused;
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return NetError::Closed;
    }
    NetError::from_io(error, true)
}
