//! Trust anchors: a directory of CA certificates and CRLs named by the hash of their subject, as IGTF distributes it
//! (spec 8.1, 8.2). Only the files that a chain needs are opened.

mod crl;
mod directory;
mod problem;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509PurposeId, X509StoreContext, X509VerifyResult};

pub use self::crl::CrlPolicy;
use self::directory::{Directory, Hashes};
pub use self::problem::{PathFinding, PathProblem};
use super::certificate::Certificate;
use super::policy::Verdict;

const MAX_DEPTH: usize = 10;
/// OpenSSL's security level 2: 112 bits, which RSA below 2048 bits, SHA-1 and MD5 do not reach.
const AUTH_LEVEL: i32 = 2;

/// A directory that cannot serve as trust anchors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The directory does not exist, or is none.
    #[error("the CA directory '{}' does not exist", .0.display())]
    Missing(PathBuf),
}

/// The hashes by which the files of a CA are named: OpenSSL's, then the MD5 one of OpenSSL before 1.0, by which the Java
/// clients look.
pub fn file_hashes(ca: &Certificate) -> impl Iterator<Item = u32> {
    Hashes::of_subject(ca).into_iter()
}

/// What the leaf of a path is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// To authenticate a TLS server.
    Server,
    /// To be a user's or a signer's certificate.
    Any,
}

/// A hashed CA directory. Clones share what was read of it; changes on disk are seen at the next call.
#[derive(Clone, Debug)]
pub struct TrustAnchors {
    directory: Arc<Directory>,
    crl_policy: CrlPolicy,
}

