//! Trust anchors: a directory of CA certificates and CRLs named by subject hash, as distributed by
//! IGTF (spec 8.1, 8.2). Only the files a chain needs are opened.

mod crl;
mod directory;
mod known;
mod memory;
pub mod policy;
mod problem;
mod purpose;

mod candidates;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use std::time::SystemTime;

pub(crate) use self::candidates::MAX_DEPTH;
use self::candidates::{anchors_for, issuers_among, policy_findings};
use self::crl::Crl;
pub use self::crl::CrlPolicy;
use self::directory::{CaName, Directory, Source, View};
use self::known::KnownPaths;
pub use self::memory::MemoryCa;
pub use self::problem::{CrlProblem, PathFinding, PathProblem, PolicyKind, PolicyProblem};
use crate::crypto::{self, Checks, CryptoError, FaultKind, Place};
use crate::pki::certificate::Certificate;
use crate::policy::Policy;

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
pub enum Usage {
    /// Authenticating a TLS server.
    Server,
    /// Authenticating a user to a service.
    Client,
    /// Signing attribute certificates. Such certificates are few, so their paths are cached, and
    /// only the signatures on a cached path are not checked again.
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

/// What stands in the place of a path where trust comes from memory.
pub(crate) const IN_MEMORY: &str = "(memory)";

/// Trusted CAs: a hashed directory, or CAs from memory. Clones share one cache; each call picks up
/// changes on disk.
#[derive(Clone, Debug)]
pub struct TrustAnchors {
    source: Arc<Source>,
    known_paths: Arc<KnownPaths>,
}

impl TrustAnchors {
    /// Opens the directory, without reading any files yet.
    ///
    /// # Errors
    /// [`AnchorError::Missing`] if there is no such directory.
    pub fn open(directory: &Path) -> Result<Self, AnchorError> {
        if directory.is_dir() {
            Ok(Self::new(Source::Directory(Box::new(Directory::new(
                directory,
            )))))
        } else {
            Err(AnchorError::Missing(directory.to_owned()))
        }
    }

    /// Trusts these CAs instead of a directory's.
    #[must_use]
    pub fn in_memory(cas: impl IntoIterator<Item = MemoryCa>) -> Self {
        Self::new(Source::Memory(cas.into_iter().collect()))
    }

    fn new(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            known_paths: Arc::default(),
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
    /// and is not checked; the trust settings in a `TRUSTED CERTIFICATE` are ignored.
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
        let now = now.into();
        let shown = issuers_among(leaf, untrusted);
        let malformed: Vec<_> = shown.iter().filter_map(PathFinding::of_form).collect();
        if !malformed.is_empty() {
            return Err(malformed);
        }
        let internal = |_| vec![PathFinding::new(leaf, PathProblem::Unhandled)];
        let view = self.source.view(now);
        let anchors = anchors_for(leaf, untrusted, view);
        // A CA's renewed certificate often sits beside the one it replaces. So try first without
        // the unusable ones; if that finds no path, try with them, so that the findings name them.
        let sound = |(all, signed): (&[Certificate], bool)| -> Vec<Certificate> {
            all.iter()
                .filter(|one| {
                    judge_each(&[(*one).clone()], usize::from(signed), policy, now).is_empty()
                })
                .cloned()
                .collect()
        };
        let first = self
            .build_path(
                leaf,
                &sound((untrusted, true)),
                &sound((&anchors, false)),
                (usage, view),
            )
            .map_err(internal)?;
        let outcome = match first {
            Ok(path) => Ok(path),
            Err(_) => self
                .build_path(leaf, untrusted, &anchors, (usage, view))
                .map_err(internal)?,
        };
        match outcome {
            Ok(path) => {
                let mut findings = judge_each(&path, path.len() - 1, policy, now);
                let unfit = path.iter().filter(|one| !purpose::is_allowed(one, usage));
                findings
                    .extend(unfit.map(|one| PathFinding::new(one, PathProblem::Purpose(usage))));
                for (at, pair) in path.windows(2).enumerate() {
                    findings.extend(policy_findings(&pair[0], &path[at + 1..], view));
                    findings.extend(self.revocation(&pair[0], &pair[1], policy, view));
                }
                if findings.is_empty() {
                    Ok(path)
                } else {
                    Err(findings)
                }
            }
            Err(finding) => {
                let mut findings = judge_each(&shown, shown.len(), policy, now);
                findings.push(finding);
                Err(findings)
            }
        }
    }

    /// The CRLs of a certificate's issuer, each with its nextUpdate, usable or not.
    #[must_use]
    pub fn revocation_lists_of(
        &self,
        certificate: &Certificate,
        now: impl Into<SystemTime>,
    ) -> Vec<(PathBuf, SystemTime)> {
        let view = self.source.view(now.into());
        let files = view.files_of(CaName::Issuer(certificate));
        let mut found = Vec::new();
        for (path, file) in files.revocation_lists() {
            let ends = file.as_ref().iter().flatten().map(Crl::next_update);
            found.extend(ends.map(|end| (path.to_owned(), end)));
        }
        found
    }

