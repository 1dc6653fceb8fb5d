//! Ours and the Python originals side by side: the same files, modes, contents, lines and exit codes.

use std::fs;

use serde_json::Value;

use crate::desk::{BOTH, Desk, Whose, turn, usual, world};

/// Claims that are the same each time.
fn lasting(claims: &Value) -> Value {
    let mut claims = claims.clone();
    for name in ["jti", "iat", "exp", "nbf"] {
        assert!(claims[name].take() != Value::Null, "{claims}");
    }
    claims
}

/// What a terminal shows in the end, without codes, directories and what is overwritten.
fn shown(desk: &Desk, text: &str) -> Vec<String> {
    let mut out = String::new();
    let mut rest = &*text.replace("\r\n", "\n");
    while let Some((before, after)) = rest.split_once('\r') {
        out.push_str(before);
        rest = after.split_once("\x1b[K").unwrap().1;
    }
    out.push_str(rest);
    let out = out.replace(&desk.path("").display().to_string(), "HOME/");
    let line = |line: &str| match line.split_once("user_code=") {
        Some((address, _)) => address.to_owned(),
        None => line.to_owned(),
    };
    out.lines().map(line).collect()
}

#[test]
fn the_first_use_leaves_the_same_files_and_says_the_same_lines() {
    let _usual = usual();
    let [theirs, ours] = BOTH.map(|whose| {
        let desk = Desk::new();
        let ended = desk.with_person(&[], whose, "htgettoken", &[]);
        let credkey = fs::read_to_string(desk.path(".config/htgettoken/credkey-igwn-default"));
        (
            ended.exit,
            shown(&desk, &ended.stdout),
            desk.files(),
            credkey.unwrap(),
            lasting(&desk.claims()),
            fs::read_to_string(desk.vault_token()).unwrap().len(),
        )
    });
    assert_eq!(ours, theirs);
    assert_eq!(ours.0, 0);
}

#[test]
fn later_uses_end_alike_and_say_the_same() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let alike = |what: &str, prepare: &dyn Fn(&Desk), words: &[&str]| {
        let [theirs, ours] = BOTH.map(|whose| {
            prepare(&desk);
            let ended = desk.tool(whose, "htgettoken", words);
            (ended.exit, ended.stdout, desk.files())
        });
        assert_eq!(ours, theirs, "{what}");
        ours.0
    };
    let nothing = |_: &Desk| {};
    assert_eq!(alike("stored vault token", &nothing, &[]), 0);
    let narrow = [
        "--scopes=gracedb.read",
        "--audience",
        "https://gracedb.ligo.org",
    ];
    assert_eq!(alike("fewer scopes", &nothing, &narrow), 0);
    assert_eq!(desk.claims()["scope"], "gracedb.read");
    assert_eq!(
        alike("combined short options", &nothing, &["-qi", "igwn"]),
        0
    );
    assert_eq!(alike("an abbreviation", &nothing, &["--min=100"]), 0);
    desk.kinit();
    assert_eq!(
        alike(
            "the address",
            &nothing,
            &["--showbearerurl", "--nobearertoken"]
        ),
        0
    );
    let without = |desk: &Desk| drop(fs::remove_file(desk.vault_token()));
    assert_eq!(alike("Kerberos", &without, &[]), 0);
    let other = |desk: &Desk| fs::write(desk.vault_token(), "s.0123456789abcdefghijklmn").unwrap();
    assert_eq!(alike("an expired vault token", &other, &[]), 0);
    assert_eq!(
        alike(
            "one that ends too soon",
            &nothing,
            &["--vaulttokenminttl=6d"]
        ),
        0
    );
    let long = [
        "--vaulttokenttl=20d",
        "--vaulttokenfile=/dev/stderr",
        "--vaulttokeninfile=/dev/null",
        "-q",
    ];
    assert_eq!(
        alike("a long vault token, not for a file", &nothing, &long),
        0
    );
    assert_eq!(
        alike("a new vault token", &nothing, &["--nobearertoken"]),
        0
    );
}

#[test]
fn failures_have_the_exit_codes_of_the_original() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let other = world().get("TOKEN_OTHER");
    let cases: [(&[&str], i32); 13] = [
        (&["--scopes=write:/staging"], 1),
        (&["-i", "nosuch"], 1),
        (&["--vaulttokenfile=/nonexistent/vt"], 1),
        (&["-a", world().get("TOKEN_ROGUE")], 1),
        (&["-a", world().get("TOKEN_DEAD")], 1),
        (&["-a", other], 1),
        (&["-a", other, "--vaultcertname=vault.test.example"], 0),
        (&["--vaulttokenttl=7"], 1),
        (&["--vaulttokenminttl=8d"], 1),
        (&["--vaulttokenttl=20d"], 1),
        (&["--nosuchoption"], 2),
        (&["--minsecs=x"], 2),
        (&["word"], 2),
    ];
    for (words, exit) in cases {
        for whose in BOTH {
            let ended = desk.tool(whose, "htgettoken", words);
            assert_eq!(ended.exit, exit, "{whose:?} {words:?}: {ended:?}");
            assert!(
                ended.exit == 0 || !ended.stderr.is_empty(),
                "{whose:?} {words:?}"
            );
        }
    }
    for whose in BOTH {
        let quiet = desk.tool(whose, "htgettoken", &["-q", "--scopes=write:/staging"]);
        assert_eq!((quiet.exit, quiet.all()), (1, String::new()), "{whose:?}");
        assert_eq!(desk.tool(whose, "htgettoken", &["--help"]).exit, 0);
    }
}

