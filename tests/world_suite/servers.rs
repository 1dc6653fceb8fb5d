//! Servers, trust and configuration, good and bad, all as alice.

use std::path::Path;
use std::sync::OnceLock;

use super::desk::{Desk, Ended, pair, run};
use super::judges::{Spelling, Verdicts, judge, ours};
use super::members::owned;
use super::rows::{Row, assert_sound, refused, success_faults};
use super::surroundings::world;

enum Then {
    /// A proxy with these FQANs in this order, and this on stderr.
    Granted(&'static [&'static str], &'static str),
    /// None, with these sentences.
    Refused(&'static [&'static str]),
}
use Then::{Granted, Refused};

struct Case {
    kind: &'static str,
    /// `@` stands for the world's directory.
    words: &'static str,
    /// In place of both usual variables that name vomses.
    vomses: Option<(&'static str, &'static str)>,
    then: Then,
}

const fn case(kind: &'static str, words: &'static str, then: Then) -> Case {
    Case {
        kind,
        words,
        vomses: None,
        then,
    }
}

const VIRGO: &[&str] = &["/virgo", "/virgo/virgo"];
const OK: Then = Granted(VIRGO, "");
const UNKNOWN_SERVER: &[&str] = &[
    "the server is not trusted",
    "its issuer /DC=example/DC=world/CN=World Unpublished CA is not among the trusted CAs",
];
const ENDED_CRL: &[&str] = &[
    "your certificate cannot be used",
    "the revocation list ",
    " expired on ",
    "run fetch-crl",
];
const NO_CA: &[&str] = &[
    "Trusted issuer of this certificate was not established",
    "certificates-empty",
];

const CASES: &[Case] = &[
    case(
        "stock daemon: legacy protocol only",
        "--voms virgo --vomses @/vomses-legacy",
        OK,
    ),
    case(
        "stock daemon: a role",
        "--voms virgo:/virgo/virgo/Role=production --vomses @/vomses-legacy",
        Granted(
            &["/virgo/virgo/Role=production", "/virgo/virgo", "/virgo"],
            "",
        ),
    ),
    case(
        "stock daemon: not in the group",
        "--voms virgo:/virgo/ligo --vomses @/vomses-legacy",
        Refused(&[
            "error: localhost:",
            "virgo: Unable to satisfy G/virgo/ligo request!",
            "that you hold",
        ]),
    ),
    case(
        "stock daemon: --valid 48:00",
        "--voms virgo --valid 48:00 --vomses @/vomses-legacy",
        Granted(VIRGO, "warning: voms.world.example:"),
    ),
    case(
        "server from an unpublished CA",
        "--voms virgo --vomses @/vomses-rogue",
        Refused(UNKNOWN_SERVER),
    ),
    case(
        "server of another name",
        "--voms virgo --vomses @/vomses-wronghost",
        Refused(&[
            "the server is not localhost: its certificate is for /DC=example/DC=world/O=Hosts/CN=other.world.example",
        ]),
    ),
    case(
        "server of another name, as its line says",
        "--voms virgo --vomses @/vomses-otherdn",
        OK,
    ),
    case(
        "stale DN in the line",
        "--voms virgo --vomses @/vomses-wrongdn",
        OK,
    ),
    case(
        "nothing listens",
        "--voms virgo --vomses @/vomses-dead",
        Refused(&["Connection refused", "try again later"]),
    ),
    case(
        "a dead line and a live one",
        "--voms virgo --vomses @/vomses-failover",
        OK,
    ),
    case("asked by alias", "--voms nick --vomses @/vomses-alias", OK),
    case(
        "asked by VO where there is an alias",
        "--voms virgo --vomses @/vomses-alias",
        OK,
    ),
    case(
        "asked by alias for a group",
        "--voms nick:/virgo/virgo --vomses @/vomses-alias",
        Granted(&["/virgo/virgo", "/virgo"], ""),
    ),
    case(
        "comments and six fields",
        "--voms virgo --vomses @/vomses-6fields",
        OK,
    ),
    case(
        "a malformed line",
        "--voms virgo --vomses @/vomses-malformed",
        Granted(
            VIRGO,
            "/vomses-malformed:1: not a vomses line: it has 2 quoted fields, but needs 5 or 6",
        ),
    ),
    case(
        "a directory of vomses files",
        "--voms virgo --voms testvo --vomses @/vomses.d",
        Granted(&["/virgo", "/virgo/virgo", "/testvo", "/testvo/sub"], ""),
    ),
    case(
        "--vomses twice",
        "--voms virgo --vomses @/vomses-dead --vomses @/vomses-legacy",
        OK,
    ),
    case(
        "--vomses is instead of all others",
        "--voms testvo --vomses @/vomses-legacy",
        Refused(&["VOMS server for VO testvo is not known! Check your vomses configuration."]),
    ),
    case(
        "--vomses names nothing",
        "--voms virgo --vomses @/nowhere",
        Refused(&["cannot read ", "/nowhere: file not found"]),
    ),
    Case {
        vomses: Some(("X509_VOMSES", "vomses.d")),
        ..case("X509_VOMSES", "--voms virgo", OK)
    },
    Case {
        vomses: Some(("X509_VOMS_FILE", "vomses")),
        ..case("X509_VOMS_FILE", "--voms virgo", OK)
    },
    Case {
        vomses: Some(("VOMS_USERCONF", "vomses-legacy")),
        ..case("VOMS_USERCONF", "--voms virgo", OK)
    },
    case(
        "misspelt VO",
        "--voms vigro",
        Refused(&[
            "VOMS server for VO vigro is not known!",
            "did you mean 'virgo'?",
        ]),
    ),
    case(
        "unknown VO",
        "--voms cupcakes",
        Refused(&[
            "VOMS server for VO cupcakes is not known! Check your vomses configuration.",
            "looked in ",
            "voms-proxy vo add",
        ]),
    ),
    case(
        "CRL past its end: --voms",
        "--voms virgo --certdir @/certificates-expiredcrl",
        Refused(ENDED_CRL),
    ),
    case(
        "CRL past its end: plain",
        "--certdir @/certificates-expiredcrl",
        Refused(ENDED_CRL),
    ),
    case(
        "empty CA directory: --voms",
        "--voms virgo --certdir @/certificates-empty",
        Refused(NO_CA),
    ),
    case(
        "empty CA directory: plain",
        "--certdir @/certificates-empty",
        Refused(NO_CA),
    ),
    case(
        "no CA directory",
        "--certdir @/nowhere",
        Refused(&["Invalid trust anchors location: '"]),
    ),
    case(
        "LSC file of another host",
        "--voms virgo --vomsdir @/vomsdir-badlsc",
        Refused(&[
            "VOMS AC validation for VO virgo failed for the following reasons:",
            "/vomsdir-badlsc/virgo/voms.world.example.lsc does not name its signer",
            "no proxy was written",
        ]),
    ),
    case(
        "LSC file of another host, not verified",
        "--voms virgo --vomsdir @/vomsdir-badlsc --dont-verify-ac",
        OK,
    ),
    case(
        "no LSC file",
        "--voms virgo --vomsdir @/vomsdir-empty",
        Refused(&[
            "LSC file matching VOMS attributes not found in store",
            "get the server's LSC file",
        ]),
    ),
    case(
        "no vomsdir",
        "--voms virgo --vomsdir @/nowhere",
        Refused(&["Invalid vomsdir location: '"]),
    ),
    case(
        "host certificate in the vomsdir",
        "--voms virgo --vomsdir @/vomsdir-pem",
        OK,
    ),
    case(
        "LSC file of two chains",
        "--voms virgo --vomsdir @/vomsdir-chains",
        OK,
    ),
];

