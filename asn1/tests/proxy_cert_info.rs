//! ProxyCertInfo of RFC 3820 and of its drafts, against bytes that OpenSSL and Globus write.

use der::asn1::OctetString;
use der::{Decode, Encode};
use hex::{decode, encode};
use voms_asn1::oid::{ANY_LANGUAGE, INDEPENDENT, INHERIT_ALL, LIMITED};
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo, ProxyPolicy};

fn info(policy_language: der::asn1::ObjectIdentifier, path_len: Option<u32>) -> ProxyCertInfo {
    ProxyCertInfo {
        path_len_constraint: path_len,
        proxy_policy: ProxyPolicy {
            policy_language,
            policy: None,
        },
    }
}

#[test]
fn rfc_3820_puts_the_path_length_first() {
    for (wanted, hex) in [
        (info(INHERIT_ALL, None), "300c300a06082b06010505071501"),
        (
            info(INHERIT_ALL, Some(3)),
            "300f020103300a06082b06010505071501",
        ),
        (info(INDEPENDENT, None), "300c300a06082b06010505071502"),
        (info(LIMITED, None), "300f300d060b2b060104019b5001010109"),
    ] {
        assert_eq!(encode(wanted.to_der().unwrap()), hex);
        assert_eq!(
            ProxyCertInfo::from_der(&decode(hex).unwrap()).unwrap(),
            wanted
        );
    }
}

#[test]
fn the_draft_puts_the_path_length_last_and_tags_it() {
    for (wanted, hex) in [
        (
            info(INHERIT_ALL, Some(3)),
            "3011300a06082b06010505071501a103020103",
        ),
        (
            info(LIMITED, Some(3)),
            "3014300d060b2b060104019b5001010109a103020103",
        ),
    ] {
        let wanted = DraftProxyCertInfo::from(wanted);
        assert_eq!(encode(wanted.to_der().unwrap()), hex);
        assert_eq!(
            DraftProxyCertInfo::from_der(&decode(hex).unwrap()).unwrap(),
            wanted
        );
    }
}

#[test]
fn neither_form_reads_the_other() {
    let rfc = info(INHERIT_ALL, Some(3));
    let draft = DraftProxyCertInfo::from(rfc.clone());
    assert!(ProxyCertInfo::from_der(&draft.to_der().unwrap()).is_err());
    assert!(DraftProxyCertInfo::from_der(&rfc.to_der().unwrap()).is_err());
}

#[test]
fn converting_there_and_back_changes_nothing() {
    let mut rfc = info(ANY_LANGUAGE, Some(7));
    rfc.proxy_policy.policy = Some(OctetString::new(*b"rights").unwrap());
    assert_eq!(
        ProxyCertInfo::from(DraftProxyCertInfo::from(rfc.clone())),
        rfc
    );
    assert_eq!(
        ProxyCertInfo::from_der(&rfc.to_der().unwrap()).unwrap(),
        rfc
    );
}

#[test]
fn path_lengths_have_at_most_32_bits() {
    let with_length = |integer: &str| {
        let content = format!("{integer}300a06082b06010505071501");
        let bytes = decode(format!("30{:02x}{content}", content.len() / 2)).unwrap();
        ProxyCertInfo::from_der(&bytes)
    };
    let max = with_length("020500ffffffff").unwrap();
    assert_eq!(max.path_len_constraint, Some(u32::MAX));
    assert_eq!(with_length("020100").unwrap().path_len_constraint, Some(0));
    assert!(with_length("02050100000000").is_err());
    assert!(with_length("0209010000000000000000").is_err());
    assert!(with_length("0201ff").is_err());
    assert!(with_length("02020003").is_err());
    assert!(with_length("0200").is_err());
}

#[test]
fn nothing_may_follow() {
    assert!(ProxyCertInfo::from_der(&decode("300c300a06082b0601050507150100").unwrap()).is_err());
    assert!(ProxyCertInfo::from_der(&decode("300e300a06082b060105050715010500").unwrap()).is_err());
    assert!(ProxyCertInfo::from_der(&[]).is_err());
}
