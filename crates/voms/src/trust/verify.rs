//! Verifies a path: builds it, judges every certificate on it, and tries other paths where the
//! first is refused.

use std::time::SystemTime;

use crate::crypto::{self, Checks, FaultKind, Place};
use crate::pki::certificate::Certificate;
use crate::policy::Policy;
use crate::trust::ca_name::CaName;
use crate::trust::candidates::{Candidates, candidates_for, issuers_among, policy_findings};
use crate::trust::directory::View;
use crate::trust::note::PathNote;
use crate::trust::problem::{PathFinding, PathProblem};
use crate::trust::revocation::{Keys, Revocation};
use crate::trust::{TrustAnchors, Usage, certificate_policies, purpose, search};
use crate::work::Work;

/// A path from the leaf to its trust anchor, and the notes on it.
#[derive(Debug)]
pub(crate) struct VerifiedPath {
    pub certificates: Vec<Certificate>,
    pub notes: Vec<PathNote>,
}

/// What a path is verified for, and by which rules.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub usage: Usage,
    pub policy: &'a Policy,
    pub view: View<'a>,
}

impl TrustAnchors {
    /// [`TrustAnchors::verify_path`], within a budget for other paths than the first.
    pub(crate) fn verify_within(
        &self,
        work: &mut Work,
        (leaf, untrusted): (&Certificate, &[Certificate]),
        usage: Usage,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<VerifiedPath, Vec<PathFinding>> {
        let shown = issuers_among(leaf, untrusted);
        let malformed: Vec<_> = shown.iter().filter_map(PathFinding::of_form).collect();
        if !malformed.is_empty() {
            return Err(malformed);
        }
        let view = self.source.view(now);
        let terms = Terms {
            usage,
            policy,
            view,
        };
        let all = candidates_for(leaf, untrusted, view);
        // A CA's renewed certificate often sits beside the one it replaces. So try first without
        // the unusable ones; if that finds no path, try with them, so that the findings name them.
        let sound = all.sound(terms);
        let built = self
            .build_path(leaf, &sound, terms)
            .or_else(|_| self.build_path(leaf, &all, terms));
        let judged = match &built {
            Ok(path) => self.judge(path, &all, terms),
            Err(fault) => {
                let mut findings = judge_each(&shown, shown.len(), policy, now);
                findings.push(fault.clone());
                Err(findings)
            }
        };
        judged.or_else(|findings| {
            let first = built.as_deref().unwrap_or_default();
            self.another(work, (leaf, first), (&sound, &all), terms)
                .map_err(|refused| refused.filter(|_| built.is_err()).unwrap_or(findings))
        })
    }

    /// A path that holds, beside the first one, which does not; or why the first of the others does
    /// not hold either, if there is one.
    fn another(
        &self,
        work: &mut Work,
        (leaf, first): (&Certificate, &[Certificate]),
        (sound, all): (&Candidates, &Candidates),
        terms: Terms<'_>,
    ) -> Result<VerifiedPath, Option<Vec<PathFinding>>> {
        let paths = search::paths(leaf, &sound.untrusted, &sound.anchors, work);
        let mut refused = None;
        for path in paths.iter().filter(|path| *path != first) {
            let above = &path[1..];
            if above.iter().try_for_each(|ca| work.spend(ca)).is_err() {
                break;
            }
            let Ok(path) = self.build_path(leaf, &sound.only(above), terms) else {
                continue;
            };
            match self.judge(&path, all, terms) {
                Ok(verified) => return Ok(verified),
                Err(findings) => refused = refused.or(Some(findings)),
            }
        }
        Err(refused)
    }

    /// Judges every certificate on a path.
    fn judge(
        &self,
        path: &[Certificate],
        all: &Candidates,
        terms: Terms<'_>,
    ) -> Result<VerifiedPath, Vec<PathFinding>> {
        let mut notes = Vec::new();
        let mut findings = self.findings_on(path, all, terms, &mut notes);
        let revocation = Revocation {
            anchors: self,
            path,
            all,
            terms,
        };
        for at in 0..path.len() - 1 {
            findings.extend(revocation.judge(at, Keys::All, &mut notes));
        }
        let certificates = path.to_vec();
        match findings.is_empty() {
            true => Ok(VerifiedPath {
                certificates,
                notes,
            }),
            false => Err(findings),
        }
    }

    /// Everything but revocation.
    pub(super) fn findings_on(
        &self,
        path: &[Certificate],
        all: &Candidates,
        terms: Terms<'_>,
        notes: &mut Vec<PathNote>,
    ) -> Vec<PathFinding> {
        let Terms {
            usage,
            policy,
            view,
        } = terms;
        let mut findings = judge_each(path, path.len() - 1, policy, view.now);
        // Only the few certificates that the user shows first were looked at before.
        let issued = &path[..path.len() - 1];
        findings.extend(issued.iter().filter_map(PathFinding::of_form));
        for (at, one) in path.iter().enumerate() {
            let problem = match () {
                () if !purpose::is_allowed(one, usage) => PathProblem::Purpose(usage),
                () if all.is_rejected(one, usage) => PathProblem::Rejected {
                    usage,
                    directory: self.directory().to_owned(),
                },
                () => continue,
            };
            findings.push(PathFinding::new(&path[at], problem));
        }
        let policies = certificate_policies::problem(path);
        findings.extend(policies.map(|(one, problem)| PathFinding::new(one, problem)));
        for (at, certificate) in path.iter().enumerate() {
            findings.extend(policy_findings(certificate, &path[at + 1..], view, notes));
        }
        findings
    }

    /// A path by names, signatures and the constraints of CAs.
    pub(super) fn build_path(
        &self,
        leaf: &Certificate,
        from: &Candidates,
        Terms { usage, view, .. }: Terms<'_>,
    ) -> Result<Vec<Certificate>, PathFinding> {
        let Candidates {
            untrusted, anchors, ..
        } = from;
        let known = match usage {
            Usage::Server => None,
            Usage::Client => Some(&self.known_users),
            Usage::Signer => Some(&self.known_signers),
        };
        if let Some(path) = known.and_then(|known| known.find(leaf, untrusted, anchors)) {
            return Ok(path);
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
            },
        )
        .map_err(|_| PathFinding::new(leaf, PathProblem::Unhandled))?;
        let at = |place: Place| match place {
            Place::Leaf => leaf,
            Place::Untrusted(at) => &untrusted[at],
            Place::Anchor(at) => &anchors[at],
        };
        let path: Vec<_> = built
            .map_err(|fault| {
                let at_fault = at(fault.place);
                PathFinding::new(at_fault, self.problem(fault.kind, at_fault, view))
            })?
            .into_iter()
            .map(|place| at(place).clone())
            .collect();
        if let Some(known) = known {
            known.insert(leaf, untrusted, anchors, &path);
        }
        Ok(path)
    }

    fn problem(&self, fault: FaultKind, certificate: &Certificate, view: View<'_>) -> PathProblem {
        match fault {
            FaultKind::UnknownIssuer => {
                let files = view.files_of(CaName::Issuer(certificate));
                PathProblem::UnknownIssuer {
                    issuer: certificate.issuer().clone(),
                    directory: self.directory().to_owned(),
                    unreadable: files.unreadable(),
                    namesake: files.namesake_of_issuer(certificate),
                }
            }
            FaultKind::Signature => PathProblem::Signature,
            FaultKind::PathLength => PathProblem::PathLength,
            FaultKind::Purpose => PathProblem::Purpose(Usage::Server),
            FaultKind::CriticalExtension => PathProblem::CriticalExtension,
            FaultKind::IsProxy => PathProblem::IsProxy,
            FaultKind::NameConstraint => PathProblem::NameConstraint,
            FaultKind::NotACa => PathProblem::NotACa,
            FaultKind::Other(code, text) => PathProblem::OpenSsl { code, text },
        }
    }
}

/// Checks validity and key strength of all certificates, the signature algorithm only of the first
/// `signed`.
pub(super) fn judge_each(
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
