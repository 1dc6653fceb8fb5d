//! What members get: who they are, what they ask for, and from which front.

use std::path::Path;
use std::sync::OnceLock;

use super::desk::{Desk, Ended, pair, run};
use super::judges::{Spelling, Verdicts, arc_fqans, judge, lives, ours};
use super::rows::{Row, assert_sound, success_faults};
use super::surroundings::world;

struct Case {
    kind: &'static str,
    user: &'static str,
    /// `@` stands for the world's directory.
    words: &'static str,
    fqans: &'static [&'static str],
    stderr: &'static str,
}

const BOTH: &[&str] = &["/virgo", "/virgo/virgo"];
const SHORTENED: &str = "The validity of this VOMS AC in your proxy is shortened to 43200 seconds";

const fn alice(kind: &'static str, words: &'static str, fqans: &'static [&'static str]) -> Case {
    Case {
        kind,
        user: "alice",
        words,
        fqans,
        stderr: "",
    }
}

const CASES: &[Case] = &[
    alice("nothing but the VO", "--voms virgo", BOTH),
    alice(
        "a group",
        "--voms virgo:/virgo/virgo",
        &["/virgo/virgo", "/virgo"],
    ),
    alice(
        "a role",
        "--voms virgo:/virgo/virgo/Role=production",
        &["/virgo/virgo/Role=production", "/virgo", "/virgo/virgo"],
    ),
    alice(
        "two roles, in the order asked for",
        "--voms virgo:/virgo/virgo/Role=production --voms virgo:/virgo/Role=VO-Admin",
        &[
            "/virgo/virgo/Role=production",
            "/virgo/Role=VO-Admin",
            "/virgo",
            "/virgo/virgo",
        ],
    ),
    alice(
        "an optional group",
        "--voms virgo:/virgo/ops",
        &["/virgo/ops", "/virgo", "/virgo/virgo"],
    ),
    alice(
        "a role in an optional group",
        "--voms virgo:/virgo/ops/Role=shifter",
        &["/virgo/ops/Role=shifter", "/virgo", "/virgo/virgo"],
    ),
    alice(
        "XML pages for errors",
        "--voms virgo --vomses @/vomses-xmlerr",
        BOTH,
    ),
    alice(
        "renewed certificate of the front",
        "--voms virgo --vomses @/vomses-renewed",
        BOTH,
    ),
    alice(
        "front with another name",
        "--voms virgo --vomses @/vomses-lb",
        BOTH,
    ),
    alice(
        "FQANs with Role=NULL",
        "--voms virgo:/virgo/virgo/Role=production --vomses @/vomses-legacy",
        &["/virgo/virgo/Role=production", "/virgo", "/virgo/virgo"],
    ),
    alice(
        "front that verifies no client",
        "--voms virgo --vomses @/vomses-optional",
        BOTH,
    ),
    alice("EC authority", "--voms virgo --vomses @/vomses-ec", BOTH),
    alice(
        "no Content-Length",
        "--voms virgo --vomses @/vomses-chunked",
        BOTH,
    ),
    alice("limited proxy", "--voms virgo --limited", BOTH),
    Case {
        stderr: SHORTENED,
        ..alice("more than 12 hours", "--voms virgo --valid 48:00", BOTH)
    },
    Case {
        user: "carol",
        ..alice("carol: one group", "--voms virgo", &["/virgo"])
    },
    Case {
        user: "grace",
        ..alice("grace: EC certificate", "--voms virgo", BOTH)
    },
    Case {
        user: "zoe",
        ..alice("zoe: UTF-8", "--voms virgo", BOTH)
    },
    Case {
        user: "heidi",
        ..alice(
            "heidi: only an optional group, asked for",
            "--voms virgo:/virgo/ops",
            &["/virgo/ops"],
        )
    },
];

fn seen() -> &'static [Row] {
    static SEEN: OnceLock<Vec<Row>> = OnceLock::new();
    SEEN.get_or_init(|| CASES.iter().map(see).collect())
}

pub fn init(user: &str, words: &str, desk: &Desk, out: &Path) -> Ended {
    let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    run(
        command
            .arg("init")
            .args(pair(user))
            .args(world().words(words))
            .arg("--out")
            .arg(out),
        "",
    )
}

fn see(case: &Case) -> Row {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = init(case.user, case.words, &desk, &out);
    let verdicts = judged(&desk, &out, &ended, case.fqans, case.stderr);
    Row::new(case.kind, &ended, verdicts)
}