    fn build_path(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        anchors: &[Certificate],
        (usage, view): (Usage, View<'_>),
    ) -> Result<Result<Vec<Certificate>, PathFinding>, CryptoError> {
        if usage == Usage::Signer
            && let Some(path) = self.known_paths.find(leaf, untrusted, anchors)
        {
            return Ok(Ok(path));
        }
        let built = crypto::build_path(
            leaf.encoded(),
            &untrusted
                .iter()
                .map(Certificate::encoded)
                .collect::<Vec<_>>(),
            &anchors.iter().map(Certificate::encoded).collect::<Vec<_>>(),
            Checks {
                server: usage == Usage::Server,
                policies: std::iter::once(leaf)
                    .chain(untrusted)
                    .chain(anchors)
                    .any(purpose::constrains_policies),
            },
        )?;
        let at = |place: Place| match place {
            Place::Leaf => leaf,
            Place::Untrusted(at) => &untrusted[at],
            Place::Anchor(at) => &anchors[at],
        };
        let outcome: Result<Vec<_>, _> = match built {
            Ok(path) => Ok(path.into_iter().map(|place| at(place).clone()).collect()),
            Err(fault) => {
                let at_fault = at(fault.place);
                Err(PathFinding::new(
                    at_fault,
                    self.problem(fault.kind, at_fault, view),
                ))
            }
        };
        if usage == Usage::Signer
            && let Ok(path) = &outcome
        {
            self.known_paths.insert(leaf, untrusted, anchors, path);
        }
        Ok(outcome)
    }

    /// The certificate with these bytes, if it is a previously verified signer's or lies above one.
    pub(crate) fn known(&self, der: &[u8]) -> Option<Certificate> {
        self.known_paths.certificate(der)
    }

    fn problem(&self, fault: FaultKind, certificate: &Certificate, view: View<'_>) -> PathProblem {
        match fault {
            FaultKind::UnknownIssuer => PathProblem::UnknownIssuer {
                issuer: certificate.issuer().clone(),
                directory: self.directory().to_owned(),
                unreadable: view.files_of(CaName::Issuer(certificate)).unreadable(),
            },
            FaultKind::Signature => PathProblem::Signature,
            FaultKind::PathLength => PathProblem::PathLength,
            FaultKind::Purpose => PathProblem::Purpose(Usage::Server),
            FaultKind::CriticalExtension => PathProblem::CriticalExtension,
            FaultKind::Policies => PathProblem::CertificatePolicies,
            FaultKind::IsProxy => PathProblem::IsProxy,
            FaultKind::NameConstraint => PathProblem::NameConstraint,
            FaultKind::NotACa => PathProblem::NotACa,
            FaultKind::Other(code, text) => PathProblem::OpenSsl { code, text },
        }
    }

    fn revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        policy: &Policy,
        view: View<'_>,
    ) -> Vec<PathFinding> {
        if policy.crl() == CrlPolicy::Off {
            return Vec::new();
        }
        let files = view.files_of(CaName::Issuer(certificate));
        let lists = files.revocation_lists();
        if lists.is_empty() && policy.crl() == CrlPolicy::Required {
            let missing = PathProblem::CrlMissing(self.directory().to_owned());
            return vec![PathFinding::new(certificate, missing)];
        }
        let mut judged = Vec::new();
        for (path, file) in &lists {
            let Some(lists) = file.as_ref() else {
                let problem = CrlProblem::Unreadable;
                judged.push(Err(PathProblem::CrlUnusable {
                    crl: (*path).to_owned(),
                    problem,
                }));
                continue;
            };
            let judge = |list: &Crl| {
                crl::judge(
                    (path, list),
                    (certificate, issuer),
                    policy.strength(),
                    view.now,
                )
            };
            judged.extend(lists.iter().map(judge));
        }
        // One usable CRL is enough: a CA that changed keys leaves the old key's CRL beside the new
        // one.
        let usable = judged.iter().any(Result::is_ok);
        let counts =
            |problem: &PathProblem| !usable || matches!(problem, PathProblem::Revoked { .. });
        let problems = judged.into_iter().filter_map(Result::err).filter(counts);
        problems
            .map(|problem| PathFinding::new(certificate, problem))
            .collect()
    }
}

/// Checks validity and key strength of all certificates, the signature algorithm only of the first
/// `signed`.
fn judge_each(
    path: &[Certificate],
    signed: usize,
    policy: &Policy,
    now: SystemTime,
) -> Vec<PathFinding> {
    let strength = policy.strength();
    let mut findings = Vec::new();
    for (at, certificate) in path.iter().enumerate() {
        findings.extend(PathFinding::of_validity(certificate, now, policy.skew()));
        let signature = (at < signed)
            .then(|| strength.judge_signature(certificate.signature_algorithm()))
            .flatten();
        let weak = strength.judge_key(certificate).or(signature);
        findings.extend(
            weak.map(|weakness| PathFinding::new(certificate, PathProblem::Weak(weakness))),
        );
    }
    findings
}
