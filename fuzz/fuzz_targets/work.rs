//! Whatever is shown costs no more than the budget of signatures: certificates of few names and
//! many keys, dear and cheap, as the bytes say, with attribute certificates that carry more of
//! them.
#![no_main]

use std::sync::LazyLock;

use der::Encode;
use libfuzzer_sys::fuzz_target;
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::x509::{X509Builder, X509Extension, X509Name};
use voms::meter;
use voms::verifier::VomsVerifier;
use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::voms::certs::{AcCerts, MAX_CERTS};
use voms_asn1::{EncodedAc, oid};
use voms_proxy_fuzz::{acs, fixtures, now};

/// In signatures of RSA 2048, for one credential.
const BUDGET: u32 = 400;
const NAMES: usize = 5;
const MAX_ACS: u8 = 8;

struct World {
    verifier: VomsVerifier,
    signer: PKey<Private>,
    /// The DER of certificates: of each name and key, issued by itself and by the name above.
    blocks: Vec<Vec<u8>>,
    acs: Vec<EncodedAc>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let signer = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut blocks = Vec::new();
    for key in &keys(&signer) {
        for depth in 0..NAMES {
            for issuer in [depth, depth.saturating_sub(1)] {
                blocks.push(certificate(key, &signer, depth, issuer, None));
            }
        }
    }
    let verifier = VomsVerifier::open(
        &fixtures().join("info/trust"),
        &fixtures().join("info/vomsdir"),
    )
    .unwrap();
    World {
        verifier,
        signer,
        blocks,
        acs: acs(),
    }
});

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter().copied();
    let acs = bytes.next().unwrap_or(0) % (MAX_ACS + 1);
    let leaf = leaf(acs, &mut bytes);
    let mut chain = vec![&*leaf];
    for byte in bytes {
        chain.push(block(byte));
    }
    meter::take();
    let verdict = WORLD.verifier.verify_der(&chain, now());
    let spent = meter::take();
    assert!(spent <= BUDGET, "{spent}");
    assert!(verdict.is_err());
});

fn block(byte: u8) -> &'static [u8] {
    &WORLD.blocks[usize::from(byte) % WORLD.blocks.len()]
}

/// A certificate with as many attribute certificates, each with what the bytes name.
fn leaf(acs: u8, bytes: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let acs: Vec<_> = (0..acs).map_while(|_| with_certificates(bytes)).collect();
    let depth = usize::from(bytes.next().unwrap_or(0)) % NAMES;
    let value = AcSeq { acs }.to_der().ok();
    certificate(
        &public(&WORLD.signer),
        &WORLD.signer,
        depth,
        depth.saturating_sub(1),
        value.as_deref(),
    )
}

/// A recorded attribute certificate, whose signer is known, with more certificates; the signature
/// is wrong then.
fn with_certificates(bytes: &mut impl Iterator<Item = u8>) -> Option<EncodedAc> {
    let count = usize::from(bytes.next()?) % MAX_CERTS;
    let recorded = &WORLD.acs[count % WORLD.acs.len()];
    let mut ac = recorded.certificate().clone();
    let carried = ac
        .acinfo
        .extensions
        .iter_mut()
        .flatten()
        .find(|one| one.extn_id == oid::VOMS_CERTS)?;
    let mut certificates = AcCerts::from_extension(carried.extn_value.as_bytes())
        .ok()?
        .certificates;
    certificates.extend(
        bytes
            .take(count - count.min(certificates.len()))
            .map(|byte| block(byte).to_vec()),
    );
    *carried = AcCerts { certificates }.to_extension().ok()?;
    EncodedAc::from_der(&ac.to_der().ok()?).ok()
}

/// Keys of every cost. Nobody has the private part of most of them.
fn keys(signer: &PKey<Private>) -> Vec<PKey<Public>> {
    let number = |bits: i32| {
        let mut number = BigNum::new().unwrap();
        number.set_bit(bits - 1).unwrap();
        number.set_bit(0).unwrap();
        number
    };
    let rsa = |(size, exponent)| {
        PKey::from_rsa(Rsa::from_public_components(number(size), number(exponent)).unwrap())
            .unwrap()
    };
    let curve = |name| {
        let key = EcKey::generate(&*EcGroup::from_curve_name(name).unwrap()).unwrap();
        public(&PKey::from_ec_key(key).unwrap())
    };
    let mut keys: Vec<_> = [
        (3072, 17),
        (4096, 17),
        (8192, 17),
        (2048, 64),
        (8192, 64),
        (16_384, 17),
    ]
    .map(rsa)
    .into();
    keys.extend([Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1].map(curve));
    keys.push(public(signer));
    keys
}

fn public(key: &PKey<Private>) -> PKey<Public> {
    PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap()
}

/// Of the name at a depth, below which are only proxies of the old kind.
fn name(depth: usize) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", "everybody").unwrap();
    for _ in 0..depth {
        name.append_entry_by_text("CN", "proxy").unwrap();
    }
    name.build()
}

fn certificate(
    key: &PKey<Public>,
    signer: &PKey<Private>,
    subject: usize,
    issuer: usize,
    acs: Option<&[u8]>,
) -> Vec<u8> {
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name(subject)).unwrap();
    builder.set_issuer_name(&name(issuer)).unwrap();
    let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(4_000_000_000).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    if let Some(acs) = acs {
        let id = Asn1Object::from_str(&oid::VOMS_AC_SEQ.to_string()).unwrap();
        let value = Asn1OctetString::new_from_bytes(acs).unwrap();
        builder
            .append_extension(X509Extension::new_from_der(&id, false, &value).unwrap())
            .unwrap();
    }
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    builder.build().to_der().unwrap()
}
