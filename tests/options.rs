//! Options of `voms-proxy-init` and the further names, in a VO of our own.

mod common;

use std::fs;

use common::schemas::parsed;
use common::servers::{authority, authority_of, honest, ok, serve, signed};
use common::{BINARY, Home, Outcome, run, world};
use openssl::base64;
use serde_json::{Value, json};
use voms_authority::sign::AcDraft;

fn ada() -> (Home, common::servers::Voms) {
    let server = honest(authority(|_| {}));
    (Home::ada().servers(&[server.virgo()]), server)
}

fn ours(home: &Home, words: &[&str]) -> Outcome {
    run(home.command(BINARY).args(words), b"")
}

fn info(home: &Home, words: &[&str]) -> String {
    ours(home, &[&["info"], words].concat()).success().stdout
}

#[test]
fn attributes_set_apart_can_be_included_later_without_a_server() {
    let (home, server) = ada();
    let apart = home.path("acs.pem");
    let said = home
        .init(&["--voms", "virgo", "--separate", "acs.pem"])
        .success()
        .stdout;
    assert!(
        said.ends_with("Wrote ACs to acs.pem\n") && !home.proxy().exists(),
        "{said}"
    );
    assert!(
        fs::read_to_string(&apart)
            .unwrap()
            .starts_with("-----BEGIN ATTRIBUTE CERTIFICATE-----\n")
    );
    let asked = server.heard().len();
    home.init(&["--includeac", "acs.pem"]).success();
    assert_eq!(server.heard().len(), asked);
    assert_eq!(info(&home, &["--vo"]), "virgo\n");
}

#[test]
fn attributes_from_a_file_must_belong_to_the_user_and_verify() {
    let (home, _server) = ada();
    let late = AcDraft {
        not_after: common::now() - chrono::Duration::hours(1),
        ..common::servers::draft()
    };
    let late = AcDraft {
        not_before: late.not_after - chrono::Duration::hours(2),
        ..late
    };
    home.write("late.der", signed(&late).as_der(), 0o644);
    home.refused(&["--includeac", "late.der"])
        .says("late", "it expired on");
    home.write("junk.pem", b"junk", 0o644);
    home.refused(&["--includeac", "junk.pem"])
        .says("junk", "name a file that --separate has written");
}

#[test]
fn a_file_can_be_put_into_the_proxy() {
    let (home, _server) = ada();
    home.write("note.txt", b"hello", 0o644);
    home.init(&["--include", "note.txt"]).success();
    assert_eq!(info(&home, &["--included-file"]), "included  : hello\n");
    home.write("large", &[b'x'; 20_000], 0o644);
    home.refused(&["--include", "large"])
        .says("large", "is larger than 16384 bytes");
}

#[test]
fn proxies_are_what_the_policy_options_say() {
    let (home, _server) = ada();
    home.write("rules", b"rules", 0o644);
    let cases: [(&[&str], &str); 8] = [
        (&["--independent"], "RFC3820 compliant independent proxy"),
        (&["--limited"], "RFC3820 compliant limited proxy"),
        (
            &["--draft", "--limited"],
            "Proxy draft (pre-RFC) limited proxy",
        ),
        (&["--policy", "rules"], "RFC3820 compliant restricted proxy"),
        (
            &["--policy", "rules", "--policy-language", "1.2.3.4"],
            "RFC3820 compliant restricted proxy",
        ),
        (
            &["-pl", "1.3.6.1.5.5.7.21.2"],
            "RFC3820 compliant independent proxy",
        ),
        (
            &["-pl", "1.3.6.1.4.1.3536.1.1.1.9"],
            "RFC3820 compliant limited proxy",
        ),
        (
            &["-pl", "1.3.6.1.5.5.7.21.1"],
            "RFC3820 compliant impersonation proxy",
        ),
    ];
    for (words, kind) in cases {
        home.init(words).success();
        assert_eq!(info(&home, &["--type"]).trim_end(), kind, "{words:?}");
    }
    for words in [
        &["--limited", "--independent"][..],
        &["--policy", "nowhere"],
        &["--policy-language", "1.2.3.4"],
        &["--policy-language", "english", "--policy", "rules"],
        &["-pl", "1.3.6.1.5.5.7.21.1", "--policy", "rules"],
    ] {
        home.refused(words);
    }
}

