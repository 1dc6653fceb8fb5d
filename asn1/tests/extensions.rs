//! The AC extensions: generic attributes, certificates, targets.

mod common;

use common::{role, seq, tlv};
use voms_asn1::targets::{MAX_TARGETS, Targets};
use voms_asn1::voms::certs::{AcCerts, MAX_CERTS};
use voms_asn1::voms::generic_attributes::{self, GenericAttribute, GrantedAttributes};
use voms_asn1::{DecodeError, EncodeError, oid};

const GRANTOR: &[u8] = b"virgo://voms.test.example:15000";

fn generic(names: &[&[u8]]) -> Vec<u8> {
    let attribute = seq(&[&tlv(4, &[b"n"]), &tlv(4, &[b"v\xff\n"]), &tlv(4, &[])]);
    seq(&[&seq(&[&seq(&[&seq(names), &seq(&[&attribute])])])])
}

#[test]
fn recorded_generic_attributes_are_these() {
    let ac = role();
    let extension = ac
        .certificate()
        .acinfo
        .extension(oid::VOMS_GENERIC_ATTRIBUTES)
        .unwrap();
    let granted = generic_attributes::from_extension(extension.extn_value.as_bytes()).unwrap();
    assert_eq!(granted.len(), 1);
    assert_eq!(granted[0].grantor.as_bytes(), GRANTOR);
    let attribute = |name: &str, value: &str, qualifier: &str| GenericAttribute {
        name: name.into(),
        value: value.into(),
        qualifier: qualifier.into(),
    };
    assert_eq!(
        granted[0].attributes,
        [
            attribute("quota", "100", "/virgo/virgo/Role=production"),
            attribute("site", "cascina", "/virgo/virgo"),
            attribute("nickname", "alice", "virgo"),
        ]
    );
}

#[test]
fn generic_attributes_are_any_bytes() {
    let value = generic(&[&tlv(0x86, &[GRANTOR])]);
    let granted = generic_attributes::from_extension(&value).unwrap();
    assert_eq!(granted[0].attributes[0].value, b"v\xff\n");
    let extension = generic_attributes::to_extension(&granted).unwrap();
    assert_eq!(extension.extn_value.as_bytes(), value);
    assert_eq!(extension.extn_id, oid::VOMS_GENERIC_ATTRIBUTES);
    assert!(!extension.critical);
}

#[test]
fn empty_values_and_lists_are_read_as_none_and_never_written() {
    for value in [vec![], seq(&[]), seq(&[&seq(&[])])] {
        assert_eq!(generic_attributes::from_extension(&value), Ok(Vec::new()));
    }
    assert!(matches!(
        generic_attributes::to_extension(&[]),
        Err(EncodeError::Empty { .. })
    ));
}

#[test]
fn a_grantor_is_one_uri() {
    let uri = tlv(0x86, &[GRANTOR]);
    for names in [
        &[] as &[&[u8]],
        &[&uri, &uri],
        &[&tlv(0x82, &[b"voms.test.example"])],
    ] {
        let error = generic_attributes::from_extension(&generic(names)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed generic attributes: malformed ASN.1 DER value for SEQUENCE"
        );
    }
    let granted = GrantedAttributes {
        grantor: "é".into(),
        attributes: Vec::new(),
    };
    let error = generic_attributes::to_extension(&[granted]).unwrap_err();
    assert!(error.to_string().starts_with("value has no encoding: "));
}

#[test]
fn the_recorded_ac_carries_the_certificate_of_its_issuer() {
    let ac = role();
    let acinfo = &ac.certificate().acinfo;
    let extension = acinfo.extension(oid::VOMS_CERTS).unwrap();
    let certs = AcCerts::from_extension(extension.extn_value.as_bytes()).unwrap();
    assert_eq!(certs.certificates.len(), 1);
    let host = String::from_utf8(common::read("trust/hostcert.pem")).unwrap();
    let certificate = common::certificates(&host).remove(0);
    let der = der::Encode::to_der(&certificate).unwrap();
    assert_eq!(certs.certificates[0], der);
    assert_eq!(
        acinfo.issuer.directory_name(),
        Some(certificate.tbs_certificate().subject())
    );
}

