//! CA directories with everything that real ones have only now and then: keys, names and lists that
//! exist twice.
#![cfg(test)]

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use der::asn1::BitString;
use der::{Decode, Encode};
use openssl::asn1::{Asn1Time, Asn1Type};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509Builder, X509CrlBuilder, X509Name, X509NameRef, X509RevokedBuilder};
use tempfile::TempDir;
use voms_asn1::certificate_list::CertificateList;
use voms_asn1::oid;

use super::*;
use crate::openssl_types::{self, asn1_time};
use crate::pki::pem;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000)
}

fn key() -> PKey<Private> {
    PKey::ec_gen("prime256v1").unwrap()
}

fn name(text: &str, kind: Asn1Type) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text_with_type("CN", text, kind)
        .unwrap();
    name.build()
}

fn called(text: &str) -> X509Name {
    name(text, Asn1Type::PRINTABLESTRING)
}

/// A CA without key identifiers.
struct Ca {
    key: PKey<Private>,
    certificate: Certificate,
}

impl Ca {
    fn root(subject: &X509NameRef) -> Self {
        let key = key();
        let certificate = certificate((subject, &key), (subject, &key), true, 1);
        Self { key, certificate }
    }

    fn name(&self) -> X509Name {
        let x509 = openssl_types::x509(&self.certificate).unwrap();
        x509.subject_name().to_owned().unwrap()
    }

    fn user(&self, serial: u32) -> Certificate {
        self.user_of(&self.name(), serial)
    }

    /// A user's certificate that spells the CA's name so.
    fn user_of(&self, issuer: &X509NameRef, serial: u32) -> Certificate {
        certificate((&called("Ada"), &key()), (issuer, &self.key), false, serial)
    }

    fn superior_of(&self, other: &Self, serial: u32) -> Certificate {
        let own = (&*self.name(), &self.key);
        certificate((&other.name(), &other.key), own, true, serial)
    }

    /// The other's key certified by this one's, with key identifiers: OpenSSL takes a certificate
    /// whose subject is its issuer for self-signed unless they say otherwise.
    fn rollover_to(&self, other: &Self) -> Certificate {
        let mut builder = builder((&other.name(), &other.key), &self.name(), true, 4);
        for (id, value) in [
            (oid::SUBJECT_KEY_IDENTIFIER, [4, 1, 1].as_slice()),
            (oid::AUTHORITY_KEY_IDENTIFIER, &[0x30, 3, 0x80, 1, 2]),
        ] {
            let own = openssl_types::extension(id, false, value).unwrap();
            builder.append_extension(own).unwrap();
        }
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        openssl_types::certificate(&builder.build()).unwrap()
    }

    fn list(&self, list: &List<'_>) -> Vec<u8> {
        let mut builder = X509CrlBuilder::new().unwrap();
        builder.set_issuer_name(&self.name()).unwrap();
        let hour = Duration::from_secs(3600);
        builder
            .set_last_update(&asn1_time(now() - hour).unwrap())
            .unwrap();
        builder
            .set_next_update(&asn1_time(now() + hour).unwrap())
            .unwrap();
        for certificate in list.revoked {
            let mut entry = X509RevokedBuilder::new().unwrap();
            let x509 = openssl_types::x509(certificate).unwrap();
            entry.set_serial_number(x509.serial_number()).unwrap();
            entry
                .set_revocation_date(&asn1_time(now() - hour).unwrap())
                .unwrap();
            builder.add_revoked(entry.build()).unwrap();
        }
        for (id, value) in [
            (
                oid::AUTHORITY_KEY_IDENTIFIER,
                [0x30, 3, 0x80, 1, 1].as_slice(),
            ),
            (oid::CRL_NUMBER, &[2, 1, 1]),
        ] {
            let own = openssl_types::extension(id, false, value).unwrap();
            builder.append_extension(own).unwrap();
        }
        if list.delta {
            let base = openssl_types::extension(oid::DELTA_CRL_INDICATOR, true, &[2, 1, 1]);
            builder.append_extension(base.unwrap()).unwrap();
        }
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        let made = builder.build().unwrap();
        match list.endless {
            true => self.endless(&made.to_der().unwrap()),
            false => made.to_pem().unwrap(),
        }
    }

