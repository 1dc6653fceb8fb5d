//! The FQAN attribute, in the shapes that servers write.

mod common;

use common::{read, role, seq, tlv};
use der::Decode;
use der::asn1::Any;
use voms_asn1::EncodedAc;
use voms_asn1::attribute_certificate::{Attribute, AttributeCertificateInfo};
use voms_asn1::oid::VOMS_FQANS;
use voms_asn1::voms::fqans::{FqanAttribute, FqanError, MAX_FQANS};

const URI: &[u8] = b"virgo://voms.test.example:15000";

fn acinfo(values: &[Vec<u8>]) -> AttributeCertificateInfo {
    let mut acinfo = role().certificate().acinfo.clone();
    acinfo.attributes = vec![Attribute {
        attr_type: VOMS_FQANS,
        values: values.iter().map(|v| Any::from_der(v).unwrap()).collect(),
    }];
    acinfo
}

fn from_value(value: Vec<u8>) -> Result<FqanAttribute, FqanError> {
    FqanAttribute::from_ac(&acinfo(&[value]))
}

fn from_fqans(fqans: &[Vec<u8>]) -> Result<FqanAttribute, FqanError> {
    let fqans: Vec<&[u8]> = fqans.iter().map(Vec::as_slice).collect();
    from_value(seq(&[&tlv(0xa0, &[&tlv(0x86, &[URI])]), &seq(&fqans)]))
}

fn from_authority(authority: &[u8]) -> Result<FqanAttribute, FqanError> {
    from_value(seq(&[authority, &seq(&[&tlv(4, &[b"/virgo"])])]))
}

#[test]
fn recorded_acs_have_these_fqans() {
    let plain = "/virgo/Role=NULL/Capability=NULL";
    let group = "/virgo/virgo/Role=NULL/Capability=NULL";
    let production = "/virgo/virgo/Role=production/Capability=NULL";
    for (name, port, fqans) in [
        ("group", 15000, vec![plain, group]),
        ("old-holder", 15001, vec![plain, group]),
        ("role", 15000, vec![production, group, plain]),
    ] {
        let ac = EncodedAc::from_der(&read(&format!("ac/{name}.der"))).unwrap();
        let attribute = FqanAttribute::from_ac(&ac.certificate().acinfo).unwrap();
        let uri = format!("virgo://voms.test.example:{port}");
        assert_eq!(attribute.policy_authority, uri);
        assert_eq!(attribute.fqans, fqans, "{name}");
    }
}

#[test]
fn implicit_explicit_and_untagged_policy_authorities_are_read() {
    let uri = tlv(0x86, &[URI]);
    for authority in [
        tlv(0xa0, &[&uri]),
        tlv(0xa0, &[&seq(&[&uri])]),
        seq(&[&uri]),
    ] {
        let attribute = from_authority(&authority).unwrap();
        assert_eq!(attribute.policy_authority.as_bytes(), URI);
        assert_eq!(attribute.fqans, ["/virgo"]);
    }
}

#[test]
fn only_the_implicit_policy_authority_is_written() {
    let read = from_authority(&seq(&[&tlv(0x86, &[URI])])).unwrap();
    let written = read.to_attribute().unwrap();
    let rfc = acinfo(&[seq(&[
        &tlv(0xa0, &[&tlv(0x86, &[URI])]),
        &seq(&[&tlv(4, &[b"/virgo"])]),
    ])]);
    assert_eq!(vec![written], rfc.attributes);
}

