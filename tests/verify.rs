//! The verdict of the library and of `voms-proxy verify` on what other implementations made.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Duration, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::ac::finding::AcFinding;
use voms::ac::verify::{AcVerifier, SignerTrust};
use voms::chain::Chain;
use voms::pki::certificate::Certificate;
use voms::policy::Policy;
use voms::trust::{MemoryCa, TrustAnchors};
use voms::verifier::{Finding, Rejection, VerifiedCredential, VomsVerifier};
use voms::vo::lsc::Lsc;
use voms::vo::vomsdir::VomsDir;
use voms_asn1::EncodedAc;

/// When the fixtures' proxies were valid.
const THEN: &str = "2026-11-24T03:25:45Z";

fn then() -> DateTime<Utc> {
    THEN.parse().unwrap()
}

fn info(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/info")
        .join(name)
}

fn proxy(name: &str) -> Vec<u8> {
    std::fs::read(info("proxies").join(format!("{name}.pem"))).unwrap()
}

fn verifier() -> VomsVerifier {
    VomsVerifier::open(&info("trust"), &info("vomsdir")).unwrap()
}

fn verified(name: &str) -> VerifiedCredential {
    verifier()
        .verify(&proxy(name), then())
        .unwrap_or_else(|rejection| panic!("{name}: {rejection}"))
}

fn findings(verifier: &VomsVerifier, presented: &[u8], now: DateTime<Utc>) -> Vec<String> {
    let rejection = verifier.verify(presented, now).unwrap_err();
    assert!(!rejection.findings().is_empty());
    rejection
        .findings()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn proxies_made_by_other_clients_verify() {
    let cases = [
        ("rfc-virgo", false, 1, 2),
        ("rfc-virgo-newformat", false, 1, 2),
        ("rfc-virgo-deleg2", false, 2, 2),
        ("rfc-virgo-limited", true, 1, 2),
        ("rfc-twovos", false, 1, 4),
        ("rfc-noac", false, 1, 0),
        ("draft-noac", false, 1, 0),
        ("old-noac", false, 1, 0),
        ("eec-nokey", false, 0, 0),
        ("ecproxy-ecuser", false, 1, 0),
        ("crlf", false, 1, 2),
    ];
    for (name, limited, depth, fqans) in cases {
        let verified = verified(name);
        let chain = verified.chain();
        assert_eq!(
            (
                chain.is_limited(),
                chain.delegation_depth(),
                verified.fqans().count()
            ),
            (limited, depth, fqans),
            "{name}"
        );
    }
    assert_eq!(
        verified("rfc-virgo-deleg2").identity().to_string(),
        "/C=IT/O=Lab/CN=Ada Lovelace"
    );
}

#[test]
fn attributes_limit_the_usable_lifetime() {
    let both = verified("rfc-twovos");
    let ends: Vec<_> = both
        .attribute_certificates()
        .iter()
        .map(|ac| ac.not_after())
        .collect();
    assert!(ends[1] < ends[0]);
    assert_eq!(both.usable_until(), ends[1]);
}

#[test]
fn every_finding_is_reported_not_only_the_first() {
    let reported = findings(
        &verifier(),
        &proxy("rfc-virgo"),
        then() + Duration::days(30),
    );
    assert!(
        reported
            .iter()
            .any(|text| text.starts_with("proxy ") && text.contains("expired")),
        "{reported:?}"
    );
    assert!(
        reported
            .iter()
            .any(|text| text.starts_with("attribute certificate of virgo: it expired")),
        "{reported:?}"
    );
}

#[test]
fn a_ca_is_not_accepted_as_a_user() {
    let ca = std::fs::read(info("trust/ab41e5fe.0")).unwrap();
    let reported = findings(&verifier(), &ca, then());
    assert!(
        reported[0].contains("it is a CA's, not a user's"),
        "{reported:?}"
    );
}

#[test]
fn without_an_lsc_file_no_signer_is_trusted() {
    let verifier = VomsVerifier::open(&info("trust"), &info("vomsdir-empty")).unwrap();
    let reported = findings(&verifier, &proxy("rfc-virgo"), then());
    assert!(
        reported[0].contains("LSC file matching VOMS attributes not found"),
        "{reported:?}"
    );
    assert!(verifier.verify(&proxy("rfc-noac"), then()).is_ok());
}

/// The CAs of a directory, with their signing policies unless others are given.
fn memory_cas(policy: Option<&str>) -> Vec<MemoryCa> {
    ["ab41e5fe"]
        .map(|hash| {
            let read = |end| std::fs::read_to_string(info("trust").join(format!("{hash}.{end}")));
            let ca = Certificate::all_from_pem(read("0").unwrap().as_bytes()).unwrap();
            let own = read("signing_policy").unwrap();
            MemoryCa::new(ca[0].clone()).with_signing_policy(policy.unwrap_or(&own))
        })
        .into()
}

fn memory_vomsdir(host: &str) -> VomsDir {
    let lsc = std::fs::read_to_string(info("vomsdir/virgo/voms.lab.example.lsc")).unwrap();
    VomsDir::in_memory([("virgo", host, Lsc::parse(&lsc).unwrap())])
}

#[test]
fn trust_from_memory_is_judged_as_trust_from_directories() {
    let verify = |cas, vomsdir| {
        let verifier = VomsVerifier::new(TrustAnchors::in_memory(cas), vomsdir);
        verifier.verify(&proxy("rfc-virgo"), then())
    };
    let codes = |verdict: Result<VerifiedCredential, Rejection>| -> Vec<&'static str> {
        let rejection = verdict.unwrap_err();
        rejection.findings().iter().map(Finding::code).collect()
    };
    let host = "voms.lab.example";
    let in_memory = verify(memory_cas(None), memory_vomsdir(host)).unwrap();
    let on_disk = verified("rfc-virgo");
    assert!(in_memory.fqans().eq(on_disk.fqans()));
    assert_eq!(in_memory.usable_until(), on_disk.usable_until());
    assert_eq!(
        codes(verify(Vec::new(), memory_vomsdir(host))),
        ["untrusted", "signer-untrusted"]
    );
    assert_eq!(
        codes(verify(memory_cas(None), memory_vomsdir("elsewhere"))),
        ["lsc-missing"]
    );
    let none = memory_cas(Some("no policy"));
    assert_eq!(
        codes(verify(none, memory_vomsdir(host))),
        ["signing-policy", "signer-policy"]
    );
    let list = memory_cas(None)
        .into_iter()
        .map(|ca| ca.with_revocation_list(b"no list"));
    assert_eq!(
        codes(verify(list.collect(), memory_vomsdir(host))),
        ["crl-unreadable", "crl-unreadable"]
    );
}

