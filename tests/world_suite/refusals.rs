//! Users and wishes that are refused: with which words, and without touching what is there.

use std::path::Path;
use std::sync::OnceLock;

use super::desk::{Desk, Ended, pair, run};
use super::rows::{Row, assert_sound, refused};
use super::surroundings::world;

struct Case {
    kind: &'static str,
    user: &'static str,
    /// In `users/`, if it is not the user's own.
    key: Option<&'static str>,
    args: &'static [&'static str],
    sentences: &'static [&'static str],
}

const VIRGO: &[&str] = &["--voms", "virgo"];
const NO_AC: &str =
    "None of the contacted servers for virgo were capable of returning a valid AC for the user.";

const fn case(
    kind: &'static str,
    user: &'static str,
    args: &'static [&'static str],
    sentences: &'static [&'static str],
) -> Case {
    Case {
        kind,
        user,
        key: None,
        args,
        sentences,
    }
}

const EXPIRED: &[&str] = &[
    "your certificate cannot be used",
    "it expired on 2021-",
    "get a new certificate from your CA",
];
const NOT_YET: &[&str] = &[
    "your certificate cannot be used",
    "it is not valid before ",
    "check the clock",
];
const REVOKED: &[&str] = &[
    "your certificate cannot be used",
    "it was revoked on ",
    "ask your CA for a new certificate",
];
const WEAK: &[&str] = &[
    "your certificate cannot be used",
    "it is signed with SHA-1",
    "ask its CA for a certificate with SHA-256",
];
const UNKNOWN_CA: &[&str] = &[
    "Trusted issuer of this certificate was not established",
    "No trusted CA certificate was found",
    "its issuer /DC=example/DC=world/CN=World Unpublished CA is not among the trusted CAs",
];

const CASES: &[Case] = &[
    case(
        "dave: suspended",
        "dave",
        VIRGO,
        &[
            "User is currently suspended! Suspension reason: Suspended by the world",
            NO_AC,
            "ask the VO's managers why",
        ],
    ),
    case(
        "erin: no member",
        "erin",
        VIRGO,
        &[
            "virgo: User unknown to this VO.",
            NO_AC,
            "register this certificate",
        ],
    ),
    case(
        "heidi: no member of testvo, after virgo",
        "heidi",
        &["--voms", "virgo", "--voms", "testvo"],
        &["testvo: User unknown to this VO."],
    ),
    case(
        "alice: not in the group",
        "alice",
        &["--voms", "virgo:/virgo/ligo"],
        &[
            "virgo: Unable to satisfy G/virgo/ligo request!",
            NO_AC,
            "ask for a group or role that you hold",
        ],
    ),
    case(
        "carol: not in the group",
        "carol",
        &["--voms", "virgo:/virgo/virgo"],
        &["virgo: Unable to satisfy G/virgo/virgo request!"],
    ),
    case(
        "alice: no such role",
        "alice",
        &["--voms", "virgo:/virgo/virgo/Role=nosuch"],
        &[
            "virgo: Unable to satisfy B/virgo/virgo:nosuch request!",
            NO_AC,
            "ask for a group or role that you hold",
        ],
    ),
    case(
        "heidi: a role of somebody else",
        "heidi",
        &["--voms", "virgo:/virgo/virgo/Role=production"],
        &["virgo: Unable to satisfy B/virgo/virgo:production request!"],
    ),
    case(
        "alice: a blank in the group",
        "alice",
        &["--voms", "virgo:/virgo/vi rgo"],
        &[
            "\"/virgo/vi rgo\" has ' ', but only letters, digits, '_', '-' and '.' may stand in group and role names",
        ],
    ),
    case(
        "alice: a percent sign in the group",
        "alice",
        &["--voms", "virgo:/virgo/vir%67o"],
        &["has '%'"],
    ),
    case(
        "alice: a line end in the group",
        "alice",
        &["--voms", "virgo:/virgo\r\nHost: x"],
        &["but only letters"],
    ),
    case(
        "alice: a capability",
        "alice",
        &["--voms", "virgo:/virgo/Capability=x"],
        &["asks for a capability"],
    ),
    case("expired: --voms virgo", "expired", VIRGO, EXPIRED),
    case("expired: plain", "expired", &[], EXPIRED),
    case("notyet: --voms virgo", "notyet", VIRGO, NOT_YET),
    case("notyet: plain", "notyet", &[], NOT_YET),
    case("revoked: --voms virgo", "revoked", VIRGO, REVOKED),
    case("revoked: plain", "revoked", &[], REVOKED),
    case("sha1: --voms virgo", "sha1", VIRGO, WEAK),
    case("sha1: plain", "sha1", &[], WEAK),
    case("mallory: --voms virgo", "mallory", VIRGO, UNKNOWN_CA),
    case("mallory: plain", "mallory", &[], UNKNOWN_CA),
    Case {
        kind: "alice: key of mode 0644",
        user: "alice",
        key: Some("alice/userkey-0644.pem"),
        args: VIRGO,
        sentences: &[
            "Wrong file permissions on file ",
            "Required permissions are: 400, 600",
            "run: chmod 400 ",
        ],
    },
    Case {
        kind: "alice: somebody else's key",
        user: "alice",
        key: Some("heidi/userkey.pem"),
        args: VIRGO,
        sentences: &["Provided private key is not matching the certificate"],
    },
    Case {
        kind: "alice: no such key file",
        user: "alice",
        key: Some("alice/nowhere.pem"),
        args: VIRGO,
        sentences: &["/users/alice/nowhere.pem"],
    },
    case(
        "alice: --valid 0:00",
        "alice",
        &["--valid", "0:00"],
        &["the lifetime of a proxy cannot be zero"],
    ),
    case(
        "alice: unknown option",
        "alice",
        &["--nosuch"],
        &["Unrecognized option: --nosuch"],
    ),
];

pub fn seen() -> &'static [Row] {
    static SEEN: OnceLock<Vec<Row>> = OnceLock::new();
    SEEN.get_or_init(|| {
        CASES
            .iter()
            .map(|case| refused(case.kind, case.sentences, |d, out| init(case, d, out)))
            .collect()
    })
}

fn init(case: &Case, desk: &Desk, out: &Path) -> Ended {
    let mut words = pair(case.user);
    if let Some(key) = case.key {
        words[3] = world().file("users").join(key).display().to_string();
    }
    let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    run(
        command
            .arg("init")
            .args(words)
            .args(case.args)
            .arg("--out")
            .arg(out),
        "",
    )
}

#[test]
fn refusals_say_why_and_leave_the_earlier_proxy_as_it_was() {
    assert_sound(seen());
}

/// As README.md promises.
#[test]
fn every_refusal_names_the_next_step() {
    let rows = seen().iter().chain(super::servers::seen());
    let helpless: Vec<&str> = rows
        .filter(|row| row.is_helpless())
        .map(|row| row.kind.as_str())
        .collect();
    assert!(helpless.is_empty(), "no help: {helpless:?}");
}

#[test]
fn a_line_end_in_a_request_does_not_break_the_message_into_lines() {
    let desk = Desk::new();
    let ended = desk.init(
        "alice",
        &["--voms", "virgo:/virgo\nhelp: all is well"],
        &desk.path("out.pem"),
    );
    assert_eq!(ended.exit, 1);
    assert!(
        !ended
            .stderr
            .lines()
            .any(|line| line.starts_with("help: all is well")),
        "{}",
        ended.stderr
    );
}
