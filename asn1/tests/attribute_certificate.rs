//! What attribute certificates may contain, and what they may not.

mod common;

use common::{
    ATTRIBUTES, EXTENSIONS, HOLDER, SERIAL, SIGNATURE, read, role, role_with, seq, slices, tlv,
};
use der::asn1::{BitString, Ia5String, Int};
use der::{Decode, Encode};
use voms_asn1::attribute_certificate::{
    AttCertIssuer, AttributeCertificate, DigestedObjectType, Holder, MAX_AC_LEN, ObjectDigestInfo,
    V2Form,
};
use voms_asn1::{DecodeError, EncodedAc, oid};
use x509_cert::ext::pkix::name::GeneralName;

/// Decodes, and checks that nothing was lost.
fn decode(bytes: &[u8]) -> EncodedAc {
    let ac = EncodedAc::from_der(bytes).unwrap();
    assert_eq!(ac.as_der(), bytes);
    assert_eq!(ac.certificate().to_der().unwrap(), bytes);
    ac
}

fn uri() -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new("virgo://voms").unwrap())
}

#[test]
fn the_recorded_ac_has_these_fields() {
    let ac = role();
    let acinfo = &ac.certificate().acinfo;
    assert_eq!(acinfo.version, 1);
    let serial = hex::encode_upper(acinfo.serial_number.as_bytes());
    assert_eq!(serial, "7346AE372D2F4E9DBF78A75A42AC643F");
    let validity = acinfo.attr_cert_validity_period;
    let from = validity.not_before_time.to_date_time().to_string();
    let until = validity.not_after_time.to_date_time().to_string();
    assert_eq!(from, "2026-11-23T15:30:35Z");
    assert_eq!(until, "2026-11-24T03:30:35Z");
    assert_eq!(acinfo.signature.oid, oid::SHA256_WITH_RSA);
    assert_eq!(
        acinfo.holder.directory_name().unwrap().to_string(),
        "CN=Testbed CA,DC=testbed,DC=example"
    );
    assert_eq!(
        acinfo.issuer.directory_name().unwrap().to_string(),
        "CN=voms.test.example,O=Hosts,DC=testbed,DC=example"
    );
    let no_rev_avail = acinfo.extension(oid::NO_REV_AVAIL).unwrap();
    assert_eq!(no_rev_avail.extn_value.as_bytes(), [5, 0]);
    assert!(acinfo.extension(oid::AUTHORITY_KEY_IDENTIFIER).is_some());
    assert!(acinfo.extension(oid::TARGETS).is_none());
    assert!(acinfo.attribute(oid::VOMS_FQANS).is_some());
    assert!(acinfo.attribute(oid::VOMS_CERTS).is_none());
}

#[test]
fn the_signed_bytes_are_the_first_element_as_it_was_read() {
    let bytes = read("ac/role.der");
    assert_eq!(role().acinfo_der(), &bytes[4..1670]);
}

#[test]
fn serial_numbers_have_any_size_and_sign() {
    for content in [
        [0].as_slice(),
        &[0x7f; 16],
        &[0x80; 16],
        &[[0x00].as_slice(), &[0xff; 16]].concat(),
        &[0x55; 24],
        &[0xff],
        &[0x12; 200],
    ] {
        let ac = decode(&role_with(|acinfo| acinfo[SERIAL] = tlv(2, &[content])));
        let serial = &ac.certificate().acinfo.serial_number;
        assert_eq!(serial.as_bytes(), content);
        assert_eq!(serial, &Int::from_der(&tlv(2, &[content])).unwrap());
    }
}

#[test]
fn algorithm_parameters_are_null_or_missing() {
    let rsa = oid::SHA256_WITH_RSA.to_der().unwrap();
    for algorithm in [seq(&[&rsa]), seq(&[&rsa, &[5, 0]])] {
        let ac = decode(&role_with(|acinfo| acinfo[SIGNATURE] = algorithm));
        assert_eq!(ac.certificate().acinfo.signature.oid, oid::SHA256_WITH_RSA);
    }
}

#[test]
fn unsorted_attribute_values_keep_their_order() {
    let values = [tlv(4, &[b"b"]), tlv(4, &[b"a"]), tlv(4, &[b"b"])];
    let attribute = seq(&[
        &oid::VOMS_FQANS.to_der().unwrap(),
        &tlv(0x31, &slices(&values)),
    ]);
    let ac = decode(&role_with(|acinfo| acinfo[ATTRIBUTES] = seq(&[&attribute])));
    let attribute = &ac.certificate().acinfo.attributes[0];
    let read: Vec<_> = attribute.values.iter().map(|v| v.value()).collect();
    assert_eq!(read, [b"b", b"a", b"b"]);
}

#[test]
fn extensions_and_unique_identifiers_are_optional() {
    let ac = decode(&role_with(|acinfo| {
        acinfo.pop();
    }));
    assert_eq!(ac.certificate().acinfo.extensions, None);
    assert_eq!(ac.certificate().acinfo.extension(oid::VOMS_CERTS), None);
    let ac = decode(&role_with(|acinfo| {
        acinfo.insert(EXTENSIONS, vec![3, 2, 0, 0xaa]);
    }));
    let id = ac.certificate().acinfo.issuer_unique_id.as_ref();
    assert_eq!(id.unwrap().raw_bytes(), [0xaa]);
}

