//! The list of attribute certificates in a proxy.

mod common;

use common::{read, role, seq};
use voms_asn1::attribute_certificate::MAX_AC_LEN;
use voms_asn1::voms::ac_seq::{AcSeq, MAX_ACS};
use voms_asn1::{DecodeError, EncodeError};

fn acs() -> (Vec<u8>, Vec<u8>) {
    (read("ac/role.der"), read("ac/group.der"))
}

fn ders(value: &[u8]) -> Vec<Vec<u8>> {
    let decoded = AcSeq::from_der(value).unwrap();
    decoded.acs.iter().map(|ac| ac.as_der().to_vec()).collect()
}

#[test]
fn two_levels_one_level_and_several_lists_are_read() {
    let (a, b) = acs();
    let both = [a.clone(), b.clone()];
    assert_eq!(ders(&seq(&[&seq(&[&a, &b])])), both);
    assert_eq!(ders(&seq(&[&a, &b])), both);
    assert_eq!(ders(&seq(&[&seq(&[&a]), &seq(&[&b])])), both);
    assert_eq!(ders(&seq(&[&a])), both[..1]);
    assert_eq!(ders(&seq(&[&seq(&[]), &seq(&[&b])])), both[1..]);
}

#[test]
fn two_levels_are_written() {
    let (a, b) = acs();
    let decoded = AcSeq::from_der(&seq(&[&a, &b])).unwrap();
    assert_eq!(decoded.to_der().unwrap(), seq(&[&seq(&[&a, &b])]));
}

#[test]
fn a_bad_ac_does_not_hide_the_others() {
    let (a, b) = acs();
    let bad = seq(&[b"\x30\x02\x05\x00"]);
    for value in [seq(&[&seq(&[&bad, &a, &b])]), seq(&[&a, &bad, &b])] {
        let raw = AcSeq::raw(&value).unwrap();
        assert_eq!(raw.len(), 3);
        assert!(raw.contains(&a.as_slice()) && raw.contains(&bad.as_slice()));
        assert!(AcSeq::from_der(&value).is_err());
    }
}

#[test]
fn an_empty_list_is_an_error() {
    let empty = DecodeError::Empty {
        what: "AC sequence",
    };
    for value in [seq(&[]), seq(&[&seq(&[])]), seq(&[&seq(&[]), &seq(&[])])] {
        assert_eq!(AcSeq::raw(&value), Err(empty.clone()));
    }
    assert_eq!(empty.to_string(), "AC sequence is empty");
    let none = AcSeq { acs: Vec::new() };
    assert!(matches!(none.to_der(), Err(EncodeError::Empty { .. })));
}

#[test]
fn more_than_64_acs_are_refused() {
    let a = read("ac/role.der");
    let value = |n: usize| seq(&[&seq(&vec![a.as_slice(); n])]);
    assert_eq!(AcSeq::from_der(&value(MAX_ACS)).unwrap().acs.len(), 64);
    let error = AcSeq::raw(&value(MAX_ACS + 1)).unwrap_err();
    assert_eq!(error.to_string(), "AC sequence has more than 64 elements");
    let flat = seq(&vec![a.as_slice(); MAX_ACS + 1]);
    assert!(matches!(
        AcSeq::raw(&flat),
        Err(DecodeError::TooMany { .. })
    ));
    let many = AcSeq {
        acs: vec![role(); MAX_ACS + 1],
    };
    assert!(matches!(many.to_der(), Err(EncodeError::TooMany { .. })));
}

#[test]
fn an_ac_beyond_one_mebibyte_is_refused() {
    let header = 5;
    let fits = seq(&[&vec![0; MAX_AC_LEN - header]]);
    assert_eq!(fits.len(), MAX_AC_LEN);
    assert!(AcSeq::raw(&seq(&[&seq(&[&fits])])).is_ok());
    let long = seq(&[&vec![0; MAX_AC_LEN - header + 1]]);
    let error = AcSeq::raw(&seq(&[&seq(&[&long])])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "attribute certificate has 1048577 bytes, more than 1048576"
    );
}

#[test]
fn anything_but_a_list_of_lists_is_malformed() {
    let a = read("ac/role.der");
    let mut trailing = seq(&[&seq(&[&a])]);
    trailing.push(0);
    for value in [
        vec![],
        vec![0x30],
        vec![0x04, 0x00],
        seq(&[b"\x05\x00"]),
        trailing,
    ] {
        let error = AcSeq::raw(&value).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error}");
        assert!(error.to_string().starts_with("malformed AC sequence: "));
    }
}
