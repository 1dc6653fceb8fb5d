//! Which of the received certificates is the user's, with its key and the CAs above it.

use chrono::{DateTime, Utc};
use voms::chain::MAX_CERTIFICATES;
use voms::pki::certificate::Certificate;
use voms::pki::key::PrivateKey;

use super::{Received, ReceivedError};
use crate::time::utc;

/// The user's certificate with its key.
#[derive(Debug)]
pub struct Chosen {
    /// The certificate.
    pub certificate: Certificate,
    /// The CAs above it that were included, without the root.
    pub issuers: Vec<Certificate>,
    /// Its key.
    pub key: PrivateKey,
    /// Other non-CA certificates.
    pub passed_over: Vec<Certificate>,
}

impl Received {
    /// The certificate that matches one of the keys. Of several, a valid one is preferred, and
    /// among those the one that expires last.
    ///
    /// # Errors
    /// [`ReceivedError`].
    pub fn choose(mut self, now: DateTime<Utc>) -> Result<Chosen, ReceivedError> {
        let certificates = std::mem::take(&mut self.certificates);
        let (authorities, users): (Vec<_>, Vec<_>) =
            certificates.into_iter().partition(Certificate::is_ca);
        let (certificate, key) = self.best_pair(&users, &authorities, now)?;
        let key = self.keys.swap_remove(key);
        let issuers = issuers_of(&certificate, authorities);
        let passed_over = users
            .into_iter()
            .filter(|user| *user != certificate)
            .collect();
        Ok(Chosen {
            certificate,
            issuers,
            key,
            passed_over,
        })
    }

    /// The best certificate, and the index of its key.
    fn best_pair(
        &self,
        users: &[Certificate],
        authorities: &[Certificate],
        now: DateTime<Utc>,
    ) -> Result<(Certificate, usize), ReceivedError> {
        let key_of = |user: &Certificate| self.keys.iter().position(|key| user.belongs_to(key));
        let pairs: Vec<_> = users
            .iter()
            .filter_map(|user| Some((user, key_of(user)?)))
            .collect();
        let subjects = |&(user, _): &(&Certificate, usize)| user.subject().clone();
        let first = pairs.first().map(subjects);
        let other = pairs
            .iter()
            .map(subjects)
            .find(|subject| first.as_ref().is_some_and(|first| !subject.matches(first)));
        if let Some((first, other)) = first.zip(other) {
            return Err(ReceivedError::Ambiguous(first, other));
        }
        let best = pairs.into_iter().max_by_key(|(user, _)| rank(user, now));
        best.map(|(user, key)| (user.clone(), key))
            .ok_or_else(|| self.nothing_to_choose(users, authorities))
    }

    /// Why no certificate matches a key.
    fn nothing_to_choose(
        &self,
        users: &[Certificate],
        authorities: &[Certificate],
    ) -> ReceivedError {
        let subject = |certificates: &[Certificate]| {
            let first = certificates.first();
            first.map(|certificate| certificate.subject().clone())
        };
        match (subject(users), subject(authorities)) {
            (Some(user), _) if self.keys.is_empty() => ReceivedError::NoKey(user),
            (Some(user), _) => ReceivedError::Mismatch(user),
            (None, Some(ca)) if self.keys.is_empty() => ReceivedError::OnlyAuthorities(ca),
            (None, Some(_)) => ReceivedError::NoCertificate { authorities: true },
            (None, None) if self.requested => ReceivedError::OnlyRequested,
            (None, None) if self.keys.is_empty() => ReceivedError::Nothing,
            (None, None) => ReceivedError::NoCertificate { authorities: false },
        }
    }
}

/// Valid certificates come before others, then the end date decides.
fn rank(user: &Certificate, now: DateTime<Utc>) -> (bool, DateTime<Utc>) {
    let is_valid = utc(user.not_before()) <= now && now <= utc(user.not_after());
    (is_valid, utc(user.not_after()))
}

/// The CAs above a certificate, in order, without the root and without unrelated ones, however many
/// were included.
fn issuers_of(certificate: &Certificate, mut authorities: Vec<Certificate>) -> Vec<Certificate> {
    let mut above: Vec<Certificate> = Vec::new();
    while above.len() + 1 < MAX_CERTIFICATES {
        let issued = above.last().unwrap_or(certificate);
        let issuer = |authority: &Certificate| {
            authority.subject().matches(issued.issuer()) && issued.is_signed_by(authority)
        };
        let Some(at) = authorities.iter().position(issuer) else {
            break;
        };
        let authority = authorities.remove(at);
        if authority.is_self_issued() {
            break;
        }
        above.push(authority);
    }
    above
}
