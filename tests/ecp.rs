//! `ecp-get-cert` and its family against the ECP world: a real Shibboleth SP, real IdPs, a real
//! KDC; and peers that misbehave, of whom none may get anything, nor break the file that was there.
#![allow(clippy::disallowed_methods)]

mod common;

#[path = "common/lasting.rs"]
mod lasting;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::schemas::parsed;
use common::{BINARY, Outcome, SENTINEL, mode, run};
use lasting::Lasting;
use tempfile::TempDir;

fn world() -> &'static Lasting {
    static WORLD: OnceLock<Lasting> = OnceLock::new();
    WORLD.get_or_init(|| Lasting::start("world-ecp"))
}

/// One user's place, with the world's proxy and CA.
struct Desk {
    dir: TempDir,
    variables: Vec<(String, String)>,
}

impl Desk {
    fn new() -> Self {
        let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let desk = Self {
            dir,
            variables: Vec::new(),
        };
        let (proxy, ca) = (
            world().get("ECP_PROXY").to_owned(),
            world().get("ECP_CA_FILE").to_owned(),
        );
        let krb5 = world().get("KRB5_CONFIG").to_owned();
        desk.with("HTTPS_PROXY", &proxy)
            .with("SSL_CERT_FILE", &ca)
            .with("KRB5_CONFIG", &krb5)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("x509up")
    }

    fn run(&self, words: &[&str], stdin: &str) -> Outcome {
        let mut command = Command::new(BINARY);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.dir.path())
            .env("TZ", "UTC");
        command
            .env("X509_USER_PROXY", self.file())
            .envs(self.variables.iter().cloned());
        run(
            command.current_dir(self.dir.path()).args(words),
            stdin.as_bytes(),
        )
    }

    fn get(&self, words: &[&str]) -> Outcome {
        let stdin = format!("{}\n", world().get("ECP_PASSWORD"));
        self.run(
            &[
                &["ecp-get-cert", "--pwstdin", "-u", world().get("ECP_USER")],
                words,
            ]
            .concat(),
            &stdin,
        )
    }

    fn openssl(&self, words: &[&str]) -> Outcome {
        let mut command = Command::new("openssl");
        run(command.args(words).current_dir(self.dir.path()), b"")
    }

    /// openssl's word that the file holds a certificate of Albert Einstein's with its key, that the
    /// CA has issued.
    #[track_caller]
    fn is_einsteins(&self, what: &str) {
        let subject = self.openssl(&[
            "x509", "-in", "x509up", "-noout", "-subject", "-nameopt", "RFC2253",
        ]);
        assert!(
            subject
                .stdout
                .contains("CN=Albert Einstein albert.einstein@ligo.org"),
            "{what}: {subject:?}"
        );
        let keys = [
            &["x509", "-in", "x509up", "-noout", "-pubkey"][..],
            &["pkey", "-in", "x509up", "-pubout"],
        ];
        let [certificate, key] = keys.map(|words| self.openssl(words).success().stdout);
        assert_eq!(certificate, key, "{what}");
        let ca = world().get("ECP_GRID_CA_FILE");
        let proxies = [
            "verify",
            "-allow_proxy_certs",
            "-CAfile",
            ca,
            "-untrusted",
            "x509up",
            "x509up",
        ];
        self.openssl(&proxies).success();
        assert_eq!(mode(&self.file()), 0o600, "{what}");
    }

    /// A run that has to fail in plain words, with the earlier file as it was and the password
    /// nowhere.
    #[track_caller]
    fn refuses(&self, what: &str, outcome: Outcome, words: &str) {
        assert_eq!(outcome.code, Some(1), "{what}: {outcome:?}");
        let clear = outcome.stderr.contains("error: ") && outcome.stderr.contains("help: ");
        assert!(
            clear && outcome.stderr.contains(words),
            "{what}: wanted {words:?}: {outcome:?}"
        );
        assert!(
            outcome.stderr.len() < 4000,
            "{what}: untrusted text must be cut short: {outcome:?}"
        );
        assert!(
            !outcome.stderr.contains("panicked")
                && !outcome.stderr.contains(world().get("ECP_PASSWORD")),
            "{what}"
        );
        assert_eq!(fs::read(self.file()).unwrap(), SENTINEL, "{what}");
    }

    fn with_sentinel(self) -> Self {
        fs::write(self.file(), SENTINEL).unwrap();
        self
    }
}

fn log(name: &str) -> String {
    fs::read_to_string(Path::new(world().get("WORLD_ECP")).join("log").join(name))
        .unwrap_or_default()
}

