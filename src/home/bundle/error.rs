//! Errors about received files.

use std::path::PathBuf;

use voms::pki::dn::Dn;

use crate::home::bundle::foreign::Foreign;
use crate::home::load::CredentialError;

/// A failure to use the received files.
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
    /// A file of an unsupported kind.
    #[error("{} {}", .path.display(), .what.what())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: Foreign,
    },
    /// The file is shorter than its header states.
    #[error("{} is cut short: it has {has} bytes where {wanted} are needed", .path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its length.
        has: usize,
        /// The length its header states.
        wanted: usize,
    },
    /// None of the passwords decrypts it.
    #[error("the password does not open {}{}", .path.display(), sealed_with(.ciphers))]
    Password {
        /// The file.
        path: PathBuf,
        /// The ciphers it is encrypted with, as far as known.
        ciphers: Vec<&'static str>,
    },
    /// An unsupported cipher.
    #[error("{} is encrypted with a cipher that is not supported here{}", .path.display(), known_ones(.ciphers))]
    Cipher {
        /// The file.
        path: PathBuf,
        /// The supported ciphers it also uses.
        ciphers: Vec<&'static str>,
    },
    /// A file with inconsistent contents.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is inconsistent.
        reason: String,
    },
    /// A proxy: proxies are created locally, not received.
    #[error("{} is a proxy of {identity}", .path.display())]
    Proxy {
        /// The file.
        path: PathBuf,
        /// The identity it was created for.
        identity: Dn,
    },
    /// No user certificate.
    #[error("there is a private key, but no certificate of yours{}", if *.authorities { ", only of CAs" } else { "" })]
    NoCertificate {
        /// Whether there are CA certificates.
        authorities: bool,
    },
    /// Empty containers.
    #[error("there is neither a certificate nor a private key in what you named")]
    Nothing,
    /// The certificate request sent to the CA and its key, but not the CA's reply.
    #[error("there is a private key and a certificate request, but not yet a certificate")]
    OnlyRequested,
    /// A bundle with several keys, of which only the first would be read.
    #[error("{} holds {count} private keys", .path.display())]
    SeveralKeys {
        /// The file.
        path: PathBuf,
        /// The number of keys.
        count: usize,
    },
    /// Only CA certificates.
    #[error("there are only certificates of CAs, such as {0}")]
    OnlyAuthorities(Dn),
    /// The certificate's private key is missing.
    #[error("the private key of {0} is not in what you named")]
    NoKey(Dn),
    /// Certificates for several identities, each with its key.
    #[error("there are two identities: {0} and {1}")]
    Ambiguous(Dn, Dn),
    /// Certificates and keys that do not match.
    #[error("no private key given belongs to the certificate of {0}")]
    Mismatch(Dn),
    /// No password could be obtained.
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