#[test]
fn there_is_exactly_one_attribute_with_one_value() {
    let mut acinfo = role().certificate().acinfo.clone();
    let attribute = acinfo.attributes[0].clone();
    acinfo.attributes.push(attribute);
    let error = FqanAttribute::from_ac(&acinfo).unwrap_err();
    assert_eq!(error.to_string(), "2 FQAN attributes instead of one");

    acinfo.attributes.truncate(1);
    let value = acinfo.attributes[0].values[0].clone();
    for values in [vec![], vec![value.clone(), value]] {
        let message = format!("FQAN attribute has {} values instead of one", values.len());
        acinfo.attributes[0].values = values;
        let error = FqanAttribute::from_ac(&acinfo).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    acinfo.attributes.clear();
    let error = FqanAttribute::from_ac(&acinfo).unwrap_err();
    assert_eq!(error.to_string(), "no FQAN attribute");
}

#[test]
fn the_policy_authority_is_one_uri() {
    let uri = tlv(0x86, &[URI]);
    let dns = tlv(0x82, &[b"voms.test.example"]);
    for authority in [
        tlv(0xa0, &[]),
        tlv(0xa0, &[&uri, &uri]),
        tlv(0xa0, &[&dns]),
        tlv(0xa0, &[&seq(&[&uri, &uri])]),
        seq(&[&dns]),
        seq(&[]),
    ] {
        assert_eq!(from_authority(&authority), Err(FqanError::NotOneUri));
    }
    assert_eq!(
        FqanError::NotOneUri.to_string(),
        "policy authority of the FQAN attribute is not one URI"
    );
}

#[test]
fn a_policy_authority_is_required() {
    let fqans = seq(&[&tlv(4, &[b"/virgo"])]);
    let uri = tlv(0x86, &[URI]);
    for value in [
        seq(&[]),
        seq(&[&fqans]),
        seq(&[&uri, &fqans]),
        seq(&[&tlv(0xa1, &[&uri]), &fqans]),
        seq(&[&tlv(0x80, &[URI]), &fqans]),
        seq(&[&tlv(0xa0, &[&tlv(0x86, &[b"virgo\xff"])]), &fqans]),
    ] {
        assert_eq!(from_value(value), Err(FqanError::NoPolicyAuthority));
    }
    assert_eq!(
        FqanError::NoPolicyAuthority.to_string(),
        "FQAN attribute has no policy authority"
    );
}

#[test]
fn fqans_are_octet_strings_of_printable_ascii() {
    let good = tlv(4, &[b"/virgo"]);
    let utf8 = tlv(0x0c, &[b"/virgo"]);
    let error = from_fqans(&[good.clone(), utf8]).unwrap_err();
    assert_eq!(error.to_string(), "FQAN 1 is not an OCTET STRING");
    for bytes in [
        "/virgo/é".as_bytes(),
        b"/virgo\n/atlas",
        b"/virgo\0",
        b"\xff",
    ] {
        let error = from_fqans(&[tlv(4, &[bytes]), good.clone()]).unwrap_err();
        assert_eq!(error.to_string(), "FQAN 0 is not printable ASCII");
        let text = String::from_utf8_lossy(bytes).into_owned();
        let attribute = FqanAttribute {
            policy_authority: "virgo://voms.test.example:15000".into(),
            fqans: vec![text],
        };
        let error = attribute.to_attribute().unwrap_err();
        assert_eq!(error, FqanError::NotText { index: 0 });
    }
}

#[test]
fn more_than_a_thousand_fqans_are_refused() {
    let fqan = tlv(4, &[b"/v"]);
    let most = from_fqans(&vec![fqan.clone(); MAX_FQANS]).unwrap();
    assert_eq!(most.fqans.len(), 1000);
    assert!(most.to_attribute().is_ok());
    let error = from_fqans(&vec![fqan; MAX_FQANS + 1]).unwrap_err();
    assert_eq!(error.to_string(), "more than 1000 FQANs");
    let mut more = most;
    more.fqans.push("/v".into());
    assert_eq!(more.to_attribute(), Err(error));
}

#[test]
fn other_values_are_malformed() {
    let authority = tlv(0xa0, &[&tlv(0x86, &[URI])]);
    for value in [
        tlv(0x31, &[&authority, &seq(&[])]),
        seq(&[&authority]),
        seq(&[&authority, &seq(&[]), &seq(&[])]),
        seq(&[&authority, &tlv(4, &[b"/virgo"])]),
        seq(&[&authority, &seq(&[b"\x04\x05/"])]),
    ] {
        let error = from_value(value).unwrap_err();
        assert!(matches!(error, FqanError::Malformed(_)), "{error}");
        assert!(error.to_string().starts_with("malformed FQAN attribute: "));
    }
}