#[test]
fn every_way_to_log_in_gives_a_certificate() {
    let ways: [&[&str]; 6] = [
        &["-i", "LIGO"],
        &["-iLIGO", "--hours", "24"],
        &["-i", "login2.ligo.org"],
        &["-i", "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP"],
        &["-i", "LIGO", "--pkcs12"],
        &["-pi", "LIGO"],
    ];
    for words in ways {
        let desk = Desk::new();
        let outcome = desk.get(words).success();
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str()),
            ("", ""),
            "{words:?}"
        );
        desk.is_einsteins(&format!("{words:?}"));
        let kind = desk
            .run(&["ecp", "cert-info", "-type", "-path"], "")
            .success()
            .stdout;
        let wanted = if words[0] == "-pi" {
            "RFC 3820 compliant impersonation proxy"
        } else {
            "end entity credential"
        };
        assert_eq!(
            kind,
            format!("{wanted}\n{}\n", desk.file().display()),
            "{words:?}"
        );
    }
    let desk = Desk::new().with("KRB5CCNAME", world().get("ECP_CCACHE"));
    desk.run(&["ecp-get-cert", "-k"], "").success();
    desk.is_einsteins("Kerberos, the institution by the realm");
    fs::remove_file(desk.file()).unwrap();
    desk.run(&["ligo-proxy-init", "-kp"], "").success();
    desk.is_einsteins("ligo-proxy-init -kp");
    let umlaut = Desk::new();
    let stdin = format!("{}\n", world().get("ECP_UMLAUT_PASSWORD"));
    umlaut
        .run(
            &[
                "ecp-get-cert",
                "-i",
                "LIGO",
                "-u",
                world().get("ECP_UMLAUT_USER"),
                "--pwstdin",
            ],
            &stdin,
        )
        .success();
}

#[test]
fn extra_content_beside_the_certificate_is_tolerated() {
    let base = world()
        .get("ECP_SERVICE_URL")
        .trim_end_matches("getcert")
        .to_owned();
    for (word, more) in [
        ("chain", None),
        ("before", None),
        ("text", None),
        ("legacy-p12", Some("--pkcs12")),
        ("3des-p12", Some("--pkcs12")),
    ] {
        let desk = Desk::new();
        let words = ["-i", "LIGO", "--service-url", &format!("{base}{word}")];
        desk.get(&[&words[..], &more.into_iter().collect::<Vec<_>>()].concat())
            .success();
        desk.is_einsteins(word);
    }
    for case in ["java", "default-namespace", "byte-order-mark", "odd"] {
        let desk = Desk::new();
        let idp = format!("{}/idp/{case}/SAML2/SOAP/ECP", world().get("ECP_ROGUE"));
        desk.get(&["-i", &idp]).success();
        desk.is_einsteins(case);
    }
    let desk = Desk::new();
    let idp = format!("{}/idp/forged/SAML2/SOAP/ECP", world().get("ECP_ROGUE"));
    for case in ["ok", "message-id", "no-relay-state", "acs-200"] {
        let service = format!("{}/sp/{case}/getcert", world().get("ECP_ROGUE"));
        desk.get(&["-i", &idp, "--service-url", &service]).success();
        desk.is_einsteins(case);
    }
}

#[test]
fn a_misbehaving_identity_provider_is_rejected() {
    let stolen = |name: &str| {
        log("peers.jsonl")
            .lines()
            .filter(|line| line.contains(name))
            .count()
    };
    let before = stolen("stolen.world.example");
    let cases = [
        ("other-host", "addressed its answer to https://stolen"),
        ("other-path", "nothing was sent"),
        ("http", "addressed its answer to http:"),
        ("two-headers", "nothing was sent"),
        ("no-acs", "nothing was sent"),
        ("no-header", "nothing was sent"),
        ("no-body", "no SAML response"),
        ("two-bodies", "not have exactly one body"),
        ("doctype", "document type"),
        ("doctype-external", "document type"),
        ("html", "most likely the password is wrong"),
        ("xhtml", "help: "),
        ("garbage", "page instead of a login"),
        ("empty", "page instead of a login"),
        ("truncated", "help: "),
        ("unclosed", "help: "),
        ("deep", "help: "),
        ("large", "more than 1 MiB"),
        ("endless", "more than 1 MiB"),
        ("endless-header", "help: "),
        ("close", "cannot be reached"),
        ("fault", "reported a fault"),
        ("fault-500", "reported a fault"),
        ("failed", "AuthnFailed"),
        ("denied", "RequestDenied"),
        ("long-status", "did not log you in"),
        ("success-in-failure", "did not log you in"),
        ("401", "refused the password of"),
        ("500", "status 500"),
        ("503", "status 503"),
        ("redirect", "status 302"),
        ("redirect-307", "status 307"),
        ("redirect-http", "status 307"),
        ("forged", "did not accept the login (status 500)"),
    ];
    for (case, words) in cases {
        let desk = Desk::new().with_sentinel();
        let outcome = desk.get(&[
            "-i",
            &format!("{}/idp/{case}/SAML2/SOAP/ECP", world().get("ECP_ROGUE")),
        ]);
        desk.refuses(case, outcome, words);
    }
    assert_eq!(
        stolen("stolen.world.example"),
        before,
        "something went to an address that only the IdP named"
    );
    assert_eq!(
        stolen("\"listener\": \"http\""),
        0,
        "something was sent without TLS"
    );
    for (name, words) in [
        (
            "Untrusted certificate",
            "the certificate of untrusted.world.example is not trusted: ",
        ),
        (
            "Expired certificate",
            "is not trusted: certificate has expired",
        ),
        (
            "Certificate of somebody else",
            "is not trusted: hostname mismatch",
        ),
        ("Dead", "cannot be reached"),
    ] {
        let desk = Desk::new().with_sentinel();
        desk.refuses(name, desk.get(&["-i", name]), words);
    }
}