    /// The same list without nextUpdate, which OpenSSL does not make.
    fn endless(&self, list: &[u8]) -> Vec<u8> {
        let mut list = CertificateList::from_der(list).unwrap();
        list.tbs_cert_list.next_update = None;
        let tbs = list.tbs_cert_list.to_der().unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&tbs).unwrap();
        list.signature_value = BitString::from_bytes(&signature).unwrap();
        list.to_der().unwrap()
    }
}

#[derive(Default)]
struct List<'a> {
    revoked: &'a [&'a Certificate],
    delta: bool,
    endless: bool,
}

fn certificate(
    subject: (&X509NameRef, &PKey<Private>),
    (issuer, signer): (&X509NameRef, &PKey<Private>),
    is_ca: bool,
    serial: u32,
) -> Certificate {
    let mut builder = builder(subject, issuer, is_ca, serial);
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    openssl_types::certificate(&builder.build()).unwrap()
}

fn builder(
    (subject, key): (&X509NameRef, &PKey<Private>),
    issuer: &X509NameRef,
    is_ca: bool,
    serial: u32,
) -> X509Builder {
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    let serial = BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(4_000_000_000).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    if is_ca {
        let constraints = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(constraints).unwrap();
    }
    builder
}

/// A CA directory.
struct Place(TempDir);

impl Place {
    fn new(cas: &[&Certificate]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (at, ca) in cas.iter().enumerate() {
            place.add(
                ca,
                &at.to_string(),
                pem::encode("CERTIFICATE", ca.der()).as_bytes(),
            );
        }
        place
    }

    /// Under the new hash, which all spellings share.
    fn add(&self, ca: &Certificate, end: &str, contents: &[u8]) -> PathBuf {
        self.add_as(file_hashes(ca).next().unwrap(), end, contents)
    }

    fn add_as(&self, hash: u32, end: &str, contents: &[u8]) -> PathBuf {
        let path = self.0.path().join(format!("{hash:08x}.{end}"));
        std::fs::write(&path, contents).unwrap();
        path
    }

    fn anchors(&self) -> TrustAnchors {
        TrustAnchors::open(self.0.path()).unwrap()
    }

    fn verify(&self, leaf: &Certificate, above: &[Certificate], usage: Usage) -> Vec<&'static str> {
        self.verdict(leaf, above, usage)
            .map_or_else(codes, |_| Vec::new())
    }

    fn verdict(
        &self,
        leaf: &Certificate,
        above: &[Certificate],
        usage: Usage,
    ) -> Result<VerifiedPath, Vec<PathFinding>> {
        let mut work = Work::after(0);
        let policy = Policy::default();
        self.anchors()
            .verify_within(&mut work, (leaf, above), usage, &policy, now())
    }
}

fn codes(findings: Vec<PathFinding>) -> Vec<&'static str> {
    findings
        .iter()
        .map(|finding| finding.problem.code())
        .collect()
}

const USES: [Usage; 3] = [Usage::Client, Usage::Server, Usage::Signer];

#[test]
fn of_two_keys_of_one_name_the_one_that_signed_is_found() {
    let (old, new, other) = (
        Ca::root(&called("CA")),
        Ca::root(&called("CA")),
        Ca::root(&called("CA")),
    );
    for cas in [[&old, &new], [&new, &old]] {
        let place = Place::new(&cas.map(|ca| &ca.certificate));
        for usage in USES {
            assert!(place.verify(&old.user(2), &[], usage).is_empty(), "{usage}");
            assert!(place.verify(&new.user(2), &[], usage).is_empty(), "{usage}");
            assert_eq!(
                place.verify(&other.user(2), &[], usage),
                ["signature"],
                "{usage}"
            );
        }
    }
}

#[test]
fn a_re_keyed_sub_ca_is_found_among_those_shown() {
    let (root, old, new) = (
        Ca::root(&called("Root")),
        Ca::root(&called("CA")),
        Ca::root(&called("CA")),
    );
    let shown = [root.superior_of(&old, 2), root.superior_of(&new, 3)];
    let place = Place::new(&[&root.certificate]);
    for usage in USES {
        for sub in [&old, &new] {
            assert!(
                place.verify(&sub.user(4), &shown, usage).is_empty(),
                "{usage}"
            );
        }
    }
}