#[test]
fn certificate_lists_must_contain_certificates_within_limits() {
    for value in [seq(&[]), seq(&[&seq(&[])])] {
        let error = AcCerts::from_extension(&value).unwrap_err();
        assert_eq!(error.to_string(), "AC certificate list is empty");
    }
    let certificate = seq(&[]);
    let list = |n: usize| seq(&[&seq(&vec![certificate.as_slice(); n])]);
    let most = AcCerts::from_extension(&list(MAX_CERTS)).unwrap();
    assert_eq!(most.to_extension().unwrap().extn_value.as_bytes(), list(64));
    let error = AcCerts::from_extension(&list(MAX_CERTS + 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "AC certificate list has more than 64 elements"
    );
    for value in [vec![], seq(&[&seq(&[&[5, 0]])]), seq(&[&[5, 0]])] {
        let error = AcCerts::from_extension(&value).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error}");
    }
    for certificates in [vec![vec![5, 0]], vec![vec![]], vec![vec![0x30, 0, 0]]] {
        let error = AcCerts { certificates }.to_extension().unwrap_err();
        assert!(matches!(error, EncodeError::Der(_)));
    }
    let certificates = Vec::new();
    let error = AcCerts { certificates }.to_extension().unwrap_err();
    assert_eq!(error.to_string(), "AC certificate list is empty");
}

fn target(host: &str) -> Vec<u8> {
    tlv(0xa0, &[&tlv(0x86, &[host.as_bytes()])])
}

#[test]
fn targets_are_read_in_the_shape_of_the_rfc_and_of_voms() {
    let (a, b) = (target("a.example"), target("b.example"));
    let rfc = seq(&[&seq(&[&a, &b])]);
    let voms = seq(&[&seq(&[&seq(&[&a]), &seq(&[&b])])]);
    let mixed = seq(&[&seq(&[&seq(&[&a])]), &seq(&[&b])]);
    for value in [&rfc, &voms, &mixed] {
        let targets = Targets::from_extension(value).unwrap();
        assert_eq!(targets.hosts, ["a.example", "b.example"]);
        let extension = targets.to_extension().unwrap();
        assert_eq!(extension.extn_value.as_bytes(), voms);
        assert_eq!(extension.extn_id, oid::TARGETS);
        assert!(extension.critical);
    }
}

#[test]
fn a_target_that_is_not_a_host_is_not_ignored() {
    let a = target("a.example");
    let group = tlv(0xa1, &[&tlv(0x86, &[b"a.example"])]);
    let dns = tlv(0xa0, &[&tlv(0x82, &[b"a.example"])]);
    for other in [
        group.clone(),
        seq(&[&group]),
        seq(&[&a, &group]),
        seq(&[]),
        dns.clone(),
        seq(&[&dns]),
        tlv(0x86, &[b"a.example"]),
        seq(&[&seq(&[&a])]),
        target("é.example"),
    ] {
        let error = Targets::from_extension(&seq(&[&seq(&[&a, &other])])).unwrap_err();
        assert!(
            error.to_string().starts_with("malformed list of targets: "),
            "{error}"
        );
    }
}

#[test]
fn target_lists_must_be_non_empty_and_within_limits() {
    let error = Targets::from_extension(&seq(&[&seq(&[])])).unwrap_err();
    assert_eq!(error.to_string(), "list of targets is empty");
    let hosts = Vec::new();
    let error = Targets { hosts }.to_extension().unwrap_err();
    assert_eq!(
        error,
        EncodeError::Empty {
            what: "list of targets"
        }
    );
    let a = target("a.example");
    let value = seq(&[&seq(&vec![a.as_slice(); MAX_TARGETS + 1])]);
    let error = Targets::from_extension(&value).unwrap_err();
    assert!(matches!(error, DecodeError::TooMany { limit: 1024, .. }));
    let hosts = vec!["é".to_owned()];
    let error = Targets { hosts }.to_extension().unwrap_err();
    assert!(matches!(error, EncodeError::Der(_)));
}