#[test]
fn a_service_that_is_gone_or_misbehaves_is_reported_with_an_alternative() {
    let base = world()
        .get("ECP_SERVICE_URL")
        .trim_end_matches("getcert")
        .to_owned();
    let rogue = world().get("ECP_ROGUE").to_owned();
    let cases = [
        (
            format!("{base}retired"),
            "ECP certificates have been disabled.",
        ),
        (format!("{base}retired"), "htgettoken -a vault.ligo.org"),
        (
            format!("{base}off"),
            "Downloading certificates is disabled.",
        ),
        (format!("{base}404"), "status 404"),
        (format!("{base}410"), "SciTokens"),
        (format!("{base}503"), "status 503"),
        (format!("{base}garbage"), "it has no certificate"),
        (format!("{base}empty"), "it has no certificate"),
        (format!("{base}html"), "it has no certificate"),
        (format!("{base}endless"), "more than 1 MiB"),
        (format!("{base}other-key"), "for another key"),
        (format!("{base}expired"), "has already expired"),
        (format!("{base}redirect"), "does not recognise the login"),
        (
            format!("{rogue}/sp/foreign-consumer/getcert"),
            "to another address",
        ),
        (
            format!("{rogue}/sp/http-consumer/getcert"),
            "to another address",
        ),
        (
            format!("{rogue}/sp/two-consumers/getcert"),
            "to another address",
        ),
        (format!("{rogue}/sp/html/getcert"), "it sent a page"),
        (format!("{rogue}/sp/html-session/getcert"), "it sent a page"),
        (format!("{rogue}/sp/garbage/getcert"), "it sent a page"),
        (format!("{rogue}/sp/empty/getcert"), "it sent a page"),
        (format!("{rogue}/sp/doctype/getcert"), "document type"),
        (
            format!("{rogue}/sp/no-request/getcert"),
            "does not say where to send the login",
        ),
        (format!("{rogue}/sp/fault/getcert"), "reported a fault"),
        (format!("{rogue}/sp/redirect/getcert"), "login page"),
        (format!("{rogue}/sp/endless/getcert"), "more than 1 MiB"),
        (format!("{rogue}/sp/close/getcert"), "cannot be reached"),
        (format!("{rogue}/sp/410/getcert"), "SciTokens"),
        (
            format!("{rogue}/sp/acs-500/getcert"),
            "did not accept the login",
        ),
        (
            format!("{rogue}/sp/acs-no-cookie/getcert"),
            "does not recognise the login",
        ),
        (
            format!("{rogue}/sp/acs-deletion/getcert"),
            "does not recognise the login",
        ),
        (world().get("ECP_DEAD").to_owned(), "cannot be reached"),
        (
            "http://ecp.cilogon.org/secure/getcert".to_owned(),
            "is not an https address",
        ),
    ];
    let idp = format!("{rogue}/idp/forged/SAML2/SOAP/ECP");
    for (service, words) in cases {
        let desk = Desk::new().with_sentinel();
        let idp = if service.starts_with(&rogue) {
            idp.as_str()
        } else {
            "LIGO"
        };
        desk.refuses(
            &service,
            desk.get(&["-i", idp, "--service-url", &service]),
            words,
        );
    }
    let desk = Desk::new()
        .with("KRB5CCNAME", world().get("ECP_CCACHE"))
        .with_sentinel();
    let page = format!("{rogue}/sp/404/getcert");
    desk.refuses(
        "a page",
        desk.run(&["ecp-get-cookie", "-k", "-i", "LIGO", &page], ""),
        "help: check the address",
    );
    let idp = format!("{rogue}/idp/404/SAML2/SOAP/ECP");
    desk.refuses(
        "an identity provider",
        desk.get(&["-i", &idp]),
        "help: check the address",
    );
    let retired = Desk::new()
        .with("HTTPS_PROXY", world().get("ECP_PROXY_RETIRED"))
        .with_sentinel();
    let stdin = format!("{}\n", world().get("ECP_PASSWORD"));
    let outcome = retired.run(
        &["ligo-proxy-init", world().get("ECP_USER"), "--pwstdin"],
        &stdin,
    );
    retired.refuses(
        "ligo-proxy-init today",
        outcome,
        "ECP certificates have been disabled.",
    );
    let refused = Desk::new().with_sentinel();
    let stdin = format!("{}\n", world().get("ECP_REFUSED_PASSWORD"));
    let words = [
        "ecp-get-cert",
        "-i",
        "LIGO",
        "--pwstdin",
        "-u",
        world().get("ECP_REFUSED_USER"),
    ];
    refused.refuses(
        "a user whom the service does not take",
        refused.run(&words, &stdin),
        "refused: ",
    );
}

