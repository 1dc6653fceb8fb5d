//! What a stranger's bytes may cost, counted in signatures instead of seconds.
#![cfg(test)]

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use openssl::x509::{X509Builder, X509Name};

use super::*;
use crate::openssl_types;

/// Nothing that is shown may cost more signatures, whatever it consists of.
const MOST: Cost = 400;

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

/// A certificate whose subject and issuer are one name, signed by a key that no other has.
fn certificate<T: HasPublic>(
    key: &PKeyRef<T>,
    signer: &PKeyRef<Private>,
    serial: u32,
    issuer: Option<&Certificate>,
) -> Certificate {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", "everybody").unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    let serial = BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    let (start, end) = (0, 4_000_000_000);
    builder
        .set_not_before(&Asn1Time::from_unix(start).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(end).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    let context = builder.x509v3_context(None, None);
    let own = SubjectKeyIdentifier::new().build(&context).unwrap();
    builder.append_extension(own).unwrap();
    if let Some(issuer) = issuer {
        let issuer = openssl_types::x509(issuer).unwrap();
        let context = builder.x509v3_context(Some(issuer), None);
        let named = AuthorityKeyIdentifier::new().keyid(true).build(&context);
        builder.append_extension(named.unwrap()).unwrap();
    }
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    openssl_types::certificate(&builder.build()).unwrap()
}

fn codes(findings: Result<VerifiedChain, Vec<ChainFinding>>) -> Vec<&'static str> {
    findings
        .unwrap_err()
        .iter()
        .map(ChainFinding::code)
        .collect()
}

#[test]
fn ordering_a_hundred_certificates_of_one_name_stays_within_the_budget() {
    let (key, other) = (rsa(), rsa());
    let all: Vec<_> = (0..100)
        .map(|serial| certificate(&key, &other, serial, None))
        .collect();
    let chain = Chain::new(all).unwrap();
    assert!(chain.spent > 0 && chain.spent <= MOST, "{}", chain.spent);
    let no_anchors = TrustAnchors::in_memory([]);
    assert_eq!(
        codes(chain.verify(&no_anchors, &Policy::default(), SystemTime::UNIX_EPOCH)),
        ["untrusted"]
    );
}

#[test]
fn a_key_beyond_the_limits_is_never_computed_with() {
    let signer = rsa();
    let number = |bits: i32| {
        let mut number = BigNum::new().unwrap();
        number.set_bit(bits - 1).unwrap();
        number.set_bit(0).unwrap();
        number
    };
    for (size, exponent) in [(3072, 3071), (16_384, 17), (2048, 65)] {
        let key = Rsa::from_public_components(number(size), number(exponent)).unwrap();
        let key = PKey::from_rsa(key).unwrap();
        let all: Vec<_> = (0..76)
            .map(|serial| certificate(&key, &signer, serial, None))
            .collect();
        let chain = Chain::new(all).unwrap();
        assert_eq!(chain.spent, 0, "{size} {exponent}");
        assert!(chain.leaf().public_key().is_err());
        let no_anchors = TrustAnchors::in_memory([]);
        let codes = codes(chain.verify(&no_anchors, &Policy::default(), SystemTime::UNIX_EPOCH));
        assert_eq!(codes[0], "key-limit", "{codes:?}");
    }
}

#[test]
fn key_identifiers_spare_signatures() {
    let (first, second, third) = (rsa(), rsa(), rsa());
    let issuer = certificate(&second, &second, 1, None);
    let another = certificate(&third, &third, 2, None);
    let leaf = certificate(&first, &second, 3, Some(&issuer));
    let chain = Chain::new(vec![leaf, another, issuer.clone()]).unwrap();
    assert_eq!(chain.certificates()[1], issuer);
    // One for the end, where two are left that may be each other's issuer.
    assert!(chain.spent <= 1, "{}", chain.spent);
}

#[test]
fn a_hundred_bad_proxies_are_a_few_findings() {
    let (key, other) = (rsa(), rsa());
    let name = |depth: usize| {
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", &"n".repeat(60)).unwrap();
        for _ in 0..depth {
            name.append_entry_by_text("CN", "proxy").unwrap();
        }
        name.build()
    };
    let all: Vec<_> = (0..50)
        .rev()
        .map(|depth| {
            let mut builder = X509Builder::new().unwrap();
            builder.set_subject_name(&name(depth)).unwrap();
            builder
                .set_issuer_name(&name(depth.saturating_sub(1)))
                .unwrap();
            let day = Asn1Time::from_unix(1).unwrap();
            builder.set_not_before(&day).unwrap();
            builder.set_not_after(&day).unwrap();
            builder.set_pubkey(&key).unwrap();
            builder.sign(&other, MessageDigest::sha256()).unwrap();
            openssl_types::certificate(&builder.build()).unwrap()
        })
        .collect();
    let chain = Chain::new(all).unwrap();
    let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    for findings in [
        chain.local_findings(late),
        chain.proxy_findings(late),
        chain
            .verify(&TrustAnchors::in_memory([]), &Policy::default(), late)
            .unwrap_err(),
    ] {
        assert_eq!(findings.len(), MAX_FINDINGS + 1);
        let left_out = findings.last().unwrap();
        assert!(matches!(left_out, ChainFinding::More(more) if *more > 60));
    }
}

#[test]
fn a_user_without_a_proxy_may_sign_or_agree_on_keys() {
    let key = rsa();
    let found = |usage: Option<[u8; 4]>| {
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "Ada").unwrap();
        let name = name.build();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        let day = Asn1Time::from_unix(0).unwrap();
        builder.set_not_before(&day).unwrap();
        builder.set_not_after(&day).unwrap();
        builder.set_pubkey(&key).unwrap();
        if let Some(usage) = usage {
            let usage = openssl_types::extension(voms_asn1::oid::KEY_USAGE, true, &usage);
            builder.append_extension(usage.unwrap()).unwrap();
        }
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let user = openssl_types::certificate(&builder.build()).unwrap();
        let chain = Chain::new(vec![user]).unwrap();
        let no_anchors = TrustAnchors::in_memory([]);
        codes(chain.verify(&no_anchors, &Policy::default(), SystemTime::UNIX_EPOCH))
            .contains(&"user-key-usage")
    };
    // None, digitalSignature, keyAgreement.
    assert!(!found(None) && !found(Some([3, 2, 7, 0x80])) && !found(Some([3, 2, 3, 0x08])));
    // nonRepudiation, keyEncipherment, keyCertSign, nothing.
    for bits in [0x40, 0x20, 0x04, 0] {
        assert!(found(Some([3, 2, 2, bits])), "{bits:02x}");
    }
}
