//! What the explanation of a refusal says.

mod common;

use common::{EXTENSIONS, HOLDER, SERIAL, VALIDITY, elements, read, role_with, seq, slices, tlv};
use voms_asn1::EncodedAc;
use voms_asn1::diagnose::{MAX_DEPTH, MAX_INPUT, MAX_QUIRKS, Quirk, diagnose};

/// The quirks of an AC that must be refused, and for the first of them.
fn quirks(bytes: &[u8]) -> Vec<Quirk> {
    let quirks = diagnose(bytes);
    let error = EncodedAc::from_der(bytes).unwrap_err();
    let reason = format!(" ({})", quirks[0]);
    assert!(error.to_string().ends_with(&reason), "{error}");
    quirks
}

fn with_validity(not_before: &[u8], not_after: &[u8]) -> Vec<u8> {
    role_with(|acinfo| acinfo[VALIDITY] = seq(&[not_before, not_after]))
}

const GOOD: &[u8] = b"\x18\x0f20261123153035Z";

#[test]
fn recorded_acs_have_no_quirks() {
    for name in ["group", "old-holder", "role"] {
        assert_eq!(diagnose(&read(&format!("ac/{name}.der"))), []);
    }
    for (name, value) in common::ac_seqs("proxies") {
        assert_eq!(diagnose(&value), [], "{name}");
    }
}

#[test]
fn indefinite_lengths_are_found_where_they_are() {
    let ac = read("ac/role.der");
    let outer = [&[0x30, 0x80], &ac[4..], &[0, 0]].concat();
    assert_eq!(quirks(&outer), [Quirk::IndefiniteLength { offset: 0 }]);

    let inner = role_with(|acinfo| {
        let holder = &acinfo[HOLDER];
        acinfo[HOLDER] = [&[0x30, 0x80], &holder[2..], &[0, 0]].concat();
    });
    assert_eq!(quirks(&inner), [Quirk::IndefiniteLength { offset: 11 }]);
    let error = EncodedAc::from_der(&inner).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("(indefinite length at byte 11)"),
        "{error}"
    );

    let unfinished = [&[0x30, 0x80], &ac[4..]].concat();
    assert_eq!(
        quirks(&unfinished),
        [
            Quirk::IndefiniteLength { offset: 0 },
            Quirk::Truncated { offset: 0 }
        ]
    );
}

#[test]
fn long_lengths_are_found() {
    let ac = read("ac/role.der");
    let long = [&[0x30, 0x83, 0x00], &ac[2..]].concat();
    assert_eq!(quirks(&long), [Quirk::NonMinimalLength { offset: 0 }]);
    let short = role_with(|acinfo| acinfo[SERIAL] = vec![2, 0x81, 1, 7]);
    assert_eq!(quirks(&short), [Quirk::NonMinimalLength { offset: 213 }]);
    assert_eq!(
        quirks(&short)[0].to_string(),
        "length longer than needed at byte 213"
    );
}

#[test]
fn long_integers_are_found() {
    for content in [[0, 7], [0xff, 0x87]] {
        let ac = role_with(|acinfo| acinfo[SERIAL] = tlv(2, &[&content]));
        assert_eq!(quirks(&ac), [Quirk::NonMinimalInteger { offset: 213 }]);
    }
}

#[test]
fn times_in_other_forms_are_found() {
    let utc = b"\x17\x0d261123153035Z";
    let ac = with_validity(utc, utc);
    assert_eq!(
        quirks(&ac),
        [
            Quirk::UtcTime { offset: 233 },
            Quirk::UtcTime { offset: 248 }
        ]
    );
    assert_eq!(
        quirks(&ac)[0].to_string(),
        "UTCTime instead of GeneralizedTime at byte 233"
    );
    for time in [
        b"20261123153035.5Z".as_slice(),
        b"20261123153035+0100",
        b"202611231530Z",
        b"20261123153035",
    ] {
        let ac = with_validity(GOOD, &tlv(0x18, &[time]));
        assert_eq!(quirks(&ac), [Quirk::TimeForm { offset: 250 }]);
    }
}

