//! What is refused: with which message, leaving the existing proxy alone, and asking only once.

use std::path::Path;
use std::sync::OnceLock;

use super::desk::{Desk, Ended, pair, run};
use super::granted;
use super::judges::ours;
use super::requests::Mark;
use super::rows::{Row, assert_sound, refused};
use super::surroundings::world;

struct Case {
    kind: &'static str,
    user: &'static str,
    /// `@` stands for the world's directory.
    words: &'static str,
    sentences: &'static [&'static str],
    /// The port that is asked, and the status that it answers with.
    asked: Option<(u16, u16)>,
}

const fn user(
    kind: &'static str,
    user: &'static str,
    words: &'static str,
    asked: Option<(u16, u16)>,
    sentences: &'static [&'static str],
) -> Case {
    Case {
        kind,
        user,
        words,
        sentences,
        asked,
    }
}

/// As alice, `--voms virgo`, from the front of a vomses file.
const fn front(
    kind: &'static str,
    words: &'static str,
    asked: Option<(u16, u16)>,
    sentences: &'static [&'static str],
) -> Case {
    Case {
        kind,
        user: "alice",
        words,
        sentences,
        asked,
    }
}

const NO_AC: &str =
    "None of the contacted servers for virgo were capable of returning a valid AC for the user.";
const NOT_ACCEPTED: &str = "did not accept your certificate";
const NOT_HELD: &str = "is not authorized to request attribute";
const NOT_WORKING: &str = "temporarily unavailable";
const LONG: &str = "--voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-1 \
     --voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-2 \
     --voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-3 \
     --voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-4 \
     --voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-5 \
     --voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-6 \
     --voms virgo:/virgo/a-name-of-some-length-so-that-a-few-of-them-are-too-long-for-the-server-7";

const CASES: &[Case] = &[
    user(
        "erin: unknown",
        "erin",
        "--voms virgo",
        Some((0, 403)),
        &["User unknown to this VO", "another CA", NO_AC],
    ),
    user(
        "alice-new: the certificate of the next CA is not linked",
        "alice-new",
        "--voms virgo",
        Some((0, 403)),
        &["User unknown to this VO", "another CA", "link", NO_AC],
    ),
    user(
        "frank: has to sign the AUP",
        "frank",
        "--voms virgo",
        Some((0, 200)),
        &["needs to sign AUP", "sign the usage policy", NO_AC],
    ),
    user(
        "dave: suspended",
        "dave",
        "--voms virgo",
        Some((0, 200)),
        &["is not active", "suspended", NO_AC],
    ),
    user(
        "heidi: no group of the VO by itself",
        "heidi",
        "--voms virgo",
        Some((0, 200)),
        &[NO_AC],
    ),
    user(
        "carol: a group not held",
        "carol",
        "--voms virgo:/virgo/virgo",
        Some((0, 200)),
        &[NOT_HELD, NO_AC],
    ),
    front(
        "no such role",
        "--voms virgo:/virgo/virgo/Role=nosuch",
        Some((0, 200)),
        &[NOT_HELD, NO_AC],
    ),
    front(
        "no such group",
        "--voms virgo:/virgo/nosuch",
        Some((0, 200)),
        &[NOT_HELD, NO_AC],
    ),
    user(
        "mallory: a CA that the server does not know",
        "mallory",
        "--voms virgo",
        Some((0, 400)),
        &[NOT_ACCEPTED, NO_AC],
    ),
    user(
        "mallory: the same, in XML",
        "mallory",
        "--voms virgo --vomses @/vomses-xmlerr",
        Some((1, 400)),
        &[NOT_ACCEPTED, NO_AC],
    ),
    user(
        "mallory: the same, of the authority",
        "mallory",
        "--voms virgo --vomses @/vomses-optional",
        Some((5, 400)),
        &[NOT_ACCEPTED, NO_AC],
    ),
    user(
        "expired",
        "expired",
        "--voms virgo",
        None,
        &[
            "your certificate cannot be used",
            "it expired on 2021-",
            "get a new certificate from your CA",
        ],
    ),
    user(
        "revoked",
        "revoked",
        "--voms virgo",
        None,
        &[
            "your certificate cannot be used",
            "it was revoked on ",
            "ask your CA for a new certificate",
        ],
    ),
    user(
        "revoked, unseen by us",
        "revoked",
        "--voms virgo --skip-chain-integrity-checks",
        Some((0, 400)),
        &[NOT_ACCEPTED, NO_AC],
    ),
    front(
        "too many groups",
        LONG,
        Some((0, 200)),
        &["512 characters", NO_AC],
    ),
    front(
        "a target, which is not in the AC",
        "--voms virgo --target ce.example.org",
        Some((0, 200)),
        &["--target", "no proxy was written"],
    ),
    front(
        "IAM's web pages",
        "--voms virgo --vomses @/vomses-web",
        Some((6, 302)),
        &["web page", NO_AC],
    ),
    front(
        "a redirect to itself",
        "--voms virgo --vomses @/vomses-loop",
        Some((22, 302)),
        &["web page", NO_AC],
    ),
    front(
        "a page",
        "--voms virgo --vomses @/vomses-html",
        Some((23, 200)),
        &["web page", NO_AC],
    ),
    front(
        "a page of 5 MiB",
        "--voms virgo --vomses @/vomses-bightml",
        Some((24, 200)),
        &["more than ", NO_AC],
    ),
    front(
        "compressed unasked",
        "--voms virgo --vomses @/vomses-gzip",
        Some((20, 200)),
        &["compressed", NO_AC],
    ),
    front(
        "authority down",
        "--voms virgo --vomses @/vomses-down",
        Some((7, 502)),
        &[NOT_WORKING, NO_AC],
    ),
    front(
        "authority down, in XML",
        "--voms virgo --vomses @/vomses-xmldown",
        Some((11, 502)),
        &[NOT_WORKING, NO_AC],
    ),
    front(
        "busy",
        "--voms virgo --vomses @/vomses-busy503",
        Some((8, 503)),
        &[NOT_WORKING, "in 2 min", NO_AC],
    ),
    front(
        "too many requests",
        "--voms virgo --vomses @/vomses-busy429",
        Some((9, 429)),
        &[NOT_WORKING, NO_AC],
    ),
    front(
        "slow",
        "--voms virgo --vomses @/vomses-slow",
        Some((12, 504)),
        &[NOT_WORKING, NO_AC],
    ),
    front(
        "authority broken",
        "--voms virgo --vomses @/vomses-broken",
        Some((13, 500)),
        &[NOT_WORKING, NO_AC],
    ),
    front(
        "nothing listens",
        "--voms virgo --vomses @/vomses-dead",
        None,
        &["Connection refused", NO_AC],
    ),
    front(
        "no LSC file",
        "--voms virgo --vomsdir @/vomsdir-empty",
        Some((0, 200)),
        &[
            "LSC file matching VOMS attributes not found in store",
            "get the server's LSC file",
        ],
    ),
    front(
        "no LSC file of the name in the AC",
        "--voms virgo --vomses @/vomses-legacy --vomsdir @/vomsdir-inner-missing",
        Some((4, 200)),
        &[
            "LSC file matching VOMS attributes not found in store",
            "/virgo/vomsaa.internal.example.lsc",
        ],
    ),
];