#[test]
fn more_than_a_hundred_attributes_or_extensions_are_refused() {
    let null = tlv(4, &[&[5, 0]]);
    let attribute = seq(&[&oid::VOMS_FQANS.to_der().unwrap(), &tlv(0x31, &[&null])]);
    let extension = seq(&[&oid::VOMS_CERTS.to_der().unwrap(), &null]);
    for (at, one) in [(ATTRIBUTES, attribute), (EXTENSIONS, extension)] {
        let with = |count: usize| {
            let all = vec![&*one; count];
            EncodedAc::from_der(&role_with(|acinfo| acinfo[at] = seq(&all)))
        };
        assert!(with(100).is_ok());
        let refused = with(101);
        let limit = 100;
        assert!(matches!(refused, Err(DecodeError::TooMany { limit: l, .. }) if l == limit));
    }
}

#[test]
fn a_directory_name_counts_only_when_it_is_the_only_name() {
    let ac = role();
    let holder = &ac.certificate().acinfo.holder;
    let id = holder.base_certificate_id.clone().unwrap();
    let name = id.issuer[0].clone();

    let by_entity = Holder {
        entity_name: Some(vec![name.clone()]),
        ..Holder::default()
    };
    assert_eq!(by_entity.directory_name(), holder.directory_name());
    for names in [vec![], vec![uri()], vec![name.clone(), uri()]] {
        let by_entity = Holder {
            entity_name: Some(names.clone()),
            ..Holder::default()
        };
        assert_eq!(by_entity.directory_name(), None);
        assert_eq!(AttCertIssuer::V1Form(names.clone()).directory_name(), None);
        let mut by_certificate = holder.clone();
        by_certificate.base_certificate_id.as_mut().unwrap().issuer = names;
        by_certificate.entity_name = Some(vec![name.clone()]);
        assert_eq!(by_certificate.directory_name(), None);
    }
    assert_eq!(Holder::default().directory_name(), None);
    let nameless = AttCertIssuer::V2Form(V2Form::default());
    assert_eq!(nameless.directory_name(), None);
}

#[test]
fn all_forms_of_issuer_and_holder_are_decoded() {
    let ac = role();
    let id = ac.certificate().acinfo.holder.base_certificate_id.clone();
    let names = id.as_ref().unwrap().issuer.clone();
    let digest = ObjectDigestInfo {
        digested_object_type: DigestedObjectType::PublicKeyCert,
        other_object_type_id: None,
        digest_algorithm: ac.certificate().signature_algorithm.clone(),
        object_digest: BitString::from_bytes(&[1, 2, 3]).unwrap(),
    };
    let full = V2Form {
        issuer_name: Some(names.clone()),
        base_certificate_id: id.clone(),
        object_digest_info: Some(digest.clone()),
    };
    for issuer in [
        AttCertIssuer::V1Form(names.clone()),
        AttCertIssuer::V2Form(V2Form::default()),
        AttCertIssuer::V2Form(full),
    ] {
        let mut certificate = ac.certificate().clone();
        certificate.acinfo.issuer = issuer;
        certificate.acinfo.holder = Holder {
            base_certificate_id: id.clone(),
            entity_name: Some(names.clone()),
            object_digest_info: Some(digest.clone()),
        };
        let bytes = certificate.to_der().unwrap();
        assert_eq!(decode(&bytes).certificate(), &certificate);
    }
}

#[test]
fn equality_is_of_the_bytes() {
    let role = role();
    assert_eq!(role, role.clone());
    let other = role_with(|acinfo| acinfo[SERIAL] = tlv(2, &[&[7; 16]]));
    assert_ne!(role, decode(&other));
    assert!(format!("{role:?}").starts_with("EncodedAc { len: 1946, certificate: "));
}

#[test]
fn other_types_and_further_elements_are_malformed() {
    let null = [5, 0];
    for bytes in [
        vec![],
        null.to_vec(),
        seq(&[]),
        role_with(|acinfo| acinfo.push(null.to_vec())),
        role_with(|acinfo| acinfo.insert(1, null.to_vec())),
        role_with(|acinfo| {
            acinfo.remove(HOLDER);
        }),
        role_with(|acinfo| acinfo[0] = vec![2, 2, 1, 0]),
        role_with(|acinfo| acinfo[2] = tlv(0xa1, &[])),
        read("ac/role.asn1.txt"),
    ] {
        let error = EncodedAc::from_der(&bytes).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("malformed attribute certificate: "),
            "{error}"
        );
    }
}

#[test]
fn more_than_one_mebibyte_is_refused_before_decoding() {
    let error = EncodedAc::from_der(&vec![0; MAX_AC_LEN + 1]).unwrap_err();
    assert!(matches!(
        error,
        DecodeError::TooLong {
            limit: MAX_AC_LEN,
            ..
        }
    ));
    let error = EncodedAc::from_der(&vec![0; MAX_AC_LEN]).unwrap_err();
    assert!(matches!(error, DecodeError::Malformed { .. }));
}

#[test]
fn the_plain_type_is_decoded_without_the_bytes() {
    let certificate = AttributeCertificate::from_der(&read("ac/role.der")).unwrap();
    assert_eq!(&certificate, role().certificate());
}