#[test]
fn technical_failures_fall_back_to_the_second_identity_provider_but_a_wrong_password_does_not() {
    for proxy in ["ECP_PROXY_LOGIN_503", "ECP_PROXY_LOGIN_DEAD"] {
        let desk = Desk::new().with("HTTPS_PROXY", world().get(proxy));
        let stdin = format!("{}\n", world().get("ECP_PASSWORD"));
        let outcome = desk
            .run(
                &["ligo-proxy-init", world().get("ECP_USER"), "--pwstdin"],
                &stdin,
            )
            .success();
        assert!(
            outcome.stderr.contains("trying the next identity provider"),
            "{proxy}: {outcome:?}"
        );
        desk.is_einsteins(proxy);
    }
    for (case, fails_over) in [("fault-500", true), ("fault", false)] {
        let desk = Desk::new();
        let (rogue, second) = (world().get("ECP_ROGUE"), world().get("ECP_IDP2_URL"));
        let list = format!("{rogue}/idp/{case}/SAML2/SOAP/ECP Twin\n{second} Twin 2\n");
        fs::write(desk.dir.path().join("list"), list).unwrap();
        let outcome = desk.get(&["-i", "Twin", "--idp-list", "list"]);
        assert_eq!(outcome.code == Some(0), fails_over, "{case}: {outcome:?}");
        assert_eq!(
            outcome.stderr.contains("trying the next identity provider"),
            fails_over,
            "{case}: {outcome:?}"
        );
    }
    let desk = Desk::new()
        .with("HTTPS_PROXY", world().get("ECP_PROXY_LOGIN_503"))
        .with_sentinel();
    for host in ["login.ligo.org", "LIGO"] {
        let words = [
            "ligo-proxy-init",
            "-i",
            host,
            world().get("ECP_USER"),
            "--pwstdin",
        ];
        let outcome = desk.run(&words, &format!("{}\n", world().get("ECP_PASSWORD")));
        assert!(
            !outcome.stderr.contains("next identity provider"),
            "{outcome:?}"
        );
        desk.refuses(host, outcome, "login.ligo.org answered with status 503");
    }
    let desk = Desk::new().with_sentinel();
    let outcome = desk.run(
        &["ligo-proxy-init", "albert.einstein", "--pwstdin"],
        "wrong\n",
    );
    assert!(
        !outcome.stderr.contains("next identity provider"),
        "{outcome:?}"
    );
    desk.refuses(
        "wrong password",
        outcome,
        "login.ligo.org refused the password of albert.einstein",
    );
    let outcome = desk.run(
        &[
            "ecp-get-cert",
            "-i",
            "login2.ligo.org",
            "-u",
            "albert.einstein",
            "--pwstdin",
        ],
        "wrong\n",
    );
    desk.refuses(
        "wrong password at the second",
        outcome,
        "did not log you in",
    );
}