struct Seen {
    rows: Vec<Row>,
    /// Of each case, in both its runs together.
    requests: Vec<Vec<(u16, u16)>>,
}

fn seen() -> &'static Seen {
    static SEEN: OnceLock<Seen> = OnceLock::new();
    SEEN.get_or_init(|| {
        let (rows, requests) = CASES.iter().map(see).unzip();
        Seen { rows, requests }
    })
}

fn see(case: &Case) -> (Row, Vec<(u16, u16)>) {
    let mark = Mark::new();
    let row = refused(case.kind, case.sentences, |desk, out| {
        init(case, &mark, desk, out)
    });
    (row, mark.requests(expected(case).len()))
}

fn init(case: &Case, mark: &Mark, desk: &Desk, out: &Path) -> Ended {
    let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    command
        .arg("init")
        .args(pair(case.user))
        .args(world().words(case.words))
        .args(mark.words());
    run(command.arg("--out").arg(out), "")
}

/// A row is run twice.
fn expected(case: &Case) -> Vec<(u16, u16)> {
    case.asked.map(|asked| vec![asked; 2]).unwrap_or_default()
}

#[test]
fn refusals_say_why_and_leave_the_earlier_proxy_as_it_was() {
    assert_sound(&seen().rows);
}

#[test]
fn every_refusal_names_the_next_step() {
    let helpless: Vec<&str> = seen()
        .rows
        .iter()
        .filter(|row| row.is_helpless())
        .map(|row| row.kind.as_str())
        .collect();
    assert!(helpless.is_empty(), "no help: {helpless:?}");
}

/// What has answered in HTTP is not asked in the legacy protocol, nor again.
#[test]
fn a_server_that_refuses_is_asked_exactly_once() {
    for (case, requests) in CASES.iter().zip(&seen().requests) {
        assert_eq!(requests, &expected(case), "{}", case.kind);
    }
}

/// Users who skip verification get attributes for any host, with a warning.
#[test]
fn a_target_that_is_not_in_the_ac_is_a_warning_where_acs_are_not_verified() {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = granted::init(
        "alice",
        "--voms virgo --target ce.example.org --dont-verify-ac",
        &desk,
        &out,
    );
    let warned = ended
        .stderr
        .lines()
        .any(|line| line.starts_with("warning: ") && line.contains("--target"));
    assert!(
        ended.exit == 0 && warned,
        "exit {}: {}",
        ended.exit,
        ended.stderr
    );
    assert_eq!(ours(&desk, &out).short_fqans(), ["/virgo", "/virgo/virgo"]);
}
