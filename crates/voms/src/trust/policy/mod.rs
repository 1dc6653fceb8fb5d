//! Which names a CA may certify: the files `HASH.signing_policy` and `HASH.namespaces` beside its
//! certificate (spec 8.3, 8.4).

pub mod namespaces;
pub mod signing_policy;

use self::namespaces::Namespaces;
use self::signing_policy::SigningPolicy;
use crate::pki::dn::{Dn, unescaped_bytes};

/// Why a policy file cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
#[non_exhaustive]
pub struct PolicyError {
    /// The line number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: PolicyFault,
}

/// What is wrong with a line of a policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// The file cannot be read at all.
    #[error("the file cannot be read")]
    Unreadable,
    /// A signing policy names no CA.
    #[error("there is no access_id_CA line")]
    NoCa,
    /// A line ends behind its keyword.
    #[error("a keyword without a value")]
    NoValue,
    /// The name of the CA cannot be parsed.
    #[error("the CA's name is not a distinguished name")]
    CaName,
    /// Rights appear before any access_id.
    #[error("rights before any access_id")]
    RightsFirst,
    /// Conditions appear before any access_id.
    #[error("conditions before any access_id")]
    ConditionsFirst,
    /// Conditions stand before the rights they restrict.
    #[error("conditions before any rights")]
    ConditionsWithoutRights,
    /// The kind of condition is unknown.
    #[error("a condition that is not known")]
    UnknownCondition,
    /// The keyword is unknown.
    #[error("an unknown keyword")]
    UnknownKeyword,
    /// A quotation mark has no partner.
    #[error("a quotation mark is not closed")]
    OpenQuote,
    /// A value goes on outside of its quotation marks.
    #[error("text outside of the quotation marks")]
    OutsideQuotes,
    /// A pattern between quotation marks is empty.
    #[error("an empty pattern")]
    EmptyPattern,
    /// A namespaces file has more rules than any CA needs.
    #[error("there are more than {0} rules")]
    TooManyRules(usize),
    /// A namespaces file has no rule.
    #[error("there is no rule")]
    NoRule,
    /// A namespaces file is of a version other than 1.0.
    #[error("a version other than 1.0")]
    Version,
    /// A rule does not have six words.
    #[error("a rule has six words: TO Issuer NAME PERMIT|DENY Subject PATTERN")]
    Words,
    /// The fixed words of a rule are others.
    #[error("a rule reads TO Issuer NAME PERMIT|DENY Subject PATTERN")]
    Grammar,
    /// A rule neither permits nor denies.
    #[error("neither PERMIT nor DENY")]
    Right,
    /// The issuer in a rule cannot be parsed.
    #[error("the issuer is not a distinguished name")]
    IssuerName,
    /// The pattern of a rule cannot be compiled.
    #[error("the subject is not a regular expression")]
    Expression,
}

/// A policy file of either kind.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CaPolicy {
    /// Globus's.
    Signing(SigningPolicy),
    /// The EUGridPMA's.
    Namespaces(Namespaces),
}

impl CaPolicy {
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

    /// Whether `issuer` may certify `subject` according to the file of `ca`, which is the issuer or
    /// a CA above it. The file's rules about the issuer apply or, if it has none, those about its
    /// own CA. A signing policy without rules about either permits nothing; a namespaces file
    /// without any is silent.
    #[must_use]
    pub fn judge(&self, ca: &Dn, issuer: &Dn, subject: &Dn) -> Verdict {
        match self {
            Self::Signing(policy) if policy.speaks_of(issuer) => policy.judge(issuer, subject),
            Self::Signing(policy) => policy.judge(ca, subject),
            Self::Namespaces(policy) if policy.speaks_of(issuer) => {
                policy.judge(issuer, ca.matches(issuer), subject)
            }
            Self::Namespaces(policy) if !policy.speaks_of(ca) && !policy.speaks_of_itself() => {
                Verdict::Silent
            }
            Self::Namespaces(policy) => policy.judge(ca, true, subject),
        }
    }
}

/// What a file says about one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A rule permits it and none denies it.
    Permitted,
    /// A rule denies it.
    Denied,
    /// No rule permits it.
    NotPermitted,
    /// The file says nothing about the CA.
    Silent,
}

impl Verdict {
    /// A denial always wins; otherwise one permission is enough.
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

/// Labels that are alternative spellings of others, in lower case.
const SPELLINGS: [(&str, &str); 3] = [
    ("/email=", "/emailaddress="),
    ("/e=", "/emailaddress="),
    ("/userid=", "/uid="),
];

/// A name in the form patterns are matched against: slash form, one spelling per label.
fn comparable(text: &str) -> String {
    let lower = decoded(text).to_ascii_lowercase();
    SPELLINGS
        .iter()
        .fold(lower, |text, (from, to)| text.replace(from, to))
}

/// Decodes `\xHH` to its byte, so that names compare by value rather than as printed, and `\/` to
/// `/`.
fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&unescaped_bytes(text, b"/")).into_owned()
}

fn subject_text(subject: &Dn) -> &str {
    subject.comparable(comparable)
}