#[test]
fn kerberos_failures_are_plain_and_the_server_must_authenticate() {
    let rogue = world().get("ECP_ROGUE");
    for (ccache, idp, words) in [
        (
            "ECP_CCACHE_EXPIRED",
            "LIGO".to_owned(),
            "no valid Kerberos ticket",
        ),
        (
            "ECP_CCACHE",
            format!("{rogue}/idp/forged/SAML2/SOAP/ECP"),
            "did not prove its identity by Kerberos",
        ),
        (
            "ECP_CCACHE",
            format!("{rogue}/idp/bad-mutual/SAML2/SOAP/ECP"),
            "did not prove its identity by Kerberos",
        ),
        (
            "ECP_CCACHE",
            format!("{rogue}/idp/401-negotiate/SAML2/SOAP/ECP"),
            "refused your Kerberos ticket",
        ),
    ] {
        let desk = Desk::new()
            .with("KRB5CCNAME", world().get(ccache))
            .with_sentinel();
        desk.refuses(
            &idp,
            desk.run(&["ecp-get-cert", "-k", "-i", &idp], ""),
            words,
        );
    }
    let unknown = "https://untrusted.world.example/idp/forged/SAML2/SOAP/ECP";
    for config in ["KRB5_CONFIG", "ECP_KRB5_CONFIG_NO_KDC"].map(|name| world().get(name)) {
        let desk = Desk::new()
            .with("KRB5CCNAME", world().get("ECP_CCACHE"))
            .with("KRB5_CONFIG", config);
        let desk = desk.with_sentinel();
        let outcome = desk.run(&["ecp-get-cert", "-k", "-i", unknown], "");
        assert!(!outcome.stderr.contains("kinit"), "{outcome:?}");
        desk.refuses(config, outcome, "log in with your password");
    }
    let none = Desk::new()
        .with("KRB5CCNAME", "FILE:/nonexistent")
        .with_sentinel();
    none.refuses(
        "no ticket",
        none.run(&["ecp-get-cert", "-k", "-i", "LIGO"], ""),
        "run: kinit",
    );
}

#[test]
fn reuse_respects_the_hours_given() {
    let desk = Desk::new();
    desk.get(&["-i", "LIGO", "-H", "5"]).success();
    let first = fs::read(desk.file()).unwrap();
    for words in [
        &["-r"][..],
        &["-vr"],
        &["-r", "4"],
        &["--reuse", "4.9"],
        &["-r", "0"],
    ] {
        let words = [&["ecp-get-cert", "-i", "LIGO"][..], words].concat();
        desk.run(&words, "").success();
        assert_eq!(fs::read(desk.file()).unwrap(), first, "{words:?}");
    }
    let without_password = desk.run(
        &[
            "ecp-get-cert",
            "-i",
            "LIGO",
            "-u",
            "albert.einstein",
            "-r",
            "5",
        ],
        "",
    );
    assert_eq!(
        without_password.code,
        Some(1),
        "no password was available: {without_password:?}"
    );
    for hours in ["nan", "inf", "soon"] {
        let words = ["ecp-get-cert", "-i", "LIGO", &format!("--reuse={hours}")];
        assert_eq!(desk.run(&words, "").code, Some(2), "{hours}");
    }
    let mut faults = vec![(0o640, None), (0o604, None), (0o666, None)];
    let me = rustix::process::geteuid();
    // Only root can give a file away.
    faults.extend(me.is_root().then_some((0o600, Some(1))));
    for (mode, owner) in faults {
        fs::set_permissions(desk.file(), fs::Permissions::from_mode(mode)).unwrap();
        std::os::unix::fs::chown(desk.file(), owner, None).unwrap();
        let outcome = desk.run(
            &["ecp-get-cert", "-i", "LIGO", "-u", "albert.einstein", "-vr"],
            "",
        );
        assert!(
            outcome.stdout.contains("failed, will regenerate"),
            "{mode:o}, {owner:?}: {outcome:?}"
        );
    }
    std::os::unix::fs::chown(desk.file(), Some(me.as_raw()), None).unwrap();
    desk.get(&["-i", "LIGO", "-r", "5", "-p"]).success();
    assert_ne!(fs::read(desk.file()).unwrap(), first);
    desk.is_einsteins("a proxy in place of the certificate");
}

#[test]
fn the_result_can_be_shown_used_and_destroyed() {
    let desk = Desk::new();
    desk.get(&["-i", "LIGO", "-H", "5"]).success();
    let block = desk.run(&["ecp-cert-info"], "").success().stdout;
    let labels = [
        "subject  : /DC=org",
        "issuer   : ",
        "type     : end entity credential",
        "strength : 2048 bits",
        "timeleft : 4:59:",
    ];
    labels
        .iter()
        .for_each(|label| assert!(block.contains(label), "{label}: {block}"));
    let order = desk
        .run(&["ecp-cert-info", "-t", "-s"], "")
        .success()
        .stdout;
    assert!(
        order.lines().next().unwrap().parse::<u32>().is_ok(),
        "{order}"
    );
    for words in [
        &["-ti"][..],
        &["--time", "--iss"],
        &["-timeleft", "--issuer"],
    ] {
        let lines = desk
            .run(&[&["ecp-cert-info"], words].concat(), "")
            .success()
            .stdout;
        let lines: Vec<&str> = lines.lines().collect();
        assert!(
            lines.len() == 2 && lines[0].parse::<u32>().is_ok() && lines[1].starts_with('/'),
            "{words:?}: {lines:?}"
        );
    }
    assert_eq!(
        desk.run(&["ecp-cert-info", "-exists", "-valid", "4:00"], "")
            .code,
        Some(0)
    );
    assert_eq!(
        desk.run(&["ecp-cert-info", "-e", "-v", "6:00"], "").code,
        Some(1)
    );
    let proxy = desk.run(
        &[
            "init",
            "--noregen",
            "--out",
            "proxy.pem",
            "--certdir",
            world().get("ECP_CERT_DIR"),
        ],
        "",
    );
    proxy.success();
    let cert = desk.file().display().to_string();
    desk.run(
        &[
            "init",
            "--cert",
            &cert,
            "--out",
            "other.pem",
            "--certdir",
            world().get("ECP_CERT_DIR"),
        ],
        "",
    )
    .success();
    let gone = desk.run(&["ligo-proxy-init", "-X"], "");
    assert!(gone.code == Some(0) && !desk.file().exists(), "{gone:?}");
    let again = desk.run(&["ecp-get-cert", "-Xv"], "").success();
    assert!(again.stdout.ends_with("... not found\n"), "{again:?}");
}

