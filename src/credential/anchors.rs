//! Trust anchors: a directory of CA certificates and CRLs named by the hash of their subject, as IGTF distributes it
//! (spec 8.1, 8.2). Only the files that a chain needs are opened.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{CrlStatus, X509Crl, X509PurposeId, X509StoreContext, X509VerifyResult};

use super::certificate::Certificate;
use super::dn::Dn;
use crate::bounded;

const CRL_LIMIT: u64 = 64 << 20;
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

/// What is wrong with one certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// Past its last second.
    #[error("it expired on {}", crate::when(.0))]
    Expired(DateTime<Utc>),
    /// Before its first second.
    #[error("it is not valid before {}", crate::when(.0))]
    NotYetValid(DateTime<Utc>),
    /// No CA certificate for its issuer was found.
    #[error("its issuer {issuer} is not among the trusted CAs in {}", .directory.display())]
    UnknownIssuer {
        /// The name looked for.
        issuer: Dn,
        /// Where.
        directory: PathBuf,
    },
    /// Its issuer's CRL lists it.
    #[error("it was revoked on {} (listed in {})", crate::when(.at), .crl.display())]
    Revoked {
        /// When.
        at: DateTime<Utc>,
        /// Where it is listed.
        crl: PathBuf,
    },
    /// The CRL that would tell is out of date.
    #[error("the revocation list {} of its issuer ended on {}", .crl.display(), crate::when(.next_update))]
    CrlExpired {
        /// The file.
        crl: PathBuf,
        /// Its nextUpdate.
        next_update: DateTime<Utc>,
    },
    /// The CRL cannot be read, or its issuer did not sign it.
    #[error("the revocation list {} of its issuer {why}", .crl.display())]
    CrlUnusable {
        /// The file.
        crl: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// Its key is too short, or it is signed with SHA-1 or MD5.
    #[error("it is too weak: {0}")]
    Weak(&'static str),
    /// What OpenSSL's path validation says.
    #[error("{0}")]
    Invalid(&'static str),
}

/// One finding on a certificate path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificate {subject}: {problem}")]
pub struct PathFinding {
    /// Whose certificate.
    pub subject: Dn,
    /// What is wrong with it.
    pub problem: PathProblem,
}

impl PathFinding {
    fn new(certificate: &Certificate, problem: PathProblem) -> Self {
        Self { subject: certificate.subject().clone(), problem }
    }

    /// Whether a certificate is out of its dates.
    pub(super) fn of_validity(certificate: &Certificate, now: DateTime<Utc>) -> Option<Self> {
        let problem = if now > certificate.not_after() {
            PathProblem::Expired(certificate.not_after())
        } else if now < certificate.not_before() {
            PathProblem::NotYetValid(certificate.not_before())
        } else {
            return None;
        };
        Some(Self::new(certificate, problem))
    }

    /// The next step, where there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match &self.problem {
            PathProblem::Expired(_) => "get a new certificate from your CA".to_owned(),
            PathProblem::NotYetValid(_) => "check the clock of this machine".to_owned(),
            PathProblem::UnknownIssuer { directory, .. } => format!(
                "if you trust that CA, install its certificate in {} (IGTF packages: ca-policy-igtf-classic), or name \
                 another directory with --certdir or X509_CERT_DIR",
                directory.display()
            ),
            PathProblem::Revoked { .. } => "ask your CA for a new certificate".to_owned(),
            PathProblem::CrlExpired { .. } | PathProblem::CrlUnusable { .. } => {
                "update the revocation lists: run fetch-crl".to_owned()
            }
            PathProblem::Weak(_) => {
                "ask its CA for a certificate with SHA-256 and a key of 2048 bits or more".to_owned()
            }
            PathProblem::Invalid(_) => return None,
        })
    }
}

/// What the leaf of a path is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// To authenticate a TLS server.
    Server,
    /// To be a user's or a signer's certificate.
    Any,
}

/// A hashed CA directory.
#[derive(Clone, Debug)]
pub struct TrustAnchors {
    directory: PathBuf,
}

impl TrustAnchors {
    /// Names the directory; nothing in it is read yet.
    ///
    /// # Errors
    /// [`AnchorError::Missing`] when there is no such directory.
    pub fn open(directory: &Path) -> Result<Self, AnchorError> {
        if directory.is_dir() {
            Ok(Self { directory: directory.to_owned() })
        } else {
            Err(AnchorError::Missing(directory.to_owned()))
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Verifies that a path leads from `leaf` over `untrusted` certificates, in any order, to a CA of the directory
    /// (RFC 5280 section 6), that every certificate on it is valid at `now` and that no CRL at hand revokes one.
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
        for pair in path.windows(2) {
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
                directory: self.directory.clone(),
            };
        }
        PathProblem::Invalid(error.error_string())
    }

