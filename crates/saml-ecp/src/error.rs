//! Errors that can occur during a login and afterwards.

use std::path::PathBuf;

use crate::certificate::CertificateProblem;
use crate::gssapi::GssError;
use crate::paos::EnvelopeError;
use crate::session::NotPaos;

/// A failure during login or afterwards.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EcpError {
    /// The URL's scheme is not https.
    #[error("{0} is not an https address")]
    Insecure(String),
    /// The URL contains a user name or password, which would be visible wherever the URL is.
    #[error("the address of {0} contains a user name")]
    UserInAddress(String),
    /// The host's certificate failed verification.
    #[error("the certificate of {host} is not trusted: {reason}")]
    Untrusted {
        /// The host.
        host: String,
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
    /// An unexpected HTTP status.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The certificate service no longer exists, or is not at this URL.
    #[error("{host} has no certificate service there (status {status})")]
    Gone {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer does not follow the ECP profile.
    #[error("{host} did not answer as a SAML ECP service: {why}")]
    NotPaos {
        /// The host.
        host: String,
        /// How it deviates.
        why: NotPaos,
    },
    /// An envelope that cannot be processed.
    #[error("the answer from {host} cannot be used: {why}")]
    Envelope {
        /// The sender.
        host: String,
        /// What is wrong with it.
        why: EnvelopeError,
    },
    /// The identity provider rejected the user's credentials.
    #[error("{host} refused {who}")]
    Refused {
        /// The identity provider.
        host: String,
        /// The user whose password was rejected, or the ticket.
        who: String,
    },
    /// The identity provider answered with an HTML page.
    #[error("{0} answered with a page instead of a login: most likely the password is wrong")]
    Page(String),
    /// A SOAP Fault.
    #[error("{host} reported a fault: {text}")]
    Fault {
        /// The identity provider.
        host: String,
        /// The HTTP status; SOAP 1.1 section 6.2 requires 500.
        status: u16,
        /// The fault's text.
        text: String,
    },
    /// A SAML status other than Success.
    #[error("{host} did not log you in: {text}")]
    Failed {
        /// The identity provider.
        host: String,
        /// Status and message.
        text: String,
    },
    /// The answer is addressed to a service other than the requesting one.
    #[error("{idp} addressed its answer to {named} instead of {expected}; nothing was sent")]
    Address {
        /// The identity provider.
        idp: String,
        /// The address the answer is meant for.
        named: String,
        /// The address of the requesting service.
        expected: String,
    },
    /// The service wants the answer sent to an address that is not its own.
    #[error("{service} wants the login sent to another address, {address}")]
    Elsewhere {
        /// The service.
        service: String,
        /// The address it wants the answer sent to.
        address: String,
    },
    /// The service rejected the identity provider's response.
    #[error("{host} did not accept the login (status {status})")]
    Rejected {
        /// The service.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The service does not recognise the session.
    #[error("{0} does not recognise the login")]
    NoSession(String),
    /// The service refused, for the reason it states.
    #[error("{host} refused: {sentence}")]
    Service {
        /// The service.
        host: String,
        /// Its message.
        sentence: String,
    },
    /// The service did not return a usable certificate for the key.
    #[error("what {host} sent cannot be used: {why}")]
    Certificate {
        /// The service.
        host: String,
        /// What is wrong with it.
        why: CertificateProblem,
    },
    /// No identity provider matches the name.
    #[error("no identity provider is called {0:?}")]
    UnknownIdp(String),
    /// Several identity providers match the name.
    #[error("several identity providers are called {value:?}: {}", .names.join(", "))]
    AmbiguousIdp {
        /// The search text.
        value: String,
        /// Their names.
        names: Vec<String>,
    },
    /// Kerberos is unavailable or failed.
    #[error(transparent)]
    Kerberos(#[from] GssError),
    /// The server failed to authenticate itself.
    #[error("{0} did not prove its identity by Kerberos")]
    NotMutual(String),
    /// A cookie file cannot be used.
    #[error("the cookie file {} cannot be used: {reason}", .path.display())]
    Cookies {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An internal error.
    #[error("{0}")]
    Internal(String),
}

/// Maximum length of untrusted text in a message, in characters.
const LONGEST_EXCERPT: usize = 300;

/// Truncates untrusted text for display.
#[must_use]
pub fn excerpt(text: &str) -> String {
    text.chars().take(LONGEST_EXCERPT).collect()
}

impl EcpError {
    /// [`EcpError::Insecure`], with any password removed from the URL.
    #[must_use]
    pub fn insecure(address: &str) -> Self {
        Self::Insecure(match (address.split_once("//"), address.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}//{rest}"),
            (None, Some((_, rest))) => rest.to_owned(),
            _ => address.to_owned(),
        })
    }

    /// The same error, adapted to a certificate service.
    #[must_use]
    pub fn of_service(self, service: &str) -> Self {
        match self {
            Self::Status {
                host,
                status: status @ (404 | 410),
            } if host == service => Self::Gone { host, status },
            other => other,
        }
    }

    /// Whether another identity provider of the institution may succeed: the failure is technical,
    /// not a refusal of the user.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Untrusted { .. }
                | Self::Timeout(_)
                | Self::Status { status: 500.., .. }
                | Self::Fault { status: 500.., .. }
        )
    }
}
