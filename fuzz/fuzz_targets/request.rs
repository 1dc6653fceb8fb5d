//! The authority's answer to any request is one that the client understands; IAM's is HTTP.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voms::credential::Credential;
use voms_asn1::EncodedAc;
use voms_authority::answer::is_complete;
use voms_authority::iam;
use voms_authority::server::Client;
use voms_authority::{Authority, Member};
use voms_client::response::Reply;
use voms_proxy::home::load;
use voms_proxy::home::location::Location;
use voms_proxy_fuzz::{file, fixture, now};

static USER: LazyLock<Credential> = LazyLock::new(|| {
    let location = Location::single(file("user", &fixture("info/proxies/eec.pem")));
    load::load(&location, |_| panic!("it is not encrypted")).unwrap()
});

static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::Verified(USER.chain().clone()));

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let fqans = |all: &[&str]| all.iter().map(|fqan| fqan.parse().unwrap()).collect();
    let member = Member {
        name: "ada".to_owned(),
        subject: USER.chain().leaf().subject().clone(),
        issuer: USER.chain().leaf().issuer().clone(),
        groups: fqans(&["/virgo", "/virgo/virgo"]),
        optional_groups: fqans(&["/virgo/ops"]),
        roles: fqans(&["/virgo/virgo/Role=production"]),
        attributes: Vec::new(),
        suspended: None,
        must_sign_aup: false,
    };
    Authority {
        vo: "virgo".to_owned(),
        uri: "localhost:15000".to_owned(),
        longest: chrono::Duration::days(1),
        members: vec![member],
    }
});

fuzz_target!(|data: &[u8]| {
    let _ = (is_complete(data), iam::is_complete(data));
    assert!(
        AUTHORITY
            .iam_answer(&USER, &CLIENT, data, now())
            .starts_with(b"HTTP/1.1 ")
    );
    let answer = AUTHORITY.answer(&USER, USER.chain(), data, now());
    let body = match answer.strip_prefix(b"HTTP/1.1 ") {
        Some(rest) => rest
            .windows(4)
            .position(|end| end == b"\r\n\r\n")
            .map(|at| &rest[at + 4..])
            .unwrap(),
        None => &answer,
    };
    if body.is_empty() {
        return;
    }
    let reply = Reply::parse(body).unwrap();
    assert_eq!(reply.ac.is_none(), !reply.errors.is_empty());
    reply
        .ac
        .iter()
        .for_each(|der| drop(EncodedAc::from_der(der).unwrap()));
});
