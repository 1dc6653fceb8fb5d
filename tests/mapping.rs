//! Which account a site's files lead to, judged by Globus and LCMAPS themselves.
#![allow(clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};
use voms::mapping::{Mapped, Names, Site, Unmapped};

mod common;

const ADA: &str = "/C=IT/O=Lab/CN=Ada Lovelace";
const LONG: &str = "/virgo/Role=NULL/Capability=NULL";

fn names(identity: &str, fqans: &[&str]) -> Names {
    Names {
        identity: identity.to_owned(),
        fqans: fqans.iter().map(|fqan| (*fqan).to_owned()).collect(),
    }
}

/// Files with these texts, each in a directory of its own.
fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let write = |(at, text): (usize, &&str)| {
        let own = dir.path().join(at.to_string());
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("file"), text).unwrap();
        own.join("file")
    };
    let paths = texts.iter().enumerate().map(write).collect();
    (dir, paths)
}

fn decide(maps: &[&str], bans: &[&str], names: &Names) -> Result<Mapped, Unmapped> {
    let ((_maps, maps), (_bans, bans)) = (files(maps), files(bans));
    Site::new(maps, bans).decide(names, SystemTime::now())
}

/// What the originals say to each question.
fn judged(questions: &[Value]) -> Vec<Option<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping/judge.py");
    let mut asked = String::new();
    for question in questions {
        writeln!(asked, "{question}").unwrap();
    }
    let mut command = std::process::Command::new("python3");
    let answers = common::run(command.arg(script), asked.as_bytes()).success();
    let answers: Vec<_> = answers
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// Compares every text with every name.
fn agree(who: &str, texts: &[&str], names: &[Names]) {
    let (_dir, paths) = files(texts);
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    for path in &paths {
        for names in names {
            questions.push(json!({
                "who": who, "file": path, "identity": names.identity, "fqans": names.fqans
            }));
            let site = match who {
                "ban" => Site::new([path], [path]),
                _ => Site::new([path], Vec::<PathBuf>::new()),
            };
            ours.push(match site.decide(names, SystemTime::now()) {
                Err(Unmapped::Banned { .. } | Unmapped::Line { .. }) if who == "ban" => None,
                _ if who == "ban" => Some("nobody".to_owned()),
                outcome => outcome.ok().map(|mapped| mapped.account),
            });
        }
    }
    for ((question, theirs), ours) in questions.iter().zip(judged(&questions)).zip(ours) {
        let text = std::fs::read_to_string(question["file"].as_str().unwrap()).unwrap();
        assert_eq!(ours, theirs, "{question}\n{text}");
    }
}

#[test]
fn globus_maps_users_to_the_same_accounts() {
    let texts = [
        "\"/C=IT/O=Lab/CN=Ada Lovelace\" ada,bin\n",
        "# \"/C=IT/O=Lab/CN=Ada Lovelace\" bin\n\n \t\"/c=it/O=LAB/CN=ada lovelace\"\tada bin\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\"\n\"/C=IT/O=Lab/CN=Ada Lovelace\" ada\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace ada\n\"/C=IT/O=Lab/CN=Ada Lovelace\"bin\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\" first\n\"/C=IT/O=Lab/CN=Ada Lovelace\" second\n",
        "\"/C=IT/O=Lab/CN=*\" ada\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\" #ada\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\" ,ada\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\" ada\r\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\" ada",
        "/C=IT/O=Lab/CN=Ada bob\n/C=IT/O=Lab/CN=Ada\n",
        "/C=IT/O=Lab/CN=Ada\\ Lovelace ada\n",
        "\"/C=IT/CN=Gro\\xc3\\x9f\" umlaut\n\"/C=IT/CN=A\\xzz\" hex\n",
        "\"/C=IT/CN=Groß\" umlaut\n\"/C=IT/CN=A \\\"b\\\"\" quote\n",
        "\"/C=IT/CN=a\\\\\" wrong\n\"/C=IT/CN=a\\\\b\" backslash\n",
        "\"/C=IT/CN=A/Email=a@b\" mail\n\"/C=IT/USERID=a/CN=A\" uid\n",
        "\"/C=IT/CN=A/E=a@b\" mail\n",
        "",
    ];
    let users = [
        ADA,
        "/C=IT/O=Lab/CN=Ada",
        r"/C=IT/CN=Gro\xC3\x9F",
        "/C=IT/CN=Axzz",
        "/C=IT/CN=A \"b\"",
        "/C=IT/CN=a\\b",
        "/C=IT/CN=a\\",
        "/C=IT/CN=A/emailAddress=a@b",
        "/C=IT/UID=a/CN=A",
    ];
    // A wildcard makes it a file of LCMAPS to us, and nobody's account either way.
    agree("globus", &texts, &users.map(|user| names(user, &[])));
}