#[test]
fn a_path_that_is_refused_does_not_hide_one_that_holds() {
    let (root, gone, sub) = (
        Ca::root(&called("Root")),
        Ca::root(&called("Gone")),
        Ca::root(&called("CA")),
    );
    let shown = [gone.superior_of(&sub, 2), root.superior_of(&sub, 3)];
    let place = Place::new(&[&root.certificate, &gone.certificate]);
    let revoked = gone.list(&List {
        revoked: &[&shown[0]],
        ..List::default()
    });
    place.add(&gone.certificate, "r0", &revoked);
    let back: Vec<_> = shown.iter().rev().cloned().collect();
    for shown in [&shown[..], &back] {
        assert!(place.verify(&sub.user(4), shown, Usage::Client).is_empty());
    }
}

#[test]
fn looking_for_other_paths_stays_within_the_budget() {
    let other = key();
    let namesake = called("CA");
    let shown: Vec<_> = (0..90)
        .map(|serial| certificate((&namesake, &key()), (&namesake, &other), true, serial))
        .collect();
    let user = certificate((&called("Ada"), &key()), (&namesake, &other), false, 7);
    let mut work = Work::after(0);
    let found = Place::new(&[]).anchors().verify_within(
        &mut work,
        (&user, &shown),
        Usage::Client,
        &Policy::default(),
        now(),
    );
    assert_eq!(codes(found.unwrap_err()), ["untrusted"]);
    assert!(work.spent() <= 400, "{}", work.spent());
}

#[test]
fn lists_are_found_under_every_spelling_of_the_issuer_by_either_hash() {
    let ca = Ca::root(&called("CA"));
    let user = ca.user_of(&name("CA", Asn1Type::UTF8STRING), 2);
    assert_ne!(user.issuer_der(), ca.certificate.subject_der());
    let list = ca.list(&List {
        revoked: &[&user],
        ..List::default()
    });
    for name in [CaName::Issuer(&user), CaName::Subject(&ca.certificate)] {
        for hash in name.hashes() {
            let place = Place::new(&[&ca.certificate]);
            assert!(place.verify(&user, &[], Usage::Client).is_empty());
            place.add_as(hash, "r0", &list);
            assert_eq!(
                place.verify(&user, &[], Usage::Client),
                ["revoked"],
                "{hash:08x}"
            );
            assert_eq!(place.anchors().revocation_lists_of(&user, now()).len(), 1);
        }
    }
}

#[test]
fn a_delta_list_beside_a_full_one_is_noted_and_revokes() {
    let ca = Ca::root(&called("CA"));
    let (user, bad) = (ca.user(2), ca.user(3));
    let place = Place::new(&[&ca.certificate]);
    let delta = ca.list(&List {
        revoked: &[&bad],
        delta: true,
        ..List::default()
    });
    let file = place.add(&ca.certificate, "r1", &delta);
    assert_eq!(place.verify(&user, &[], Usage::Client), ["crl-delta"]);
    place.add(&ca.certificate, "r0", &ca.list(&List::default()));
    let verified = place.verdict(&user, &[], Usage::Client).unwrap();
    let subject = user.subject().clone();
    assert_eq!(verified.notes, [PathNote::DeltaList { subject, crl: file }]);
    assert_eq!(place.verify(&bad, &[], Usage::Client), ["revoked"]);
}

#[test]
fn a_list_by_another_key_of_the_ca_counts_if_that_key_is_trusted() {
    let (old, new) = (Ca::root(&called("CA")), Ca::root(&called("CA")));
    let (user, bad) = (old.user(2), old.user(3));
    let list = new.list(&List {
        revoked: &[&bad],
        ..List::default()
    });
    let both = Place::new(&[&old.certificate, &new.certificate]);
    both.add(&old.certificate, "r0", &list);
    assert!(both.verify(&user, &[], Usage::Client).is_empty());
    assert_eq!(both.verify(&bad, &[], Usage::Client), ["revoked"]);

    let one = Place::new(&[&old.certificate]);
    one.add(&old.certificate, "r0", &list);
    assert_eq!(one.verify(&user, &[], Usage::Client), ["crl-signature"]);
    let shown = [new.certificate.clone()];
    assert_eq!(one.verify(&user, &shown, Usage::Client), ["crl-other-key"]);
    let rollover = [old.rollover_to(&new)];
    assert!(one.verify(&user, &rollover, Usage::Client).is_empty());
}

