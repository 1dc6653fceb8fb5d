//! Moves bytes to and from VOMS servers without interpreting them.

pub(crate) mod endpoint;
pub(crate) mod legacy;
mod recording;
pub(crate) mod rest;
pub mod tls;
mod verify;

use std::error::Error;
use std::io;

use openssl::error::ErrorStack;
use voms::pki::dn::Dn;
use voms::trust::PathFinding;

/// Maximum size of one reply, in bytes.
pub const REPLY_LIMIT: usize = 4 << 20;

/// A failed exchange with one server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The host name has no address.
    #[error("cannot resolve host name {0}")]
    Resolve(String),
    /// No address accepts a connection.
    #[error("{0}")]
    Connect(String),
    /// The server's certificate failed verification.
    #[error("the server is not trusted: {0}")]
    Untrusted(PathFinding),
    /// OpenSSL's verification error, where the system's web CAs are used.
    #[error("the server is not trusted: {0}")]
    UntrustedByWebCas(&'static str),
    /// The server's certificate is valid, but issued for a different host.
    #[error("the server is not {host}: its certificate is for {subject}")]
    Name {
        /// The requested host.
        host: String,
        /// The subject of the certificate presented.
        subject: Dn,
    },
    /// The server rejected the user's certificate with a TLS alert.
    #[error("the server refused your certificate ({0})")]
    Refused(String),
    /// The TLS handshake failed for another reason.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
    /// The user's credential cannot be used for TLS.
    #[error("your certificate cannot be used to authenticate: {0}")]
    Credential(String),
    /// The system's web CAs cannot be read.
    #[error("the system's web CAs cannot be read: {0}")]
    WebCas(String),
    /// The connection was closed before any answer; TLS 1.3 servers do this when they reject a
    /// certificate.
    #[error(
        "the server closed the connection without an answer: it may have refused your certificate"
    )]
    Closed,
    /// The connection was lost.
    #[error("the connection was lost: {0}")]
    Broken(String),
    /// The connection was lost after the server had started its HTTP answer.
    #[error("the connection was lost in the middle of the answer: {0}")]
    Truncated(String),
    /// The server started an HTTP answer, but it is malformed.
    #[error("the server's HTTP answer cannot be read: {0}")]
    MalformedHttp(String),
    /// The reply exceeds [`REPLY_LIMIT`].
    #[error("the server sent more than {} MiB", REPLY_LIMIT >> 20)]
    TooLarge,
    /// A call of the blocking client inside an async runtime.
    #[error("the blocking client was called inside an async runtime; use the async one")]
    InsideAsyncRuntime,
}

impl NetError {
    /// Whether the server was reached but gave no answer in the protocol used, so that the other
    /// protocol is worth trying.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Closed | Self::Broken(_))
    }

    fn from_io(error: &(dyn Error + 'static), nothing_read: bool) -> Self {
        if let Some(alert) = links(error).find_map(alert) {
            return Self::Refused(alert);
        }
        if nothing_read && links(error).any(is_gone) {
            return Self::Closed;
        }
        Self::Broken(causes(error))
    }
}

/// OpenSSL's library number for TLS errors.
const ERR_LIB_SSL: i32 = 20;
/// `SSL_R_UNEXPECTED_EOF_WHILE_READING`.
const UNEXPECTED_EOF: i32 = 294;
/// `SSL_AD_REASON_OFFSET`: reason codes from here on are alerts sent by the peer.
const ALERTS: std::ops::Range<i32> = 1000..1256;

/// An error and its causes. `io::Error::source` skips the error it wraps.
fn links<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

fn tls_errors<'a>(error: &'a (dyn Error + 'static)) -> &'a [openssl::error::Error] {
    let stack = error
        .downcast_ref::<openssl::ssl::Error>()
        .and_then(openssl::ssl::Error::ssl_error);
    stack
        .or_else(|| error.downcast_ref::<ErrorStack>())
        .map_or(&[], ErrorStack::errors)
}

/// The name of a TLS alert, such as `certificate expired`.
fn alert(error: &(dyn Error + 'static)) -> Option<String> {
    let mut errors = tls_errors(error).iter();
    let alert =
        errors.find(|e| e.library_code() == ERR_LIB_SSL && ALERTS.contains(&e.reason_code()))?;
    let name = alert.reason().unwrap_or("unknown alert");
    Some(name.rsplit(" alert ").next().unwrap_or(name).to_owned())
}

/// Whether the peer closed the connection.
fn is_gone(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let by_system = error.downcast_ref::<io::Error>().map(io::Error::kind);
    by_system.is_some_and(|kind| {
        matches!(
            kind,
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
        )
    }) || tls_errors(error)
        .iter()
        .any(|e| e.library_code() == ERR_LIB_SSL && e.reason_code() == UNEXPECTED_EOF)
}

/// An error with its causes, without repetitions.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