    /// The CA certificates of the directory that may sign the leaf, the untrusted ones, or each other.
    fn anchors_for(&self, leaf: &Certificate, untrusted: &[Certificate]) -> Vec<Certificate> {
        let mut anchors: Vec<Certificate> = Vec::new();
        let mut wanted: Vec<u32> =
            untrusted.iter().chain([leaf]).map(|certificate| certificate.x509().issuer_name_hash()).collect();
        let mut asked = Vec::new();
        while let Some(hash) = wanted.pop() {
            if asked.contains(&hash) || asked.len() > MAX_DEPTH * (untrusted.len() + 1) {
                continue;
            }
            asked.push(hash);
            for (_, file) in self.files(hash, "", bounded::CONFIGURATION_LIMIT) {
                let found = Certificate::all_from_pem(&file)
                    .ok()
                    .filter(|found| !found.is_empty())
                    .or_else(|| Certificate::from_der(&file).ok().map(|one| vec![one]));
                for certificate in found.into_iter().flatten() {
                    wanted.push(certificate.x509().issuer_name_hash());
                    anchors.push(certificate);
                }
            }
        }
        anchors
    }

    /// The files `HASH.PREFIX0`, `HASH.PREFIX1` … that exist, unreadable ones as empty.
    fn files(&self, hash: u32, prefix: &str, limit: u64) -> Vec<(PathBuf, Vec<u8>)> {
        (0..)
            .map(|n| self.directory.join(format!("{hash:08x}.{prefix}{n}")))
            // A link that leads nowhere is a file that cannot be read, not one that is not there.
            .take_while(|path| path.symlink_metadata().is_ok())
            .map(|path| {
                let bytes = bounded::read(&path, limit).map(|bytes| bytes.to_vec()).unwrap_or_default();
                (path, bytes)
            })
            .collect()
    }

    fn revocation(&self, certificate: &Certificate, issuer: &Certificate, now: DateTime<Utc>) -> Vec<PathFinding> {
        let files = self.files(certificate.x509().issuer_name_hash(), "r", CRL_LIMIT);
        let judged: Vec<_> = files.iter().map(|(path, file)| judge_crl(path, file, certificate, issuer, now)).collect();
        // One usable list decides: a CA that changed its key leaves the list of the old one beside it.
        if judged.iter().any(|verdict| matches!(verdict, Ok(()))) {
            let revoked = judged.into_iter().filter_map(Result::err);
            return revoked
                .filter(|problem| matches!(problem, PathProblem::Revoked { .. }))
                .map(|problem| PathFinding::new(certificate, problem))
                .collect();
        }
        judged.into_iter().filter_map(Result::err).map(|problem| PathFinding::new(certificate, problem)).collect()
    }
}

fn validity(path: &[Certificate], now: DateTime<Utc>) -> Vec<PathFinding> {
    path.iter().filter_map(|certificate| PathFinding::of_validity(certificate, now)).collect()
}

fn judge_crl(
    path: &Path,
    file: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    now: DateTime<Utc>,
) -> Result<(), PathProblem> {
    let unusable = |why| PathProblem::CrlUnusable { crl: path.to_owned(), why };
    let crl = X509Crl::from_pem(file).or_else(|_| X509Crl::from_der(file)).map_err(|_| unusable("cannot be read"))?;
    if instant(crl.last_update()).is_none_or(|this_update| this_update > now) {
        return Err(unusable("is not valid yet"));
    }
    let signed = issuer.x509().public_key().and_then(|key| crl.verify(&key)).unwrap_or(false);
    if !signed {
        return Err(unusable("is not signed by it"));
    }
    if let CrlStatus::Revoked(entry) = crl.get_by_cert(&certificate.to_x509()) {
        let at = instant(entry.revocation_date()).unwrap_or(now);
        return Err(PathProblem::Revoked { at, crl: path.to_owned() });
    }
    match crl.next_update().and_then(instant) {
        Some(next_update) if next_update < now => Err(PathProblem::CrlExpired { crl: path.to_owned(), next_update }),
        _ => Ok(()),
    }
}

/// OpenSSL's time as ours.
fn instant(time: &Asn1TimeRef) -> Option<DateTime<Utc>> {
    let since = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    DateTime::from_timestamp(i64::from(since.days) * 86_400 + i64::from(since.secs), 0)
}
