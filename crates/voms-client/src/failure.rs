//! Why no attribute certificate was obtained.

use std::time::Duration;

use voms_asn1::DecodeError;

use crate::event::Protocol;
use crate::http::HttpFailure;
use crate::net::NetError;
use crate::refusal::{ServerError, ServerErrorKind};
use crate::response::ResponseError;
use crate::vomses::VomsesEntry;

/// Why one server returned no attribute certificate over one protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The network exchange failed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The answer is HTTP, but not from a VOMS server.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// The answer does not follow the VOMS protocol, or cannot be decoded.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The server refused the request.
    #[error("{}", in_words(.0))]
    Server(ServerError),
    /// The answer contains neither an attribute certificate nor an error.
    #[error("the answer holds neither an attribute certificate nor an error")]
    Nothing,
    /// The attribute certificate cannot be parsed.
    #[error("the attribute certificate cannot be read: {0}")]
    Ac(#[from] DecodeError),
    /// The time limit for this server, or for the whole command, was reached.
    #[error("Read timed out: no answer within {} s", .0.as_secs_f64().ceil())]
    Timeout(Duration),
}

impl Failure {
    /// How informative the failure is: the server's own message ranks highest, then what was
    /// diagnosed here, then silence.
    fn weight(&self) -> u8 {
        match self {
            Self::Server(error) => match error.kind {
                ServerErrorKind::Fault => 2,
                ServerErrorKind::UnknownUser { .. } | ServerErrorKind::NoGroup => 5,
                ServerErrorKind::UsagePolicy | ServerErrorKind::Suspended { .. } => 6,
                ServerErrorKind::NotHeld { .. } | ServerErrorKind::TooLong { .. } => 6,
                _ => 4,
            },
            Self::Http(
                HttpFailure::CertificateRejected { .. } | HttpFailure::CertificateMissing { .. },
            ) => 4,
            Self::Net(
                NetError::Untrusted(_) | NetError::UntrustedByWebCas(_) | NetError::Name { .. },
            )
            | Self::Net(NetError::Refused(_) | NetError::Credential(_)) => 3,
            Self::Http(_) | Self::Response(_) | Self::Nothing | Self::Ac(_) => 2,
            Self::Net(
                NetError::Closed
                | NetError::Broken(_)
                | NetError::Truncated(_)
                | NetError::MalformedHttp(_)
                | NetError::TooLarge,
            ) => 1,
            Self::Timeout(_) => 1,
            Self::Net(_) => 0,
        }
    }

    /// Whether the server, or a proxy in front of it, rejected the user's certificate.
    #[must_use]
    pub fn is_rejected_certificate(&self) -> bool {
        match self {
            Self::Net(error) => matches!(error, NetError::Refused(_) | NetError::Closed),
            Self::Http(failure) => {
                matches!(
                    failure,
                    HttpFailure::CertificateRejected { .. }
                        | HttpFailure::CertificateMissing { .. }
                )
            }
            Self::Server(error) => error.kind == ServerErrorKind::CertificateRejected,
            _ => false,
        }
    }

    pub(super) fn is_definite(&self) -> bool {
        matches!(self, Self::Server(error) if error.is_definite())
    }

    /// Whether the legacy protocol is worth trying: not if the server answered in HTTP.
    pub(super) fn wants_legacy(&self) -> bool {
        matches!(self, Self::Net(error) if error.is_silence())
    }
}

/// The server's own message, with an explanation where the message lacks one.
fn in_words(error: &ServerError) -> String {
    match error.kind {
        ServerErrorKind::CertificateRejected => {
            format!(
                "the server did not accept your certificate: {}",
                error.message
            )
        }
        ServerErrorKind::Fault => {
            format!("the server is temporarily unavailable: {}", error.message)
        }
        _ if error.message.is_empty() => {
            format!("the server refused without a reason (code {})", error.code)
        }
        _ => error.message.clone(),
    }
}

/// The attempts made at one server.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The server.
    pub entry: VomsesEntry,
    /// The failure for each protocol tried.
    pub failures: Vec<(Protocol, Failure)>,
}

/// No server of the VO returned an attribute certificate.
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientError {
    /// The VO.
    pub vo: String,
    /// Every server that was tried, in order.
    pub attempts: Vec<Attempt>,
    /// Why no server was contacted, although there are some.
    pub cause: Option<Box<NetError>>,
}

impl ClientError {
    pub(crate) fn new(vo: &str, attempts: Vec<Attempt>) -> Self {
        Self {
            vo: vo.to_owned(),
            attempts,
            cause: None,
        }
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn not_sent(vo: &str, cause: NetError) -> Self {
        Self {
            cause: Some(Box::new(cause)),
            ..Self::new(vo, Vec::new())
        }
    }

    /// The most informative failure.
    #[must_use]
    pub fn foremost(&self) -> Option<(&VomsesEntry, &Failure)> {
        let all = self.attempts.iter().flat_map(|attempt| {
            attempt
                .failures
                .iter()
                .map(move |(_, failure)| (&attempt.entry, failure))
        });
        all.max_by_key(|(_, failure)| failure.weight())
    }

    /// The server's refusal, if there was one.
    #[must_use]
    pub fn refusal(&self) -> Option<&ServerError> {
        match self.foremost() {
            Some((_, Failure::Server(error))) => Some(error),
            _ => None,
        }
    }
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.foremost(), &self.cause) {
            (Some((entry, failure)), _) => write!(f, "{}:{}: {failure}", entry.host, entry.port),
            (None, Some(cause)) => write!(f, "{cause}"),
            (None, None) => write!(f, "no server of the VO {} could be asked", self.vo),
        }
    }
}

impl std::error::Error for ClientError {}
