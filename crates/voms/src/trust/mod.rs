//! Trust anchors: a directory of CA certificates and CRLs named by subject hash, as distributed by
//! IGTF (spec 8.1, 8.2). Only the files a chain needs are opened.

mod ca_file;
mod ca_name;
mod candidates;
mod certificate_policies;
mod crl;
mod crl_entries;
mod directory;
mod known;
mod listing;
mod memory;
mod note;
pub mod policy;
mod problem;
mod purpose;
mod revocation;
mod search;
mod settings;
mod tests;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use self::ca_name::CaName;
pub(crate) use self::candidates::MAX_DEPTH;
use self::directory::{Directory, Source};
use self::known::KnownPaths;
pub use self::memory::MemoryCa;
pub use self::note::PathNote;
pub use self::problem::{CrlProblem, PathFinding, PathProblem, PolicyKind, PolicyProblem};
use self::revocation::list_files;
pub(crate) use self::verify::VerifiedPath;
use crate::pki::certificate::Certificate;
use crate::policy::Policy;
use crate::work::Work;

/// Why a directory cannot provide trust anchors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The directory does not exist, or is not a directory.
    #[error("the CA directory '{}' does not exist", .0.display())]
    Missing(PathBuf),
}

/// The hashes that name a CA's files: OpenSSL's, then the MD5 hash of OpenSSL before 1.0, which
/// the Java clients use.
pub fn file_hashes(ca: &Certificate) -> impl Iterator<Item = u32> {
    CaName::Subject(ca).hashes()
}

/// The purpose a path is verified for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Usage {
    /// Authenticating a TLS server.
    Server,
    /// Authenticating a user to a service.
    Client,
    /// Signing attribute certificates.
    Signer,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server => "authentication of a TLS server",
            Self::Client => "authentication of a TLS client",
            Self::Signer => "signing attributes",
        })
    }
}

/// Trusted CAs: a hashed directory, or CAs from memory. Clones share one cache; each call picks up
/// changes on disk.
#[derive(Clone, Debug)]
pub struct TrustAnchors {
    source: Arc<Source>,
    known_signers: Arc<KnownPaths>,
    known_users: Arc<KnownPaths>,
}

impl TrustAnchors {
    /// Opens the directory, without reading any files yet.
    ///
    /// # Errors
    /// [`AnchorError::Missing`] if there is no such directory.
    pub fn open(directory: &Path) -> Result<Self, AnchorError> {
        if directory.is_dir() {
            Ok(Self::absent(directory))
        } else {
            Err(AnchorError::Missing(directory.to_owned()))
        }
    }

    /// A directory that need not exist yet, or any more: while it does not, nobody is trusted.
    #[must_use]
    pub fn absent(directory: &Path) -> Self {
        Self::new(Source::Directory(Box::new(Directory::new(directory))))
    }

    /// Trusts these CAs instead of a directory's.
    #[must_use]
    pub fn in_memory(cas: impl IntoIterator<Item = MemoryCa>) -> Self {
        Self::new(Source::Memory(cas.into_iter().collect()))
    }

    fn new(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            known_signers: Arc::new(KnownPaths::of_signers()),
            known_users: Arc::new(KnownPaths::of_users()),
        }
    }

    /// The path of the directory; `(memory)` without one.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.source.path()
    }

    /// Verifies that a path leads from `leaf` through the `untrusted` certificates, given in any
    /// order, to a CA in the directory (RFC 5280 section 6), and that every certificate on it is
    /// valid at `now`, strong enough, permitted by its CA's policy files, and not revoked.
    ///
    /// Returns the path, leaf first, trust anchor last. The anchor's own signature proves nothing
    /// and is not checked. A `TRUSTED CERTIFICATE` that rejects the use cannot be its anchor; its
    /// other trust settings are ignored.
    ///
    /// # Errors
    /// Every finding; if there is no path, those that can be made without one.
    pub fn verify_path(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        usage: Usage,
        policy: &Policy,
        now: impl Into<SystemTime>,
    ) -> Result<Vec<Certificate>, Vec<PathFinding>> {
        let mut work = Work::after(0);
        let verified = self.verify_within(&mut work, (leaf, untrusted), usage, policy, now.into());
        verified.map(|path| path.certificates)
    }

    /// The full CRLs of a certificate's issuer, each with its nextUpdate if it has one, usable or
    /// not.
    #[must_use]
    pub fn revocation_lists_of(
        &self,
        certificate: &Certificate,
        now: impl Into<SystemTime>,
    ) -> Vec<(PathBuf, Option<SystemTime>)> {
        let view = self.source.view(now.into());
        let issuers = view.files_of(CaName::Issuer(certificate)).certificates();
        let files = list_files(view, certificate, &issuers.certificates);
        let mut found = Vec::new();
        for (path, file) in files {
            let full = file
                .as_ref()
                .iter()
                .flatten()
                .filter(|list| !list.is_delta());
            found.extend(full.map(|list| (path.clone(), list.next_update())));
        }
        found
    }

    /// Whether a trusted CA has the certificate's subject as its name.
    pub(crate) fn has_ca_named_as(&self, certificate: &Certificate, now: SystemTime) -> bool {
        let files = self.source.view(now).files_of(CaName::Subject(certificate));
        !files.certificates().certificates.is_empty()
    }

    /// The certificate with these bytes, if it is a previously verified signer's or lies above one.
    pub(crate) fn known(&self, der: &[u8]) -> Option<Certificate> {
        self.known_signers.certificate(der)
    }
}
