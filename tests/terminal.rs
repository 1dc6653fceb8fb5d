//! What people see on a terminal, which no script reads.

mod common;

use common::hostile::{self, Hostile, silence, virgo_at};
use common::servers::{Voms, authority, honest};
use common::{BINARY, Home, certification, run, world};
use voms_authority::pki::Purpose;

const PASSPHRASE: &str = "correct horse";
const RED: &str = "\x1b[31m";

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
        .map(|keys| format!("expect -re {{(:|] )(\\x1b.0m)?$}}\nsleep 0.3\nsend \"{keys}\\r\"\n"))
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
fn a_watched_status_is_shown_again_until_it_is_interrupted() {
    let home = with_proxy();
    let again = "expect -ex \"\\x1b\\[2J\"\nexpect -ex \"/virgo\"\n".repeat(2);
    let script = format!(
        "set timeout 30\nspawn {BINARY} status --watch\n{again}send \"\\003\"\nexpect eof\n"
    );
    home.write("script", script.as_bytes(), 0o600);
    let proxy = home.proxy();
    let home = home.with("X509_USER_PROXY", &proxy);
    let said = run(home.command("expect").arg("-f").arg("script"), b"").stdout;
    let pictures: Vec<&str> = said.split("\x1b[2J").skip(1).collect();
    assert_eq!(pictures.len(), 2, "{said}");
    assert!(
        pictures.iter().all(|picture| picture.contains("/virgo")),
        "{said}"
    );
}

#[test]
fn two_new_passphrases_that_differ_are_both_asked_again() {
    let home = Home::ada();
    let words = ["a good word", "another word", "a good word", "a good word"];
    let said = typed(&home, "passwd", &words);
    assert!(said.contains("differ"), "{said}");
    assert!(said.contains("code=0"), "{said}");
    assert_eq!(said.matches("Enter a new pass phrase").count(), 2, "{said}");
    assert_eq!(said.matches("Enter it again:").count(), 2, "{said}");
}

/// The home of a member whose key has a passphrase.
fn with_encrypted_key() -> Home {
    let home = Home::ada();
    let key = world().user.key().to_encrypted_pem(PASSPHRASE).unwrap();
    home.write(".globus/userkey.pem", key.as_bytes(), 0o400);
    home.with("TERM", "xterm")
}

/// That home with the servers in a variable.
fn configured(home: Home, lines: &[String]) -> Home {
    let home = home.servers(lines);
    let vomses = home.path("vomses");
    home.with("X509_VOMSES", vomses)
}

fn silent() -> Hostile {
    hostile::tls(|mut stream| silence(&mut stream))
}

fn server() -> Voms {
    honest(authority(|_| {}))
}

#[test]
fn the_doctor_shows_a_person_what_is_wrong_first_and_the_verdict_last() {
    let server = server();
    let home = configured(Home::ada().with("TERM", "xterm"), &[server.virgo()]);
    std::fs::set_permissions(
        home.path(".globus"),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let said = shown(&home, "doctor --voms virgo:/virgo/ligo");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains(&format!("{RED}failed")), "{said}");
    let warning = said.find("mode 0777").unwrap();
    assert!(said.find("/virgo/ligo").unwrap() < warning, "{said}");
    assert!(
        !said.contains("can be written") && said.contains("--verbose"),
        "{said}"
    );
    let verdict = lines[lines.len() - 2];
    assert!(
        verdict.contains("failed: ") && verdict.contains("/virgo/ligo"),
        "{said}"
    );
    assert!(lines[lines.len() - 1].starts_with("  help: "), "{said}");
    let all = shown(&home, "doctor --voms virgo:/virgo/ligo --verbose");
    assert!(all.contains("can be written"), "{all}");
    let piped = run(home.command(BINARY).args(["doctor"]), b"");
    assert!(piped.stdout.starts_with("warning: "), "{piped:?}");
    assert!(piped.stdout.contains("can be written"), "{piped:?}");
    assert!(
        piped.stdout.contains("the VO virgo has localhost"),
        "{piped:?}"
    );
}

#[test]
fn the_doctor_asks_a_mistyped_passphrase_again() {
    let server = server();
    let home = configured(with_encrypted_key(), &[server.virgo()]);
    let said = typed(&home, "doctor", &["wrong word", PASSPHRASE]);
    assert_eq!(said.matches("Enter GRID pass phrase:").count(), 2, "{said}");
    assert!(
        said.contains("All is well. Next: voms-proxy-init --voms virgo"),
        "{said}"
    );
    assert!(said.contains("code=0"), "{said}");
}

/// Waits for a text on the terminal, and then types.
fn awaited(home: &Home, words: &str, text: &str, keys: &str) -> String {
    let script = format!(
        "set timeout 2\nspawn {BINARY} {words}\nexpect {{\ntimeout {{ exit 97 }}\n\"{text}\" {{}}\n}}\n\
         send \"{keys}\"\nset timeout 20\nexpect eof\n"
    );
    home.write("script", script.as_bytes(), 0o600);
    let outcome = run(home.command("expect").arg("-f").arg("script"), b"");
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    outcome.stdout.replace('\r', "")
}