#[test]
fn utc_times_in_certificates_are_not_blamed() {
    let pem = String::from_utf8(read("trust/hostcert.pem")).unwrap();
    let certificate = common::certificates(&pem).remove(0);
    let certificate = der::Encode::to_der(&certificate).unwrap();
    assert!(matches!(diagnose(&certificate)[0], Quirk::UtcTime { .. }));
    let value = seq(&[&seq(&[&certificate]), &[5, 0]]);
    let error = voms_asn1::voms::certs::AcCerts::from_extension(&value).unwrap_err();
    assert!(!error.to_string().contains("UTCTime"), "{error}");
    let value = [seq(&[&seq(&[&certificate])]), vec![0]].concat();
    let error = voms_asn1::voms::certs::AcCerts::from_extension(&value).unwrap_err();
    let reason = format!(" (trailing bytes at byte {})", value.len() - 1);
    assert!(error.to_string().ends_with(&reason), "{error}");
}

#[test]
fn strings_made_of_parts_are_found() {
    let ac = role_with(|acinfo| {
        let mut extensions = elements(&acinfo[EXTENSIONS]);
        let mut first = elements(&extensions[0]);
        first[1] = tlv(0x24, &[&first[1]]);
        extensions[0] = seq(&slices(&first));
        acinfo[EXTENSIONS] = seq(&slices(&extensions));
    });
    assert!(matches!(quirks(&ac)[0], Quirk::ConstructedString { .. }));
}

#[test]
fn trailing_bytes_are_counted() {
    let ac = [read("ac/role.der"), b"\r\n".to_vec()].concat();
    assert_eq!(
        quirks(&ac),
        [Quirk::TrailingBytes {
            offset: 1946,
            count: 2
        }]
    );
    assert_eq!(quirks(&ac)[0].to_string(), "trailing bytes at byte 1946");
}

#[test]
fn a_cut_is_found_at_the_element_it_cuts() {
    let ac = read("ac/role.der");
    assert_eq!(quirks(&ac[..1000]), [Quirk::Truncated { offset: 0 }]);
    assert_eq!(diagnose(&[]), [Quirk::Truncated { offset: 0 }]);
    let inside = seq(&[&seq(&[b"\x04\x05abc"]), b"\x05\x00"]);
    assert_eq!(diagnose(&inside), [Quirk::Overrun { offset: 4 }]);
    assert_eq!(
        diagnose(&inside)[0].to_string(),
        "element longer than its parent at byte 4"
    );
}

#[test]
fn input_that_is_not_ber_is_reported_as_such() {
    for bytes in [
        b"\x30\xff\x00".as_slice(),
        b"\x04\x80\x00\x00",
        b"\x1f\xff\xff\xff\xff\xff\xff\x00",
        b"\x30\x89\x01\x02\x03\x04\x05\x06\x07\x08\x09",
    ] {
        assert_eq!(diagnose(bytes), [Quirk::NoHeader { offset: 0 }]);
    }
}

#[test]
fn depth_length_and_number_are_bounded() {
    let deep = [[0x30, 0x80]; 1000].concat();
    let found = diagnose(&deep);
    assert_eq!(found.len(), MAX_QUIRKS);
    let mut nested = vec![5, 0];
    for _ in 0..100 {
        nested = seq(&[&nested]);
    }
    let found = diagnose(&nested);
    assert!(matches!(found[..], [Quirk::TooDeep { .. }]), "{found:?}");
    let mut fits = vec![5, 0];
    for _ in 0..MAX_DEPTH {
        fits = seq(&[&fits]);
    }
    assert_eq!(diagnose(&fits), []);
    assert_eq!(diagnose(&vec![0x30; MAX_INPUT + 1]), []);
}
