//! Which names a CA may certify: the files `HASH.signing_policy` and `HASH.namespaces` beside its certificate
//! (spec 8.3, 8.4).

pub mod namespaces;
pub mod signing_policy;

use self::namespaces::Namespaces;
use self::signing_policy::SigningPolicy;
use crate::pki::dn::{Dn, unescaped_bytes};

/// A policy file that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct PolicyError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// One file of either kind.
#[derive(Debug, Clone)]
pub enum Policy {
    /// Globus's.
    Signing(SigningPolicy),
    /// The EUGridPMA's.
    Namespaces(Namespaces),
}

impl Policy {
    /// Parses a `signing_policy` file.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn signing_policy(text: &str) -> Result<Self, PolicyError> {
        SigningPolicy::parse(text).map(Self::Signing)
    }

    /// Parses a `namespaces` file.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn namespaces(text: &str) -> Result<Self, PolicyError> {
        Namespaces::parse(text).map(Self::Namespaces)
    }

    /// Whether `issuer` may certify `subject`, by the file of `ca`, which is the issuer or a CA above it: what the file
    /// says of the issuer counts, else what it says of its own CA. A file that says nothing of either permits nothing.
    #[must_use]
    pub fn judge(&self, ca: &Dn, issuer: &Dn, subject: &Dn) -> Verdict {
        match self {
            Self::Signing(policy) if policy.speaks_of(issuer) => policy.judge(issuer, subject),
            Self::Signing(policy) => policy.judge(ca, subject),
            Self::Namespaces(policy) if policy.speaks_of(issuer) => {
                policy.judge(issuer, ca.matches(issuer), subject)
            }
            Self::Namespaces(policy) => policy.judge(ca, true, subject),
        }
    }
}

/// What a file says about one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A rule permits it and none denies it.
    Permitted,
    /// A rule denies it.
    Denied,
    /// No rule permits it.
    NotPermitted,
}

impl Verdict {
    /// Any denial wins; without one, a single permission is enough.
    fn of(rules: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut verdict = Self::NotPermitted;
        for (permits, _) in rules.filter(|(_, matches)| *matches) {
            if !permits {
                return Self::Denied;
            }
            verdict = Self::Permitted;
        }
        verdict
    }
}

/// Labels that stand for others, in lower case.
const SPELLINGS: [(&str, &str); 3] = [
    ("/email=", "/emailaddress="),
    ("/e=", "/emailaddress="),
    ("/userid=", "/uid="),
];

/// A name as patterns are compared with it: slash form, one spelling of each label.
fn comparable(text: &str) -> String {
    let lower = decoded(text).to_ascii_lowercase();
    SPELLINGS
        .iter()
        .fold(lower, |text, (from, to)| text.replace(from, to))
}

/// `\xHH` as the byte it stands for, so that names compare as they are and not as they are printed, and `\/` as `/`.
fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&unescaped_bytes(text, b"/")).into_owned()
}

fn subject_text(subject: &Dn) -> String {
    comparable(&subject.to_string())
}
