//! `voms-proxy verify --stream`, as a service keeps it.
#![allow(clippy::disallowed_methods)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{BINARY, run};
use serde_json::{Value, json};

const THEN: &str = "2026-11-24T03:25:45Z";

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/info");
    fixtures.join(name)
}

fn proxy(name: &str) -> PathBuf {
    fixture(&format!("proxies/{name}.pem"))
}

fn options(at: &str) -> Vec<String> {
    let (certdir, vomsdir) = (fixture("trust"), fixture("vomsdir"));
    let mut options = vec!["--certdir".to_owned(), certdir.display().to_string()];
    options.extend(["--vomsdir".to_owned(), vomsdir.display().to_string()]);
    options.extend(["--at".to_owned(), at.to_owned()]);
    options
}

fn stream() -> Command {
    let mut command = Command::new(BINARY);
    command.args(["verify", "--stream"]).args(options(THEN));
    command
}

fn answers(requests: &str) -> Vec<Value> {
    let outcome = run(&mut stream(), requests.as_bytes()).success();
    let lines = outcome.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What `verify --json` prints about the same file.
fn alone(file: &Path, at: &str) -> Value {
    let mut command = Command::new(BINARY);
    command.arg("verify").arg(file).arg("--json");
    let outcome = run(command.args(options(at)), b"");
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn each_answer_is_that_of_verify_with_the_id_of_its_request() {
    let later = "2027-06-01T00:00:00Z";
    let mut requests = String::new();
    let mut wanted = Vec::new();
    for (at, name) in ["rfc-virgo", "rfc-twovos", "rfc-noac", "crlf"]
        .iter()
        .enumerate()
    {
        let file = proxy(name);
        let pem = std::fs::read_to_string(&file).unwrap();
        for (request, time) in [
            (json!({ "id": at, "file": file }), THEN),
            (json!({ "id": name, "pem": pem }), THEN),
            (json!({ "id": [at, null], "pem": pem, "now": later }), later),
        ] {
            let mut verdict = alone(&file, time);
            verdict["id"] = request["id"].clone();
            requests.push_str(&format!("{request}\n"));
            wanted.push(verdict);
        }
    }
    assert_eq!(answers(&requests), wanted);
}

#[test]
fn a_line_that_is_no_request_has_an_answer_and_the_next_one_too() {
    let good = json!({ "id": 9, "file": proxy("rfc-virgo") }).to_string();
    let long = format!("{{\"id\":3,\"pem\":\"{}\"}}", "A".repeat(5 << 20));
    let deep = "[".repeat(100_000);
    let misspelt = json!({ "id": 4, "file": proxy("rfc-virgo"), "Now": THEN }).to_string();
    let bad = [
        "nonsense",
        &long,
        &deep,
        "\"",
        &misspelt,
        "{\"id\":5}",
        "\u{0}",
    ];
    let requests: String = bad.iter().map(|line| format!("{line}\n{good}\n")).collect();
    let answers = answers(&requests);
    assert_eq!(answers.len(), 2 * bad.len());
    for two in answers.chunks(2) {
        assert_eq!(two[0]["verified"], false);
        assert_eq!(two[0]["error"]["code"], "request-invalid", "{}", two[0]);
        assert_eq!(two[0]["findings"][0]["code"], "not-judged");
        assert_eq!(
            (&two[1]["verified"], &two[1]["id"]),
            (&json!(true), &json!(9))
        );
    }
    assert_eq!(
        (&answers[8]["id"], &answers[10]["id"]),
        (&json!(4), &json!(5))
    );
}

#[test]
fn what_cannot_be_read_or_verified_is_a_verdict() {
    let requests = [
        json!({ "id": 1, "file": "/nonexistent" }),
        json!({ "id": 2, "file": "/dev/zero" }),
        json!({ "id": 3, "file": "-" }),
        json!({ "id": 4, "pem": "" }),
        json!({ "id": 5, "pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }),
    ];
    let requests: String = requests.iter().map(|line| format!("{line}\n")).collect();
    let answers = answers(&requests);
    let codes: Vec<&str> = answers
        .iter()
        .map(|answer| answer["findings"][0]["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes[..3], ["not-judged"; 3]);
    assert_eq!(codes[3..], ["chain-unreadable"; 2]);
    assert!(answers.iter().all(|answer| answer.get("error").is_none()));
}

struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_answer_comes_before_the_next_question_and_the_end_of_input_ends_it() {
    let mut command = stream();
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut kept = Kept(command.spawn().unwrap());
    let mut requests = kept.0.stdin.take().unwrap();
    let mut verdicts = BufReader::new(kept.0.stdout.take().unwrap());
    for id in 0..3 {
        let request = json!({ "id": id, "file": proxy("rfc-virgo") });
        writeln!(requests, "{request}").unwrap();
        let mut answer = String::new();
        verdicts.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (&answer["id"], &answer["verified"]),
            (&json!(id), &json!(true))
        );
    }
    drop(requests);
    assert!(kept.0.wait().unwrap().success());
}

/// A snippet of the manual.
fn snippet(language: &str) -> String {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/services.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, rest) = manual.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn run_snippet(dir: &Path, command: &mut Command) -> String {
    std::os::unix::fs::symlink(BINARY, dir.join("voms-proxy")).unwrap();
    let path = std::env::var("PATH").unwrap();
    command
        .env("PATH", format!("{}:{path}", dir.display()))
        .env("X509_CERT_DIR", fixture("trust"))
        .env("X509_VOMS_DIR", fixture("vomsdir"));
    run(command, b"").success().stdout
}

#[test]
fn the_manuals_java_gets_the_verdicts() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("VomsVerifier.java");
    std::fs::write(&source, snippet("java")).unwrap();
    let files = ["rfc-virgo", "crlf"].map(proxy);
    let printed = run_snippet(dir.path(), Command::new("java").arg(source).args(&files));
    let verdicts: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // By now they have expired, which each of them says.
    assert_eq!(verdicts.len(), files.len());
    for verdict in verdicts {
        let codes = verdict["findings"].as_array().unwrap();
        let codes: Vec<_> = codes.iter().map(|finding| &finding["code"]).collect();
        assert!(codes.contains(&&json!("expired")), "{verdict}");
        assert!(verdict.get("error").is_none(), "{verdict}");
    }
}

#[test]
fn the_manuals_go_gets_the_verdicts_where_there_is_a_compiler() {
    if Command::new("go").arg("version").output().is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("main.go");
    std::fs::write(&source, snippet("go")).unwrap();
    let mut command = Command::new("go");
    command.args(["run"]).arg(source).arg(proxy("rfc-virgo"));
    let printed = run_snippet(dir.path(), &mut command);
    assert!(printed.starts_with("false "), "{printed}");
}

#[test]
fn a_request_that_has_a_field_twice_is_none() {
    let pem = std::fs::read_to_string(proxy("rfc-virgo")).unwrap();
    let pem = json!(pem).to_string();
    let twice = format!(r#"{{"id":1,"pem":{pem},"pem":{pem}}}"#);
    let once = format!(r#"{{"id":2,"pem":{pem}}}"#);
    let answers = answers(&format!("{twice}\n{once}\n"));
    assert_eq!(answers[0]["error"]["code"], "request-invalid");
    assert_eq!(answers[0]["verified"], false);
    assert_eq!(
        (&answers[1]["id"], &answers[1]["verified"]),
        (&json!(2), &json!(true))
    );
}
