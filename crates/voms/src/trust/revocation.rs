//! Looks the certificates of a path up in the revocation lists of their issuers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::pki::certificate::Certificate;
use crate::policy::CrlPolicy;
use crate::trust::ca_name::CaName;
use crate::trust::candidates::Candidates;
use crate::trust::crl::{self, Crl};
use crate::trust::directory::View;
use crate::trust::note::PathNote;
use crate::trust::problem::{CrlProblem, PathFinding, PathProblem};
use crate::trust::verify::Terms;
use crate::trust::{TrustAnchors, Usage};

/// At most this many other keys of a CA are tried on a list.
const MAX_KEYS: usize = 4;

/// A file of lists; `None` stands for an unreadable one.
type ListFile = (PathBuf, Arc<Option<Vec<Crl>>>);

/// Whose signature on a list counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// That of any key of the CA to which a trusted path leads.
    All,
    /// Only that of the key which signed the certificate.
    Own,
}

/// The files of lists under the names of a certificate's issuer: as the certificate spells it, and
/// as these CA certificates do. The old hash, of the encoding, tells them apart.
pub(super) fn list_files(
    view: View<'_>,
    certificate: &Certificate,
    issuers: &[Certificate],
) -> Vec<ListFile> {
    let owned = |(path, file): (&Path, Arc<_>)| (path.to_owned(), file);
    let files = view.files_of(CaName::Issuer(certificate));
    let mut found: Vec<ListFile> = files.revocation_lists().into_iter().map(owned).collect();
    let mut names = vec![certificate.issuer_der()];
    for ca in issuers {
        if names.contains(&ca.subject_der()) {
            continue;
        }
        names.push(ca.subject_der());
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let known: Vec<PathBuf> = found.iter().map(|(path, _)| real(path)).collect();
        let files = view.files_of(CaName::Subject(ca));
        let more = files.revocation_lists().into_iter().map(owned);
        found.extend(more.filter(|(path, _)| !known.contains(&real(path))));
    }
    found
}

/// The revocation lists for one path.
pub(super) struct Revocation<'a> {
    pub anchors: &'a TrustAnchors,
    pub path: &'a [Certificate],
    pub all: &'a Candidates,
    pub terms: Terms<'a>,
}

impl Revocation<'_> {
    /// The findings on the certificate at that place of the path, which is not the last.
    pub fn judge(&self, at: usize, keys: Keys, notes: &mut Vec<PathNote>) -> Vec<PathFinding> {
        let mode = self.terms.policy.crl();
        let [certificate, issuer] = &self.path[at..at + 2] else {
            return Vec::new();
        };
        if mode == CrlPolicy::Off {
            return Vec::new();
        }
        let files = list_files(self.terms.view, certificate, std::slice::from_ref(issuer));
        if files.is_empty() && mode == CrlPolicy::Required {
            let missing = PathProblem::CrlMissing(self.anchors.directory().to_owned());
            return vec![PathFinding::new(certificate, missing)];
        }
        let mut judged = Vec::new();
        for (path, file) in &files {
            match file.as_ref() {
                None => judged.push(Err(unusable(path, CrlProblem::Unreadable))),
                Some(lists) => judged.extend(
                    lists
                        .iter()
                        .map(|list| self.look_up((path, list), (certificate, issuer), keys)),
                ),
            }
        }
        // One usable CRL is enough: a CA that changed keys leaves the old key's CRL beside the new
        // one.
        let usable = judged.iter().any(Result::is_ok);
        let revoked = |one: &Result<(), _>| matches!(one, Err(PathProblem::Revoked { .. }));
        let decided = usable || judged.iter().any(revoked);
        let mut findings = Vec::new();
        for problem in judged.into_iter().filter_map(Result::err) {
            match problem {
                PathProblem::CrlUnusable {
                    crl,
                    problem: CrlProblem::Delta,
                } if decided => notes.push(PathNote::DeltaList {
                    subject: certificate.subject().clone(),
                    crl,
                }),
                problem if !usable || matches!(problem, PathProblem::Revoked { .. }) => {
                    findings.push(PathFinding::new(certificate, problem));
                }
                _ => {}
            }
        }
        findings
    }

    fn look_up(
        &self,
        (path, list): (&Path, &Crl),
        (certificate, issuer): (&Certificate, &Certificate),
        keys: Keys,
    ) -> Result<(), PathProblem> {
        if !list.is_of(issuer) {
            return Err(unusable(path, CrlProblem::OtherIssuer));
        }
        let other = || self.other_signer(list, issuer, keys);
        let signer = match list.is_signed_by(issuer) {
            true => issuer.clone(),
            false => other().map_err(|problem| unusable(path, problem))?,
        };
        let Terms { policy, view, .. } = self.terms;
        crl::judge(
            (path, list),
            (certificate, &signer),
            policy.strength(),
            view.now,
        )
    }

    /// A trusted certificate of the same CA for the other key that signed the list (RFC 5280
    /// section 5.1.1.3). Where both state which key it is, no other is tried.
    fn other_signer(
        &self,
        list: &Crl,
        issuer: &Certificate,
        keys: Keys,
    ) -> Result<Certificate, CrlProblem> {
        let none = match list.may_be_signed_by(issuer) {
            true => CrlProblem::Signature,
            false => CrlProblem::OtherKey,
        };
        if keys == Keys::Own {
            return Err(none);
        }
        let directory = self.terms.view.files_of(CaName::Subject(issuer));
        let directory = directory.certificates().certificates;
        let named = self
            .path
            .iter()
            .chain(&directory)
            .chain(&self.all.untrusted);
        let mut candidates: Vec<&Certificate> = Vec::new();
        for ca in named {
            let fits = ca.is_ca()
                && ca.subject().matches(issuer.subject())
                && ca.public_key_bits() != issuer.public_key_bits()
                && list.may_be_signed_by(ca);
            if fits && !candidates.contains(&ca) && candidates.len() < MAX_KEYS {
                candidates.push(ca);
            }
        }
        let mut signers = candidates
            .into_iter()
            .filter(|ca| list.is_signed_by(ca))
            .peekable();
        if signers.peek().is_none() {
            return Err(none);
        }
        signers
            .find(|ca| self.is_trusted(ca))
            .cloned()
            .ok_or(CrlProblem::OtherKey)
    }

    /// Whether a CA's certificate, which no list by its own key revokes, ends at an anchor.
    fn is_trusted(&self, ca: &Certificate) -> bool {
        if self.path.contains(ca) {
            return true;
        }
        let terms = Terms {
            usage: Usage::Client,
            ..self.terms
        };
        let from = self.all.sound(terms);
        // Of several roots of one name, OpenSSL may take another than the one it is asked about.
        let alone = self
            .anchors
            .build_path(ca, &from.only(std::slice::from_ref(ca)), terms);
        let Ok(path) = alone.or_else(|_| self.anchors.build_path(ca, &from, terms)) else {
            return false;
        };
        let above = Revocation {
            path: &path,
            terms,
            ..*self
        };
        // The lists may all be signed by the key in question: they say nothing against it.
        let revoked = |at| {
            let findings = above.judge(at, Keys::Own, &mut Vec::new());
            let mut problems = findings.iter().map(|finding| &finding.problem);
            problems.any(|problem| matches!(problem, PathProblem::Revoked { .. }))
        };
        self.anchors
            .findings_on(&path, self.all, terms, &mut Vec::new())
            .is_empty()
            && !(0..path.len() - 1).any(revoked)
    }
}

fn unusable(crl: &Path, problem: CrlProblem) -> PathProblem {
    let crl = crl.to_owned();
    PathProblem::CrlUnusable { crl, problem }
}
