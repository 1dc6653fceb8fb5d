//! Servers that say no, answer nonsense, cannot be reached or are not who they should be: one clear
//! error, and the proxy that was there before stays.

mod common;

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration as Span, Instant};

use chrono::Duration;
use common::hostile::{self, dead_port, silence, without_end};
use common::servers::{
    self, Voms, authority, authority_of, draft, entry, honest, http, legacy, ok, sends, serve,
    signed,
};
use common::{Home, certification, judge, now, world};
use openssl::ssl::SslVerifyMode;
use voms_authority::Authority;
use voms_authority::pki::{Purpose, ThrowAwayCa};
use voms_authority::sign::AcDraft;

const NONE: &str =
    "None of the contacted servers for virgo were capable of returning a valid AC for the user.";
const UNFULFILLED: &str = "User's request for VOMS attributes could not be fulfilled.";

fn refused(line: String, args: &[&str]) -> common::Outcome {
    Home::ada()
        .servers(&[line])
        .refused(&[&["--voms", "virgo"], args].concat())
}

/// What is left of a deadline test when the promise is broken; far above what any run needs.
fn within<T>(limit: u64, what: &str, run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = run();
    assert!(
        started.elapsed() < Span::from_secs(limit),
        "{what}: took {:?}",
        started.elapsed()
    );
    value
}

fn no_members(authority: &mut Authority) {
    authority.members.clear();
}

fn suspended(authority: &mut Authority) {
    authority.members[0].suspended = Some("did not sign the AUP".to_owned());
}

