//! Which certificates a path may be built from, and which names their CAs may certify.

use std::path::Path;

use der::asn1::ObjectIdentifier;

use crate::pki::certificate::Certificate;
use crate::trust::Usage;
use crate::trust::ca_name::CaName;
use crate::trust::directory::View;
use crate::trust::note::PathNote;
use crate::trust::policy::{CaPolicy, PolicyError, Verdict};
use crate::trust::problem::{PathFinding, PathProblem, PolicyKind, PolicyProblem};
use crate::trust::purpose;
use crate::trust::verify::{Terms, judge_each};

/// The longest path of CAs that is followed; real ones have three or four.
pub(crate) const MAX_DEPTH: usize = 10;
/// How many issuers are looked for in the directory, by name; each is spelled in one way or, after
/// a CA changed its encoding, in two.
const MAX_ISSUERS: usize = 2 * MAX_DEPTH;

/// The certificates that a path may be built from.
pub(super) struct Candidates {
    pub untrusted: Vec<Certificate>,
    pub anchors: Vec<Certificate>,
    /// What the anchors are not trusted for, by OpenSSL's trust settings.
    rejections: Vec<(Certificate, ObjectIdentifier)>,
}

impl Candidates {
    /// Those that are usable themselves.
    pub fn sound(
        &self,
        Terms {
            usage,
            policy,
            view,
        }: Terms<'_>,
    ) -> Self {
        let sound = |one: &&Certificate, signed: usize| {
            judge_each(std::slice::from_ref(*one), signed, policy, view.now).is_empty()
        };
        let untrusted = self.untrusted.iter().filter(|one| sound(one, 1));
        let anchors = self.anchors.iter();
        let anchors = anchors.filter(|one| sound(one, 0) && !self.is_rejected(one, usage));
        Self {
            untrusted: untrusted.cloned().collect(),
            anchors: anchors.cloned().collect(),
            rejections: Vec::new(),
        }
    }

    /// Only those on a path.
    pub fn only(&self, path: &[Certificate]) -> Self {
        let is_anchor = |one: &&Certificate| self.anchors.contains(one);
        let (anchors, untrusted): (Vec<_>, Vec<_>) = path.iter().partition(is_anchor);
        let owned = |all: Vec<&Certificate>| all.into_iter().cloned().collect();
        Self {
            untrusted: owned(untrusted),
            anchors: owned(anchors),
            rejections: Vec::new(),
        }
    }

    /// Whether the administrator rejects the anchor for this purpose.
    pub fn is_rejected(&self, anchor: &Certificate, usage: Usage) -> bool {
        let mut own = self.rejections.iter().filter(|(one, _)| one == anchor);
        own.any(|(_, id)| purpose::concerns(*id, usage))
    }
}

/// The CA certificates that may lie on a path from the leaf: its issuers by name, through the
/// untrusted certificates and the CAs themselves. Certificates that nothing leads to cost no look
/// at the directory.
pub(super) fn candidates_for(
    leaf: &Certificate,
    untrusted: &[Certificate],
    view: View<'_>,
) -> Candidates {
    let mut anchors: Vec<Certificate> = Vec::new();
    let mut rejections = Vec::new();
    let mut level = vec![leaf.clone()];
    let mut asked: Vec<Vec<u8>> = Vec::new();
    for _ in 0..=MAX_DEPTH {
        let mut above = Vec::new();
        for certificate in std::mem::take(&mut level) {
            let name = certificate.issuer_der();
            if asked.iter().any(|known| known == name) || asked.len() >= MAX_ISSUERS {
                continue;
            }
            asked.push(name.to_vec());
            let found = view.files_of(CaName::Issuer(&certificate)).certificates();
            rejections.extend(found.rejections);
            let shown = untrusted
                .iter()
                .filter(|other| other.subject().matches(certificate.issuer()));
            above.extend(shown.chain(&found.certificates).cloned());
            anchors.extend(found.certificates);
        }
        level = above;
    }
    Candidates {
        untrusted: untrusted.to_vec(),
        anchors,
        rejections,
    }
}

/// Whether the policy files of a certificate's CA, or of the nearest CA above it that has any,
/// permit its name: every file present must permit it (spec 8.3, 8.4). What a CA says about its
/// own name does not count.
pub(super) fn policy_findings(
    certificate: &Certificate,
    above: &[Certificate],
    view: View<'_>,
    notes: &mut Vec<PathNote>,
) -> Vec<PathFinding> {
    if certificate.is_self_issued() {
        return Vec::new();
    }
    let Some(issuer) = above.first() else {
        return Vec::new();
    };
    for ca in above {
        let files = view.files_of(CaName::Subject(ca));
        let policies = files.policies();
        let verdict = |policy: &Result<CaPolicy, PolicyError>| match policy {
            Err(error) => Some(Err(PolicyProblem::Malformed(error.clone()))),
            Ok(policy) => match policy.judge(ca.subject(), issuer.subject(), certificate.subject())
            {
                Verdict::Permitted => Some(Ok(())),
                Verdict::Denied => Some(Err(PolicyProblem::Denied)),
                Verdict::NotPermitted => Some(Err(PolicyProblem::NotPermitted)),
                Verdict::Silent => None,
            },
        };
        let verdicts: Vec<_> = policies
            .iter()
            .filter_map(|(file, policy)| {
                let said = verdict(policy);
                if said.is_none() {
                    notes.push(PathNote::SilentPolicy {
                        ca: ca.subject().clone(),
                        file: file.to_path_buf(),
                    });
                }
                Some((*file, said?))
            })
            .collect();
        if verdicts.is_empty() {
            continue;
        }
        let refusals = verdicts
            .into_iter()
            .filter_map(|(file, verdict)| Some(refused_by(file, verdict.err()?)));
        return refusals
            .map(|problem| PathFinding::new(certificate, problem))
            .collect();
    }
    Vec::new()
}

fn refused_by(file: &Path, problem: PolicyProblem) -> PathProblem {
    let kind = match file.extension().is_some_and(|end| end == "namespaces") {
        true => PolicyKind::Namespaces,
        false => PolicyKind::SigningPolicy,
    };
    let file = file.to_owned();
    PathProblem::Policy {
        kind,
        file,
        problem,
    }
}

/// The leaf and its chain of issuers, as far as they are available.
pub(super) fn issuers_among(leaf: &Certificate, untrusted: &[Certificate]) -> Vec<Certificate> {
    let mut path = vec![leaf.clone()];
    while let Some(next) = path.last().and_then(|last| {
        untrusted
            .iter()
            .find(|c| c.subject().matches(last.issuer()))
    }) {
        if path.contains(next) {
            break;
        }
        path.push(next.clone());
    }
    path
}
