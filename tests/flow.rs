//! What `voms-proxy-init` makes when all goes well, judged by OpenSSL and by both old clients.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use common::judge::{self, Judged};
use common::servers::{self, Voms, authority, authority_of, honest, legacy, serve};
use common::{Home, certification, hostile, key_pem, now, world};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::base64;
use voms::pki::key::KeyKind;
use voms_authority::pki::Purpose;
use voms_authority::sign::AcDraft;

const ROLE: &str = "/virgo/virgo/Role=production";

fn ada_at(voms: &Voms) -> Home {
    Home::ada().servers(&[voms.virgo()])
}

fn instant(time: &Asn1TimeRef) -> DateTime<Utc> {
    let since = Asn1Time::from_unix(0).unwrap().diff(time).unwrap();
    DateTime::from_timestamp(i64::from(since.days) * 86_400 + i64::from(since.secs), 0).unwrap()
}

fn created(home: &Home) -> String {
    let end =
        instant(judge::chain(&home.proxy())[0].not_after()).format("%a %b %e %H:%M:%S UTC %Y");
    format!(
        "\nCreated proxy in {}.\n\nYour proxy is valid until {end}\n",
        home.proxy().display()
    )
}

/// Seconds from now until the last line's date.
fn life(stdout: &str) -> i64 {
    let (_, date) = stdout.trim_end().rsplit_once("valid until ").unwrap();
    let end = NaiveDateTime::parse_from_str(date, "%a %b %e %H:%M:%S UTC %Y").unwrap();
    (end.and_utc() - now()).num_seconds()
}

#[track_caller]
fn about(seconds: i64, expected: i64) {
    assert!(
        (expected - 60..=expected + 1).contains(&seconds),
        "{seconds} s where {expected} s were asked"
    );
}

/// The AC's end, in seconds from now, as the C++ client shows it: the second `timeleft`.
fn ac_life(judged: &Judged) -> i64 {
    let left = judged.fields("timeleft")[1].clone();
    left.split(':')
        .fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap())
}

#[test]
fn a_plain_proxy_verifies_everywhere_and_asks_no_server() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms);
    let outcome = home.init(&[]).success();
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        (created(&home).as_str(), "")
    );
    about(life(&outcome.stdout), 12 * 3600);
    let judged = judge::rfc(&home);
    assert!(judged.fqans().is_empty() && voms.heard().is_empty());
    assert_eq!(
        judged.field("identity"),
        world().user.chain().leaf().subject().to_string()
    );
    assert!(
        judged
            .java
            .contains("RFC3820 compliant impersonation proxy")
    );
}

#[test]
fn the_lines_that_scripts_expect_are_unchanged() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms);
    let outcome = home.init(&["--voms", "virgo"]).success();
    let dn = world().host.chain().leaf().subject();
    let contacting = format!("Contacting localhost:{} [{dn}] \"virgo\"...", voms.port());
    let expected = format!(
        "{contacting}\nRemote VOMS server contacted succesfully.\n\n{}",
        created(&home)
    );
    assert_eq!((outcome.stdout, outcome.stderr), (expected, String::new()));
}

#[test]
fn the_attribute_certificate_is_embedded_byte_for_byte() {
    for voms in [honest(authority(|_| {})), legacy(authority(|_| {}))] {
        let home = ada_at(&voms);
        home.init(&["--voms", "virgo"]).success();
        let judged = judge::rfc(&home);
        assert_eq!(judged.fqans(), ["/virgo", "/virgo/virgo"]);
        let sent = voms.sent();
        assert!(sent.len() == 1 && judged.holds(&sent[0]));
        assert!(
            judged
                .fields("attribute")
                .contains(&"nickname = ada (virgo)".to_owned())
        );
    }
}