#[test]
fn the_verdict_names_who_signed_and_why_that_was_trusted() {
    let verified = verified("rfc-virgo");
    let ac = &verified.attribute_certificates()[0];
    assert_eq!(
        ac.signer().subject().to_string(),
        "/C=IT/O=Lab/CN=voms.lab.example"
    );
    assert_eq!(
        ac.signer_ca().unwrap().to_string(),
        "/C=IT/O=Lab/CN=Lab Test CA"
    );
    assert_eq!(
        ac.lsc().unwrap(),
        info("vomsdir").join("virgo/voms.lab.example.lsc")
    );
}

#[test]
fn a_chain_without_its_users_certificate_is_rejected() {
    let text = String::from_utf8(proxy("rfc-noac")).unwrap();
    let end = text.find("-----END CERTIFICATE-----").unwrap() + "-----END CERTIFICATE-----\n".len();
    let reported = findings(&verifier(), &text.as_bytes()[..end], then());
    assert!(reported[0].contains("is missing"), "{reported:?}");
    for presented in [&b""[..], b"garbage", &[0x30; 64]] {
        assert!(findings(&verifier(), presented, then())[0].starts_with("no certificate chain"));
    }
    let endless = std::fs::read(info("proxies/eec-nokey.pem"))
        .unwrap()
        .repeat(101);
    assert!(findings(&verifier(), &endless, then())[0].contains("101 certificates in it"));
}

