//! No input makes a decoder panic, and no damage goes unnoticed that DER can notice.

mod common;

use common::{read, seq, tlv};
use der::{Decode, Encode};
use voms_asn1::diagnose::diagnose;
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo};
use voms_asn1::targets::Targets;
use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::voms::certs::AcCerts;
use voms_asn1::voms::fqans::{FqanAttribute, PolicyAuthority};
use voms_asn1::voms::generic_attributes;
use voms_asn1::{EncodedAc, oid};

/// Gives the bytes to every decoder.
fn feed(bytes: &[u8]) {
    let _ = diagnose(bytes);
    let _ = AcSeq::raw(bytes);
    if let Ok(seq) = AcSeq::from_der(bytes) {
        let _ = seq.to_der().unwrap();
    }
    let _ = AcCerts::from_extension(bytes);
    let _ = Targets::from_extension(bytes);
    let _ = generic_attributes::from_extension(bytes);
    let _ = ProxyCertInfo::from_der(bytes);
    let _ = DraftProxyCertInfo::from_der(bytes);
    if let Err(error) = EncodedAc::from_der(bytes) {
        let _ = error.to_string();
    } else {
        feed_ac(bytes);
    }
}

fn feed_ac(bytes: &[u8]) {
    let ac = EncodedAc::from_der(bytes).unwrap();
    assert_eq!(ac.as_der(), bytes);
    let acinfo = &ac.certificate().acinfo;
    if let Ok(fqans) = FqanAttribute::from_ac(acinfo) {
        let _ = PolicyAuthority::parse(&fqans.policy_authority);
        fqans.to_attribute().unwrap();
    }
    for extension in acinfo.extensions.iter().flatten() {
        let value = extension.extn_value.as_bytes();
        let _ = AcCerts::from_extension(value);
        let _ = Targets::from_extension(value);
        let _ = generic_attributes::from_extension(value);
    }
    let _ = (
        acinfo.holder.directory_name(),
        acinfo.issuer.directory_name(),
    );
    let _ = ac.certificate().to_der();
}

fn samples() -> Vec<Vec<u8>> {
    let ac = EncodedAc::from_der(&read("ac/role.der")).unwrap();
    let extension = |oid| {
        let extension = ac.certificate().acinfo.extension(oid).unwrap();
        extension.extn_value.as_bytes().to_vec()
    };
    let target = tlv(0xa0, &[&tlv(0x86, &[b"a.example"])]);
    vec![
        ac.as_der().to_vec(),
        seq(&[&seq(&[ac.as_der()])]),
        extension(oid::VOMS_CERTS),
        extension(oid::VOMS_GENERIC_ATTRIBUTES),
        seq(&[&seq(&[&target, &seq(&[&target])])]),
        hex::decode("300f020103300a06082b06010505071501").unwrap(),
        hex::decode("3014300d060b2b060104019b5001010109a103020103").unwrap(),
    ]
}

#[test]
fn a_cut_at_any_byte_is_an_error() {
    let ac = read("ac/role.der");
    for end in 0..ac.len() {
        assert!(EncodedAc::from_der(&ac[..end]).is_err(), "{end}");
        assert!(!diagnose(&ac[..end]).is_empty(), "{end}");
    }
    for sample in samples() {
        (0..sample.len()).for_each(|end| feed(&sample[..end]));
    }
}

#[test]
fn a_flip_of_any_bit_does_not_panic() {
    for mut sample in samples() {
        for bit in 0..sample.len() * 8 {
            sample[bit / 8] ^= 1 << (bit % 8);
            feed(&sample);
            sample[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_removed_or_doubled_byte_does_not_panic() {
    for sample in samples() {
        for at in 0..sample.len() {
            feed(&[&sample[..at], &sample[at + 1..]].concat());
            feed(&[&sample[..=at], &sample[at..]].concat());
        }
    }
}

#[test]
fn short_inputs_do_not_panic() {
    feed(&[]);
    for a in 0..=255 {
        feed(&[a]);
        for b in 0..=255 {
            feed(&[a, b]);
            feed(&[0x30, 0x04, a, b, 0x02, 0x00]);
        }
    }
}

#[test]
fn deep_nesting_does_not_panic() {
    feed(&[0x30, 0x80].repeat(100_000));
    feed(&[0xa0; 100_000]);
    let mut nested = vec![5, 0];
    for _ in 0..2000 {
        nested = seq(&[&nested]);
    }
    feed(&nested);
}