#[test]
fn a_refusal_quotes_the_server_and_comes_after_every_server_was_asked() {
    type Case = (fn(&mut Authority), &'static str, &'static str, &'static str);
    let cases: [Case; 4] = [
        (
            no_members,
            "virgo",
            "virgo: User unknown to this VO.",
            "help: register this certificate",
        ),
        (
            suspended,
            "virgo",
            "User is currently suspended! Suspension reason: did not sign the AUP",
            "help: you are a member: log in to ",
        ),
        (
            |_| {},
            "virgo:/virgo/nowhere",
            "Unable to satisfy /virgo/nowhere request!",
            "help: ask for a group or role",
        ),
        (
            |_| {},
            "virgo:/virgo/Role=admin",
            "Unable to satisfy /virgo/Role=admin request!",
            "help: ask for a group",
        ),
    ];
    for speaks in [honest, legacy] {
        for (change, asked, words, help) in cases {
            let servers: [Voms; 3] = std::array::from_fn(|_| speaks(authority(change)));
            let home = Home::ada().servers(&servers.each_ref().map(Voms::virgo));
            let outcome = home.refused(&["--voms", asked]);
            outcome
                .says(asked, words)
                .says(asked, help)
                .says(asked, UNFULFILLED);
            assert!(
                outcome.stderr.lines().any(|line| line.trim() == NONE),
                "{}",
                outcome.stderr
            );
            // While a VO moves to IAM, the old servers and the new one know different members.
            let expected = 3;
            let contacted = "\nRemote VOMS server contacted succesfully.\n";
            assert_eq!(
                outcome.stdout.matches(contacted).count(),
                expected,
                "{asked}"
            );
            assert_eq!(
                outcome.stdout.matches("Contacting ").count(),
                expected,
                "{asked}: {}",
                outcome.stdout
            );
            let asked_servers = servers
                .iter()
                .filter(|server| !server.heard().is_empty())
                .count();
            assert_eq!(asked_servers, expected, "{asked}");
        }
    }
}

#[test]
fn a_server_that_does_not_support_all_is_asked_for_its_top_group() {
    let authority = authority(|_| {});
    let voms = serve(move |client, request| {
        let text = String::from_utf8_lossy(request);
        if text.contains("fqans=all") || !text.starts_with("GET") {
            return ok(
                "<voms><error><code>BadRequest</code><message>no such thing</message></error></voms>",
            );
        }
        authority.answer(&world().host, client, request, now())
    });
    let home = Home::ada().servers(&[voms.virgo()]);
    home.init(&["--voms", "virgo:all"]).success();
    assert_eq!(judge::rfc(&home).fqans(), ["/virgo", "/virgo/virgo"]);
}

#[test]
fn an_answer_that_is_not_voms_is_explained() {
    let page = "<html><body><h1>Under maintenance</h1></body></html>";
    let garbage: Vec<u8> = (0..2000u32).map(|n| (n * 7919 % 251) as u8).collect();
    let cases: [(&str, Vec<u8>, &str); 10] = [
        (
            "nothing",
            Vec::new(),
            "closed the connection without an answer",
        ),
        ("garbage", garbage, ""),
        ("empty body", ok(""), "an empty answer"),
        ("page", ok(page), "Under maintenance"),
        (
            "page 500",
            http("500 Internal Server Error", page),
            "temporarily unavailable (HTTP 500 Internal Server Error)",
        ),
        (
            "malformed",
            ok("<voms><ac>MII"),
            "neither an attribute certificate nor an error",
        ),
        (
            "no element",
            ok("<voms></voms>"),
            "neither an attribute certificate nor an error",
        ),
        ("not base64", ok("<voms><ac>%%%%</ac></voms>"), "not base64"),
        (
            "dummy",
            ok("<voms><ac>QQ==</ac></voms>"),
            "neither an attribute certificate nor an error",
        ),
        (
            "not an AC",
            ok("<voms><ac>MAMCAQU=</ac></voms>"),
            "the attribute certificate cannot be read",
        ),
    ];
    for (what, reply, words) in cases {
        let voms = serve(move |_, _| reply.clone());
        let outcome = refused(voms.virgo(), &[]);
        outcome
            .says(what, words)
            .says(what, NONE)
            .says(what, "help: ");
        assert!(
            !outcome.stderr.contains('\u{1b}') && outcome.stderr.len() < 2000,
            "{what}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_server_that_answered_in_http_is_asked_once_and_understood() {
    let with = |status: &str, headers: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        (head + body).into_bytes()
    };
    let nginx = |title: &str| {
        with(
            "400 Bad Request",
            "",
            &format!("<html><head><title>{title}</title></head></html>"),
        )
    };
    let xml = |code: &str, message: &str| {
        let error = format!("<error><code>{code}</code><message>{message}</message></error>");
        ok(&format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><voms>{error}</voms>"
        ))
    };
    let many = "&#13;".repeat(100_000);
    let cases: [(&str, Vec<u8>, &str, &str); 16] = [
        (
            "login",
            with("302 Found", "Location: https://iam/login\r\n", ""),
            "redirects to https://iam/login",
            "its own host name",
        ),
        (
            "redirect to nowhere",
            with("301 Moved Permanently", "", "<html>"),
            "that is a web page",
            "vomses entry",
        ),
        (
            "gateway",
            with("502 Bad Gateway", "", "<html>"),
            "temporarily unavailable (HTTP 502 Bad Gateway)",
            "try again later",
        ),
        (
            "busy",
            with("429 Too Many Requests", "Retry-After: 120\r\n", ""),
            "HTTP 429",
            "try again in 2 min",
        ),
        (
            "years",
            with(
                "503 Service Unavailable",
                "Retry-After: 99999999999\r\n",
                "",
            ),
            "HTTP 503",
            "try again later",
        ),
        (
            "not a number",
            with("503 Service Unavailable", "Retry-After: soon\r\n", ""),
            "HTTP 503",
            "try again later",
        ),
        (
            "timeout",
            with("504 Gateway Timeout", "", ""),
            "HTTP 504",
            "try again later",
        ),
        (
            "certificate",
            nginx("400 The SSL certificate error"),
            "did not accept your certificate",
            "revocation list",
        ),
        (
            "none",
            nginx("400 No required SSL certificate was sent"),
            "it was sent none",
            "may not accept your CA",
        ),
        (
            "1005",
            xml("1005", "SSL certificate error"),
            "did not accept your certificate",
            "may not accept your CA",
        ),
        (
            "404",
            with("404 Not Found", "", ""),
            "an empty answer (HTTP 404)",
            "vomses entry",
        ),
        (
            "text",
            with("200 OK", "Content-Type: text/plain\r\n", "hello"),
            "hello",
            "something other than VOMS",
        ),
        (
            "gzip",
            with("200 OK", "Content-Encoding: gzip\r\n", "\u{1f}"),
            "compressed its answer (gzip)",
            "support",
        ),
        (
            "references",
            ok(&format!("<voms><ac>{many}&#0;</ac></voms>")),
            "not base64",
            "try again later",
        ),
        (
            "a long message",
            xml("1001", &format!("unknown to this VO{many}")),
            "unknown to this VO",
            "optional group",
        ),
        (
            "AUP",
            xml("1004", "User ada needs to sign AUP for this organization"),
            "AUP",
            "do not register again",
        ),
    ];
    for (what, reply, words, help) in cases {
        let voms = serve(move |_, _| reply.clone());
        let outcome = refused(voms.virgo(), &[]);
        outcome.says(what, words).says(what, help).says(what, NONE);
        assert!(outcome.stderr.len() < 2000, "{what}: {}", outcome.stderr);
        assert_eq!(voms.heard().len(), 1, "{what}: {:?}", voms.heard());
    }
}

#[test]
fn a_working_server_is_found_after_a_broken_one() {
    for status in [
        "302 Found",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
    ] {
        for _ in 0..4 {
            let (broken, good) = (
                serve(move |_, _| http(status, "<html>")),
                honest(authority(|_| {})),
            );
            let home = Home::ada().servers(&[broken.virgo(), good.virgo()]);
            let outcome = home.init(&["--voms", "virgo"]).success();
            assert!(outcome.stderr.is_empty(), "{status}: {}", outcome.stderr);
        }
    }
}

#[test]
fn a_servers_message_cannot_control_the_terminal() {
    let evil =
        "<voms><error><code>NoSuchUser</code><message>\u{1b}[2Jgone\u{7}</message></error></voms>";
    let voms = serve(move |_, _| ok(evil));
    let outcome = refused(voms.virgo(), &[]);
    assert!(
        !outcome.stderr.contains(['\u{1b}', '\u{7}']),
        "{}",
        outcome.stderr
    );
}

#[test]
fn endless_answers_are_cut_off() {
    let body = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    for (what, begin, chunk, words) in [
        ("body", body, "A".repeat(16_384), "more than 4 MiB"),
        (
            "headers",
            "HTTP/1.1 200 OK\r\n",
            "X-Padding: 1\r\n".repeat(1000),
            "",
        ),
        (
            "one header",
            "HTTP/1.1 200 OK\r\nX: ",
            "a".repeat(16_384),
            "",
        ),
        (
            "chunks",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            format!("1000\r\n{}\r\n", "A".repeat(4096)),
            "more than 4 MiB",
        ),
        (
            "continue",
            "",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(500),
            "",
        ),
    ] {
        let server = hostile::tls(move |mut stream| without_end(&mut stream, begin, &chunk));
        let outcome = within(40, what, || refused(server.virgo(), &[]));
        outcome
            .says(what, words)
            .says(what, NONE)
            .says(what, "help: ");
    }
}

#[test]
fn an_endless_legacy_answer_is_cut_off() {
    let server = hostile::tls(|mut stream| {
        without_end(
            &mut stream,
            "<?xml version=\"1.0\"?><vomsans>",
            &"A".repeat(16_384),
        )
    });
    within(40, "legacy", || refused(server.virgo(), &[])).says("", NONE);
}

/// The reply with a changed attribute certificate, and what the program has to say of it.
#[test]
fn an_attribute_certificate_that_fails_verification_is_refused() {
    let other = world()
        .ca
        .issue(&certification("Mallory", Purpose::User))
        .unwrap();
    let rogue = world()
        .ca
        .issue(&certification(
            "rogue.example",
            Purpose::Host(vec!["rogue.example".into()]),
        ))
        .unwrap();
    let for_mallory = draft().sign(other.chain().leaf(), &world().host).unwrap();
    let by_rogue = draft().sign(world().user.chain().leaf(), &rogue).unwrap();
    let hours = Duration::hours;
    let expired = AcDraft {
        not_before: now() - hours(3),
        not_after: now() - hours(1),
        ..draft()
    };
    let future = AcDraft {
        not_before: now() + hours(1),
        not_after: now() + hours(3),
        ..draft()
    };
    let other_vo = AcDraft {
        vo: "ligo".into(),
        fqans: vec!["/ligo".into()],
        ..draft()
    };
    let foreign = AcDraft {
        fqans: vec!["/virgo".into(), "/ligo/admin".into()],
        ..draft()
    };
    let near = AcDraft {
        fqans: vec!["/virgo2/admin".into()],
        ..draft()
    };
    let mut broken = signed(&draft()).as_der().to_vec();
    *broken.last_mut().unwrap() ^= 1;
    let elsewhere = AcDraft {
        uri: "voms.elsewhere.example:15000".into(),
        ..draft()
    };
    let outside = AcDraft {
        uri: "../../../etc/passwd:15000".into(),
        ..draft()
    };
    let cases: [(&str, Vec<u8>, &str); 11] = [
        (
            "of another user",
            for_mallory.as_der().to_vec(),
            "it belongs to another user: holder",
        ),
        (
            "of another VO",
            signed(&other_vo).as_der().to_vec(),
            "it was issued by VO ligo, expected virgo",
        ),
        (
            "FQAN of another VO",
            signed(&foreign).as_der().to_vec(),
            "/ligo/admin does not belong to its VO virgo",
        ),
        (
            "FQAN of a VO that begins so",
            signed(&near).as_der().to_vec(),
            "/virgo2/admin does not belong to its VO virgo",
        ),
        (
            "expired",
            signed(&expired).as_der().to_vec(),
            "it expired on ",
        ),
        (
            "future",
            signed(&future).as_der().to_vec(),
            "it is not valid before ",
        ),
        ("broken", broken, "its signature is not the signer's"),
        (
            "other signer",
            by_rogue.as_der().to_vec(),
            "localhost.lsc does not name its signer",
        ),
        (
            "other host",
            signed(&elsewhere).as_der().to_vec(),
            "LSC validation failed: LSC file matching VOMS attributes not found in store.",
        ),
        (
            "path as host",
            signed(&outside).as_der().to_vec(),
            "policy authority has '/' in the host",
        ),
        (
            "no FQAN",
            signed(&AcDraft {
                fqans: Vec::new(),
                ..draft()
            })
            .as_der()
            .to_vec(),
            "its attributes cannot be read",
        ),
    ];
    for (what, der, words) in cases {
        let voms = sends(&der);
        let outcome = refused(voms.virgo(), &[]);
        outcome
            .says(what, "VOMS AC validation for VO virgo failed")
            .says(what, words);
        let home = Home::ada().servers(&[voms.virgo()]);
        home.init(&["--voms", "virgo", "--dont-verify-ac"])
            .success();
        assert!(
            judge::chain(&home.proxy())[0]
                .to_der()
                .unwrap()
                .windows(der.len())
                .any(|w| w == der),
            "{what}"
        );
    }
}

#[test]
fn clocks_may_differ_by_five_minutes_but_expired_attributes_make_no_proxy() {
    let minutes = Duration::minutes;
    let at = |from, until| {
        sends(
            signed(&AcDraft {
                not_before: now() + from,
                not_after: now() + until,
                ..draft()
            })
            .as_der(),
        )
    };
    let early = at(minutes(4), minutes(60));
    Home::ada()
        .servers(&[early.virgo()])
        .init(&["--voms", "virgo"])
        .success();
    let over = at(minutes(-60), minutes(-4));
    refused(over.virgo(), &[])
        .says("", "have already expired")
        .says("", "help: ");
}

#[test]
fn what_is_not_exactly_one_der_attribute_certificate_is_refused_even_unverified() {
    let good = signed(&draft()).as_der().to_vec();
    let trailing = [&good[..], b"\0"].concat();
    let indefinite = [&[0x30, 0x80], &good[4..], &[0, 0]].concat();
    let truncated = good[..good.len() - 1].to_vec();
    for (what, der) in [
        ("trailing byte", trailing),
        ("indefinite length", indefinite),
        ("truncated", truncated),
    ] {
        for args in [&[][..], &["--dont-verify-ac"]] {
            let voms = sends(&der);
            refused(voms.virgo(), args)
                .says(what, "the attribute certificate cannot be read")
                .says(what, NONE);
        }
    }
}

#[test]
fn a_server_that_cannot_be_reached_is_named_with_the_reason() {
    let port = dead_port();
    let outcome = refused(hostile::virgo_at(port), &[]);
    outcome
        .says("", &format!("error: localhost:{port}: Connection refused"))
        .says("", NONE)
        .says("", "help: ");
    let nowhere = entry(
        "virgo",
        "voms.nowhere.invalid",
        15_000,
        "/CN=nobody",
        "virgo",
    );
    refused(nowhere, &["--timeout", "5"])
        .says("DNS", "voms.nowhere.invalid")
        .says("DNS", NONE)
        .says("DNS", "help: ");
}

#[test]
fn a_silent_server_is_given_up() {
    let mute = hostile::tcp(|mut stream| silence(&mut stream));
    let handshake_only = hostile::tls(|mut stream| silence(&mut stream));
    let drip = hostile::tls(|mut stream| {
        while stream.write_all(b"H").is_ok() {
            std::thread::sleep(Span::from_millis(200));
        }
    });
    let promise = hostile::tls(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<voms>");
        silence(&mut stream);
    });
    for (what, server) in [
        ("TCP", mute),
        ("TLS", handshake_only),
        ("drip", drip),
        ("half a body", promise),
    ] {
        let outcome = within(20, what, || refused(server.virgo(), &["--timeout", "2"]));
        outcome.says(what, NONE).says(what, "help: ");
        if what != "drip" {
            outcome
                .says(what, "Read timed out")
                .says(what, "--timeout SECONDS");
        }
    }
}