#[test]
fn programs_get_json_from_every_ecp_command() {
    let desk = Desk::new().with("KRB5CCNAME", world().get("ECP_CCACHE"));
    let page = world().get("ECP_SERVICE_URL").replace("getcert", "hello");
    let json = |words: &[&str], schema: &str| {
        let outcome = desk.run(&[words, &["--json"]].concat(), "").success();
        assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
        parsed(&outcome.stdout, schema)
    };
    let list = json(&["ecp-get-cert", "-l"], "identity-providers");
    let named = |provider: &serde_json::Value| provider["name"] == "LIGO Scientific Collaboration";
    assert!(
        list["identity_providers"]
            .as_array()
            .unwrap()
            .iter()
            .any(named)
    );
    // Progress of --verbose would spoil the document.
    let login = ["-k", "-i", "LIGO", "-v"];
    let got = json(&[&["ecp-get-cert"], &login[..]].concat(), "certificate");
    let shown = json(&["ecp-cert-info"], "certificate");
    assert_eq!(
        (&got["subject"], &got["not_after"]),
        (&shown["subject"], &shown["not_after"])
    );
    let session = json(
        &[&["ecp-get-cookie", "-c", "jar", &page], &login[..]].concat(),
        "cookies",
    );
    let is_session = |cookie: &serde_json::Value| {
        cookie["name"]
            .as_str()
            .unwrap()
            .starts_with("_shibsession_")
    };
    assert!(
        session["cookies"]
            .as_array()
            .unwrap()
            .iter()
            .any(is_session),
        "{session}"
    );
    let jar = fs::read_to_string(desk.dir.path().join("jar")).unwrap();
    let secret = jar
        .lines()
        .find(|line| line.contains("_shibsession_"))
        .unwrap();
    let secret = secret.rsplit('\t').next().unwrap();
    assert!(!session.to_string().contains(secret));
    let stored = json(&["ecp-curl", "-c", "jar", "-o", "page", &page], "page");
    let length = fs::metadata(desk.dir.path().join("page")).unwrap().len();
    assert_eq!(stored["bytes"], length);
    let both = desk.run(&["ecp-curl", "-c", "jar", "--json", &page], "");
    assert_eq!(both.code, Some(2));
    assert_eq!(parsed(&both.stdout, "error")["code"], "usage");
    for removed in [1, 0] {
        let gone = json(&["ligo-proxy-init", "--destroy"], "grid-destroy");
        assert_eq!(gone["removed"].as_array().unwrap().len(), removed);
    }
    let refused = desk.run(
        &["ecp-get-cert", "-k", "-i", "https://127.0.0.1:1/", "--json"],
        "",
    );
    assert_eq!(refused.code, Some(1));
    parsed(&refused.stdout, "error");
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let desk = Desk::new();
    for words in [
        &["ligo-proxy-init"][..],
        &["ecp-get-cert", "-u", "x"],
        &["ecp-get-cert", "--nonsense"],
        &["ecp-curl"],
    ] {
        let outcome = desk.run(words, "");
        assert_eq!(outcome.code, Some(2), "{words:?}: {outcome:?}");
        assert!(outcome.stderr.contains("help: "), "{words:?}: {outcome:?}");
    }
}

#[test]
fn ecp_without_a_subcommand_asks_for_one() {
    let desk = Desk::new();
    let usage = "voms-proxy ecp get-cert|cert-info|get-cookie|curl\n";
    for (words, reported) in [
        (&["ecp"][..], "ecp is the first of two words"),
        (
            &["ecp", "get-certificate"],
            "unknown command 'ecp get-certificate'",
        ),
    ] {
        let outcome = desk.run(words, "");
        assert!(
            outcome.code == Some(1) && outcome.stderr.contains(reported),
            "{outcome:?}"
        );
        assert!(outcome.stderr.ends_with(usage), "{outcome:?}");
    }
    assert_eq!(
        desk.run(&["ecp", "--help"], "").success().stdout,
        format!("usage: {usage}")
    );
}

