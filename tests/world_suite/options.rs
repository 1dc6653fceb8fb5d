//! What options change in the proxy, all as alice, who has groups and roles in two VOs.

use std::sync::OnceLock;

use super::desk::{Desk, run};
use super::judges::{OpenSslInability, Spelling, Verdicts, judge, lives, ours};
use super::members::owned;
use super::rows::{Row, assert_sound, success_faults};

struct Case {
    words: &'static str,
    vos: &'static [&'static str],
    /// These in this order, then `others` in any: servers have none for what was not asked for.
    fqans: &'static [&'static str],
    others: &'static [&'static str],
    kind: &'static str,
    bits: &'static str,
    minutes: i64,
    ac_minutes: i64,
    stderr: &'static str,
    openssl: OpenSslInability,
}

const HALF_A_DAY: i64 = 12 * 60;
const USUAL: Case = Case {
    words: "",
    vos: &["virgo"],
    fqans: &["/virgo", "/virgo/virgo"],
    others: &[],
    kind: "RFC3820 compliant impersonation proxy",
    bits: "2048",
    minutes: HALF_A_DAY,
    ac_minutes: HALF_A_DAY,
    stderr: "",
    openssl: None,
};
/// OpenSSL knows proxies of RFC 3820 only.
const NOT_RFC: OpenSslInability = Some("invalid CA certificate");

const CASES: &[Case] = &[
    Case {
        words: "--voms virgo:/virgo/virgo",
        fqans: &["/virgo/virgo", "/virgo"],
        ..USUAL
    },
    Case {
        words: "--voms virgo:/virgo/virgo/Role=production",
        fqans: &["/virgo/virgo/Role=production"],
        others: &["/virgo", "/virgo/virgo"],
        ..USUAL
    },
    Case {
        words: "--voms virgo:/virgo/virgo/Role=production --voms virgo:/virgo/Role=VO-Admin",
        fqans: &["/virgo/virgo/Role=production", "/virgo/Role=VO-Admin"],
        others: &["/virgo", "/virgo/virgo"],
        ..USUAL
    },
    Case {
        words: "--voms virgo:/virgo/Role=VO-Admin --voms virgo:/virgo/virgo/Role=production",
        fqans: &["/virgo/Role=VO-Admin", "/virgo/virgo/Role=production"],
        others: &["/virgo", "/virgo/virgo"],
        ..USUAL
    },
    Case {
        words: "--voms virgo:all",
        fqans: &[],
        others: &[
            "/virgo",
            "/virgo/Role=VO-Admin",
            "/virgo/virgo",
            "/virgo/virgo/Role=production",
        ],
        ..USUAL
    },
    Case {
        words: "--voms virgo --order /virgo/virgo",
        fqans: &["/virgo/virgo", "/virgo"],
        ..USUAL
    },
    Case {
        words: "--voms virgo --voms testvo",
        vos: &["virgo", "testvo"],
        fqans: &["/virgo", "/virgo/virgo", "/testvo", "/testvo/sub"],
        ..USUAL
    },
    Case {
        words: "--voms testvo:/testvo/Role=pilot --voms virgo",
        vos: &["testvo", "virgo"],
        fqans: &["/testvo/Role=pilot"],
        others: &["/testvo", "/testvo/sub", "/virgo", "/virgo/virgo"],
        ..USUAL
    },
    Case {
        words: "--voms virgo --valid 48:00",
        minutes: 48 * 60,
        ac_minutes: 24 * 60,
        stderr: "The validity of this VOMS AC in your proxy is shortened to 86400 seconds!",
        ..USUAL
    },
    Case {
        words: "--voms virgo --valid 24:00",
        minutes: 24 * 60,
        ac_minutes: 24 * 60,
        ..USUAL
    },
    Case {
        words: "--voms virgo --hours 3",
        minutes: 3 * 60,
        ac_minutes: 3 * 60,
        ..USUAL
    },
    Case {
        words: "--voms virgo --vomslife 2:30",
        ac_minutes: 150,
        stderr: "warning: the attributes end before the proxy does: attributes until ",
        ..USUAL
    },
    Case {
        words: "--voms virgo --limited",
        kind: "RFC3820 compliant limited proxy",
        ..USUAL
    },
    Case {
        words: "--voms virgo --old",
        kind: "full legacy globus proxy",
        openssl: NOT_RFC,
        ..USUAL
    },
    Case {
        words: "--voms virgo --proxyver 3",
        kind: "Proxy draft (pre-RFC) impersonation proxy",
        openssl: NOT_RFC,
        ..USUAL
    },
    Case {
        words: "--voms virgo --bits 1024",
        bits: "1024",
        stderr: "warning: services refuse proxies with a key of 1024 bits: ",
        ..USUAL
    },
    Case {
        words: "--voms virgo --bits 4096",
        bits: "4096",
        ..USUAL
    },
];

pub fn seen() -> &'static [Row] {
    static SEEN: OnceLock<Vec<Row>> = OnceLock::new();
    SEEN.get_or_init(|| CASES.iter().map(see).collect())
}