#[test]
fn a_list_without_next_update_is_noted() {
    let ca = Ca::root(&called("CA"));
    let (user, bad) = (ca.user(2), ca.user(3));
    let place = Place::new(&[&ca.certificate]);
    let list = ca.list(&List {
        revoked: &[&bad],
        endless: true,
        ..List::default()
    });
    place.add(&ca.certificate, "r0", &list);
    assert_eq!(
        place.verify(&user, &[], Usage::Client),
        ["crl-no-next-update"]
    );
    assert_eq!(place.verify(&bad, &[], Usage::Client), ["revoked"]);
}

#[test]
fn a_ca_that_the_trust_settings_reject_for_a_use_is_no_anchor_for_it() {
    let ca = Ca::root(&called("CA"));
    let client = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
    let settings = [&[0x30, 12, 0xa0, 10][..], &client].concat();
    let trusted = pem::encode(
        "TRUSTED CERTIFICATE",
        &[ca.certificate.der(), &settings].concat(),
    );
    let plain = pem::encode("CERTIFICATE", ca.certificate.der());
    for file in [trusted.to_string(), format!("{}{}", *plain, *trusted)] {
        let place = Place::new(&[]);
        place.add(&ca.certificate, "0", file.as_bytes());
        assert_eq!(
            place.verify(&ca.user(2), &[], Usage::Client),
            ["ca-rejected"]
        );
        assert!(place.verify(&ca.user(2), &[], Usage::Server).is_empty());
    }
}

#[test]
fn a_thousand_unknown_issuers_cost_a_few_looks_at_the_directory() {
    let ca = Ca::root(&called("CA"));
    let place = Place::new(&[&ca.certificate]);
    let anchors = place.anchors();
    let (stranger, policy) = (key(), Policy::default());
    for number in 0..1000 {
        let issuer = called(&format!("CA {number}"));
        let user = certificate((&called("Ada"), &stranger), (&issuer, &stranger), false, 2);
        let verdict = anchors.verify_path(&user, &[], Usage::Client, &policy, now());
        assert_eq!(codes(verdict.unwrap_err()), ["untrusted"]);
    }
    let Source::Directory(directory) = &*anchors.source else {
        panic!("not a directory");
    };
    let looks = directory.looks.load(Ordering::Relaxed);
    assert!(looks <= 8, "{looks}");
    let known = anchors.verify_path(&ca.user(2), &[], Usage::Client, &policy, now());
    assert_eq!(known.map(|path| path.len()), Ok(2));
}

#[test]
fn a_malformed_ca_is_refused_among_any_number_of_namesakes() {
    let (root, sub) = (Ca::root(&called("Root")), Ca::root(&called("CA")));
    let mut builder = builder((&sub.name(), &sub.key), &root.name(), true, 2);
    for value in [[4, 1, 1], [4, 1, 2]] {
        let twice = openssl_types::extension(oid::VOMS_CERTS, false, &value).unwrap();
        builder.append_extension(twice).unwrap();
    }
    builder.sign(&root.key, MessageDigest::sha256()).unwrap();
    let malformed = openssl_types::certificate(&builder.build()).unwrap();
    let place = Place::new(&[&root.certificate]);
    for namesakes in [0, 1, 11, 20] {
        let mut shown: Vec<_> = (0..namesakes)
            .map(|_| Ca::root(&called("CA")).certificate)
            .collect();
        shown.push(malformed.clone());
        for usage in USES {
            let found = place.verify(&sub.user(3), &shown, usage);
            assert_eq!(found, ["duplicate-extension"], "{namesakes} {usage}");
        }
    }
}