/// Users with FQANs as the C++ server and as IAM write them.
fn members() -> Vec<Names> {
    let mut all = Vec::new();
    for fqans in [
        &[][..],
        &[LONG],
        &["/virgo"],
        &["/virgo/ligo/Role=production/Capability=NULL", LONG],
        &["/virgo/ligo", "/virgo"],
        &["/cms/Role=pilot"],
    ] {
        all.push(names(ADA, fqans));
        all.push(names("/C=DE/CN=Bob", fqans));
    }
    all
}

const LCMAPS: [&str; 13] = [
    "\"/virgo/*\" daemon\n",
    "\"/virgo/Role=NULL/Capability=NULL\" bin\n\"/virgo\" daemon\n",
    "/virgo/ligo/Role=production* bin\n/virgo* daemon\n",
    "\"/virgo*\" daemon\n\"/virgo/ligo*\" bin\n",
    "\"/virgo*\"\n\"/virgo*\" # none\n\"/virgo*\" ,bin,daemon # two\n",
    "\"/*/Role=pi[k-m]ot\" games\n\"/v?rgo\" bin\n\"/[!c]*\" daemon\n",
    "\"/C=IT/O=Lab/CN=Ada Lovelace\" bin\n\"/virgo/*\" daemon\n",
    "\"/C=IT/O=Lab/CN=Ada*\" bin\n\"/nowhere\" daemon\n",
    "\"/c=it/o=lab/cn=ada lovelace\" bin\n\"/nowhere\" daemon\n",
    "\"/nowhere\" daemon\n\"/virgo/ligo bin\n\"/virgo\" daemon\n",
    "\"/virgo\" daemon\n\"/virgo/ligo bin\n",
    "*\tdaemon\n",
    "\"/virgo\" da\\emon\n\"/virgo/*\" bin\\\n",
];

#[test]
fn lcmaps_maps_members_to_the_same_accounts() {
    agree("lcmaps", &LCMAPS, &members());
}

#[test]
fn lcmaps_bans_the_same_members() {
    let more = [
        "\"/C=IT/*\"\n/cms*\n",
        "\"/C=IT/O=Lab/CN=Ada Lovelace\"\n",
        "/C=IT/O=Lab/CN=Ada Lovelace\n",
        "# nobody\n",
    ];
    agree("ban", &[&LCMAPS[..], &more].concat(), &members());
}

#[test]
fn the_first_file_with_an_account_decides() {
    let grid = "\"/C=DE/CN=Bob\" bob\n\"/C=IT/O=Lab/CN=Ada Lovelace\" ada\n";
    let voms = "# OSG\n\"/virgo/*\" virgo\n";
    let member = names(ADA, &[LONG]);
    for (maps, account, line) in [([grid, voms], "ada", 2), ([voms, grid], "virgo", 2)] {
        let mapped = decide(&maps, &[], &member).unwrap();
        assert_eq!(
            (mapped.account.as_str(), mapped.place.line),
            (account, line)
        );
    }
    let stranger = decide(&[grid, voms], &[], &names("/C=FR/CN=Eve", &["/cms"])).unwrap_err();
    assert_eq!(stranger.code(), "not-mapped");
}

