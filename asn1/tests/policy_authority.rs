//! `vo://host:port`, whose parts become names of files.

use voms_asn1::voms::fqans::{PolicyAuthority, PolicyAuthorityError};

fn message(uri: &str) -> String {
    PolicyAuthority::parse(uri).unwrap_err().to_string()
}

#[test]
fn a_policy_authority_has_a_vo_a_host_and_perhaps_a_port() {
    let full: PolicyAuthority = "virgo://voms.test.example:15000".parse().unwrap();
    assert_eq!(full.vo, "virgo");
    assert_eq!(full.host, "voms.test.example");
    assert_eq!(full.port, Some(15000));
    assert_eq!(full.to_string(), "virgo://voms.test.example:15000");

    let short = PolicyAuthority::parse("vo.some-lab_2.eu://voms-1").unwrap();
    assert_eq!(short.port, None);
    assert_eq!(short.to_string(), "vo.some-lab_2.eu://voms-1");
}

#[test]
fn nothing_in_it_can_leave_a_directory() {
    assert_eq!(
        message("../etc://voms:1"),
        "policy authority has '/' in the VO"
    );
    assert_eq!(
        message("virgo://../voms:1"),
        "policy authority has '/' in the host"
    );
    assert_eq!(
        message("..://voms:1"),
        "policy authority has a VO that begins with a dot"
    );
    assert_eq!(
        message("virgo://.hidden:1"),
        "policy authority has a host that begins with a dot"
    );
    assert_eq!(
        message("virgo://voms\0:1"),
        "policy authority has '\\0' in the host"
    );
    assert_eq!(
        message("virgo://vöms:1"),
        "policy authority has 'ö' in the host"
    );
    assert_eq!(
        message("virgo ://voms:1"),
        "policy authority has ' ' in the VO"
    );
    assert_eq!(
        message("virgo://[::1]:15000"),
        "policy authority has '[' in the host"
    );
    assert_eq!(
        message("virgo://a://b:1"),
        "policy authority has no valid port"
    );
}

#[test]
fn no_part_may_be_missing() {
    assert_eq!(message(""), "policy authority has no '://'");
    assert_eq!(message("virgo:voms:1"), "policy authority has no '://'");
    assert_eq!(message("://voms:1"), "policy authority has an empty VO");
    assert_eq!(message("virgo://"), "policy authority has an empty host");
    assert_eq!(message("virgo://:1"), "policy authority has an empty host");
}

#[test]
fn a_port_is_a_number_of_16_bits() {
    for port in ["", "x", "+1", "-1", "65536", "1 ", "1:2", "15000/x"] {
        assert_eq!(
            PolicyAuthority::parse(&format!("virgo://voms:{port}")),
            Err(PolicyAuthorityError::Port)
        );
    }
    let port = |uri| PolicyAuthority::parse(uri).unwrap().port;
    assert_eq!(port("virgo://voms:0"), Some(0));
    assert_eq!(port("virgo://voms:65535"), Some(65535));
}