/// What the judges, and we, say of a proxy that should have been made.
pub fn judged(desk: &Desk, out: &Path, ended: &Ended, fqans: &[&str], stderr: &str) -> Verdicts {
    let faults = success_faults(ended, out, stderr);
    if !out.exists() {
        return Verdicts {
            faults,
            ..Verdicts::default()
        };
    }
    let mut verdicts = judge(desk, out, Spelling::default(), None);
    verdicts.faults.extend(faults);
    let shown = ours(desk, out).short_fqans();
    if shown != fqans {
        verdicts
            .faults
            .push(format!("{shown:?} where {fqans:?} was expected"));
    }
    verdicts
}

#[test]
fn every_member_gets_what_was_requested_and_all_judges_agree() {
    assert_sound(seen());
}

#[test]
fn arc_reads_the_attributes_too() {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let cases = [
        "--voms virgo",
        "--voms virgo:/virgo/virgo/Role=production",
        "--voms virgo --vomses @/vomses-legacy",
    ];
    for words in cases {
        let ended = init("alice", words, &desk, &out);
        assert_eq!(ended.exit, 0, "{words}: {}", ended.stderr);
        let (fqans, said) = arc_fqans(&desk, &out);
        assert!(
            !fqans.is_empty() && fqans == ours(&desk, &out).short_fqans(),
            "{words}: {}",
            said.all()
        );
    }
}

#[test]
fn attributes_last_for_12_hours_at_most_whatever_the_proxy_does() {
    const HOUR: i64 = 3600;
    let desk = Desk::new();
    let out = desk.path("out.pem");
    assert_eq!(
        init("alice", "--voms virgo --valid 48:00", &desk, &out).exit,
        0
    );
    let (proxy, attributes) = lives(&out);
    // a proxy begins some minutes early
    assert!((48 * HOUR..49 * HOUR).contains(&proxy), "{proxy}");
    assert_eq!(attributes, [12 * HOUR]);
    assert_eq!(
        init("alice", "--voms virgo --vomslife 2:30", &desk, &out).exit,
        0
    );
    assert_eq!(lives(&out).1, [5 * HOUR / 2]);
}

#[test]
fn a_proxy_asks_in_the_name_of_its_owner() {
    let desk = Desk::new();
    let (plain, out) = (desk.path("plain.pem"), desk.path("out.pem"));
    assert_eq!(init("alice", "", &desk, &plain).exit, 0);
    let [from, to] = [&plain, &out].map(|path| path.to_str().unwrap());
    let ended = desk.ours("init", &["--cert", from, "--voms", "virgo", "--out", to]);
    let verdicts = judged(&desk, &out, &ended, BOTH, "warning: proxy lifetime limited");
    assert!(verdicts.faults.is_empty(), "{:?}", verdicts.faults);
}

/// IAM refuses requests for attributes that the user does not hold. An order is not such a request.
#[test]
fn an_order_never_prevents_the_proxy_and_held_attributes_come_in_it() {
    let desk = Desk::new();
    let cases: [(&str, &[&str]); 4] = [
        ("--order /virgo/virgo", &["/virgo/virgo", "/virgo"]),
        (
            "--order /virgo/virgo --order /virgo",
            &["/virgo/virgo", "/virgo"],
        ),
        ("--order /virgo/nosuch", BOTH),
        (
            "--order /virgo/nosuch --order /virgo/virgo",
            &["/virgo/virgo", "/virgo"],
        ),
    ];
    for (words, fqans) in cases {
        let out = desk.path("out.pem");
        let ended = init("alice", &format!("--voms virgo {words}"), &desk, &out);
        assert_eq!(ended.exit, 0, "{words}: {}", ended.stderr);
        assert_eq!(ours(&desk, &out).short_fqans(), fqans, "{words}");
        std::fs::remove_file(&out).unwrap();
    }
}

#[test]
fn an_order_with_an_optional_group_never_prevents_the_proxy() {
    let desk = Desk::new();
    for (user, words) in [
        ("alice", "--order /virgo/ops"),
        ("alice", "--order /virgo/ops --order /virgo/virgo"),
        ("carol", "--order /virgo/ops"),
    ] {
        let out = desk.path("out.pem");
        let ended = init(user, &format!("--voms virgo {words}"), &desk, &out);
        assert_eq!(ended.exit, 0, "{user} {words}: {}", ended.stderr);
        let mut fqans = ours(&desk, &out).short_fqans();
        // asked for or not, that is all that this user has
        fqans.retain(|fqan| fqan != "/virgo/ops");
        let expected: &[&str] = match (user, words.contains("/virgo/virgo")) {
            ("carol", _) => &["/virgo"],
            (_, true) => &["/virgo/virgo", "/virgo"],
            (_, false) => BOTH,
        };
        assert_eq!(fqans, expected, "{user} {words}");
        std::fs::remove_file(&out).unwrap();
    }
}
