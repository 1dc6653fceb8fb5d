//! Every recorded attribute certificate, decoded and encoded again, gives the same bytes.

mod common;

use common::{NO_AC, ac_elements, ac_seqs, files, read};
use der::{Decode, Encode};
use voms_asn1::EncodedAc;
use voms_asn1::attribute_certificate::{AttributeCertificate, AttributeCertificateInfo};
use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::voms::certs::AcCerts;
use voms_asn1::voms::fqans::{FqanAttribute, PolicyAuthority};
use voms_asn1::voms::generic_attributes;
use voms_asn1::{oid, proxy_cert_info};

// How many there are in the fixtures, so that nothing is passed over in silence.
const REST: usize = 21;
const LEGACY: (usize, usize) = (9, 8);
const PROXIES: (&str, usize, usize) = ("proxies", 25, 26);
const INFO: (&str, usize, usize) = ("info/proxies", 11, 12);
const INFOS: usize = 44;

fn check(name: &str, bytes: &[u8]) {
    let ac = EncodedAc::from_der(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    let certificate = ac.certificate();
    assert_eq!(certificate.to_der().unwrap(), bytes, "{name}");
    assert_eq!(ac.as_der(), bytes, "{name}");
    assert_eq!(ac.acinfo_der(), certificate.acinfo.to_der().unwrap());
    let acinfo = AttributeCertificateInfo::from_der(ac.acinfo_der()).unwrap();
    assert_eq!(acinfo, certificate.acinfo);
    check_contents(name, certificate);
}

fn check_contents(name: &str, certificate: &AttributeCertificate) {
    let acinfo = &certificate.acinfo;
    assert_eq!(acinfo.version, 1, "{name}");
    assert_eq!(acinfo.signature, certificate.signature_algorithm, "{name}");
    assert!(acinfo.holder.directory_name().is_some(), "{name}");
    assert!(acinfo.issuer.directory_name().is_some(), "{name}");

    let fqans = FqanAttribute::from_ac(acinfo).unwrap();
    assert!(!fqans.fqans.is_empty(), "{name}");
    PolicyAuthority::parse(&fqans.policy_authority).unwrap();
    let attribute = acinfo.attribute(oid::VOMS_FQANS).unwrap();
    assert_eq!(&fqans.to_attribute().unwrap(), attribute, "{name}");

    let certs = acinfo.extension(oid::VOMS_CERTS).unwrap();
    let decoded = AcCerts::from_extension(certs.extn_value.as_bytes()).unwrap();
    assert_eq!(&decoded.to_extension().unwrap(), certs, "{name}");

    if let Some(generic) = acinfo.extension(oid::VOMS_GENERIC_ATTRIBUTES) {
        let decoded = generic_attributes::from_extension(generic.extn_value.as_bytes()).unwrap();
        let encoded = generic_attributes::to_extension(&decoded).unwrap();
        assert_eq!(&encoded, generic, "{name}");
    }
}

#[test]
fn bare_acs_keep_their_bytes() {
    let files = files("ac", "der");
    assert_eq!(files.len(), 3);
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        check(name, &read(&format!("ac/{name}")));
    }
}

#[test]
fn acs_in_rest_replies_keep_their_bytes() {
    let acs = ac_elements("rest", "body");
    assert_eq!(acs.len(), REST);
    acs.iter().for_each(|(name, ac)| check(name, ac));
}

#[test]
fn acs_in_legacy_replies_keep_their_bytes_in_both_alphabets() {
    let (none, acs): (Vec<_>, Vec<_>) = ac_elements("legacy", "response")
        .into_iter()
        .partition(|(_, ac)| ac == NO_AC);
    assert_eq!((acs.len(), none.len()), LEGACY);
    acs.iter().for_each(|(name, ac)| check(name, ac));
    assert!(acs.iter().any(|(name, _)| name.contains("voms-alphabet")));
}

#[test]
fn acs_in_proxies_keep_their_bytes_and_so_do_their_lists() {
    for (dir, lists, acs) in [PROXIES, INFO] {
        let found = ac_seqs(dir);
        assert_eq!(found.len(), lists, "{dir}");
        let mut count = 0;
        for (name, value) in found {
            let decoded = AcSeq::from_der(&value).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(decoded.to_der().unwrap(), value, "{name}");
            let raw = AcSeq::raw(&value).unwrap();
            assert_eq!(raw.len(), decoded.acs.len());
            raw.iter().for_each(|ac| check(&name, ac));
            count += raw.len();
        }
        assert_eq!(count, acs, "{dir}");
    }
}

#[test]
fn proxy_cert_infos_keep_their_bytes() {
    let mut count = 0;
    for dir in ["proxies", "info/proxies"] {
        for (name, value) in common::extension_values(dir, oid::PROXY_CERT_INFO) {
            let info = proxy_cert_info::ProxyCertInfo::from_der(&value)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(info.to_der().unwrap(), value, "{name}");
            count += 1;
        }
        for (name, value) in common::extension_values(dir, oid::DRAFT_PROXY_CERT_INFO) {
            let info = proxy_cert_info::DraftProxyCertInfo::from_der(&value)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(info.to_der().unwrap(), value, "{name}");
            count += 1;
        }
    }
    assert_eq!(count, INFOS);
}
