//! The verdict on what a caller hands over.

use std::path::Path;
use std::time::{Duration, SystemTime};

use der::asn1::ObjectIdentifier;
use voms::ac::embedded::carried_by;
use voms::ac::judgement::{Judgement, Signers};
use voms::ac::loose::{LooseChain, Reach};
use voms::ac::verify::{AcVerifier, SignerTrust};
use voms::pki::certificate::Certificate;
use voms::pki::strength::{StrengthPolicy, Weakness};
use voms::policy::Policy;
use voms_asn1::EncodedAc;

use crate::code::{self, Checks, Refusal, headline};
use crate::found::Found;
use crate::handed::{Handed, MAX_CERTIFICATES};
use crate::{host, trust};

/// What else old clients put into proxies: a file of the user, and the VO.
const OTHERS: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.8005.100.100.2"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.8005.100.100.3"),
];

/// `RECURSE_*`; other numbers act like `CHAIN`.
const NONE: i32 = 1;
const DEEP: i32 = 2;

/// What a caller asks.
pub struct Question<'a> {
    pub certificate: Handed,
    /// `None` if it was NULL.
    pub chain: Option<Vec<Handed>>,
    pub how: i32,
    pub checks: Checks,
    /// Seconds since 1970; 0 is the present.
    pub time: i64,
    pub vomsdir: &'a Path,
    pub certdir: &'a Path,
}

/// What was found, and whose it is.
pub struct Answer {
    pub holder: Handed,
    pub found: Vec<Found>,
}

/// Judges all attribute certificates that count; one that is refused refuses all.
pub fn answer(question: &Question) -> Result<Answer, Refusal> {
    if question.chain.is_none() && question.how != NONE {
        return Err(parameters());
    }
    let unreadable = || Refusal::new(code::FORMAT, "The certificate cannot be read.");
    let leaf = question.certificate.read().ok_or_else(unreadable)?;
    let handed = question.chain.iter().flatten().copied();
    let others: Vec<(Handed, Certificate)> =
        handed.filter_map(|one| Some((one, one.read()?))).collect();
    let chain = LooseChain::new(leaf, others.iter().map(|(_, read)| read.clone()).collect());
    let nobody = || {
        Refusal::new(
            code::ID_CHECK,
            "Cannot discover holder certificate: the user's own is not among those presented.",
        )
    };
    if !chain.has_user() {
        return Err(nobody());
    }
    // Without attributes it does not matter whose proxy it is.
    let acs = attribute_certificates(&chain, question.how)?;
    let holder = chain.holder().ok_or_else(nobody)?;
    let of_others = others.iter().find(|(_, read)| read == holder);
    let handed = of_others.map_or(question.certificate, |(handed, _)| *handed);
    let judged = judge(question, holder, &acs);
    if question.checks.signer() && chain.is_independent() {
        return Err(Refusal::new(
            code::VERIFY,
            "AC refused. The proxy is independent: it has none of the user's rights.",
        ));
    }
    let found: Result<Vec<_>, _> = acs
        .iter()
        .zip(&judged)
        .map(|(ac, judged)| weigh(question.checks, ac, judged, handed))
        .collect();
    Ok(Answer {
        holder: handed,
        found: found?,
    })
}

/// What libvomsapi says to callers who pass NULL.
pub fn parameters() -> Refusal {
    Refusal::new(code::PARAM, "Parameters incorrect.")
}

/// The refusal of a chain that no TLS library would accept.
pub fn too_many() -> Refusal {
    Refusal::new(
        code::ID_CHECK,
        format!("Cannot discover holder certificate: more than {MAX_CERTIFICATES} were presented."),
    )
}

fn attribute_certificates(chain: &LooseChain, how: i32) -> Result<Vec<EncodedAc>, Refusal> {
    let reach = match how {
        NONE => Reach::Leaf,
        DEEP => Reach::Last,
        _ => Reach::First,
    };
    let absent = |why: &str| {
        Refusal::new(
            code::FORMAT,
            format!("AC not present in credentials. {why}"),
        )
    };
    let Some(carrier) = chain.carrier(reach) else {
        return Err(match chain.has_any(&OTHERS, reach) {
            true => absent("There are other VOMS extensions only."),
            false => Refusal::new(code::NO_EXTENSION, "VOMS extension not found!"),
        });
    };
    if let Some(id) = carrier.duplicate_extension() {
        return Err(absent(&format!(
            "The certificate has the extension {id} twice."
        )));
    }
    let all = carried_by(carrier).unwrap_or_default();
    let all: Result<Vec<_>, _> = all.into_iter().collect();
    all.map_err(|error| absent(&error.to_string()))
}

fn judge(question: &Question, holder: &Certificate, acs: &[EncodedAc]) -> Vec<Judgement> {
    let trust = trust::of(question.vomsdir, question.certdir);
    let policy = policy(question.checks);
    let now = match question.time {
        0 => host::now(),
        // Before everything, as it is for the original.
        ..0 => SystemTime::UNIX_EPOCH,
        time => {
            let time = Duration::from_secs(time.unsigned_abs());
            let given = SystemTime::UNIX_EPOCH.checked_add(time);
            given.unwrap_or_else(host::now)
        }
    };
    let signers = match question.checks.signer() {
        true => Signers::Judged,
        false => Signers::NotAsked,
    };
    let trusted = SignerTrust::VomsDir(&trust.vomsdir, &trust.anchors);
    AcVerifier::new(trusted, holder, &policy, now).judge_all(acs, signers)
}

fn policy(checks: Checks) -> Policy {
    let mut strength = StrengthPolicy::default();
    for word in host::accepted_weaknesses() {
        strength = match word.as_str() {
            "sha1" => strength.allowing(Weakness::Sha1),
            "rsa1024" => strength.allowing(Weakness::ShortKey),
            _ => strength,
        };
    }
    let policy = Policy::default().with_strength(strength);
    match checks.targets() {
        true => policy.with_hosts(host::names()),
        false => policy.ignore_targets(),
    }
}

/// The findings that count refuse.
fn weigh(
    checks: Checks,
    ac: &EncodedAc,
    judged: &Judgement,
    holder: Handed,
) -> Result<Found, Refusal> {
    let code_of = |finding| match code::is_unreadable_to_it(&ac.certificate().acinfo, finding) {
        true => Some(code::FORMAT),
        false => checks.code_of(finding),
    };
    let counted = || {
        let findings = judged.findings.iter();
        findings.filter_map(|finding| Some((code_of(finding)?, finding)))
    };
    let first = counted().min_by_key(|(code, finding)| code::rank(*code, finding));
    if let Some((code, finding)) = first {
        let all: Vec<_> = counted()
            .map(|(_, finding)| format!("{finding} [{}]", finding.code()))
            .collect();
        let vo = judged
            .attributes
            .as_ref()
            .map(|read| format!(" of {}", read.vo));
        let message = format!(
            "{} The attribute certificate{}: {}",
            headline(code, finding),
            vo.unwrap_or_default(),
            all.join("; ")
        );
        return Err(Refusal::new(code, message));
    }
    if checks.lacks_signer() {
        return Err(Refusal::new(
            code::VERIFY,
            "AC issuer key unreadable or unverifiable. The signer is not to be checked.",
        ));
    }
    match &judged.attributes {
        // Which is asked even where nothing else is.
        Some(attributes) if attributes.fqans.iter().all(|fqan| attributes.is_own(fqan)) => {
            Ok(Found::new(ac, judged, attributes, holder))
        }
        _ => Err(Refusal::new(
            code::VERIFY,
            "VOMS Attributes absent or malformed.",
        )),
    }
}
