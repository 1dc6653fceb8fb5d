//! What was received and cannot be used, each with the fact and the next step.

use std::path::PathBuf;

use voms::pki::dn::Dn;

use crate::home::bundle::foreign::Foreign;
use crate::home::load::CredentialError;

/// What was received cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceivedError {
    /// A file that cannot be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of another kind.
    #[error("{} {}", .path.display(), .what.what())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: Foreign,
    },
    /// Less of a file than its first bytes promise.
    #[error("{} is cut short: it has {has} bytes where {wanted} are needed", .path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its length.
        has: usize,
        /// The length that it states.
        wanted: usize,
    },
    /// No password given opens it.
    #[error("the password does not open {}{}", .path.display(), sealed_with(.ciphers))]
    Password {
        /// The file.
        path: PathBuf,
        /// What it is encrypted with, as far as that is known.
        ciphers: Vec<&'static str>,
    },
    /// Encrypted in a way that is not known here.
    #[error("{} is encrypted with a cipher that is not supported here{}", .path.display(), known_ones(.ciphers))]
    Cipher {
        /// The file.
        path: PathBuf,
        /// The known ciphers it also uses.
        ciphers: Vec<&'static str>,
    },
    /// A file whose contents do not make sense.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not make sense.
        reason: String,
    },
    /// A proxy, which is made and not received.
    #[error("{} is a proxy of {identity}", .path.display())]
    Proxy {
        /// The file.
        path: PathBuf,
        /// Whose.
        identity: Dn,
    },
    /// No certificate of a user.
    #[error("there is a private key, but no certificate of yours{}", if *.authorities { ", only of CAs" } else { "" })]
    NoCertificate {
        /// Whether there are CAs' certificates.
        authorities: bool,
    },
    /// Containers with nothing in them.
    #[error("there is neither a certificate nor a private key in what you named")]
    Nothing,
    /// What was sent to the CA, with its key, and nothing that came back.
    #[error("there is a private key and a certificate request, but not yet a certificate")]
    OnlyRequested,
    /// A bundle of several keys, of which only the first would be read.
    #[error("{} holds {count} private keys", .path.display())]
    SeveralKeys {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// Certificates of CAs only.
    #[error("there are only certificates of CAs, such as {0}")]
    OnlyAuthorities(Dn),
    /// The certificate came without its key.
    #[error("the private key of {0} is not in what you named")]
    NoKey(Dn),
    /// Certificates of several people, each with its key.
    #[error("there are two identities: {0} and {1}")]
    Ambiguous(Dn, Dn),
    /// Certificates and keys that do not belong together.
    #[error("no private key given belongs to the certificate of {0}")]
    Mismatch(Dn),
    /// No password was to be had.
    #[error(transparent)]
    Prompt(#[from] CredentialError),
}

fn sealed_with(ciphers: &[&str]) -> String {
    if ciphers.is_empty() {
        String::new()
    } else {
        format!(" (encrypted with {})", ciphers.join(" and "))
    }
}

fn known_ones(ciphers: &[&str]) -> String {
    if ciphers.is_empty() {
        String::new()
    } else {
        format!(" (beside {})", ciphers.join(" and "))
    }
}
