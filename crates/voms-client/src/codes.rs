//! The stable code of each error and warning: what programs match on, and what `--json` prints.
//! `schema/codes.json` lists them.

use crate::failure::{ClientError, Failure};
use crate::http::HttpFailure;
use crate::net::NetError;
use crate::refusal::ServerErrorKind;
use crate::response::{ResponseError, WarningKind};
use crate::vomses::VomsesProblem;

impl ClientError {
    /// The code of the most informative failure, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match (self.foremost(), &self.cause) {
            (Some((_, failure)), _) => failure.code(),
            (None, Some(cause)) => cause.code(),
            (None, None) => "no-server",
        }
    }
}

impl Failure {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Net(error) => error.code(),
            Self::Http(failure) => failure.code(),
            Self::Response(error) => error.code(),
            Self::Server(error) => error.kind.code(),
            Self::Nothing => "answer-empty",
            Self::Ac(_) => "ac-encoding",
            Self::Timeout(_) => "timeout",
        }
    }
}

impl NetError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Resolve(_) => "host-unknown",
            Self::Connect(_) => "server-unreachable",
            Self::Untrusted(_) | Self::UntrustedByWebCas(_) => "server-untrusted",
            Self::Name { .. } => "server-name",
            Self::Refused(_) | Self::Closed => "certificate-refused",
            Self::Handshake(_) => "tls-failed",
            Self::Credential(_) => "certificate-unsupported",
            Self::WebCas(_) => "web-cas-unreadable",
            Self::Broken(_) | Self::Truncated(_) => "connection-lost",
            Self::MalformedHttp(_) => "answer-unreadable",
            Self::TooLarge => "answer-too-large",
            Self::InsideAsyncRuntime => "inside-async-runtime",
        }
    }
}

impl HttpFailure {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "http-redirect",
            Self::Unavailable { .. } => "server-unavailable",
            Self::CertificateRejected { .. } => "certificate-refused",
            Self::CertificateMissing { .. } => "certificate-not-sent",
            Self::TooLong { .. } => "request-too-long",
            Self::WebPage { .. } => "web-page",
            Self::Compressed { .. } => "answer-compressed",
            Self::Empty { .. } => "answer-empty",
            Self::Foreign { .. } => "answer-unreadable",
        }
    }
}

impl ResponseError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "answer-empty",
            Self::Foreign(_) | Self::Base64 => "answer-unreadable",
        }
    }
}

impl ServerErrorKind {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownUser { .. } => "not-a-member",
            Self::NoGroup => "no-group",
            Self::UsagePolicy => "usage-policy",
            Self::Suspended { .. } => "suspended",
            Self::NotHeld { .. } => "not-held",
            Self::TooLong { .. } => "request-too-long",
            Self::CertificateRejected => "certificate-refused",
            Self::BadRequest => "bad-request",
            Self::Fault => "server-unavailable",
            Self::Other => "refused",
        }
    }
}

impl WarningKind {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::LifetimeCut { .. } => "lifetime-cut",
            Self::Other => "server-warning",
        }
    }
}

impl VomsesProblem {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } => "vomses-line",
            Self::Place { .. } => "vomses-unreadable",
        }
    }
}