#[test]
fn many_silent_servers_end_within_the_total_deadline() {
    let mute: Vec<_> = (0..12)
        .map(|_| hostile::tcp(|mut stream| silence(&mut stream)))
        .collect();
    let lines: Vec<String> = mute.iter().map(hostile::Hostile::virgo).collect();
    let home = Home::ada().servers(&lines);
    let outcome = within(80, "total", || {
        home.refused(&["--voms", "virgo", "--timeout", "20"])
    });
    assert!(outcome.stdout.matches("Contacting ").count() < 12);
    outcome.says("", NONE);
}

#[test]
fn a_broken_connection_is_reported() {
    let closes = hostile::tcp(drop);
    let plain = hostile::tcp(|mut stream| {
        let _ = stream.write_all(&http(
            "400 Bad Request",
            "<h1>speak TLS? never heard of it</h1>",
        ));
        silence(&mut stream);
    });
    let ssh = hostile::tcp(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.0\r\n");
        silence(&mut stream);
    });
    let cut = hostile::tls(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<voms>");
    });
    for (what, server) in [
        ("closes", closes),
        ("plain text", plain),
        ("ssh", ssh),
        ("cut", cut),
    ] {
        let outcome = within(20, what, || refused(server.virgo(), &[]));
        outcome.says(what, NONE).says(what, "help: ");
        // One that had begun to answer in HTTP is not asked in another protocol.
        let reported = outcome.stderr.contains("in the middle of the answer")
            && !outcome.stderr.contains("legacy");
        assert_eq!(reported, what == "cut", "{what}: {}", outcome.stderr);
    }
}

