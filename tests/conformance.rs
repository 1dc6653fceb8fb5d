//! The vectors of `fixtures/vectors`: every rule of a credential's validation, kept and broken.
//! What to expect was written down with the vectors, from the standards; here our findings are put
//! into the same words.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use voms::pki::proxy_kind::{ProxyPolicy, ProxyType};
use voms::pki::strength::{StrengthPolicy, Weakness};
use voms::policy::CrlPolicy;
use voms::policy::Policy;
use voms::verifier::{Finding, VerifiedCredential, VomsVerifier};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vectors")
}

struct Case(Value);

impl Case {
    fn all() -> Vec<Self> {
        let text = std::fs::read_to_string(vectors().join("cases.json")).unwrap();
        serde_json::from_str::<Vec<Value>>(&text)
            .unwrap()
            .into_iter()
            .map(Self)
            .collect()
    }

    fn text(&self, field: &str, default: &str) -> String {
        self.0[field].as_str().unwrap_or(default).to_owned()
    }

    fn list(&self, field: &str) -> Vec<String> {
        let all = self.0[field].as_array().into_iter().flatten();
        all.map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    fn name(&self) -> String {
        self.text("name", "")
    }

    fn verdict(&self) -> Result<VerifiedCredential, BTreeSet<String>> {
        let directory = |field: &str| vectors().join(self.text(field, &format!("{field}s/good")));
        let crl = match self.text("crl", "present").as_str() {
            "off" => CrlPolicy::Off,
            "required" => CrlPolicy::Required,
            _ => CrlPolicy::IfPresent,
        };
        let strength = self
            .list("allow")
            .iter()
            .fold(StrengthPolicy::default(), |policy, weak| {
                match weak.as_str() {
                    "rsa1024" => policy.allowing(Weakness::ShortKey),
                    "sha1" => policy.allowing(Weakness::Sha1),
                    "md5" => policy.allowing(Weakness::Md5),
                    other => panic!("{}: {other}?", self.name()),
                }
            });
        let policy = Policy::default()
            .with_crl(crl)
            .with_strength(strength)
            .with_skew(
                self.0["skew"]
                    .as_u64()
                    .map_or(Duration::from_secs(300), Duration::from_secs),
            )
            .with_hosts(self.list("hosts"));
        let verifier = VomsVerifier::open(&directory("certdir"), &directory("vomsdir"))
            .unwrap()
            .with_policy(policy);
        let presented =
            std::fs::read(vectors().join(self.text("file", &format!("{}.pem", self.name()))))
                .unwrap();
        let at: DateTime<Utc> = self.text("at", "2026-11-24T12:00:00Z").parse().unwrap();
        verifier.verify(&presented, at).map_err(|not| {
            not.findings()
                .iter()
                .map(|finding| word(finding).to_owned())
                .collect()
        })
    }

    /// Nothing where the verdict is the expected one.
    fn difference(&self) -> Option<String> {
        let ours = OURS.iter().find(|(name, ..)| *name == self.name());
        let words = ours.map(|(_, words, _)| words.iter().map(|word| (*word).to_owned()).collect());
        let expected: BTreeSet<String> =
            words.unwrap_or_else(|| self.list("findings").into_iter().collect());
        let difference = match (
            self.verdict(),
            ours.is_none() && self.0["accepted"].as_bool().unwrap(),
        ) {
            (Ok(verified), true) => self.other_view(&verified),
            (Ok(_), false) => Some(format!("accepted, where {expected:?}")),
            (Err(findings), true) => Some(format!("not verified: {findings:?}")),
            (Err(mut findings), false) => {
                // A key that is not used has no strength, and signs nothing.
                if expected.contains("key-limit") && findings.contains("key-limit") {
                    findings.retain(|word| !OF_NO_KEY.contains(&word.as_ref()));
                }
                (findings != expected).then(|| format!("{findings:?}, not {expected:?}"))
            }
        };
        difference.map(|difference| format!("{}: {difference}", self.name()))
    }

    /// What else is said about a credential that is verified.
    fn other_view(&self, verified: &VerifiedCredential) -> Option<String> {
        let chain = verified.chain();
        // Never the second FQAN where the first cannot be expressed.
        let first = verified.fqans().next().and_then(|text| text.parse().ok());
        if verified.primary_fqan() != first {
            return Some(format!("primary FQAN: {:?}", verified.primary_fqan()));
        }
        let ends = DateTime::<Utc>::from(verified.usable_until());
        let until = self.0["until"]
            .as_str()
            .map(|until| until.parse::<DateTime<Utc>>().unwrap());
        let views = [
            (
                "identity",
                verified.identity().to_string(),
                self.text("identity", ""),
            ),
            (
                "type",
                kind(chain.proxy_type()).to_owned(),
                self.text("type", ""),
            ),
            (
                "limited",
                chain.is_limited().to_string(),
                self.0["limited"].to_string(),
            ),
            (
                "depth",
                chain.delegation_depth().to_string(),
                self.0["depth"].to_string(),
            ),
            (
                "FQANs",
                verified.fqans().collect::<Vec<_>>().join(" "),
                self.list("fqans").join(" "),
            ),
            ("until", ends.to_string(), until.unwrap_or(ends).to_string()),
        ];
        let other: Vec<_> = views
            .iter()
            .filter(|(_, ours, theirs)| ours != theirs)
            .collect();
        (!other.is_empty()).then(|| format!("{other:?}"))
    }
}

fn kind(kind: Option<&ProxyType>) -> &'static str {
    match kind {
        None => "EEC",
        Some(ProxyType::Rfc(ProxyPolicy::InheritAll)) => "rfc impersonation",
        Some(ProxyType::Rfc(ProxyPolicy::Limited)) => "rfc limited",
        Some(ProxyType::Draft(ProxyPolicy::InheritAll)) => "draft impersonation",
        Some(ProxyType::Draft(ProxyPolicy::Limited)) => "draft limited",
        Some(ProxyType::Legacy { limited: false }) => "legacy full",
        Some(ProxyType::Legacy { limited: true }) => "legacy limited",
        Some(_) => "other",
    }
}

