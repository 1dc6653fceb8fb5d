//! A verifier that has seen a user before refuses all that a new one refuses.
#![allow(clippy::disallowed_methods)]

mod common;

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use common::now;
use voms::chain::Chain;
use voms::pki::pem;
use voms::policy::{CrlPolicy, Policy};
use voms::verifier::{Rejection, VerifiedCredential, VomsVerifier};
use voms_authority::sign::AcDraft;
use voms_authority::world::{HOST, VO, World};

/// A world of its own, since the tests change it, with a proxy of its user.
struct Seen {
    world: World,
    proxy: Chain,
    verifier: VomsVerifier,
    _dir: tempfile::TempDir,
}

impl Seen {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World::create(dir.path(), now()).unwrap();
        let proxy = proxy(&world);
        let verifier = VomsVerifier::open(&world.certificates(), &world.vomsdir()).unwrap();
        let seen = Self {
            world,
            proxy,
            verifier,
            _dir: dir,
        };
        // The second time, everything is remembered that ever will be.
        for _ in 0..2 {
            let verified = seen.again(now()).unwrap();
            assert_eq!(verified.fqans().count(), 1);
        }
        seen
    }

    fn again(&self, now: DateTime<Utc>) -> Result<VerifiedCredential, Rejection> {
        self.verifier.verify(to_pem(&self.proxy).as_bytes(), now)
    }

    /// What the verifier says, which has to be what a new one says.
    #[track_caller]
    fn refusal(&self, presented: &[u8], now: DateTime<Utc>) -> Vec<&'static str> {
        let codes = |verifier: &VomsVerifier| -> Vec<&'static str> {
            let refused = verifier.verify(presented, now).unwrap_err();
            refused.findings().iter().map(|one| one.code()).collect()
        };
        let new = VomsVerifier::open(&self.world.certificates(), &self.world.vomsdir()).unwrap();
        let refusal = codes(&self.verifier);
        assert_eq!(refusal, codes(&new));
        refusal
    }

    #[track_caller]
    fn refused(&self, code: &str) {
        let refusal = self.refusal(to_pem(&self.proxy).as_bytes(), now());
        assert!(refusal.contains(&code), "{code}: {refusal:?}");
    }
}

fn proxy(world: &World) -> Chain {
    let draft = AcDraft {
        vo: VO.to_owned(),
        uri: format!("{HOST}:15000"),
        fqans: vec![format!("/{VO}/Role=NULL/Capability=NULL")],
        attributes: Vec::new(),
        targets: Vec::new(),
        not_before: now() - Duration::minutes(1),
        not_after: now() + Duration::hours(12),
    };
    let ac = draft.sign(world.user.chain().leaf(), &world.host).unwrap();
    common::proxy_carrying(&world.user, ac)
}

fn to_pem(chain: &Chain) -> String {
    let blocks = chain.certificates().iter();
    blocks
        .map(|one| pem::encode("CERTIFICATE", one.der()).to_string())
        .collect()
}

/// Files of a directory that end so.
fn ending(dir: PathBuf, end: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect()
}

#[test]
fn a_user_who_is_revoked_meanwhile_is_refused() {
    let seen = Seen::new();
    let revoked = [seen.world.user.chain().leaf()];
    seen.world.publish_ca(&revoked, now()).unwrap();
    seen.refused("revoked");
}

#[test]
fn a_server_that_is_revoked_meanwhile_signs_nothing() {
    let seen = Seen::new();
    let revoked = [seen.world.host.chain().leaf()];
    seen.world.publish_ca(&revoked, now()).unwrap();
    seen.refused("signer-revoked");
}

#[test]
fn a_ca_that_is_removed_meanwhile_vouches_for_nobody() {
    let seen = Seen::new();
    for file in ending(seen.world.certificates(), ".0") {
        fs::remove_file(file).unwrap();
    }
    seen.refused("untrusted");
    seen.refused("signer-untrusted");
}

#[test]
fn another_ca_of_the_same_name_vouches_for_nobody() {
    let seen = Seen::new();
    let other = common::ca_of_the_same_name();
    let pem = pem::encode("CERTIFICATE", other.certificate().der());
    for file in ending(seen.world.certificates(), ".0") {
        fs::remove_file(&file).unwrap();
        fs::write(file, pem.as_bytes()).unwrap();
    }
    assert!(seen.again(now()).is_err());
}

#[test]
fn a_policy_that_changes_meanwhile_counts() {
    let seen = Seen::new();
    let files = ending(seen.world.certificates(), ".signing_policy");
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, text.replace("/DC=example", "/DC=elsewhere")).unwrap();
    }
    assert!(seen.again(now()).is_err());
}

#[test]
fn a_server_whose_lsc_file_goes_is_trusted_no_more() {
    let seen = Seen::new();
    for file in ending(seen.world.vomsdir().join(VO), ".lsc") {
        fs::remove_file(file).unwrap();
    }
    seen.refused("lsc-missing");
}

#[test]
fn time_goes_on() {
    let seen = Seen::new();
    let presented = to_pem(&seen.proxy);
    for (after, code) in [
        (Duration::hours(13), "ac-expired"),
        (Duration::days(365), "expired"),
        (Duration::days(-365), "not-yet-valid"),
    ] {
        let refusal = seen.refusal(presented.as_bytes(), now() + after);
        assert!(refusal.contains(&code), "{code}: {refusal:?}");
    }
}

#[test]
fn a_stricter_policy_of_the_same_verifier_counts() {
    let seen = Seen::new();
    for file in ending(seen.world.certificates(), ".r0") {
        fs::remove_file(file).unwrap();
    }
    let policy = Policy::default().with_crl(CrlPolicy::Required);
    let strict = seen.verifier.clone().with_policy(policy);
    assert!(seen.again(now()).is_ok());
    let refused = strict.verify(to_pem(&seen.proxy).as_bytes(), now());
    let refused = refused.unwrap_err();
    assert_eq!(refused.findings()[0].code(), "crl-missing");
}

#[test]
fn no_bit_of_a_proxy_that_was_seen_can_be_flipped() {
    let seen = Seen::new();
    let mut all: Vec<Vec<u8>> = seen
        .proxy
        .certificates()
        .iter()
        .map(|one| one.der().to_vec())
        .collect();
    for at in 0..2 {
        for octet in (0..all[at].len()).step_by(7) {
            all[at][octet] ^= 1 << (octet % 8);
            assert!(
                seen.verifier.verify_der(&all, now()).is_err(),
                "{at}, {octet}"
            );
            all[at][octet] ^= 1 << (octet % 8);
        }
    }
    assert!(seen.verifier.verify_der(&all, now()).is_ok());
}

#[test]
fn attributes_that_were_seen_are_not_another_users() {
    let seen = Seen::new();
    let wanted = common::certification("Eve", voms_authority::pki::Purpose::User);
    let eve = seen.world.ca.issue(&wanted).unwrap();
    let ac = voms::ac::embedded::attribute_certificates(&seen.proxy).remove(0);
    let stolen = common::proxy_carrying(&eve, ac.unwrap());
    let refusal = seen.refusal(to_pem(&stolen).as_bytes(), now());
    assert!(refusal.contains(&"ac-holder"), "{refusal:?}");
}