#[test]
fn a_server_that_refuses_the_certificate_is_distinguished_from_a_broken_one() {
    let verify = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
    // It trusts no CA at all, so it answers the certificate with an alert.
    let server = hostile::tls_as(&world().host, verify, |_| {});
    // The alert comes before or after the request is on its way; neither may lose it.
    for _ in 0..16 {
        let outcome = refused(server.virgo(), &[]);
        outcome
            .says("", "the server refused your certificate (unknown ca)")
            .says("", "help: ")
            .says("", NONE);
        assert!(
            !outcome.stderr.contains("without an answer"),
            "{}",
            outcome.stderr
        );
    }
}

fn host(name: &str, names: &[&str]) -> voms_authority::pki::Certification {
    certification(
        name,
        Purpose::Host(names.iter().map(|&name| name.to_owned()).collect()),
    )
}

#[test]
fn an_impostor_server_gets_no_request() {
    let unknown_ca = ThrowAwayCa::create(&[("CN", "Stranger CA".to_owned())], now()).unwrap();
    let untrusted = unknown_ca
        .issue(&host("localhost", &["localhost"]))
        .unwrap();
    let mut dates = host("localhost", &["localhost"]);
    dates.not_after = now() - Duration::seconds(30);
    let expired = world().ca.issue(&dates).unwrap();
    let (not_before, not_after) = (now() + Duration::hours(1), now() + Duration::hours(2));
    let dates = voms_authority::pki::Certification {
        not_before,
        not_after,
        ..dates
    };
    let early = world().ca.issue(&dates).unwrap();
    let elsewhere = world()
        .ca
        .issue(&host("elsewhere.example", &["elsewhere.example"]))
        .unwrap();
    let person = world()
        .ca
        .issue(&certification("Mallory", Purpose::User))
        .unwrap();
    for (what, server, words) in [
        ("untrusted CA", &untrusted, "is not among the trusted CAs"),
        ("expired", &expired, "it expired on "),
        ("not yet valid", &early, "it is not valid before "),
        (
            "wrong host",
            &elsewhere,
            "the server is not localhost: its certificate is for",
        ),
        ("a user's certificate", &person, "the server is not trusted"),
    ] {
        let voms = servers::serve_as(server, |_, _| panic!("was asked"));
        // The subject in vomses is the world's host, which none of these is.
        let outcome = refused(hostile::virgo_at(voms.port()), &[]);
        outcome.says(what, words).says(what, NONE);
        assert!(voms.heard().is_empty(), "{what}: a request was sent");
    }
}