#[test]
fn debug_output_hides_secrets() {
    let desk = Desk::new();
    for more in [&[][..], &["--pkcs12"]] {
        let outcome = desk.get(&[&["-i", "LIGO", "-d"], more].concat()).success();
        let reported = format!("{}{}", outcome.stdout, outcome.stderr);
        let basic = openssl::base64::encode_block(
            format!(
                "{}:{}",
                world().get("ECP_USER"),
                world().get("ECP_PASSWORD")
            )
            .as_bytes(),
        );
        for secret in [
            world().get("ECP_PASSWORD"),
            &basic,
            "PRIVATE KEY",
            "p12password=",
        ] {
            assert!(!reported.contains(secret), "{secret} in {reported}");
        }
        assert!(
            reported.contains("> authorization: Basic ***") && reported.contains("_shibsession_"),
            "{reported}"
        );
        let values = reported
            .split("_shibsession_")
            .skip(1)
            .filter_map(|rest| rest.split_once('='));
        values.for_each(|(_, value)| assert!(value.starts_with("***"), "{reported}"));
    }
}

#[test]
fn an_address_with_a_password_is_rejected() {
    let desk = Desk::new()
        .with("KRB5CCNAME", world().get("ECP_CCACHE"))
        .with_sentinel();
    let idp = "https://joe:pass@rogue.world.example/idp/forged/SAML2/SOAP/ECP";
    let service = "https://joe:pass@ecp.cilogon.org/secure/getcert";
    for words in [
        &[
            "ecp-get-cert",
            "-dk",
            "-i",
            "LIGO",
            "--service-url",
            service,
        ][..],
        &["ecp-get-cert", "-dk", "-i", idp],
        &["ecp-get-cert", "-d", "-i", idp, "-u", "joe", "--pwstdin"],
        &[
            "ecp-get-cert",
            "-dk",
            "-i",
            "https://joe:pass@rogue.world.example/no-ecp",
        ],
        &["ecp-get-cert", "-dl", "--idp-list", service],
        &["ecp-get-cookie", "-dk", "-i", "LIGO", service],
        &[
            "ecp-curl",
            "-dk",
            "-i",
            "LIGO",
            "http://joe:pass@ecp.cilogon.org/secure/hello",
        ],
        &[
            "ecp-curl",
            "-dk",
            "-i",
            "LIGO",
            "https://joe:pass@ecp.cilogon.org:port/secure/hello",
        ],
    ] {
        let outcome = desk.run(words, "x\n");
        assert!(
            !format!("{}{}", outcome.stdout, outcome.stderr).contains("pass@"),
            "{words:?}: {outcome:?}"
        );
        desk.refuses(&words.join(" "), outcome, "address");
    }
}