#[test]
fn targets_are_given_one_by_one_or_with_commas() {
    let refusal =
        "<voms><error><code>BadRequest</code><message>no targets here</message></error></voms>";
    let server = serve(|_, _| ok(refusal));
    let home = Home::ada().servers(&[server.virgo()]);
    home.refused(&[
        "--voms",
        "virgo",
        "--target",
        "host.example.org,b.example.org",
        "--target",
        "c.example.org",
    ]);
    assert!(server.targets()[0].ends_with("&targets=host.example.org,b.example.org,c.example.org"));
    home.refused(&["--voms", "virgo", "--target", "a&b"])
        .says("target", "invalid host name");
}

#[test]
fn a_servers_warnings_are_shown_hidden_or_fatal() {
    let draft = common::servers::draft();
    let ac = base64::encode_block(signed(&draft).as_der());
    let body = format!(
        "<voms><ac>{ac}</ac><warning><code>1</code><message>careful</message></warning></voms>"
    );
    let server = serve(move |_, _| ok(&body));
    let home = Home::ada().servers(&[server.virgo()]);
    home.init(&["--voms", "virgo"])
        .success()
        .says("shown", "careful");
    assert!(
        !home
            .init(&["--voms", "virgo", "--ignorewarn"])
            .success()
            .stderr
            .contains("careful")
    );
    for option in ["--failonwarn", "-f"] {
        home.refused(&["--voms", "virgo", option])
            .says("fatal", "the server warns: ")
            .says("fatal", "--failonwarn");
    }
}

#[test]
fn options_may_come_from_a_file_and_the_command_line_wins() {
    let (home, _server) = ada();
    home.write(
        "options",
        b"# mine\n-voms virgo -valid=2:00 # two hours\n--quiet\n",
        0o644,
    );
    assert_eq!(home.init(&["-conf", "options"]).success().stdout, "");
    let shown = info(&home, &["--timeleft", "--vo"]);
    let left = shown
        .strip_suffix("\nvirgo\n")
        .and_then(|left| left.parse::<u32>().ok());
    assert!(
        left.is_some_and(|left| (7100..=7200).contains(&left)),
        "{shown}"
    );
    home.init(&["-conf=options", "-valid", "3:00"]).success();
    assert!(info(&home, &["--timeleft"]).starts_with("10"));
    home.write("other", b"-hours 24 -proxyver 2 -q\n", 0o644);
    home.init(&["-conf", "other", "-valid", "1:00", "-rfc", "-debug"])
        .success();
    assert!(
        info(&home, &["-timeleft", "-type"])
            .starts_with("RFC3820 compliant impersonation proxy\n3")
    );
    home.refused(&["-conf", "nowhere"])
        .says("conf", "cannot read the options in nowhere");
}

#[test]
fn attributes_exist_only_if_they_can_be_verified() {
    let (home, _server) = ada();
    home.init(&["--voms", "virgo"]).success();
    fs::create_dir(home.path("empty")).unwrap();
    let code = |words: &[&str]| ours(&home, &[&["info"], words].concat()).code;
    assert_eq!(
        (code(&["-acexists", "virgo"]), code(&["-strict", "-exists"])),
        (Some(0), Some(0))
    );
    assert_eq!(code(&["-acexists", "virgo", "-vomsdir", "empty"]), Some(1));
    assert_eq!(
        code(&["-strict", "-timeleft", "-vomsdir", "empty"]),
        Some(1)
    );
    assert_eq!(code(&["-exists", "-vomsdir", "empty"]), Some(0));
}

#[test]
fn a_proxy_does_not_replace_a_terminal_or_another_users_file() {
    let (home, _server) = ada();
    std::os::unix::fs::symlink("/dev/null", home.path("link")).unwrap();
    home.refused(&["--out", "link"])
        .says("link", "it is not a regular file");
    assert!(home.path("link").is_symlink());
}