#[test]
fn groups_and_roles_come_in_the_requested_order() {
    let all = ["/virgo", "/virgo/virgo", ROLE];
    let production = format!("virgo:{ROLE}");
    let (role, group) = (production.as_str(), "virgo:/virgo/virgo");
    let long = "virgo:/virgo/virgo/Role=NULL/Capability=NULL";
    let both = format!("virgo:{ROLE},/virgo");
    type Case<'a> = (&'a [&'a str], &'a str, &'a [&'a str]);
    let cases: &[Case] = &[
        (
            &["--voms", "virgo"],
            "fqans=/virgo&lifetime=43200",
            &["/virgo", "/virgo/virgo"],
        ),
        (
            &["--voms", group],
            "fqans=/virgo/virgo&lifetime=43200",
            &["/virgo/virgo", "/virgo"],
        ),
        (
            &["--voms", long],
            "fqans=/virgo/virgo&lifetime=43200",
            &["/virgo/virgo", "/virgo"],
        ),
        (
            &["--voms", role],
            &format!("fqans={ROLE}&lifetime=43200"),
            &[ROLE, "/virgo", "/virgo/virgo"],
        ),
        (&["--voms", "virgo:all"], "lifetime=43200", &all),
        (
            &["--voms", "virgo", "--voms", role],
            &format!("fqans=/virgo,{ROLE}&lifetime=43200"),
            &["/virgo", ROLE, "/virgo/virgo"],
        ),
        (
            &["--voms", role, "--voms", "virgo"],
            &format!("fqans={ROLE},/virgo&lifetime=43200"),
            &[ROLE, "/virgo", "/virgo/virgo"],
        ),
        (
            &["--voms", &both],
            &format!("fqans={ROLE},/virgo&lifetime=43200"),
            &[ROLE, "/virgo", "/virgo/virgo"],
        ),
        (
            &["--voms", "virgo", "--order", "/virgo/virgo"],
            "fqans=/virgo&lifetime=43200&order=/virgo/virgo",
            &["/virgo/virgo", "/virgo"],
        ),
        (
            &["--voms", "virgo", "--voms", role, "--order", ROLE],
            &format!("fqans=/virgo,{ROLE}&lifetime=43200&order={ROLE}"),
            &[ROLE, "/virgo", "/virgo/virgo"],
        ),
        (
            &["--voms", "virgo", "--order", ROLE],
            &format!("fqans=/virgo&lifetime=43200&order={ROLE}"),
            &["/virgo", "/virgo/virgo"],
        ),
        (
            &["--voms", "virgo:all", "--order", ROLE],
            &format!("lifetime=43200&order={ROLE}"),
            &[ROLE, "/virgo", "/virgo/virgo"],
        ),
    ];
    for speaks in [honest, legacy] {
        for (args, asked, granted) in cases {
            let voms = speaks(authority(|_| {}));
            let home = ada_at(&voms);
            let outcome = home.init(args).success();
            let reported = args.contains(&"--order")
                && outcome.stderr.contains("so --order cannot put it first");
            assert!(
                outcome.stderr.is_empty() || reported,
                "{args:?}: {}",
                outcome.stderr
            );
            assert_eq!(
                voms.targets()[0],
                format!("/generate-ac?{asked}"),
                "{args:?}"
            );
            assert_eq!(judge::rfc(&home).fqans(), *granted, "{args:?}");
        }
    }
}

#[test]
fn a_server_that_ignores_the_order_is_asked_again_for_what_it_granted_in_that_order() {
    let authority = authority(|_| {});
    let deaf = serve(move |client, request| {
        let text = String::from_utf8_lossy(request);
        let target = text
            .split_once("&order=")
            .map_or(text.as_ref(), |(target, _)| target);
        authority.answer(
            &world().host,
            client,
            format!("{target} HTTP/1.1\r\n\r\n").as_bytes(),
            now(),
        )
    });
    let home = ada_at(&deaf);
    home.init(&[
        "--voms",
        "virgo",
        "--order",
        "/virgo/nowhere",
        "--order",
        "/virgo/virgo",
    ])
    .success();
    assert_eq!(judge::rfc(&home).fqans(), ["/virgo/virgo", "/virgo"]);
    let asked = ["fqans=/virgo&", "fqans=/virgo/virgo,/virgo&"]
        .map(|fqans| format!("/generate-ac?{fqans}lifetime=43200"));
    for (target, expected) in deaf.targets().iter().zip(&asked) {
        assert!(target.starts_with(expected.as_str()), "{target}");
    }
    assert_eq!(deaf.targets().len(), 2);
}

fn two_vos(virgo: &Voms, ligo: &Voms) -> Home {
    two_vos_at(&[virgo.virgo(), ligo.line("ligo", "ligo")])
}

fn two_vos_at(lines: &[String]) -> Home {
    let home = Home::ada().servers(lines);
    let lsc = fs::read(world().vomsdir().join("virgo/localhost.lsc")).unwrap();
    for vo in ["virgo", "ligo"] {
        home.write(&format!("vomsdir/{vo}/localhost.lsc"), &lsc, 0o644);
    }
    let vomsdir = home.path("vomsdir");
    home.with("X509_VOMS_DIR", vomsdir)
}