#[test]
fn a_server_with_another_name_is_accepted_if_its_subject_matches_vomses() {
    let elsewhere = world()
        .ca
        .issue(&host("elsewhere.example", &["elsewhere.example"]))
        .unwrap();
    let authority = authority(|_| {});
    let voms = servers::serve_as(&elsewhere, move |client, request| {
        authority.answer(&world().host, client, request, now())
    });
    let home = Home::ada().servers(&[voms.virgo()]);
    home.init(&["--voms", "virgo"]).success();
    assert_eq!(judge::rfc(&home).fqans(), ["/virgo", "/virgo/virgo"]);
}

/// A home whose CA directory is its own, with a revocation list made for it.
fn with_revocation_list(revoked: &[&voms::credential::Credential], until: Duration) -> Home {
    let home = Home::ada();
    for name in common::names(&world().certificates()) {
        home.write(
            &format!("cas/{name}"),
            &fs::read(world().certificates().join(&name)).unwrap(),
            0o644,
        );
    }
    let leaves: Vec<_> = revoked.iter().map(|one| one.chain().leaf()).collect();
    let crl = world()
        .ca
        .revocation_list(&leaves, now() - Duration::days(1), now() + until)
        .unwrap();
    for name in common::names(&home.path("cas"))
        .iter()
        .filter(|name| name.ends_with(".r0"))
    {
        home.write(&format!("cas/{name}"), &crl, 0o644);
    }
    let cas = home.path("cas");
    home.with("X509_CERT_DIR", cas)
}