#[test]
fn list_shows_everything_that_can_be_requested_and_writes_nothing() {
    let (home, _server) = ada();
    let words = home.init_args(&["list", "--voms", "virgo"]);
    let listed = run(home.command(BINARY).args(words), b"").success().stdout;
    let fqans = ["/virgo", "/virgo/virgo", "/virgo/virgo/Role=production"].map(|fqan| {
        match fqan.contains("Role=") {
            true => format!("{fqan}/Capability=NULL\n"),
            false => format!("{fqan}/Role=NULL/Capability=NULL\n"),
        }
    });
    assert_eq!(listed, format!("Available attributes:\n{}", fqans.concat()));
    assert!(!home.proxy().exists());
    home.refused(&["--list"]).says("list", "no VO was named");
}

#[test]
fn abbreviations_are_those_of_the_old_client() {
    let (home, _server) = ada();
    home.init(&["-lim"]).success();
    assert_eq!(info(&home, &["-time"]).lines().count(), 1);
    assert_eq!(
        info(&home, &["-id"]),
        format!("{}\n", world().user.chain().leaf().subject())
    );
    for word in ["-v", "-vo", "-js", "-skip"] {
        home.refused(&[word]).says(word, "Unrecognized option");
    }
}

#[test]
fn a_proxy_with_two_vos_shows_both_everywhere() {
    let (virgo, ligo) = (honest(authority(|_| {})), honest(authority_of("ligo")));
    let home = Home::ada().servers(&[virgo.virgo(), ligo.line("ligo", "ligo")]);
    fs::create_dir_all(home.path("vomsdir/ligo")).unwrap();
    fs::create_dir_all(home.path("vomsdir/virgo")).unwrap();
    for vo in ["virgo", "ligo"] {
        let lsc = format!("vomsdir/{vo}/localhost.lsc");
        fs::copy(
            world().vomsdir().join("virgo/localhost.lsc"),
            home.path(&lsc),
        )
        .unwrap();
    }
    home.init(&["--voms", "virgo", "--voms", "ligo", "--vomsdir", "vomsdir"])
        .success();
    assert_eq!(
        info(&home, &["--vo", "--vomsdir", "vomsdir"]),
        "virgo\nligo\n"
    );
    let exists = |vos: &[&str]| {
        let words: Vec<&str> = vos
            .iter()
            .flat_map(|vo| ["--acexists", *vo])
            .chain(["--vomsdir", "vomsdir"])
            .collect();
        ours(&home, &[&["info"], words.as_slice()].concat()).code
    };
    assert_eq!(
        (exists(&["virgo", "ligo"]), exists(&["virgo", "atlas"])),
        (Some(0), Some(1))
    );
}

#[test]
fn a_fake_verifies_where_its_signer_is_trusted_and_replaces_its_output() {
    let (home, _server) = ada();
    let host = |name: &str| world().dir.join("host").join(name).display().to_string();
    let (certificate, key) = (host("hostcert.pem"), host("hostkey.pem"));
    let fake = |more: &[&str]| {
        let words = [
            "fake",
            "--voms",
            "virgo",
            "--hostcert",
            &certificate,
            "--hostkey",
            &key,
            "--fqan",
            "/virgo/virgo",
        ];
        ours(&home, &[&words[..], more].concat())
    };
    fake(&["--ga", "nickname = ada (virgo)"]).success();
    let proxy = home.proxy();
    let verified = ours(&home, &["verify", proxy.to_str().unwrap()]).success();
    assert!(
        verified.stdout.contains("attribute : /virgo/virgo\n"),
        "{verified:?}"
    );
    let first = fs::read(&proxy).unwrap();
    home.write("conf", b"-target=here.example.org\n-newformat\n", 0o644);
    fake(&["--conf", "conf"]).success();
    assert_ne!(fs::read(&proxy).unwrap(), first);
    let shown = ours(&home, &["info", "--all", "--dont-verify-ac"]).stdout;
    assert!(shown.contains("here.example.org"), "{shown}");
    fake(&["--force"]).success();
    fs::write(&proxy, "").unwrap();
    fake(&[]).success();
    assert_eq!(fake(&["--fqan", "virgo"]).code, Some(1));
    assert_eq!(fake(&["--pastac", "1:60"]).code, Some(1));
}