#[test]
fn two_vos_share_one_proxy_in_the_requested_order() {
    let (virgo, ligo) = (honest(authority(|_| {})), honest(authority_of("ligo")));
    for order in [["virgo", "ligo"], ["ligo", "virgo"]] {
        let home = two_vos(&virgo, &ligo);
        home.init(&["--voms", order[0], "--voms", order[1]])
            .success();
        let judged = judge::rfc(&home);
        assert_eq!(judged.fields("VO"), order);
        assert!(
            judged.holds(virgo.sent().last().unwrap()) && judged.holds(ligo.sent().last().unwrap())
        );
    }
}

#[test]
fn an_open_connection_is_reused_for_the_servers_other_vos() {
    let reply = |vo: &str| {
        let fqans = vec![format!("/{vo}/Role=NULL/Capability=NULL")];
        let ac = servers::signed(&AcDraft {
            vo: vo.to_owned(),
            fqans,
            ..servers::draft()
        });
        let body = format!(
            "<voms><ac>{}</ac></voms>",
            base64::encode_block(ac.as_der())
        );
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let replies = [reply("virgo"), reply("ligo")];
    for (served_each, connections) in [(2, 1), (1, 2)] {
        let (replies, served) = (replies.clone(), AtomicUsize::new(0));
        let server = hostile::tls(move |mut stream| {
            for _ in 0..served_each {
                let reply = &replies[served.fetch_add(1, Ordering::SeqCst)];
                stream.write_all(reply.as_bytes()).unwrap();
                if served_each > 1 && stream.read(&mut [0; 4096]).unwrap() == 0 {
                    break;
                }
            }
        });
        let subject = world().host.chain().leaf().subject().to_string();
        let line = |vo| servers::entry(vo, "localhost", server.port(), &subject, vo);
        let home = two_vos_at(&[line("virgo"), line("ligo")]);
        home.init(&["--voms", "virgo", "--voms", "ligo"]).success();
        assert_eq!(judge::rfc(&home).fqans(), ["/virgo", "/ligo"]);
        assert_eq!(server.connections(), connections);
    }
}

#[test]
fn one_vo_of_two_that_refuses_means_no_proxy() {
    let (virgo, mut without_members) = (honest(authority(|_| {})), authority_of("ligo"));
    without_members.members.clear();
    let ligo = honest(without_members);
    let home = two_vos(&virgo, &ligo);
    for order in [["virgo", "ligo"], ["ligo", "virgo"]] {
        let outcome = home.refused(&["--voms", order[0], "--voms", order[1]]);
        outcome
            .says("", "ligo: User unknown to this VO.")
            .says("", "None of the contacted servers for ligo were");
    }
}

#[test]
fn a_dead_server_is_skipped_for_a_live_one() {
    let voms = honest(authority(|_| {}));
    let home = Home::ada().servers(&[hostile::virgo_at(hostile::dead_port()), voms.virgo()]);
    // The order is random: eight runs leave one in 256 that never met the dead one.
    let mut both = false;
    for _ in 0..8 {
        let outcome = home.init(&["--voms", "virgo"]).success();
        both |= outcome.stdout.matches("Contacting ").count() == 2;
    }
    assert!(both, "the dead server was never asked first");
    assert_eq!(judge::rfc(&home).fqans(), ["/virgo", "/virgo/virgo"]);
}

#[test]
fn an_alias_stands_for_its_vo() {
    let voms = honest(authority(|_| {}));
    let home = Home::ada().servers(&[voms.line("ego", "virgo")]);
    for name in ["ego", "virgo"] {
        assert!(
            home.init(&["--voms", name])
                .success()
                .stdout
                .contains("] \"virgo\"...")
        );
        assert_eq!(judge::rfc(&home).field("VO"), "virgo");
    }
}

#[test]
fn a_shortened_lifetime_is_a_warning_not_a_failure() {
    for speaks in [honest, legacy] {
        let voms = speaks(authority(|authority| {
            authority.longest = Duration::hours(1)
        }));
        let home = ada_at(&voms);
        let outcome = home.init(&["--voms", "virgo"]).success();
        outcome.says("", "warning: localhost:15009: The validity of this VOMS AC");
        outcome.says(
            "",
            "shortened to 3600 seconds! Run this command again within 1:00 hours",
        );
        assert!(!outcome.stdout.contains("shortened"));
        about(life(&outcome.stdout), 12 * 3600);
        about(ac_life(&judge::rfc(&home)), 3600);
    }
}

#[test]
fn lifetimes_are_as_requested() {
    let voms = honest(authority(|_| {}));
    let cases: [(&[&str], i64, i64); 7] = [
        (&["--valid", "24"], 86_400, 86_400),
        (&["--valid", "1:30"], 5400, 5400),
        (&["--hours", "2"], 7200, 7200),
        (&["--valid", "2d", "--hours", "2"], 7200, 7200),
        (&["--valid", "3:00", "--vomslife", "2:00"], 10_800, 7200),
        (&["--vomslife", "0:00"], 43_200, 86_400),
        (&["-hours=4", "-vomslife=0:30"], 14_400, 1800),
    ];
    for (args, proxy, ac) in cases {
        let home = ada_at(&voms);
        let outcome = home.init(&[&["--voms", "virgo"], args].concat()).success();
        about(life(&outcome.stdout), proxy);
        about(ac_life(&judge::rfc(&home)), ac);
    }
}

#[test]
fn a_proxy_makes_a_proxy() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms);
    home.init(&["--voms", "virgo"]).success();
    let first = home.path("first.pem");
    fs::copy(home.proxy(), &first).unwrap();
    for args in [vec!["--noregen"], vec!["--cert", "first.pem"]] {
        let outcome = home
            .init(&[&args[..], &["--voms", "virgo", "--valid", "1:00"]].concat())
            .success();
        assert_eq!(outcome.stderr, "");
        let judged = judge::rfc(&home);
        assert_eq!((judged.chain.len(), judged.fqans().len()), (3, 2));
        // The C++ client calls a proxy's issuer its identity.
        assert!(judged.java.contains(&format!(
            "identity  : {}\n",
            world().user.chain().leaf().subject()
        )));
        fs::copy(&first, home.proxy()).unwrap();
    }
}

