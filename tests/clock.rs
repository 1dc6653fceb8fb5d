//! A clock that is wrong is told as that, not as everything that seems out of date by it.
#![allow(clippy::disallowed_methods)]

mod common;

use std::io::Write;
use std::process::Command;

use serde_json::Value;

use common::hostile;
use common::servers::{Voms, authority, honest};
use common::{BINARY, Home, Outcome, run};

const FIX: &str = "timedatectl set-ntp true";

/// The environment of a command whose clock is off, or stands at a date.
fn with_clock<'c>(command: &'c mut Command, clock: &str) -> &'c mut Command {
    command
        .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
        .env("FAKETIME", clock)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("FAKETIME_DISABLE_SHM", "1")
}

fn home(server: &Voms) -> Home {
    Home::ada().servers(&[server.virgo()])
}

fn init(home: &Home, clock: &str, words: &[&str]) -> Outcome {
    let words = [&["--voms", "virgo"], words].concat();
    run(with_clock(&mut home.init_command(&words), clock), b"")
}

fn doctor(home: &Home, clock: &str) -> (Option<i32>, Value) {
    let vomses = home.path("vomses");
    let mut command = home.command(BINARY);
    command.args(["doctor", "--json", "--voms", "virgo", "--vomses"]);
    let outcome = run(with_clock(command.arg(vomses), clock), b"");
    let report = serde_json::from_str(&outcome.stdout);
    (
        outcome.code,
        report.unwrap_or_else(|_| panic!("{outcome:?}")),
    )
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"))
}

#[test]
fn attributes_that_are_out_of_date_as_they_come_are_the_clocks_fault() {
    let server = honest(authority(|_| {}));
    let home = home(&server);
    let refused = init(&home, "+3d", &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    refused
        .says("", "this machine's clock is 3 days ahead of the server's")
        .says("", FIX);
    assert!(!refused.stderr.contains("make a new proxy"), "{refused:?}");
    assert_eq!(json(&init(&home, "+3d", &["--json"]))["code"], "clock");
    init(&home, "-20m", &[]).says("", "this machine's clock is 20 min behind the server's");
}

#[test]
fn a_clock_that_is_a_little_off_is_a_warning() {
    let server = honest(authority(|_| {}));
    let home = home(&server);
    let made = init(&home, "+3m", &["--json"]).success();
    assert_eq!(json(&made)["warnings"][0]["code"], "clock", "{made:?}");
    made.says("", "this machine's clock is 3 min ahead of the server's");
    let right = init(&home, "+0s", &["--json"]).success();
    assert_eq!(json(&right)["warnings"], serde_json::json!([]));
}

#[test]
fn certificates_of_several_people_out_of_date_at_once_make_the_clock_suspicious() {
    let server = honest(authority(|_| {}));
    let home = home(&server);
    init(&home, "+300d", &[]).says("", "is the clock of this machine right?");
    let (code, report) = doctor(&home, "+300d");
    assert_eq!(
        (code, &report["headline"]["code"]),
        (Some(1), &"clock".into())
    );
    assert_eq!(report["findings"][0]["code"], "clock");
    let said = report["headline"]["message"].as_str().unwrap();
    for name in [
        "your certificate",
        "revocation list",
        "the server's certificate",
    ] {
        assert!(said.contains(name), "{said}");
    }
    // One alone does not.
    let (_, report) = doctor(&home, "+0s");
    assert_eq!(report["status"], "ok", "{report}");
    let (_, report) = doctor(&home, "+10d");
    assert_ne!(report["headline"]["code"], "clock", "{report}");
}

#[test]
fn a_clock_before_the_program_was_made_is_wrong() {
    let server = honest(authority(|_| {}));
    let home = home(&server);
    let (code, report) = doctor(&home, "2019-05-01 12:00:00");
    assert_eq!(
        (code, &report["headline"]["code"]),
        (Some(1), &"clock".into())
    );
    let refused = init(&home, "2019-05-01 12:00:00", &["--json"]);
    assert_eq!(json(&refused)["code"], "clock", "{refused:?}");
}

#[test]
fn the_date_of_a_server_that_seems_expired_tells_the_clock() {
    let server = hostile::tls(|mut stream| {
        let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
        let answer =
            format!("HTTP/1.1 400 Bad Request\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let (_, report) = doctor(&Home::ada().servers(&[server.virgo()]), "+300d");
    let said = report["headline"]["message"].as_str().unwrap();
    assert!(said.contains("300 days ahead of the server's"), "{report}");
}
