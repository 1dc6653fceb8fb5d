//! Certificate policies along a path (RFC 5280 section 6.1), for users to whom any policy will do.
//! All that remains to check is whether a policy holds for the whole path, where a CA requires one.

use std::collections::BTreeSet;

use der::Decode;
use der::asn1::ObjectIdentifier;
use voms_asn1::oid;
use x509_cert::ext::pkix::certpolicy::CertificatePolicies;
use x509_cert::ext::pkix::{InhibitAnyPolicy, PolicyConstraints, PolicyMappings};

use crate::pki::certificate::Certificate;
use crate::trust::problem::PathProblem;

const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");

/// The first certificate of a path, leaf first, whose policies do not suit those above it.
pub(super) fn problem(path: &[Certificate]) -> Option<(&Certificate, PathProblem)> {
    // The anchor is a name and a key; its extensions do not count (RFC 5280 section 6.1.1 (d)).
    let (_, issued) = path.split_last()?;
    let mut state = State::default();
    issued.iter().enumerate().rev().find_map(|(at, one)| {
        let problem = state.go_on(one, at == 0).err()?;
        Some((one, problem))
    })
}

/// The state variables of RFC 5280 section 6.1.2. A counter is `None` until a CA sets it.
struct State {
    /// What the leaves of the policy tree expect, anyPolicy left out.
    expected: BTreeSet<ObjectIdentifier>,
    /// Whether one of the leaves is anyPolicy.
    any: bool,
    explicit: Option<u32>,
    mapping: Option<u32>,
    any_policy: Option<u32>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            expected: BTreeSet::new(),
            any: true,
            explicit: None,
            mapping: None,
            any_policy: None,
        }
    }
}

impl State {
    fn go_on(&mut self, certificate: &Certificate, is_leaf: bool) -> Result<(), PathProblem> {
        self.enter(certificate, is_leaf)?;
        self.require()?;
        let constraints = read::<PolicyConstraints>(certificate, oid::POLICY_CONSTRAINTS)?;
        let (require, inhibit_mapping) = constraints.map_or((None, None), |limits| {
            (
                limits.require_explicit_policy,
                limits.inhibit_policy_mapping,
            )
        });
        if is_leaf {
            count_down(&mut self.explicit);
            if require == Some(0) {
                self.explicit = Some(0);
            }
            return self.require();
        }
        self.map(certificate)?;
        if !certificate.is_self_issued() {
            [&mut self.explicit, &mut self.mapping, &mut self.any_policy]
                .into_iter()
                .for_each(count_down);
        }
        lower(&mut self.explicit, require);
        lower(&mut self.mapping, inhibit_mapping);
        let inhibit = read::<InhibitAnyPolicy>(certificate, oid::INHIBIT_ANY_POLICY)?;
        lower(&mut self.any_policy, inhibit.map(|skip| skip.0));
        Ok(())
    }

    /// The certificate's own policies (section 6.1.3 (d) and (e)).
    fn enter(&mut self, certificate: &Certificate, is_leaf: bool) -> Result<(), PathProblem> {
        let own = read::<CertificatePolicies>(certificate, oid::CERTIFICATE_POLICIES)?;
        let own: BTreeSet<_> = own
            .iter()
            .flat_map(|policies| &policies.0)
            .map(|policy| policy.policy_identifier)
            .collect();
        let takes_any = own.contains(&ANY)
            && (self.any_policy != Some(0) || (!is_leaf && certificate.is_self_issued()));
        let named = own.into_iter().filter(|policy| *policy != ANY);
        let mut expected: BTreeSet<_> = named
            .filter(|policy| self.any || self.expected.contains(policy))
            .collect();
        if takes_any {
            expected.append(&mut self.expected);
        }
        self.expected = expected;
        self.any &= takes_any;
        Ok(())
    }

    /// The policies that stand for others below (section 6.1.4 (a) and (b)).
    fn map(&mut self, certificate: &Certificate) -> Result<(), PathProblem> {
        let mappings = read::<PolicyMappings>(certificate, oid::POLICY_MAPPINGS)?;
        let pairs: Vec<_> = mappings
            .iter()
            .flat_map(|mappings| &mappings.0)
            .map(|pair| (pair.issuer_domain_policy, pair.subject_domain_policy))
            .collect();
        if pairs
            .iter()
            .any(|(above, below)| [above, below].contains(&&ANY))
        {
            return Err(PathProblem::CertificatePolicies);
        }
        let before = self.expected.clone();
        for (above, _) in &pairs {
            self.expected.remove(above);
        }
        if self.mapping != Some(0) {
            let known = |above| self.any || before.contains(above);
            let new = pairs.iter().filter(|(above, _)| known(above));
            self.expected.extend(new.map(|(_, below)| *below));
        }
        Ok(())
    }

    fn require(&self) -> Result<(), PathProblem> {
        match self.explicit == Some(0) && !self.any && self.expected.is_empty() {
            true => Err(PathProblem::CertificatePolicies),
            false => Ok(()),
        }
    }
}

fn read<'a, T: Decode<'a>>(
    certificate: &'a Certificate,
    id: ObjectIdentifier,
) -> Result<Option<T>, PathProblem> {
    let Some((_, value)) = certificate.extension(id) else {
        return Ok(None);
    };
    let read = T::from_der(value).map_err(|_| PathProblem::UnreadableExtension(id))?;
    Ok(Some(read))
}

fn count_down(counter: &mut Option<u32>) {
    *counter = counter.map(|left| left.saturating_sub(1));
}

fn lower(counter: &mut Option<u32>, limit: Option<u32>) {
    if let Some(limit) = limit {
        *counter = Some(counter.map_or(limit, |left| left.min(limit)));
    }
}