#[test]
fn a_proxy_of_a_proxy_ends_with_it_and_says_so() {
    let home = Home::ada();
    home.init(&["--valid", "2:00"]).success();
    let end = instant(judge::chain(&home.proxy())[0].not_after());
    let outcome = home.init(&["--noregen", "--valid", "9:00"]).success();
    outcome.says("", "proxy lifetime limited to issuing credential lifetime");
    assert_eq!(instant(judge::rfc(&home).chain[0].not_after()), end);
}

#[test]
fn a_limited_proxy_makes_only_limited_ones() {
    for kind in [
        &["--limited"][..],
        &["--limited", "--old"],
        &["--limited", "--proxyver", "3"],
    ] {
        let home = Home::ada();
        home.init(kind).success();
        let outcome = home.init(&["--noregen", "--valid", "1:00"]).success();
        outcome.says("", "forced the creation of a limited proxy");
        let judged = judge::any(&home);
        assert!(judged.java.contains("limited"), "{}", judged.java);
        assert_eq!(judged.chain.len(), 3);
    }
}

#[test]
fn every_kind_of_proxy_is_what_the_old_clients_call_it() {
    let voms = honest(authority(|_| {}));
    let cases: [(&[&str], &str, &str); 6] = [
        (
            &["--rfc"],
            "RFC3820 compliant impersonation proxy",
            "Policy Language: Inherit all",
        ),
        (
            &["--proxyver", "4", "--limited"],
            "RFC3820 compliant limited proxy",
            "1.3.6.1.4.1.3536.1.1.1.9",
        ),
        (
            &["--proxyver", "3"],
            "Proxy draft (pre-RFC) impersonation proxy",
            "1.3.6.1.4.1.3536.1.222: critical",
        ),
        (
            &["--old"],
            "full legacy globus proxy",
            "CN = Ada Lovelace, CN = proxy\n",
        ),
        (
            &["--proxyver", "2", "--limited"],
            "limited legacy globus proxy",
            "CN = Ada Lovelace, CN = limited proxy\n",
        ),
        (
            &["--path-length", "0"],
            "RFC3820 compliant impersonation proxy",
            "Path Length Constraint: 0",
        ),
    ];
    for (args, java, text) in cases {
        let home = ada_at(&voms);
        home.init(&[&["--voms", "virgo"], args].concat()).success();
        let judged = judge::any(&home);
        assert!(judged.java.contains(java), "{args:?}: {}", judged.java);
        assert!(judged.text.contains(text), "{args:?}: {}", judged.text);
        assert_eq!(judged.fqans().len(), 2, "{args:?}");
        let is_legacy = java.contains("legacy");
        assert_eq!(
            judged.text.contains("Proxy Certificate Information"),
            !is_legacy && !java.contains("draft")
        );
    }
}