#[test]
fn cookies_work_with_curl_and_pages_behind_the_login_are_fetched() {
    let desk = Desk::new().with("KRB5CCNAME", world().get("ECP_CCACHE"));
    let page = world().get("ECP_SERVICE_URL").replace("getcert", "hello");
    desk.run(
        &["ecp-get-cookie", "-k", "-i", "LIGO", "-c", "jar", &page],
        "",
    )
    .success();
    assert_eq!(mode(&desk.dir.path().join("jar")), 0o600);
    let mut curl = Command::new("curl");
    curl.args([
        "-sS",
        "-b",
        "jar",
        "-x",
        world().get("ECP_PROXY"),
        "--cacert",
        world().get("ECP_CA_FILE"),
        &page,
    ]);
    let outcome = run(curl.current_dir(desk.dir.path()), b"").success();
    assert!(outcome.stdout.contains("lbert"), "{outcome:?}");
    let ours = desk.run(&["ecp-curl", "-c", "jar", &page], "").success();
    assert_eq!(ours.stdout, outcome.stdout);
    let fresh = desk.run(
        &[
            "ecp-curl", "-k", "-i", "LIGO", "-c", "other", "-s", "-o", "page", &page,
        ],
        "",
    );
    fresh.success();
    assert_eq!(
        fs::read_to_string(desk.dir.path().join("page")).unwrap(),
        outcome.stdout
    );
    assert!(
        fs::read_to_string(desk.dir.path().join("other"))
            .unwrap()
            .contains("_shibsession_")
    );
    desk.run(&["ecp-get-cookie", "-r", "-c", "other", &page], "")
        .success();
    let rogue = format!(
        "{}/idp/html/our-header/SAML2/SOAP/ECP",
        world().get("ECP_ROGUE")
    );
    let headers = ["-H", "X-Test: of ours", "-H", "Authorization: ours"];
    let named = desk
        .run(
            &[
                &["ecp-curl", "-c", "other", "-s", "--debug", &rogue],
                &headers[..],
            ]
            .concat(),
            "",
        )
        .success();
    assert!(
        named.stderr.contains("> x-test: ***") && !named.stderr.contains("ours"),
        "{named:?}"
    );
    let asked = log("peers.jsonl");
    assert!(
        asked
            .lines()
            .any(|line| line.contains("/our-header/") && line.contains("of ours")),
        "{asked}"
    );
    assert_eq!(
        desk.run(&["ecp-curl", "-H", "nonsense", &page], "").code,
        Some(2)
    );
    let others = "#HttpOnly_sp.example\tFALSE\t/\tTRUE\t0\t_shibsession_6162\tprecious";
    fs::write(
        desk.dir.path().join("mine"),
        format!("# Netscape HTTP Cookie File\n{others}\n"),
    )
    .unwrap();
    for (command, sessions) in [("ecp-curl", 1), ("ecp-get-cookie", 2), ("ecp-curl", 2)] {
        desk.run(&[command, "-k", "-i", "LIGO", "-c", "mine", &page], "")
            .success();
        let kept = fs::read_to_string(desk.dir.path().join("mine")).unwrap();
        assert!(
            kept.contains(others) && kept.matches("_shibsession_").count() == sessions,
            "{command}: {kept}"
        );
    }
    desk.run(&["ecp-get-cookie", "-X", "-c", "other"], "")
        .success();
    assert!(!desk.dir.path().join("other").exists());
}

#[test]
fn pages_may_be_large_and_slow_but_must_be_complete() {
    let desk = Desk::new();
    let rogue = world().get("ECP_ROGUE");
    let page = |case: &str| format!("{rogue}/idp/{case}/SAML2/SOAP/ECP");
    desk.run(&["ecp-curl", "-c", "jar", "-o", "page", &page("large")], "")
        .success();
    assert!(fs::metadata(desk.dir.path().join("page")).unwrap().len() > 8_000_000);
    let endless = desk.run(
        &["ecp-curl", "-c", "jar", "-o", "endless", &page("endless")],
        "",
    );
    assert!(
        endless.code == Some(1) && !desk.dir.path().join("endless").exists(),
        "{endless:?}"
    );
    assert!(
        endless.stderr.contains("more than 64 MiB") && endless.stderr.contains("curl -b"),
        "{endless:?}"
    );
    let mut full = Command::new("sh");
    full.args([
        "-c",
        "exec \"$0\" ecp-curl -c jar \"$1\" >/dev/full",
        BINARY,
        &page("html"),
    ]);
    full.env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(desk.dir.path())
        .envs(desk.variables.iter().cloned());
    let full = run(&mut full, b"");
    assert!(
        full.code == Some(1) && full.stderr.contains("cannot write to stdout"),
        "{full:?}"
    );
}

#[test]
fn without_the_list_the_built_in_institutions_are_known() {
    let desk = Desk::new();
    let listed = desk.run(&["ecp-get-cert", "-l"], "").success().stdout;
    assert!(
        listed.contains("'LIGO Scientific Collaboration'") && listed.contains("(Kerberos)'"),
        "{listed}"
    );
    let own = desk
        .run(
            &[
                "ecp-get-cert",
                "-l",
                "--idp-list",
                world().get("ECP_IDP_LIST"),
            ],
            "",
        )
        .success()
        .stdout;
    assert!(
        own.lines().all(|line| listed.contains(line)) && listed.contains("KAGRA"),
        "{listed}"
    );
    let dead = Desk::new().with("HTTPS_PROXY", "http://127.0.0.1:1");
    let built_in = dead.run(&["ecp-get-cert", "-l"], "").success().stdout;
    assert!(
        built_in.contains("KAGRA") && built_in.contains("login2.ligo.org"),
        "{built_in}"
    );
}

#[test]
fn a_list_that_contradicts_the_built_in_one_is_used_with_a_warning() {
    let desk = Desk::new();
    let text = "https://rogue.world.example/SOAP/ECP LIGO Scientific Collaboration\n";
    fs::write(desk.dir.path().join("list"), text).unwrap();
    let listed = desk
        .run(&["ecp-get-cert", "-l", "--idp-list", "list"], "")
        .success();
    assert!(listed.stdout.contains("rogue.world.example"), "{listed:?}");
    assert!(listed.stderr.starts_with("warning: "), "{listed:?}");
}