#[test]
fn what_a_person_does_has_the_same_end() {
    let _usual = usual();
    for (person, words, exit) in [
        (&["--deny"][..], &[][..], 1),
        (&["--abort"], &[], 1),
        (&[], &["-r", "nosuch"], 1),
        (&[], &["-i", "nosuch"], 1),
        (&[], &["-r", "direct"], 0),
        (&[], &["-r", "staging"], 0),
        (&[], &["-i", "wlcg"], 0),
    ] {
        let [theirs, ours] = BOTH.map(|whose| {
            let desk = Desk::new();
            let ended = desk.with_person(person, whose, "htgettoken", words);
            (ended.exit, desk.files())
        });
        assert_eq!(ours, theirs, "{person:?} {words:?}");
        assert_eq!(ours.0, exit, "{person:?} {words:?}");
    }
}

#[test]
fn a_client_that_is_told_to_slow_down_waits_and_gets_its_token() {
    let _slow = turn("slow-down", "1");
    let desk = Desk::new();
    desk.log_in();
}

#[test]
fn a_code_that_has_expired_ends_the_wait() {
    let _short = turn("device-ttl", "3");
    let desk = Desk::new();
    let ended = desk.with_person(&["--ignore"], Whose::Ours, "htgettoken", &[]);
    assert_eq!(ended.exit, 1, "{ended:?}");
    assert!(ended.stdout.contains("expired_token"), "{ended:?}");
    assert!(desk.files().is_empty(), "{:?}", desk.files());
}

#[test]
fn igwn_auth_utils_finds_and_takes_what_we_write() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let is_taken = |audience, scope| desk.found_by_igwn(audience, scope).exit == 0;
    assert!(is_taken("https://datafind.ligo.org", "read:/frames"));
    assert!(!is_taken("https://datafind.ligo.org", "write:/staging"));
    let narrow = [
        "--scopes=gracedb.read",
        "--audience=https://gracedb.ligo.org",
    ];
    assert_eq!(desk.tool(Whose::Ours, "htgettoken", &narrow).exit, 0);
    assert!(is_taken("https://gracedb.ligo.org", "gracedb.read"));
    assert!(!is_taken("https://datafind.ligo.org", "gracedb.read"));
}

#[test]
fn tokens_are_decoded_as_by_the_original() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    for words in [&[][..], &["-a"], &["-H"], &["-a", "-H"]] {
        let [theirs, ours] = BOTH.map(|whose| {
            let ended = desk.tool(whose, "htdecodetoken", words);
            // The original takes the JSON apart at blanks, where it shows dates.
            let text = ended.stdout.split_whitespace().collect::<Vec<_>>();
            (ended.exit, text.join(" "))
        });
        assert_eq!(ours, theirs, "{words:?}");
        assert_eq!(ours.0, 0);
    }
    let missing = desk.path("nowhere");
    for whose in BOTH {
        let ended = desk.tool(whose, "htdecodetoken", &[missing.to_str().unwrap()]);
        assert_eq!(ended.exit, 1, "{ended:?}");
        let said = format!("{} not found", missing.display());
        assert!(ended.stderr.contains(&said), "{ended:?}");
    }
}

#[test]
fn options_come_from_a_server_and_those_typed_win() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let options = format!("--vaulttokenfile={}", desk.vault_token().display());
    let desk = desk.with("HTGETTOKENOPTS", &options);
    let server = format!("{}/htgettokenopts.txt", world().get("TOKEN_VAULT"));
    for whose in BOTH {
        let ended = desk.tool(whose, "htgettoken", &["-s", &server]);
        assert_eq!(ended.exit, 0, "{whose:?}: {ended:?}");
        let ended = desk.tool(whose, "htgettoken", &["-s", &server, "-i", "nosuch"]);
        assert_eq!(ended.exit, 1, "{whose:?}: {ended:?}");
    }
}

#[test]
fn the_address_is_shown_before_anybody_has_come() {
    let _usual = usual();
    // Nobody would see it in the buffer of a pipe: the person reads it from there.
    let desk = Desk::new();
    let words = [
        "-c",
        "\"$0\" htgettoken | cat",
        env!("CARGO_BIN_EXE_voms-proxy"),
    ];
    let ended = desk.shell_with_person(&words);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(desk.bearer_token().exists(), "{ended:?}");
}