/// The attribute certificate of a fixture, and what judges it without the chain.
fn with_ac<T>(run: impl FnOnce(&EncodedAc, &AcVerifier<'_>) -> T) -> T {
    let chain = Chain::parse(&proxy("rfc-virgo")).unwrap();
    let ac = attribute_certificates(&chain).remove(0).unwrap();
    let anchors = TrustAnchors::open(&info("trust")).unwrap();
    let vomsdir = VomsDir::open(&info("vomsdir")).unwrap();
    let trust = SignerTrust::VomsDir(&vomsdir, &anchors);
    let policy = Policy::default();
    let verifier = AcVerifier::new(trust, chain.end_entity().unwrap(), &policy, then());
    run(&ac, &verifier)
}

#[test]
fn no_single_bit_of_what_is_signed_can_be_flipped() {
    with_ac(|ac, verifier| {
        assert!(verifier.verify(ac, Some("virgo")).is_ok());
        let good = ac.as_der();
        let start = good
            .windows(ac.acinfo_der().len())
            .position(|window| window == ac.acinfo_der())
            .unwrap();
        let mut judged = 0;
        for at in start..start + ac.acinfo_der().len() {
            for bit in 0..8 {
                let mut bad = good.to_vec();
                bad[at] ^= 1 << bit;
                if let Ok(ac) = EncodedAc::from_der(&bad) {
                    judged += 1;
                    assert!(verifier.verify(&ac, None).is_err(), "byte {at} bit {bit}");
                }
            }
        }
        assert!(judged > 5000, "only {judged} could be decoded at all");
    });
}

#[test]
fn a_truncated_attribute_certificate_is_rejected() {
    with_ac(|ac, _| {
        for length in 0..ac.as_der().len() {
            assert!(
                EncodedAc::from_der(&ac.as_der()[..length]).is_err(),
                "{length}"
            );
        }
    });
}

#[test]
fn clocks_may_differ_by_five_minutes_and_no_more() {
    with_ac(|ac, verifier| {
        let until = verifier.verify(ac, None).unwrap().not_after();
        let after = |seconds| until + std::time::Duration::from_secs(seconds);
        assert!(verifier.at(after(300)).verify(ac, None).is_ok());
        let late = verifier.at(after(301)).verify(ac, None).unwrap_err();
        assert_eq!(late, [AcFinding::Expired(until)]);
    });
}

fn command(words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voms-proxy"));
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .current_dir(info(""))
        .arg("verify")
        .args(words);
    command.args(["--certdir", "trust", "--vomsdir", "vomsdir", "--at", THEN]);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_command_prints_a_summary_or_every_finding() {
    let (code, stdout, stderr) = command(&["proxies/rfc-virgo.pem"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[0], "identity  : /C=IT/O=Lab/CN=Ada Lovelace");
    assert_eq!(
        lines[1],
        "type      : RFC3820 compliant impersonation proxy"
    );
    assert_eq!(lines[2], "VO        : virgo");
    let (code, stdout, stderr) = command(&["proxies/rfc-virgo-expired.pem"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(
        stderr.contains("failed verification")
            && stderr.contains("attribute certificate of virgo: it expired")
    );
    let (_, stdout, _) = command(&["proxies/eec.pem"]);
    assert!(stdout.contains("type      : EEC\nattribute : none\n"));
}

#[test]
fn the_verifiers_tolerance_and_host_names_can_be_set() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vectors");
    let verify = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voms-proxy"));
        command
            .env_clear()
            .current_dir(&vectors)
            .arg("verify")
            .args(words);
        command.args([
            "--certdir",
            "certdirs/good",
            "--vomsdir",
            "vomsdirs/good",
            "--at",
            "2026-11-24T12:00:00Z",
        ]);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, stderr) = verify(&["proxy-sha1.pem"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("it is too weak: it is signed with SHA-1"),
        "{stderr}"
    );
    assert_eq!(verify(&["proxy-sha1.pem", "--allow", "sha1"]).0, Some(0));
    assert_eq!(
        verify(&["proxy-rsa1024.pem", "--allow", "sha1", "--allow", "md5"]).0,
        Some(1)
    );
    assert_eq!(
        verify(&["proxy-rsa1024.pem", "--allow", "rsa1024"]).0,
        Some(0)
    );
    let (code, stderr) = verify(&["ac-target-this-host.pem", "--host", "elsewhere.example.org"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("AC target check failed: it is for here.example.org only"),
        "{stderr}"
    );
    let hosts = [
        "--host",
        "elsewhere.example.org",
        "--host",
        "here.example.org",
    ];
    assert_eq!(
        verify(&[&["ac-target-this-host.pem"], &hosts[..]].concat()).0,
        Some(0)
    );
}

#[test]
fn json_is_on_stdout_whatever_the_verdict() {
    let json = |words: &[&str]| {
        let (code, stdout, stderr) = command(&[words, &["--json"]].concat());
        assert_eq!(stderr, "");
        let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["verified"], code == Some(0));
        value
    };
    let good = json(&["proxies/rfc-twovos.pem"]);
    assert_eq!(good["attributes"][1]["vo"], "atlas");
    assert_eq!(good["delegation_depth"], 1);
    for bad in [
        "proxies/rfc-virgo-expired.pem",
        "proxies/garbage.pem",
        "proxies/empty.pem",
        "nowhere.pem",
        "trust",
    ] {
        let value = json(&[bad]);
        let findings = value["findings"].as_array().unwrap();
        assert!(
            !findings.is_empty() && findings.iter().all(|finding| finding["code"].is_string()),
            "{bad}"
        );
    }
    let strict = json(&["proxies/rfc-noac.pem", "--crl", "required"]);
    assert_eq!(strict["findings"][0]["code"], "crl-missing");
}