/// What the vectors, which were written before there were codes, call a finding.
fn word(finding: &Finding) -> &'static str {
    match finding.code() {
        "chain-unreadable" => "file",
        "proxy-independent" => "independent",
        "crl-outdated" => "crl-expired",
        "crl-weak" => "weak",
        "crl-delta" => "crl-unsupported",
        "crl-other-key" => "crl-signature",
        "user-missing" => "no-end-entity",
        "user-nameless" | "proxy-name" => "name",
        "pci-unreadable" => "pci",
        "ac-foreign-attributes" => "ac-foreign-fqan",
        code => code,
    }
}

/// What follows from a key that is not used.
const OF_NO_KEY: [&str; 3] = ["weak", "signature", "ac-signature"];

/// Where we say something else than the vectors ask for, with the reason; `tests/divergences.md`
/// has the whole story.
const OURS: [(&str, &[&str], &str); 20] = [
    (
        "user-algorithms-differ",
        &["signature"],
        "OpenSSL calls it a bad signature",
    ),
    (
        "proxy-algorithms-differ",
        &["signature"],
        "OpenSSL calls it a bad signature",
    ),
    (
        "proxy-ca-true",
        &["ca-as-user", "untrusted"],
        "a CA is never taken for a proxy",
    ),
    (
        "user-key-usage-empty",
        &["issuer-may-not-sign", "untrusted"],
        "OpenSSL takes such a certificate for invalid",
    ),
    (
        "pci-path-length-33-bits",
        &["pci"],
        "no CA issues such a length",
    ),
    (
        "pci-path-length-huge",
        &["pci"],
        "no CA issues such a length",
    ),
    (
        "upper-proxy-may-not-sign",
        &["issuer-may-not-sign", "key-usage"],
        "both are true of the same proxy",
    ),
    ("ac-utc-time", &["ac-encoding"], "the decoder refuses it"),
    (
        "ac-time-with-fraction",
        &["ac-encoding"],
        "the decoder refuses it",
    ),
    (
        "ac-time-without-z",
        &["ac-encoding"],
        "the decoder refuses it",
    ),
    (
        "ac-signature-unused-bits",
        &["ac-signature"],
        "no algorithm here makes such a signature",
    ),
    (
        "ac-fqan-newline",
        &["ac-attributes"],
        "the decoder refuses it",
    ),
    ("ac-fqan-nul", &["ac-attributes"], "the decoder refuses it"),
    (
        "ac-fqan-not-ascii",
        &["ac-attributes"],
        "the decoder refuses it",
    ),
    (
        "ac-authority-two-names",
        &["ac-attributes"],
        "the decoder refuses it",
    ),
    (
        "ac-authority-none",
        &["ac-attributes"],
        "the decoder refuses it",
    ),
    (
        "ac-authority-dns-name",
        &["ac-attributes"],
        "the decoder refuses it",
    ),
    (
        "policy-permits-namespaces-do-not",
        &["namespaces"],
        "where both files are both have to permit",
    ),
    (
        "policies-unreadable-critical",
        &["critical-extension"],
        "policies that cannot be read are policies that are not known",
    ),
    (
        "crl-from-1960",
        &["crl-unreadable"],
        "no list is older than the format",
    ),
];

#[test]
fn every_vector_gets_the_verdict_the_standards_require() {
    let cases = Case::all();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    for (name, ..) in OURS {
        assert!(
            cases.iter().any(|case| case.name() == name),
            "{name} is not a case"
        );
    }
    let differences: Vec<String> = cases.iter().filter_map(Case::difference).collect();
    assert!(
        differences.is_empty(),
        "{} of {}:\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
}

/// The names in backquotes of one section of the ledger.
fn named(section: &str) -> BTreeSet<String> {
    let cases = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1));
    cases
        .flat_map(|cells| cells.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_ledger_names_every_case_where_others_judge_otherwise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ledger = std::fs::read_to_string(root.join("tests/divergences.md")).unwrap();
    let text = std::fs::read_to_string(vectors().join("verdicts.json")).unwrap();
    let verdicts: Vec<Value> = serde_json::from_str(&text).unwrap();
    let refused: BTreeSet<String> = Case::all()
        .iter()
        .filter(|case| case.0["accepted"] == false)
        .map(Case::name)
        .collect();
    let refused_by_us =
        |name: &str| refused.contains(name) || OURS.iter().any(|(ours, ..)| *ours == name);
    let headings = [
        ("cpp", "## libvomsapi"),
        ("java", "## voms-api-java with canl"),
        ("openssl", "## openssl verify"),
    ];
    for (who, heading) in headings {
        let (_, after) = ledger.split_once(&format!("\n{heading}\n")).unwrap();
        let listed = named(after.split("\n## ").next().unwrap());
        let differing = verdicts.iter().filter_map(|verdict| {
            let (name, said) = (
                verdict["name"].as_str().unwrap(),
                verdict[who].as_str().unwrap(),
            );
            let other = match said.split(' ').next().unwrap() {
                "accept" => refused_by_us(name),
                "reject" => !refused_by_us(name),
                _ => false,
            };
            other.then(|| name.to_owned())
        });
        assert_eq!(differing.collect::<BTreeSet<_>>(), listed, "{who}");
    }
}
