//! What people see on a terminal, which no script reads.

mod common;

use common::servers::{authority, honest};
use common::{BINARY, Home, run};

/// What the program shows on a terminal in this home.
fn shown(home: &Home, words: &str) -> String {
    let script = format!("{BINARY} {words}");
    let outcome = run(
        home.command("script").args(["-qec", &script, "/dev/null"]),
        b"",
    );
    outcome.stdout.replace('\r', "")
}

/// With a proxy that has attributes.
fn with_proxy() -> Home {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    home.init(&["--voms", "virgo"]).success();
    home.with("TERM", "xterm")
}

/// Types `keys`, one for each prompt, and gives what stood on the terminal.
fn typed(home: &Home, words: &str, keys: &[&str]) -> String {
    let answers: String = keys
        .iter()
        .map(|keys| format!("expect -re {{(:|] ) ?$}}\nsleep 0.3\nsend \"{keys}\\r\"\n"))
        .collect();
    let script = format!(
        "set timeout 30\nspawn {BINARY} {words}\n{answers}expect eof\nlassign [wait] pid os sig code\nputs code=$code\n"
    );
    home.write("script", script.as_bytes(), 0o600);
    let outcome = run(home.command("expect").arg("-f").arg("script"), b"");
    outcome.stdout.replace('\r', "")
}

const YELLOW: &str = "\x1b[33m";

#[test]
fn attributes_that_nobody_verified_are_called_so_with_the_reason() {
    let home = with_proxy();
    assert!(!shown(&home, "info").contains("not verified"));
    std::fs::create_dir(home.path("empty")).unwrap();
    let empty = home.path("empty");
    let home = home.with("X509_VOMS_DIR", &empty);
    let said = shown(&home, "info");
    assert_eq!(said.matches("not verified: ").count(), 1, "{said}");
    assert!(said.contains(&format!("{YELLOW}not verified: ")), "{said}");
    assert!(said.contains(empty.to_str().unwrap()), "{said}");
    let home = home.with("X509_CERT_DIR", "/nonexistent");
    let said = shown(&home, "info");
    assert_eq!(said.matches("not verified: ").count(), 1, "{said}");
    let said = shown(&home, "info --dont-verify-ac");
    assert!(said.contains("not verified: --dont-verify-ac"), "{said}");
}

#[test]
fn a_terminal_gets_the_colours_and_characters_that_it_has() {
    let home = with_proxy();
    let plain = |home: &Home| {
        let said = shown(home, "info");
        (said.is_ascii(), said.contains('\x1b'))
    };
    let home = home.with("LANG", "en_US.UTF-8");
    assert_eq!(plain(&home), (false, true));
    let home = home.with("NO_COLOR", "1");
    assert_eq!(plain(&home), (false, false));
    let home = home.with("LC_ALL", "C");
    assert_eq!(plain(&home), (true, false));
    let home = home.without("NO_COLOR");
    assert_eq!(plain(&home), (true, true));
    let home = home.without("LC_ALL").with("TERM", "dumb");
    assert_eq!(plain(&home), (true, false));
}

#[test]
fn two_new_passphrases_that_differ_are_both_asked_again() {
    let home = Home::ada();
    let words = ["a good word", "another word", "a good word", "a good word"];
    let said = typed(&home, "passwd", &words);
    assert!(said.contains("differs from the first time"), "{said}");
    assert!(said.contains("code=0"), "{said}");
    assert_eq!(said.matches("Enter a new pass phrase").count(), 2, "{said}");
    assert_eq!(said.matches("Enter it again:").count(), 2, "{said}");
}
