//! The next step where the user's certificate and key cannot be found, opened or replaced.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use voms::chain::ChainError;
use voms::pki::certificate::CertificateError;
use voms::pki::key::KeyError;

use super::Advice;
use crate::home::globus_dir::{NOTE, PairError};
use crate::home::load::{CredentialError, FileRole, PassphraseProblem};

impl Advice for CredentialError {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::NotFound(_) => {
                "import the file that your CA sent (voms-proxy import FILE), put your certificate and \
                key into ~/.globus/usercert.pem and ~/.globus/userkey.pem, or name them with --cert and --key"
                    .to_owned()
            }
            Self::Unreadable { path, role, .. } if is_own_and_closed(path) => {
                let mode = if *role == FileRole::PrivateKey { 400 } else { 644 };
                format!("run: chmod {mode} {}", path.display())
            }
            Self::Unreadable { role: FileRole::PrivateKey, .. } => {
                "name the file with your private key: --key FILE".to_owned()
            }
            Self::Unreadable { .. } => "name the file with your certificate: --cert FILE".to_owned(),
            Self::KeyMode { path, .. } => format!("run: chmod 400 {}", path.display()),
            Self::CertificateMode { path, .. } => format!("run: chmod 644 {}", path.display()),
            Self::KeyOwner { path, .. } => {
                format!("copy it to your own file and run: chmod 400 {}", path.display())
            }
            Self::NoCertificate { source: ChainError::Certificate(error), .. }
                if matches!(error, CertificateError::Characters) =>
            {
                return error.next_step();
            }
            Self::NoCertificate { .. } | Self::NotACertificate { .. } => {
                "name the file with your certificate: --cert FILE".to_owned()
            }
            Self::NoKey { .. } => "name the file with your private key: --key FILE".to_owned(),
            Self::Key { source: KeyError::Passphrase, .. } => "try again with the right passphrase".to_owned(),
            Self::Key { source: KeyError::Cipher, path, .. } => {
                format!("convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in {}", path.display())
            }
            Self::Key { source: KeyError::TooCostly(_), .. } => {
                "get it again from where it was made: it may be damaged".to_owned()
            }
            Self::Key { path, .. } => format!("inspect it with: openssl pkey -in {}", path.display()),
            Self::Mismatch { .. } => "name the pair that belongs together with --cert and --key".to_owned(),
            Self::NoPassphrase { why: PassphraseProblem::FileMode { path, .. }, .. } => {
                format!("run: chmod 600 {}", path.display())
            }
            Self::NoPassphrase { why: PassphraseProblem::File { .. }, .. } => {
                "name a file of yours with --passphrase-file".to_owned()
            }
            Self::NoPassphrase { why: PassphraseProblem::Descriptor { number, .. }, .. } => {
                format!("open it for reading, as the shell does with {number}< FILE")
            }
            Self::NoPassphrase { why: PassphraseProblem::Command(_) | PassphraseProblem::Empty(_), .. } => {
                "the passphrase is the first line: try by hand what it comes from".to_owned()
            }
            Self::NoPassphrase { is_new: true, .. } => {
                "run it on a terminal, or give it on a line of its own on standard input, with --pwstdin".to_owned()
            }
            Self::NoPassphrase { .. } => {
                "run it on a terminal, or use --pwstdin, --passphrase-command or --passphrase-file".to_owned()
            }
            Self::Interrupted => return None,
        })
    }
}

/// Whether the user took away the right to read a file of theirs.
fn is_own_and_closed(path: &Path) -> bool {
    let you = rustix::process::geteuid().as_raw();
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.uid() == you && found.mode() & 0o400 == 0)
}

impl Advice for PairError {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Write { .. } | Self::Backup { .. } => {
                "check who owns the directory, its permissions and the free space, or name another with --dir"
                    .to_owned()
            }
            Self::Changed { .. } => "try again".to_owned(),
            Self::Unfinished { directory, .. } => format!(
                "make sure you can write to {0} and try again; or put the right files there yourself, then run: rm {0}/{NOTE}",
                directory.display()
            ),
        })
    }
}
