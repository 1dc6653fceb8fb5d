//! The stable code of each error: what programs match on.

use crate::error::EcpError;
use crate::gssapi::GssError;

impl EcpError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Insecure(_) => "url-not-https",
            Self::UserInAddress(_) => "url-with-user",
            Self::Untrusted { .. } => "server-untrusted",
            Self::Connect { .. } => "server-unreachable",
            Self::Timeout(_) => "timeout",
            Self::TooLarge { .. } => "answer-too-large",
            Self::Status { .. } => "http-status",
            Self::Gone { .. } => "service-gone",
            Self::NotPaos { .. } | Self::Envelope { .. } => "answer-unreadable",
            Self::Refused { .. } => "login-refused",
            Self::Page(_) => "web-page",
            Self::Fault { .. } => "soap-fault",
            Self::Failed { .. } => "login-failed",
            Self::Address { .. } => "assertion-for-another",
            Self::Elsewhere { .. } => "assertion-elsewhere",
            Self::Rejected { .. } => "login-not-accepted",
            Self::NoSession(_) => "no-session",
            Self::Service { .. } => "service-refused",
            Self::Certificate { .. } => "certificate-unusable",
            Self::UnknownIdp(_) => "idp-unknown",
            Self::AmbiguousIdp { .. } => "idp-ambiguous",
            Self::Kerberos(error) => error.code(),
            Self::NotMutual(_) => "kerberos-not-mutual",
            Self::Cookies { .. } => "cookies-unusable",
            Self::Internal(_) => "failed",
        }
    }
}

impl GssError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoLibrary => "kerberos-missing",
            Self::Static => "kerberos-not-built-in",
            Self::NoTicket(_) => "no-ticket",
            Self::Exchange(_) => "kerberos-failed",
        }
    }
}
