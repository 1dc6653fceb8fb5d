//! The stable code of each error: what programs match on.

use crate::error::{LoginFailure, TokenError};

impl TokenError {
    /// The stable code, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "url-invalid",
            Self::Name(_) => "name-unsuitable",
            Self::Untrusted { .. } => "server-untrusted",
            Self::Cas { .. } => "file-unreadable",
            Self::Connect { .. } => "server-unreachable",
            Self::Timeout(_) => "timeout",
            Self::TooLarge { .. } => "answer-too-large",
            Self::Redirect { .. } => "redirected",
            Self::Refused { status: 403, .. } => "permission-denied",
            Self::Refused { status: 503, .. } => "vault-unavailable",
            Self::Refused { .. } => "vault-refused",
            Self::Unreadable { .. } => "answer-unreadable",
            Self::Login { reason, .. } => match reason {
                LoginFailure::Denied => "login-refused",
                LoginFailure::Expired => "login-expired",
                LoginFailure::Other(_) => "login-failed",
            },
            Self::InsecureLogin(_) => "url-not-https",
            Self::Kerberos(error) => error.code(),
            Self::NoAgent(_) => "agent-missing",
            Self::Agent { .. } => "agent-refused",
            Self::Internal(_) => "failed",
        }
    }
}