#[test]
fn a_fake_warns_of_a_signer_that_has_expired() {
    let (home, _server) = ada();
    let expired = common::certification("old.example", voms_authority::pki::Purpose::User);
    let expired = voms_authority::pki::Certification {
        not_before: common::now() - chrono::Duration::hours(9),
        not_after: common::now() - chrono::Duration::hours(1),
        ..expired
    };
    let signer = world().ca.issue(&expired).unwrap();
    home.write("host.pem", &common::certificate_pem(&signer), 0o644);
    home.write("host.key", &common::key_pem(&signer), 0o600);
    let words = [
        "fake",
        "--voms",
        "virgo",
        "--fqan",
        "/virgo",
        "--hostcert",
        "host.pem",
    ];
    let outcome = ours(&home, &[&words[..], &["--hostkey", "host.key"]].concat()).success();
    outcome
        .says("", "warning: the certificate that signs: ")
        .says("", "it expired on ");
}

#[test]
fn the_names_of_globus_do_what_they_did() {
    let (home, _server) = ada();
    let user = world().user.chain().leaf();
    ours(&home, &["grid-proxy-init", "-q", "-hours", "3", "-draft"]).success();
    let shown = |words: &[&str]| ours(&home, &[&["grid-proxy-info"], words].concat());
    assert_eq!(
        shown(&["-i", "-type"]).success().stdout,
        format!(
            "{}\nProxy draft (pre-RFC) compliant impersonation proxy\n",
            user.subject()
        )
    );
    assert_eq!(
        (
            shown(&["-e", "-v", "2:00"]).code,
            shown(&["-e", "-h", "4"]).code
        ),
        (Some(0), Some(1))
    );
    assert!(
        shown(&["-issuer", "-rfc2253"])
            .success()
            .stdout
            .starts_with("CN=Ada Lovelace,")
    );
    let dry = ours(&home, &["grid-proxy-destroy", "-dryrun"]).success();
    assert_eq!(
        dry.stderr,
        format!("Would remove {}\n", home.proxy().display())
    );
    ours(&home, &["grid-proxy-destroy"]).success();
    assert!(!home.proxy().exists());
    assert_eq!(ours(&home, &["grid-proxy-destroy"]).code, Some(1));
    ours(&home, &["grid-proxy-destroy", "gone.pem"]).success();
    let certificate = ours(&home, &["grid-cert-info", "-s", "-issuerhash"])
        .success()
        .stdout;
    assert_eq!(
        certificate,
        format!(
            "{}\n{:08x}\n",
            user.subject(),
            voms::openssl_types::x509(user).unwrap().issuer_name_hash()
        )
    );
    assert!(
        ours(&home, &["grid-cert-info"])
            .success()
            .stdout
            .starts_with("Certificate:\n")
    );
}

#[test]
fn items_are_what_arcproxy_prints() {
    let (home, _server) = ada();
    home.init(&["--voms", "virgo:/virgo/virgo"]).success();
    for item in [
        "subject",
        "identity",
        "issuer",
        "ca",
        "validityStart",
        "validityEnd",
        "validityPeriod",
        "vomsVO",
        "vomsSubject",
        "vomsIssuer",
        "vomsACvalidityStart",
        "vomsACvalidityEnd",
        "vomsACvalidityPeriod",
        "proxyPolicy",
        "keybits",
        "signingAlgorithm",
    ] {
        let mut arcproxy = home.command("arcproxy");
        let theirs = run(arcproxy.args(["-i", item]), b"").success();
        assert_eq!(info(&home, &["-i", item]), theirs.stdout, "{item}");
    }
    let several = info(&home, &["-i", "keybits,vomsVO", "-infoitem", "KEYBITS"]);
    assert_eq!(several, "2048\nvirgo\n2048\n");
    let plain = info(&home, &["-i", "vomsVO", "-subject"]);
    assert!(
        plain.starts_with('/') && plain.ends_with("\nvirgo\n"),
        "{plain}"
    );
}