fn see(case: &Case) -> Row {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let words: Vec<&str> = case.words.split(' ').collect();
    let ended = desk.init("alice", &words, &out);
    let kind = format!("alice: {}", case.words);
    let faults = success_faults(&ended, &out, case.stderr);
    if !out.exists() {
        return Row::new(
            &kind,
            &ended,
            Verdicts {
                faults,
                ..Verdicts::default()
            },
        );
    }
    let mut verdicts = judge(&desk, &out, Spelling::default(), case.openssl);
    verdicts.faults.extend(faults);
    let shown = ours(&desk, &out);
    let mut expect = |what: &str, holds: bool| {
        if !holds {
            verdicts.faults.push(format!("{what}: {shown:?}"));
        }
    };
    let mut fqans = shown.short_fqans();
    let mut others = fqans.split_off(case.fqans.len().min(fqans.len()));
    others.sort();
    expect(
        "FQANs",
        fqans == owned(case.fqans)
            && others == {
                let mut o = owned(case.others);
                o.sort();
                o
            },
    );
    expect("VOs", shown.vos == owned(case.vos));
    expect("type", shown.kind == case.kind);
    expect("strength", shown.bits == case.bits);
    // Clocks of services may be behind: like the C++ client's, a proxy begins five minutes before
    // it is made.
    let (life, ac_lives) = lives(&out);
    expect(
        &format!("life of {life} s"),
        life == case.minutes * 60 + 300,
    );
    let all_as_asked = ac_lives.iter().all(|life| *life == case.ac_minutes * 60);
    expect(
        &format!("lives of attributes {ac_lives:?}"),
        ac_lives.len() == case.vos.len() && all_as_asked,
    );
    Row::new(&kind, &ended, verdicts)
}

#[test]
fn options_do_what_they_say_and_all_judges_agree() {
    assert_sound(seen());
}

#[test]
fn a_proxy_with_an_ec_key_serves_over_https_and_for_the_cpp_client_but_not_for_the_java_one() {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = desk.init("alice", &["--voms", "virgo", "--key-type", "ec"], &out);
    assert!(
        ended.exit == 0
            && ended
                .stderr
                .starts_with("warning: the key of this proxy is an EC key"),
        "{}",
        ended.all()
    );
    let shown = ours(&desk, &out);
    assert_eq!(
        (shown.bits.as_str(), shown.short_fqans()),
        ("256", owned(&["/virgo", "/virgo/virgo"]))
    );
    let file = out.to_str().unwrap();
    let cpp = desk.peer("voms-proxy-info2", &["-fqan", "-file", file]);
    assert!(
        cpp.exit == 0 && cpp.stdout.starts_with("/virgo/Role=NULL"),
        "{}",
        cpp.all()
    );
    let java = desk.peer("voms-proxy-info3", &["-all", "-file", file]);
    assert!(
        java.exit != 0 && java.stderr.contains("cannot be cast"),
        "{}",
        java.all()
    );
    // The server takes it for TLS.
    let renewed = desk.path("renewed.pem");
    let ended = desk.ours(
        "init",
        &[
            "--cert",
            file,
            "--voms",
            "virgo",
            "--valid",
            "1:00",
            "--out",
            renewed.to_str().unwrap(),
        ],
    );
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""));
    assert_eq!(ours(&desk, &renewed).bits, "2048");
}

#[test]
fn noregen_makes_the_new_proxy_from_the_present_one_in_its_place() {
    let desk = Desk::new();
    let proxy = desk.path("default.pem");
    assert_eq!(desk.init("alice", &["--valid", "24:00"], &proxy).exit, 0);
    let plain = std::fs::read(&proxy).unwrap();
    let ended = desk.ours("init", &["--noregen", "--voms", "virgo:/virgo/virgo"]);
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""));
    assert_ne!(std::fs::read(&proxy).unwrap(), plain);
    let verdicts = judge(&desk, &proxy, Spelling::default(), None);
    assert!(verdicts.faults.is_empty(), "{}", verdicts.faults.join("\n"));
    assert_eq!(
        ours(&desk, &proxy).short_fqans(),
        ["/virgo/virgo", "/virgo"]
    );
}

#[test]
fn quiet_says_nothing_and_warnings_are_not_silenced() {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = desk.init("alice", &["--voms", "virgo", "--quiet"], &out);
    assert_eq!((ended.exit, ended.all().as_str()), (0, ""));
    let ended = desk.init(
        "alice",
        &["--voms", "virgo", "--quiet", "--valid", "48:00"],
        &out,
    );
    assert!(
        ended.exit == 0 && ended.stdout.is_empty() && ended.stderr.starts_with("warning: "),
        "{}",
        ended.all()
    );
}

#[test]
fn without_options_the_pair_in_dot_globus_and_the_default_place_are_used() {
    let desk = Desk::new();
    let globus = desk.path(".globus");
    std::fs::create_dir(&globus).unwrap();
    for name in ["usercert.pem", "userkey.pem"] {
        let from = super::surroundings::world().file("users/alice").join(name);
        // Copying keeps the mode, which is 0400.
        std::fs::copy(from, globus.join(name)).unwrap();
    }
    let ended = run(
        desk.command(env!("CARGO_BIN_EXE_voms-proxy"))
            .args(["init", "--voms", "virgo"]),
        "",
    );
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""));
    assert_eq!(
        ours(&desk, &desk.path("default.pem")).short_fqans(),
        ["/virgo", "/virgo/virgo"]
    );
}
