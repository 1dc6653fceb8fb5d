//! Tokens beside proxies: `status`, `init --token`, `destroy --all`, and the commands that tokens have replaced.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, Whose, usual, world};

#[track_caller]
fn status(desk: &Desk, exit: i32) -> Value {
    let ended = desk.ours(&["status", "--json"]);
    assert_eq!(ended.exit, exit, "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

fn kinds(status: &Value) -> Vec<&str> {
    let holdings = status["holdings"].as_array().unwrap();
    holdings
        .iter()
        .map(|held| held["kind"].as_str().unwrap())
        .collect()
}

/// A certificate that no CA is asked about.
pub fn self_signed(desk: &Desk) {
    fs::create_dir(desk.path(".globus")).unwrap();
    let words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /DC=example/CN=Albert -addext keyUsage=digitalSignature \
        -keyout .globus/userkey.pem -out .globus/usercert.pem";
    let words: Vec<&str> = words.split_whitespace().collect();
    assert_eq!(desk.run("openssl", &words).exit, 0);
}

#[test]
fn proxy_and_token_come_and_go_together() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let ended = desk.ours(&["destroy", "--all"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(kinds(&status(&desk, 1)), [""; 0]);
    self_signed(&desk);
    desk.kinit();
    let proxy = desk.path("x509up").display().to_string();
    let desk = desk.with("X509_USER_PROXY", &proxy);
    let ended = desk.ours(&["init", "--token", "--skip-chain-integrity-checks"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let held = status(&desk, 0);
    let all = ["proxy", "token", "vault-token", "ticket", "certificate"];
    assert_eq!(kinds(&held), all);
    assert_eq!(held["holdings"][1]["identity"], "albert.einstein@ligo.org");
    let taken_by = serde_json::json!(["wlcg", "igwn"]);
    assert_eq!(held["holdings"][1]["taken_by"], taken_by);
    // Without a token the proxy is there all the same.
    let dead = format!("-a {} -i igwn", world().get("TOKEN_DEAD"));
    let desk = desk.with("HTGETTOKENOPTS", &dead);
    let words = ["init", "--token", "--skip-chain-integrity-checks", "--json"];
    let ended = desk.ours(&words);
    assert_eq!(ended.exit, 1, "{ended:?}");
    let error: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(error["code"], "server-unreachable", "{error}");
    let ended = desk.ours(&["destroy", "--all"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(kinds(&status(&desk, 0)), ["ticket", "certificate"]);
}

#[test]
fn a_renewed_proxy_has_a_renewed_token_where_it_came_with_one() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    self_signed(&desk);
    let proxy = desk.path("x509up").display().to_string();
    let desk = desk.with("X509_USER_PROXY", &proxy);
    let alone = "--skip-chain-integrity-checks";
    for (words, is_renewed) in [
        (&["init", "--token", alone][..], true),
        (&["init", alone], false),
    ] {
        assert_eq!(desk.ours(words).exit, 0);
        let _ = fs::remove_file(desk.bearer_token());
        let ended = desk.ours(&["renew", alone]);
        assert_eq!(ended.exit, 0, "{ended:?}");
        assert_eq!(desk.bearer_token().exists(), is_renewed, "{words:?}");
    }
    assert_eq!(desk.ours(&["init", "--token", alone]).exit, 0);
    assert_eq!(desk.ours(&["destroy"]).exit, 0);
    assert!(!desk.path("x509up.token").exists());
}

#[test]
fn a_command_gets_a_token_of_its_own() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    self_signed(&desk);
    fs::write(desk.bearer_token(), "another").unwrap();
    let desk = desk.with("BEARER_TOKEN", "old");
    let script = r#"echo "${BEARER_TOKEN-none}"; stat -c %a "$BEARER_TOKEN_FILE"; wc -l <"$BEARER_TOKEN_FILE""#;
    let words = [
        "run",
        "--token",
        "--skip-chain-integrity-checks",
        "--",
        "sh",
        "-c",
        script,
    ];
    let ended = desk.ours(&words);
    assert_eq!(
        (ended.exit, &*ended.stdout),
        (0, "none\n600\n1\n"),
        "{ended:?}"
    );
    assert_eq!(fs::read_to_string(desk.bearer_token()).unwrap(), "another");
    assert!(
        !desk
            .files()
            .iter()
            .any(|(name, _)| name.contains("voms-proxy-run"))
    );
    // Nobody is asked to log in.
    fs::remove_file(desk.vault_token()).unwrap();
    let ended = desk.with_person(&[], Whose::Ours, words[0], &words[1..]);
    assert_eq!(ended.exit, 1, "{ended:?}");
}

#[test]
fn a_keeper_mends_the_token_too() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    self_signed(&desk);
    let proxy = desk.path("x509up").display().to_string();
    let desk = desk.with("X509_USER_PROXY", &proxy);
    let words = "keep --token --quiet --background --until 90s --skip-chain-integrity-checks";
    let words: Vec<&str> = words.split(' ').collect();
    let ended = desk.ours(&words);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let before = fs::read(desk.bearer_token()).unwrap();
    fs::remove_file(desk.bearer_token()).unwrap();
    let start = Instant::now();
    while !desk.bearer_token().exists() {
        assert!(start.elapsed() < Duration::from_secs(80), "no token");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_ne!(fs::read(desk.bearer_token()).unwrap(), before);
}

#[test]
fn a_token_that_hides_a_good_one_is_reported() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let bad = desk.path("bad");
    fs::write(&bad, "no token").unwrap();
    let desk = desk.with("BEARER_TOKEN_FILE", &bad.display().to_string());
    let held = status(&desk, 2);
    let codes: Vec<&str> = held["holdings"][0]["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    let codes_expected = ["token-unreadable", "token-permissions", "token-hidden"];
    assert_eq!(codes, codes_expected, "{held}");
    // And so it is: what igwn-auth-utils looks at is that file.
    let found = desk.found_by_igwn("https://datafind.ligo.org", "read:/frames");
    assert_ne!(found.exit, 0);
    assert_eq!(held["holdings"][1]["taken_by"], serde_json::json!([]));
}

#[test]
fn a_scitoken_variable_comes_first_at_igwn() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let copy = desk.path("scitoken");
    fs::copy(desk.bearer_token(), &copy).unwrap();
    let desk = desk.with("SCITOKEN_FILE", &copy.display().to_string());
    let held = status(&desk, 0);
    assert_eq!(held["holdings"][0]["named_by"], "SCITOKEN_FILE");
    assert_eq!(held["holdings"][0]["taken_by"], serde_json::json!(["igwn"]));
    assert_eq!(held["holdings"][1]["taken_by"], serde_json::json!(["wlcg"]));
    // igwn-auth-utils gets by without the other.
    fs::remove_file(desk.bearer_token()).unwrap();
    let found = desk.found_by_igwn("https://datafind.ligo.org", "read:/frames");
    assert_eq!(found.exit, 0, "{found:?}");
}

#[test]
fn the_commands_for_certificates_get_a_token_instead() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    desk.kinit();
    for words in [
        &["ecp-get-cert", "-k", "--token"][..],
        &["ligo-proxy-init", "-k", "--token"],
    ] {
        fs::remove_file(desk.bearer_token()).unwrap();
        let ended = desk.ours(words);
        assert_eq!(ended.exit, 0, "{ended:?}");
        assert!(desk.bearer_token().exists(), "{words:?}");
    }
}

#[test]
fn on_a_terminal_ecp_get_cert_says_at_once_what_to_type() {
    let desk = Desk::new().with("HTTPS_PROXY", "http://127.0.0.1:9");
    let words = "ecp-get-cert -i LIGO -u albert.einstein --pwstdin";
    let run = |redirection: &str| {
        let line = format!(
            "echo x | {} {words} {redirection}",
            env!("CARGO_BIN_EXE_voms-proxy")
        );
        desk.run("script", &["-qec", &line, "/dev/null"])
    };
    let (step, shown) = ("type: htgettoken -a vault.ligo.org -i igwn", run(""));
    assert!(shown.stdout.contains(step), "{shown:?}");
    let piped = run("2>&1 | cat");
    assert!(!piped.stdout.contains(step), "{piped:?}");
}

#[test]
fn a_token_is_shown_in_words() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let shown = desk.ours(&["token", "show"]);
    assert_eq!(shown.exit, 0, "{shown:?}");
    for line in [
        "subject   : albert.einstein@ligo.org",
        "audience  : ANY",
        "scope     : read:/frames",
    ] {
        assert!(shown.stdout.contains(line), "{shown:?}");
    }
    assert_eq!(desk.ours(&["token", "show", "nowhere"]).exit, 1);
}