#[test]
fn an_exhausted_path_length_prevents_further_proxies() {
    let home = Home::ada();
    home.init(&["--path-length", "0"]).success();
    let source = home.path("last.pem");
    fs::rename(home.proxy(), &source).unwrap();
    let outcome = home.refused(&["--cert", "last.pem"]);
    outcome
        .says("", "allows no further proxies")
        .says("", "help: make the proxy from your certificate");
}

#[test]
fn the_certificate_has_the_properties_that_services_check() {
    let home = Home::ada();
    home.init(&["--bits", "3072"]).success();
    let judged = judge::rfc(&home);
    let (proxy, issuer) = (&judged.chain[0], &judged.chain[1]);
    for part in [
        "Signature Algorithm: sha256WithRSAEncryption",
        "Public-Key: (3072 bit)",
        "Proxy Certificate Information: critical",
        "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n",
        "Path Length Constraint: infinite",
        "Version: 3 (0x2)",
    ] {
        assert!(judged.text.contains(part), "{part}: {}", judged.text);
    }
    for part in [
        "Alternative Name",
        "Certificate Sign",
        "Non Repudiation",
        "Basic Constraints",
    ] {
        assert!(!judged.text.contains(part), "{part}: {}", judged.text);
    }
    let serial = proxy
        .serial_number()
        .to_bn()
        .unwrap()
        .to_dec_str()
        .unwrap()
        .to_string();
    let last = proxy
        .subject_name()
        .entries()
        .last()
        .unwrap()
        .data()
        .to_string()
        .unwrap();
    assert_eq!(serial, last);
    assert!(
        serial
            .parse::<u32>()
            .is_ok_and(|number| number > 0 && number <= i32::MAX as u32)
    );
    assert_eq!(
        proxy.issuer_name().to_der().unwrap(),
        issuer.subject_name().to_der().unwrap()
    );
    assert!(instant(proxy.not_before()) <= now() - Duration::seconds(299));
    assert_eq!(issuer.to_der().unwrap(), world().user.chain().leaf().der());
}

#[test]
fn a_proxy_is_not_valid_before_its_certificate() {
    let mut wanted = certification("Newly Certified", Purpose::User);
    wanted.not_before = now() - Duration::seconds(60);
    let user = world().ca.issue(&wanted).unwrap();
    let home = Home::of(&user);
    home.init(&[]).success();
    let chain = judge::rfc(&home).chain;
    assert_eq!(
        instant(chain[0].not_before()),
        instant(chain[1].not_before())
    );
}

#[test]
fn users_with_ec_keys_get_proxies_with_rsa_keys() {
    let user = world()
        .ca
        .issue(&certification("Emmy Noether", Purpose::User))
        .unwrap();
    assert!(
        String::from_utf8(key_pem(&user))
            .unwrap()
            .starts_with("-----BEGIN PRIVATE KEY")
    );
    let voms = honest(authority(|authority| servers::join(authority, &user)));
    let home = Home::of(&user).servers(&[voms.virgo()]);
    home.init(&["--voms", "virgo"]).success();
    let judged = judge::rfc(&home);
    assert_eq!(judged.fqans(), ["/virgo", "/virgo/virgo"]);
    assert!(
        judged.text.contains("ecdsa-with-SHA256") && judged.text.contains("Public-Key: (2048 bit)")
    );
    assert!(
        fs::read_to_string(home.proxy())
            .unwrap()
            .contains("BEGIN RSA PRIVATE KEY")
    );
}

#[test]
fn an_ec_key_is_made_on_request_and_cannot_encipher() {
    let home = Home::of(&world().user);
    home.init(&["--key-type", "ec"])
        .success()
        .says("", "warning: the key of this proxy is an EC key");
    // The Java client's info command knows no EC keys.
    let text = judge::openssl(&home);
    assert!(text.contains("ASN1 OID: prime256v1") && text.contains("Digital Signature"));
    assert!(!text.contains("Encipherment"), "{text}");
    assert!(
        fs::read_to_string(home.proxy())
            .unwrap()
            .contains("BEGIN PRIVATE KEY")
    );
    let refused = home.init(&["--key-type", "ec", "--bits", "2048"]);
    assert_eq!(refused.code, Some(1));
    refused.says("", "an EC key is always of P-256");
}

#[test]
fn users_with_long_rsa_keys_get_proxies_too() {
    let wanted = certification("Grace Hopper", Purpose::User);
    let user = world().ca.issue(&voms_authority::pki::Certification {
        key: KeyKind::Rsa(3072),
        ..wanted
    });
    let home = Home::of(&user.unwrap());
    home.init(&[]).success();
    assert_eq!(judge::rfc(&home).chain.len(), 2);
}
