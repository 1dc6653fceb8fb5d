//! `-` as a file: credentials that come from another program, not from the disk.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{BINARY, Outcome, run};

fn info() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/info")
}

fn fed(words: &[&str], name: &str) -> Outcome {
    let file = fs::read(info().join("proxies").join(name)).unwrap();
    let mut command = Command::new(BINARY);
    command.args(words).env_clear().env("HOME", "/nonexistent");
    command.env("X509_CERT_DIR", info().join("trust"));
    command.env("X509_VOMS_DIR", info().join("vomsdir"));
    run(&mut command, &file)
}

#[test]
fn a_proxy_is_verified_and_shown_from_standard_input() {
    let verified = fed(
        &["verify", "-", "--at", "2026-11-24T03:25:45Z"],
        "rfc-virgo.pem",
    )
    .success();
    assert!(verified.stdout.contains("/virgo/ligo"), "{verified:?}");
    let shown = fed(&["info", "--file", "-", "--fqan"], "rfc-virgo.pem").success();
    assert!(shown.stdout.starts_with("/virgo/"), "{shown:?}");
    assert_eq!(fed(&["info", "--file", "-"], "garbage.pem").code, Some(1));
}

#[test]
fn a_certificate_is_imported_from_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    fed(&["import", "-", "--no-passphrase", "--dir", to], "eec.pem").success();
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    assert_eq!(names, ["usercert.pem", "userkey.pem"]);
}

#[test]
fn endless_input_is_refused() {
    let mut command = Command::new("sh");
    command.args(["-c", "yes | \"$0\" verify - --json", BINARY]);
    command.env("X509_CERT_DIR", info().join("trust"));
    let outcome = run(&mut command, b"");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("\"not-judged\""), "{outcome:?}");
}

#[test]
fn what_is_about_a_file_beside_the_proxy_makes_no_sense_on_standard_output() {
    for option in ["--keep-plain", "--if-needed", "--json"] {
        let mut command = Command::new(BINARY);
        command.args(["init", "--out", "-", option]);
        command.env_clear().env("HOME", "/nonexistent");
        let outcome = run(&mut command, b"");
        assert_eq!(outcome.code, Some(1), "{option}: {outcome:?}");
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(
            said.contains("name a file with --out"),
            "{option}: {outcome:?}"
        );
        let json = outcome.stdout.starts_with('{');
        assert!(
            json == (option == "--json") && !outcome.stdout.contains("KEY"),
            "{outcome:?}"
        );
    }
}