#[test]
fn terminals_get_a_diagram_and_pipes_do_not() {
    let (home, _server) = ada();
    home.init(&["--voms", "virgo:/virgo/virgo"]).success();
    let on_terminal = |colours: bool| {
        let home = Home::empty()
            .with("X509_USER_PROXY", home.proxy())
            .with("TERM", "xterm");
        let home = if colours {
            home
        } else {
            home.with("NO_COLOR", "1")
        };
        run(
            home.command("script")
                .args(["-qec", &format!("{BINARY} info"), "/dev/null"]),
            b"",
        )
        .success()
        .stdout
    };
    let plain = on_terminal(false);
    assert!(
        plain.contains("└─ proxy ") && plain.contains("█") && !plain.contains('\x1b'),
        "{plain}"
    );
    assert!(on_terminal(true).contains("\x1b[1m"));
    assert!(info(&home, &[]).starts_with("subject   : "));
}

#[test]
fn info_never_takes_what_it_cannot_verify_as_verified() {
    let (home, _server) = ada();
    home.init(&["--voms", "virgo"]).success();
    let verified = |home: &Home| -> (Value, Value) {
        let shown: Value = serde_json::from_str(&info(home, &["--json"])).unwrap();
        let of = |value: &Value| value["verified"].clone();
        (of(&shown["chain"]), of(&shown["attributes"][0]))
    };
    let code = |home: &Home, words: &[&str]| ours(home, &[&["info"], words].concat()).code;
    assert_eq!(verified(&home), (json!(true), json!(true)));
    assert_eq!(code(&home, &["--strict", "--exists"]), Some(0));
    assert_eq!(code(&home, &["--acexists", "virgo"]), Some(0));

    // The variable is for people who look, not for scripts that ask.
    let looking = home.with("VOMS_PROXY_INFO_DONT_VERIFY_AC", "1");
    assert_eq!(verified(&looking), (Value::Null, Value::Null));
    assert_eq!(code(&looking, &["--strict", "--exists"]), Some(0));

    let blind = looking
        .with("X509_CERT_DIR", "/nonexistent")
        .with("X509_VOMS_DIR", "/nonexistent");
    assert_eq!(verified(&blind), (Value::Null, Value::Null));
    assert_eq!(code(&blind, &["--strict", "--exists"]), Some(1));
    assert_eq!(code(&blind, &["--acexists", "virgo"]), Some(1));
    assert_eq!(code(&blind, &["--exists"]), Some(0));

    // Another CA: the chain is false, and with it what it carries.
    let empty = blind.path("no-cas");
    std::fs::create_dir(&empty).unwrap();
    let distrusting = blind
        .with("X509_CERT_DIR", &empty)
        .with("X509_VOMS_DIR", world().vomsdir())
        .without("VOMS_PROXY_INFO_DONT_VERIFY_AC");
    assert_eq!(verified(&distrusting), (json!(false), json!(false)));
    assert_eq!(code(&distrusting, &["--acexists", "virgo"]), Some(1));
}

#[test]
fn commands_do_not_offer_the_options_of_init_that_they_refuse() {
    let home = Home::ada();
    let refused = [
        ("renew", "--list"),
        ("renew", "--separate"),
        ("renew", "--noregen"),
        ("renew", "--out"),
        ("keep", "--list"),
        ("keep", "--separate"),
        ("keep", "--noregen"),
        ("run", "--list"),
        ("run", "--separate"),
        ("run", "--noregen"),
        ("run", "--out"),
    ];
    for (command, option) in refused {
        let value = ["--separate", "--out"].contains(&option).then_some("x");
        let words = [command, "--json", option].into_iter().chain(value);
        let run = (command == "run").then_some(["--", "true"]);
        let words: Vec<&str> = words.chain(run.into_iter().flatten()).collect();
        let outcome = ours(&home, &words);
        assert_eq!(
            parsed(&outcome.stdout, "error")["code"],
            "usage",
            "{words:?}"
        );
        let help = ours(&home, &[command, "--help"]).success().stdout;
        assert!(!help.contains(option), "{command} offers {option}");
    }
}