pub fn seen() -> &'static [Row] {
    static SEEN: OnceLock<Vec<Row>> = OnceLock::new();
    SEEN.get_or_init(|| CASES.iter().map(see).collect())
}

fn init(case: &Case, desk: &Desk, out: &Path) -> Ended {
    let place = world().dir.display().to_string();
    let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    if let Some((variable, file)) = case.vomses {
        command
            .env_remove("X509_VOMSES")
            .env_remove("VOMS_USERCONF")
            .env(variable, world().file(file));
    }
    let words = case.words.split(' ').map(|word| word.replace('@', &place));
    run(
        command
            .arg("init")
            .args(pair("alice"))
            .args(words)
            .arg("--out")
            .arg(out),
        "",
    )
}

fn see(case: &Case) -> Row {
    let (fqans, stderr) = match case.then {
        Refused(sentences) => {
            return refused(case.kind, sentences, |desk, out| init(case, desk, out));
        }
        Granted(fqans, stderr) => (fqans, stderr),
    };
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = init(case, &desk, &out);
    let faults = success_faults(&ended, &out, stderr);
    if !out.exists() {
        return Row::new(
            case.kind,
            &ended,
            Verdicts {
                faults,
                ..Verdicts::default()
            },
        );
    }
    let mut verdicts = judge(&desk, &out, Spelling::default(), None);
    verdicts.faults.extend(faults);
    let shown = ours(&desk, &out).short_fqans();
    if shown != owned(fqans) {
        verdicts
            .faults
            .push(format!("{shown:?} where {fqans:?} was expected"));
    }
    Row::new(case.kind, &ended, verdicts)
}

#[test]
fn servers_and_signers_are_trusted_or_refused_as_the_table_says() {
    assert_sound(seen());
}

#[test]
fn a_dead_server_never_keeps_a_live_one_from_answering() {
    let desk = Desk::new();
    let vomses = world().file("vomses-failover").display().to_string();
    for attempt in 0..10 {
        let out = desk.path(&format!("{attempt}.pem"));
        let ended = desk.init(
            "alice",
            &["--voms", "virgo", "--bits", "2048", "--vomses", &vomses],
            &out,
        );
        assert_eq!(
            (ended.exit, ended.stderr.as_str()),
            (0, ""),
            "attempt {attempt}"
        );
        assert_eq!(ours(&desk, &out).short_fqans(), VIRGO);
    }
}

#[test]
fn the_peers_say_of_the_same_servers_what_the_tables_rest_on() {
    let desk = Desk::new();
    let java = |vomses: &str| {
        let (pair, vomses) = (pair("alice"), world().file(vomses).display().to_string());
        let words: Vec<&str> = pair
            .iter()
            .map(String::as_str)
            .chain(["-voms", "virgo", "-vomses", &vomses])
            .collect();
        desk.peer("voms-proxy-init3", &words)
    };
    for (vomses, exit) in [
        ("vomses", 0),
        ("vomses-legacy", 1),
        ("vomses-otherdn", 1),
        ("vomses-rogue", 1),
    ] {
        let ended = java(vomses);
        assert_eq!(ended.exit, exit, "{vomses}: {}", ended.all());
    }
}

/// Many set both variables, as different clients know different ones.
#[test]
fn a_place_that_two_variables_name_is_listed_once() {
    let desk = Desk::new();
    let ended = desk.init("alice", &["--voms", "cupcakes"], &desk.path("out.pem"));
    let place = format!("{}\n", world().vomses.display());
    assert_eq!(ended.stderr.matches(&place).count(), 1, "{}", ended.stderr);
}
