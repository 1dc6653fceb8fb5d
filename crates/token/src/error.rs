//! What can go wrong.

use std::path::PathBuf;

use saml_ecp::gssapi::GssError;

/// A failure on the way to a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text does not name a vault.
    #[error("{0:?} is not the address of a vault")]
    Address(String),
    /// A name cannot be part of a path in a vault.
    #[error("{0:?} cannot be a name in a vault")]
    Name(String),
    /// The host's certificate failed verification.
    #[error("the certificate of {host} is not trusted: {reason}")]
    Untrusted {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// CAs cannot be read.
    #[error("cannot read the CAs in {}: {reason}", .path.display())]
    Cas {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The connection to the host failed.
    #[error("{host} cannot be reached: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The request timed out.
    #[error("{0} did not answer in time")]
    Timeout(String),
    /// The answer exceeds the size limit.
    #[error("{host} sent more than {mebibytes} MiB")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        mebibytes: usize,
    },
    /// The host wants the request, and its secrets, sent elsewhere.
    #[error("{host} sends on to {to}, which was not asked for")]
    Redirect {
        /// The host.
        host: String,
        /// Where to.
        to: String,
    },
    /// The vault refused.
    #[error("{host} answered {status}{}", listed(.reasons))]
    Refused {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// Its reasons, which may be none.
        reasons: Vec<String>,
    },
    /// The answer is not JSON, or lacks what belongs there.
    #[error("the answer from {host} cannot be used: {why}")]
    Unreadable {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The login in the browser came to nothing.
    #[error("the login at {host} failed: {reason}")]
    Login {
        /// The host.
        host: String,
        /// Why.
        reason: LoginFailure,
    },
    /// The address to log in at is not https.
    #[error("{0} wants the login at an address that is not https")]
    InsecureLogin(String),
    /// Kerberos is unavailable or failed.
    #[error(transparent)]
    Kerberos(#[from] GssError),
    /// oidc-agent cannot be asked.
    #[error("oidc-agent cannot be asked: {0}")]
    NoAgent(String),
    /// oidc-agent refused.
    #[error("oidc-agent has no token for {account}: {reason}")]
    Agent {
        /// The account.
        account: String,
        /// Its reason.
        reason: String,
    },
    /// An internal error.
    #[error("{0}")]
    Internal(String),
}

/// Why a login in the browser came to nothing, in the words of RFC 8628 section 3.5.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginFailure {
    /// The person said no.
    #[error("access_denied")]
    Denied,
    /// Nobody came in time.
    #[error("expired_token")]
    Expired,
    /// What else the vault says.
    #[error("{0}")]
    Other(String),
}

impl LoginFailure {
    pub(crate) fn of(text: &str) -> Self {
        [Self::Denied, Self::Expired]
            .into_iter()
            .find(|known| known.to_string() == text)
            .unwrap_or_else(|| Self::Other(excerpt(text)))
    }
}

fn listed(reasons: &[String]) -> String {
    reasons.iter().map(|reason| format!(": {reason}")).collect()
}

/// Maximum length of untrusted text in a message, in characters.
const LONGEST_EXCERPT: usize = 300;

/// Untrusted text for a message: on one line, and not too long.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_EXCERPT).collect()
}

impl TokenError {
    /// Whether nobody could be asked, so that another way to log in there would fail too.
    #[must_use]
    pub fn is_about_the_connection(&self) -> bool {
        matches!(
            self,
            Self::Address(_)
                | Self::Untrusted { .. }
                | Self::Cas { .. }
                | Self::Connect { .. }
                | Self::Timeout(_)
                | Self::Redirect { .. }
        )
    }
}