impl TrustAnchors {
    /// Names the directory; nothing in it is read yet.
    ///
    /// # Errors
    /// [`AnchorError::Missing`] when there is no such directory.
    pub fn open(directory: &Path) -> Result<Self, AnchorError> {
        if directory.is_dir() {
            Ok(Self { directory: Arc::new(Directory::new(directory)), crl_policy: CrlPolicy::default() })
        } else {
            Err(AnchorError::Missing(directory.to_owned()))
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The same directory under another policy for revocation lists.
    #[must_use]
    pub fn with_crl_policy(self, crl_policy: CrlPolicy) -> Self {
        Self { crl_policy, ..self }
    }

    /// Verifies that a path leads from `leaf` over `untrusted` certificates, in any order, to a CA of the directory
    /// (RFC 5280 section 6), that every certificate on it is valid at `now`, that its CA's policy files permit its name, and that no
    /// revocation list revokes it.
    ///
    /// Returns the path, leaf first, anchor last.
    ///
    /// # Errors
    /// Every finding.
    pub fn verify_path(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        now: DateTime<Utc>,
        usage: Usage,
    ) -> Result<Vec<Certificate>, Vec<PathFinding>> {
        let internal = |_| vec![PathFinding::new(leaf, PathProblem::Invalid("OpenSSL ran out of memory"))];
        let outcome = self.build_path(leaf, untrusted, usage).map_err(internal)?;
        let path = match outcome {
            Ok(path) => path,
            Err(finding) => {
                let mut findings = validity(std::slice::from_ref(leaf), now);
                findings.push(finding);
                return Err(findings);
            }
        };
        let mut findings = validity(&path, now);
        for (at, pair) in path.windows(2).enumerate() {
            findings.extend(self.policy(&pair[0], &path[at + 1..]));
            findings.extend(self.revocation(&pair[0], &pair[1], now));
        }
        if findings.is_empty() { Ok(path) } else { Err(findings) }
    }

    fn build_path(
        &self,
        leaf: &Certificate,
        untrusted: &[Certificate],
        usage: Usage,
    ) -> Result<Result<Vec<Certificate>, PathFinding>, openssl::error::ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        for anchor in self.anchors_for(leaf, untrusted) {
            store.add_cert(anchor.to_x509())?;
        }
        let mut param = X509VerifyParam::new()?;
        // Validity is judged by us, for every certificate and with the dates in the words.
        param.set_flags(X509VerifyFlags::NO_CHECK_TIME)?;
        param.set_auth_level(AUTH_LEVEL);
        if usage == Usage::Server {
            param.set_purpose(X509PurposeId::SSL_SERVER)?;
        }
        store.set_param(&param)?;
        let mut chain = Stack::new()?;
        for certificate in untrusted {
            chain.push(certificate.to_x509())?;
        }
        let store = store.build();
        X509StoreContext::new()?.init(&store, leaf.x509(), &chain, |context| {
            if context.verify_cert()? {
                let path: Result<_, _> = context.chain().into_iter().flatten().map(Certificate::from_x509).collect();
                let unreadable = PathProblem::Invalid("a certificate above it cannot be read");
                return Ok(path.map_err(|_| PathFinding::new(leaf, unreadable)));
            }
            let current = context.current_cert().and_then(|x509| Certificate::from_x509(x509).ok());
            let at_fault = current.unwrap_or_else(|| leaf.clone());
            let problem = self.problem(context.error(), &at_fault);
            Ok(Err(PathFinding::new(&at_fault, problem)))
        })
    }

    fn problem(&self, error: X509VerifyResult, certificate: &Certificate) -> PathProblem {
        const UNKNOWN_ISSUER: [i32; 5] = [2, 18, 19, 20, 21];
        match error.as_raw() {
            66 | 67 => return PathProblem::Weak("its key is shorter than RSA 2048"),
            68 => return PathProblem::Weak("it is signed with SHA-1 or a digest weaker still"),
            _ => {}
        }
        if UNKNOWN_ISSUER.contains(&error.as_raw()) {
            return PathProblem::UnknownIssuer {
                issuer: certificate.issuer().clone(),
                directory: self.directory.path().to_owned(),
            };
        }
        PathProblem::Invalid(error.error_string())
    }

    /// The CA certificates of the directory that may sign the leaf, the untrusted ones, or each other.
    fn anchors_for(&self, leaf: &Certificate, untrusted: &[Certificate]) -> Vec<Certificate> {
        let mut anchors: Vec<Certificate> = Vec::new();
        let mut wanted: Vec<Hashes> = untrusted.iter().chain([leaf]).map(Hashes::of_issuer).collect();
        let mut asked = Vec::new();
        while let Some(hashes) = wanted.pop() {
            if asked.contains(&hashes) || asked.len() > MAX_DEPTH * (untrusted.len() + 1) {
                continue;
            }
            let found = self.directory.certificates(&hashes);
            asked.push(hashes);
            wanted.extend(found.iter().map(Hashes::of_issuer));
            anchors.extend(found);
        }
        anchors
    }

    /// Whether the policy files of a certificate's CA, or of the nearest CA above it that has any, permit its name:
    /// each file that is there decides (spec 8.3, 8.4). What a CA says of its own name does not count.
    fn policy(&self, certificate: &Certificate, above: &[Certificate]) -> Vec<PathFinding> {
        if certificate.is_self_issued() {
            return Vec::new();
        }
        for ca in above {
            let hashes = Hashes::of_subject(ca);
            let (signing, namespaces) = (self.directory.signing_policy(&hashes), self.directory.namespaces(&hashes));
            if signing.is_none() && namespaces.is_none() {
                continue;
            }
            let (name, subject) = (ca.subject(), certificate.subject());
            let signing = signing.map(|(file, policy)| {
                (file, policy.as_ref().as_ref().map(|policy| policy.judge(name, subject)).map_err(Clone::clone))
            });
            let namespaces = namespaces.map(|(file, policy)| {
                (file, policy.as_ref().as_ref().map(|policy| policy.judge(name, true, subject)).map_err(Clone::clone))
            });
            let said = signing.into_iter().chain(namespaces);
            return said
                .filter_map(|(file, verdict)| {
                    let why = match verdict {
                        Ok(Verdict::Permitted) => return None,
                        Ok(Verdict::Denied) => "denies its CA this name".to_owned(),
                        Ok(Verdict::NotPermitted) => "does not permit its CA this name".to_owned(),
                        Err(error) => format!("cannot be understood: {error}"),
                    };
                    Some(PathFinding::new(certificate, PathProblem::Policy { file, why }))
                })
                .collect();
        }
        Vec::new()
    }

    fn revocation(&self, certificate: &Certificate, issuer: &Certificate, now: DateTime<Utc>) -> Vec<PathFinding> {
        if self.crl_policy == CrlPolicy::Off {
            return Vec::new();
        }
        let lists = self.directory.revocation_lists(&Hashes::of_issuer(certificate));
        if lists.is_empty() && self.crl_policy == CrlPolicy::Required {
            let missing = PathProblem::CrlMissing(self.directory.path().to_owned());
            return vec![PathFinding::new(certificate, missing)];
        }
        let judged: Vec<_> = lists
            .iter()
            .map(|(path, list)| crl::judge(path, list.as_ref().as_ref(), certificate, issuer, now))
            .collect();
        // One usable list decides: a CA that changed its key leaves the list of the old one beside it.
        let usable = judged.iter().any(Result::is_ok);
        let counts = |problem: &PathProblem| !usable || matches!(problem, PathProblem::Revoked { .. });
        let problems = judged.into_iter().filter_map(Result::err).filter(counts);
        problems.map(|problem| PathFinding::new(certificate, problem)).collect()
    }
}

fn validity(path: &[Certificate], now: DateTime<Utc>) -> Vec<PathFinding> {
    path.iter().filter_map(|certificate| PathFinding::of_validity(certificate, now)).collect()
}