#[test]
fn waiting_is_visible_and_an_interrupt_says_that_nothing_was_written() {
    let server = silent();
    let home = configured(Home::ada().with("TERM", "xterm"), &[server.virgo()]);
    let waiting = "waiting for localhost";
    let said = awaited(&home, "init --voms virgo", waiting, "\\003");
    assert!(
        said.ends_with("\x1b[Kinterrupted: nothing was written\n"),
        "{said:?}"
    );
    assert!(!home.proxy().exists());
    let said = awaited(&home, "doctor", waiting, "\\003");
    assert!(
        said.ends_with("\x1b[Kinterrupted: nothing was changed\n"),
        "{said:?}"
    );
    // Where lines cannot be taken back, there are none that change.
    let home = home.with("TERM", "dumb");
    let said = awaited(&home, "init --voms virgo", waiting, "\\003");
    assert!(!said.contains('\x1b'), "{said:?}");
    assert!(
        said.ends_with("\ninterrupted: nothing was written\n"),
        "{said:?}"
    );
}

#[test]
fn of_two_servers_the_first_ones_failure_is_told_between() {
    let (good, dead) = (server(), virgo_at(hostile::dead_port()));
    let home = Home::ada().servers(&[good.virgo(), dead]);
    let home = home.with("TERM", "xterm");
    let vomses = home.path("vomses");
    let words = format!("init --voms virgo --vomses {}", vomses.display());
    // Which of them comes first is chance.
    let said = (0..40).find_map(|_| {
        let said = shown(&home, &words);
        (said.matches("Contacting").count() == 2).then_some(said)
    });
    let said = said.unwrap();
    let at = said.find("; trying another").unwrap();
    assert!(
        said[..at].contains("Contacting") && said[at..].contains("Contacting"),
        "{said}"
    );
}

#[test]
fn errors_warnings_and_prompts_stand_out_on_terminals_alone() {
    let home = Home::empty().with("TERM", "xterm");
    let said = shown(&home, "info");
    assert!(
        said.contains(&format!("{RED}error: Proxy not found")),
        "{said:?}"
    );
    assert!(said.contains("\x1b[1m  help: make one with"), "{said:?}");
    let piped = run(home.command(BINARY).arg("info"), b"");
    assert!(
        piped.stderr.starts_with("error: Proxy not found"),
        "{piped:?}"
    );
    let home = with_encrypted_key();
    let said = typed(&home, "init --bits 1024", &[PASSPHRASE]);
    assert!(
        said.contains("\x1b[1mEnter GRID pass phrase:\x1b[0m"),
        "{said:?}"
    );
    assert!(
        said.contains(&format!("{YELLOW}warning: services refuse")),
        "{said:?}"
    );
    let said = typed(&home.with("NO_COLOR", "1"), "init", &[PASSPHRASE]);
    assert!(!said.contains("\x1b[1m"), "{said:?}");
}

#[test]
fn a_proxy_on_standard_output_is_nothing_but_that_and_never_on_a_terminal() {
    let server = server();
    let home = configured(Home::ada(), &[server.virgo()]);
    let made = home.init(&["--voms", "virgo", "--out", "-"]).success();
    assert!(
        made.stdout.starts_with("-----BEGIN CERTIFICATE-----"),
        "{made:?}"
    );
    assert!(
        made.stdout.ends_with("-----END CERTIFICATE-----\n"),
        "{made:?}"
    );
    assert!(!home.path("-").exists() && !home.proxy().exists());
    let verify = run(
        home.command(BINARY).args(["verify", "-"]),
        made.stdout.as_bytes(),
    );
    assert!(verify.success().stdout.contains("/virgo/"));
    let said = shown(&home, "init --out -");
    assert!(
        said.contains("not shown on a terminal") && !said.contains("KEY"),
        "{said}"
    );
}

#[test]
fn a_name_is_shown_as_it_is_written_on_terminals_that_can_and_in_json() {
    let user = certification("Jürgen Groß", Purpose::User);
    let home = Home::of(&world().ca.issue(&user).unwrap()).with("TERM", "xterm");
    home.init(&[]).success();
    let (written, escaped) = ("CN=Jürgen Groß", "CN=J\\xC3\\xBCrgen Gro\\xC3\\x9F");
    let home = home.with("LANG", "en_US.UTF-8");
    assert!(shown(&home, "info").contains(written));
    let piped = |words: &[&str]| run(home.command(BINARY).args(words), b"").success().stdout;
    assert!(piped(&["info", "--json"]).contains(written));
    assert!(piped(&["info"]).contains(escaped) && !piped(&["info"]).contains(written));
    let made = home.init(&["--json"]).success().stdout;
    assert!(made.contains(written), "{made}");
    let home = home.with("LC_ALL", "C");
    let said = shown(&home, "info");
    assert!(said.contains(escaped) && said.is_ascii(), "{said}");
}