#[test]
fn a_revoked_server_is_refused_with_a_reason() {
    let voms = honest(authority(|_| {}));
    let home = with_revocation_list(&[&world().host], Duration::days(1)).servers(&[voms.virgo()]);
    home.refused(&["--voms", "virgo"])
        .says("", "CN=localhost: it was revoked on ")
        .says("", NONE);
    assert!(voms.heard().is_empty());
}

#[test]
fn a_revoked_user_is_warned_before_any_server_is_asked() {
    let voms = honest(authority(|_| {}));
    let home = with_revocation_list(&[&world().user], Duration::days(1)).servers(&[voms.virgo()]);
    let outcome = home.refused(&["--voms", "virgo"]);
    outcome
        .says("", "CN=Ada Lovelace: it was revoked on ")
        .says("", "help: ask your CA for a new certificate");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn an_expired_revocation_list_is_refused_with_a_hint() {
    let voms = honest(authority(|_| {}));
    let home = with_revocation_list(&[], Duration::hours(-1)).servers(&[voms.virgo()]);
    home.refused(&["--voms", "virgo"])
        .says("", "expired on ")
        .says("", "help: update the revocation lists: run fetch-crl");
}

#[test]
fn an_unknown_vo_is_refused_with_the_nearest_name() {
    let ligo = honest(authority_of("ligo"));
    let home = Home::ada().servers(&[ligo.line("ligo", "ligo")]);
    home.refused(&["--voms", "lingo"])
        .says("", "VOMS server for VO lingo is not known!")
        .says("", "did you mean 'ligo'?");
    home.refused(&["--voms", "LIGO"])
        .says("", "did you mean 'ligo'?");
    let other = home.refused(&["--voms", "virgo"]);
    assert!(!other.stderr.contains("did you mean"), "{other:?}");
    home.refused(&["--voms", "ligo:/ligo/"])
        .says("", "a slash without a name behind it")
        .says("", "help: leave out that slash: /ligo");
    home.refused(&["--voms", "ligo:/li go"])
        .says("", "help: write VO:/group");
}

#[test]
fn a_granting_server_is_found_despite_another_ones_refusal() {
    type Change = fn(&mut Authority);
    let refusals: [Change; 3] = [no_members, suspended, |authority| {
        authority.members[0].groups.clear()
    }];
    for change in refusals {
        for _ in 0..4 {
            let (refuses, grants) = (honest(authority(change)), honest(authority(|_| {})));
            let home = Home::ada().servers(&[refuses.virgo(), grants.virgo()]);
            home.init(&["--voms", "virgo"]).success();
        }
    }
}

#[test]
fn a_server_that_answers_in_http_is_not_asked_in_another_protocol() {
    let many = format!("HTTP/1.1 403 Forbidden\r\n{}\r\n", "X: y\r\n".repeat(400));
    let heads = [
        many.as_str(),
        "HTTP/1.1 403",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ];
    for head in heads.map(str::to_owned) {
        let asked = Arc::new(AtomicUsize::new(0));
        let (counting, answer) = (asked.clone(), head.clone());
        let server = hostile::tls(move |mut stream| {
            counting.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.shutdown();
            let _ = stream.get_ref().shutdown(std::net::Shutdown::Both);
        });
        let outcome = refused(server.virgo(), &[]);
        let reported = outcome.stderr.contains("HTTP answer cannot be read")
            || outcome.stderr.contains("HTTP 403");
        assert!(reported, "{}: {outcome:?}", &head[..20.min(head.len())]);
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{head}");
    }
}
