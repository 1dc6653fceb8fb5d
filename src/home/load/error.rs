//! Why the user's credential cannot be found or loaded.

use std::path::PathBuf;

use voms::chain::ChainError;
use voms::pki::key::KeyError;

use crate::home::location::{PassedOver, trail};

/// What a file should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRole {
    /// The user's certificate.
    Certificate,
    /// Its private key.
    PrivateKey,
}

impl std::fmt::Display for FileRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
        })
    }
}

/// A credential that could not be found or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// No location has a credential.
    #[error("no user credential was found; tried:{}", trail(.0))]
    NotFound(Vec<PassedOver>),
    /// A file that was named explicitly, or is needed for the other half, cannot be read.
    #[error("cannot read the {role} {}: {reason}", .path.display())]
    Unreadable {
        /// What the file should hold.
        role: FileRole,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key file is readable by others.
    #[error("private key {} is readable by others (mode {mode:04o})", .path.display())]
    KeyMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The certificate file is writable by others.
    #[error("certificate {} can be changed by others (mode {mode:04o})", .path.display())]
    CertificateMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file belongs to another user.
    #[error("the private key {} belongs to user id {owner}, not to {you}", .path.display())]
    KeyOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The effective user id.
        you: u32,
    },
    /// The file does not contain a certificate.
    #[error("{} holds no certificate: {source}", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        source: ChainError,
    },
    /// The file contains something else.
    #[error("{} {what}", .path.display())]
    NotACertificate {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The file does not contain a private key.
    #[error("{} holds no private key", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key cannot be decrypted or read.
    #[error("{}: {source}", .path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// The certificate file.
        certificate: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// Key and certificate do not match.
    #[error("the key {} does not belong to the certificate {}", .key.display(), .certificate.display())]
    Mismatch {
        /// The key file.
        key: PathBuf,
        /// The certificate file.
        certificate: PathBuf,
    },
    /// No passphrase could be obtained.
    #[error("there is no{} passphrase for {}: {why}", if *.is_new { " new" } else { "" }, .path.display())]
    NoPassphrase {
        /// The file that it opens.
        path: PathBuf,
        /// The file is yet to be protected with it.
        is_new: bool,
        /// Why it could not be obtained.
        why: PassphraseProblem,
    },
    /// The user interrupted the prompt.
    #[error("interrupted")]
    Interrupted,
}

/// Why there is no passphrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseProblem {
    /// Standard input ended, or the line was empty.
    #[error("there is none on standard input")]
    StandardInput,
    /// Nobody can be asked.
    #[error("there is no terminal to ask for it on")]
    NoTerminal,
    /// The user did not give it, or there was no way to.
    #[error("it was not given")]
    NotGiven,
    /// It cannot be a passphrase.
    #[error("{0} is not UTF-8")]
    Encoding(String),
    /// It is cut short where C strings end.
    #[error("a passphrase cannot contain a NUL")]
    Nul,
    /// The source has none.
    #[error("{0} is empty")]
    Empty(String),
    /// The file is open to others.
    #[error("others can read the passphrase file {} (mode {mode:04o})", .path.display())]
    FileMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("cannot read the passphrase file {}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The descriptor cannot be read.
    #[error("cannot read file descriptor {number}: {reason}")]
    Descriptor {
        /// Its number.
        number: u32,
        /// Why.
        reason: String,
    },
    /// The command gave none.
    #[error("the passphrase command {0}")]
    Command(String),
}
