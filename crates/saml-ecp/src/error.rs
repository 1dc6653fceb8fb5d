//! What may go wrong on the way to a certificate, each with the fact and the next step.

use std::path::PathBuf;

use crate::gssapi::GssError;
use crate::paos::EnvelopeError;

/// A log-in, or what comes after it, that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EcpError {
    /// Only https is spoken.
    #[error("{0} is not an https address")]
    Insecure(String),
    /// A password in an address would be seen by all who see the address.
    #[error("the address at {0} has a user name in it")]
    UserInAddress(String),
    /// The host is not known to be who it should be.
    #[error("the certificate of {host} is not trusted: {reason}")]
    Untrusted {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The host cannot be reached.
    #[error("{host} cannot be reached: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// No answer in time.
    #[error("{0} did not answer in time")]
    Timeout(String),
    /// More than is read of one answer.
    #[error("{host} sent more than {mebibytes} MiB")]
    TooLarge {
        /// The host.
        host: String,
        /// As much is read.
        mebibytes: usize,
    },
    /// A status that is no answer.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// There is no certificate service any more, or not at that address.
    #[error("{host} has no certificate service there (status {status})")]
    Gone {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// No answer of the ECP profile.
    #[error("{host} did not answer as a service of SAML ECP: {what}")]
    NotPaos {
        /// The host.
        host: String,
        /// What it answered.
        what: String,
    },
    /// An envelope that cannot be used.
    #[error("the answer of {host} cannot be used: {why}")]
    Envelope {
        /// Who sent it.
        host: String,
        /// What is wrong with it.
        why: EnvelopeError,
    },
    /// The identity provider does not take the user.
    #[error("{host} refused {who}")]
    Refused {
        /// The identity provider.
        host: String,
        /// The password of whom, or the ticket.
        who: String,
    },
    /// The identity provider answered with a page.
    #[error("{0} answered with a page instead of a log-in: most likely the password is wrong")]
    Page(String),
    /// A SOAP Fault.
    #[error("{host} could not do it: {text}")]
    Fault {
        /// The identity provider.
        host: String,
        /// The HTTP status; SOAP 1.1 section 6.2 wants 500.
        status: u16,
        /// Its words.
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
    /// The answer is for somebody else than who asked.
    #[error("{idp} wants its answer sent to {told} instead of {asked}; nothing was sent")]
    Address {
        /// The identity provider.
        idp: String,
        /// Where it wants it.
        told: String,
        /// Who asked.
        asked: String,
    },
    /// The service does not want its answer at its own address.
    #[error("{service} wants the log-in sent to {told}, which is another place")]
    Elsewhere {
        /// The service.
        service: String,
        /// Where it wants it.
        told: String,
    },
    /// The service does not believe the identity provider.
    #[error("{host} did not accept the log-in (status {status})")]
    Rejected {
        /// The service.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The service has forgotten the log-in.
    #[error("{0} does not know of the log-in")]
    NoSession(String),
    /// The service refuses, in its own words.
    #[error("{host} refused: {sentence}")]
    Service {
        /// The service.
        host: String,
        /// Its sentence.
        sentence: String,
    },
    /// What came is no certificate for the key.
    #[error("what {host} sent cannot be used: {why}")]
    Certificate {
        /// The service.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// No identity provider of that name.
    #[error("no identity provider is called {0:?}")]
    UnknownIdp(String),
    /// Several of that name.
    #[error("several identity providers are called {value:?}: {}", .names.join(", "))]
    AmbiguousIdp {
        /// What was looked for.
        value: String,
        /// Their names.
        names: Vec<String>,
    },
    /// Kerberos.
    #[error(transparent)]
    Kerberos(#[from] GssError),
    /// The server did not prove itself.
    #[error("{0} did not prove by Kerberos who it is")]
    NotMutual(String),
    /// A cookie file.
    #[error("the cookie file {} cannot be used: {reason}", .path.display())]
    Cookies {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something that should not fail did.
    #[error("{0}")]
    Internal(String),
}

/// What is told of one text of a stranger's, in characters.
const LONGEST_TOLD: usize = 300;

/// As much of a stranger's text as is told.
#[must_use]
pub fn told(text: &str) -> String {
    text.chars().take(LONGEST_TOLD).collect()
}

impl EcpError {
    /// [`EcpError::Insecure`], without a password that may stand in the address.
    #[must_use]
    pub fn insecure(address: &str) -> Self {
        Self::Insecure(match (address.split_once("//"), address.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}//{rest}"),
            (None, Some((_, rest))) => rest.to_owned(),
            _ => address.to_owned(),
        })
    }

    /// The same where that host is a certificate service.
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

    /// Whether another identity provider of the institution may do better: trouble, and no answer to the user.
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
