//! Moves bytes to and from VOMS servers; knows nothing of what they mean.

pub mod endpoint;
pub mod legacy;
pub mod rest;
pub mod tls;

use std::error::Error;

use voms::pki::dn::Dn;
use voms::trust::PathFinding;

/// The most that is read of one reply, in bytes.
pub const REPLY_LIMIT: usize = 4 << 20;

/// An exchange with one server that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The host's name has no address.
    #[error("the host name {0} is not known to the DNS")]
    Resolve(String),
    /// No address takes a connection.
    #[error("{0}")]
    Connect(String),
    /// The server's certificate is not to be believed.
    #[error("the server is not trusted: {0}")]
    Untrusted(PathFinding),
    /// What OpenSSL says of the server's certificate where the system's web CAs judge.
    #[error("the server is not trusted: {0}")]
    UntrustedByWebCas(&'static str),
    /// A believed certificate of somebody else.
    #[error("the server is not {host}: its certificate is for {subject}")]
    Name {
        /// The host that was asked for.
        host: String,
        /// Who answered.
        subject: Dn,
    },
    /// The server told by a TLS alert that it does not take the user's certificate.
    #[error("the server refused your certificate ({0})")]
    Refused(String),
    /// The TLS handshake failed otherwise.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
    /// The user's credential cannot be used for TLS.
    #[error("your certificate cannot be used to authenticate: {0}")]
    Credential(String),
    /// The system's web CAs cannot be read.
    #[error("the system's web CAs cannot be read: {0}")]
    WebCas(String),
    /// The connection ended before anything was answered, as TLS 1.3 servers do that refuse a certificate.
    #[error("the server closed the connection without an answer: it may have refused your certificate")]
    Closed,
    /// The connection broke off.
    #[error("the connection broke off: {0}")]
    Broken(String),
    /// The connection broke off after the server had begun to answer in HTTP.
    #[error("the connection broke off in the middle of the answer: {0}")]
    Truncated(String),
    /// More than [`REPLY_LIMIT`].
    #[error("the server sent more than {} MiB", REPLY_LIMIT >> 20)]
    TooLarge,
}

impl NetError {
    /// Whether the exchange got so far that the server said nothing in the language it was asked in, so that the
    /// other language is worth a try.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Closed | Self::Broken(_))
    }

    fn from_io(error: &(dyn Error + 'static), nothing_read: bool) -> Self {
        if let Some(alert) = alert(error) {
            return Self::Refused(alert);
        }
        let text = causes(error);
        let gone = ["reset by peer", "unexpected eof", "broken pipe", "connection closed"];
        if nothing_read && gone.iter().any(|sign| text.to_ascii_lowercase().contains(sign)) {
            return Self::Closed;
        }
        Self::Broken(text)
    }
}

/// The text of a TLS alert in an error's causes, such as `certificate expired`.
fn alert(error: &(dyn Error + 'static)) -> Option<String> {
    let text = causes(error);
    let (_, alert) = text.split_once(" alert ")?;
    let end = alert.find([':', ',']).unwrap_or(alert.len());
    Some(alert[..end].trim().to_owned())
}

/// An error with its causes, each said once.
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