#[test]
fn a_user_without_an_account_learns_why() {
    let member = names(ADA, &[LONG]);
    for (maps, bans, code) in [
        (&["\"/virgo\" v\n"][..], &[][..], "map-spelling"),
        (&["\"/C=IT/*\" v\n"], &[], "map-wildcard"),
        (
            &["\"/C=IT/O=Lab/CN=Ada Lovelace\"\n"],
            &[],
            "map-no-account",
        ),
        (&["\"/virgo/* v\n"], &[], "map-line"),
        (&["<html>\n"], &[], "map-unreadable"),
        (
            &["\"/virgo/*\" v\n"],
            &["\"/virgo/Role=NULL*\"\n"],
            "banned",
        ),
        (&["\"/virgo/*\" v\n"], &["\"/C=IT/*\"\n"], "banned"),
        (&["\"/virgo/*\" v\n"], &["\"/C=DE\n"], "map-line"),
        (&["\"/virgo/*\" v\n"], &["no names\n"], "map-unreadable"),
        (&["\"/cms/*\" v\n"], &[], "not-mapped"),
        (&[""], &[], "not-mapped"),
    ] {
        let why = decide(maps, bans, &member).unwrap_err();
        assert_eq!(why.code(), code, "{maps:?} {bans:?}: {why}");
    }
    let missing = Site::new(["/nonexistent"], Vec::<PathBuf>::new());
    let why = missing.decide(&member, SystemTime::now()).unwrap_err();
    assert_eq!(why.code(), "map-unreadable");
}

#[test]
fn a_pool_is_given_by_a_wildcard_too() {
    let mapped = decide(&["\"/C=IT/*\" .lab\n"], &[], &names(ADA, &[])).unwrap();
    assert_eq!(mapped.account, ".lab");
    assert!(mapped.is_only_for_lcmaps);
}

#[test]
fn a_file_that_changes_is_read_again() {
    let (_dir, paths) = files(&["\"/virgo/*\" before\n"]);
    let site = Site::new(&paths, Vec::<PathBuf>::new());
    let account = || {
        let decided = site.decide(&names(ADA, &[LONG]), SystemTime::now());
        decided.unwrap().account
    };
    assert_eq!(account(), "before");
    std::fs::write(&paths[0], "\"/virgo/*\" behind\n").unwrap();
    assert_eq!(account(), "behind");
}

#[test]
fn the_command_prints_the_account_and_the_line_that_decided() {
    let home = common::Home::ada();
    home.write(
        "map",
        b"# ours\n\"/C=XX/CN=nobody\" nobody\n\"/*/Role=NULL*\" member\n",
        0o644,
    );
    home.write("ban", b"\"*\"\n", 0o644);
    let server = common::servers::honest(common::servers::authority(|_| {}));
    let home = home.servers(&[server.virgo()]);
    home.init(&["--voms", "virgo"]).success();
    let verify = |words: &[&str]| {
        let proxy = home.proxy();
        let mut command = home.command(common::BINARY);
        command.arg("verify").arg(proxy).args(words);
        common::run(&mut command, b"")
    };
    let map = home.path("map").display().to_string();
    let mapped = verify(&["--map", &map]).success();
    assert!(mapped.stdout.contains("account   : member\n"), "{mapped:?}");
    assert!(mapped.stdout.contains(&format!("{map}:3")), "{mapped:?}");
    let ban = home.path("ban").display().to_string();
    let words = ["--map", &map, "--ban", &ban];
    let banned = verify(&words);
    assert_eq!(banned.code, Some(1));
    banned.says("banned", &format!("{ban}:1"));
    let json = verify(&[&words[..], &["--json"]].concat());
    let verdict: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &verdict["verified"]), (Some(1), &json!(true)));
    assert_eq!(verdict["reason"]["code"], "banned");
    assert!(verdict["mapping"].is_null() && verdict.get("mapping").is_some());
}
