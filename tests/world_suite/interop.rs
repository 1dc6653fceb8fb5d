//! Proxies that change hands between us and the other clients.

use super::desk::{Desk, Ended, pair};
use super::judges::{Spelling, judge, ours};
use super::surroundings::world;

const ALICE: &str = "/DC=example/DC=world/O=Virgo/CN=Alice Adams";
const MAKERS: &[&str] = &[
    "voms-proxy-init2",
    "voms-proxy-init3",
    "arcproxy",
    "grid-proxy-init",
];

/// A proxy of alice, with attributes where the maker knows of them.
fn make(desk: &Desk, maker: &str, out: &str) -> Ended {
    let pair = pair("alice");
    let [_, cert, _, key] = &pair;
    let vomses = world().vomses.display().to_string();
    let usual: Vec<&str> = pair
        .iter()
        .map(String::as_str)
        .chain(["-out", out])
        .collect();
    match maker {
        "voms-proxy-init2" => desk.peer(maker, &[&usual[..], &["-voms", "virgo"]].concat()),
        "voms-proxy-init3" => desk.peer(
            maker,
            &[&usual[..], &["-voms", "virgo", "-vomses", &vomses]].concat(),
        ),
        "arcproxy" => desk.peer(maker, &["-C", cert, "-K", key, "-S", "virgo", "-P", out]),
        "grid-proxy-init" => desk.peer(maker, &usual),
        other => panic!("{other} makes no proxies here"),
    }
}

#[test]
fn proxies_of_other_clients_are_shown_and_built_upon() {
    for maker in MAKERS {
        let desk = Desk::new();
        let (theirs, new) = (desk.path("theirs.pem"), desk.path("new.pem"));
        let made = make(&desk, maker, theirs.to_str().unwrap());
        assert_eq!(made.exit, 0, "{maker}: {}", made.all());
        let shown = ours(&desk, &theirs);
        assert_eq!(shown.identity, ALICE, "{maker}");
        let fqans: &[&str] = if *maker == "grid-proxy-init" {
            &[]
        } else {
            &["/virgo", "/virgo/virgo"]
        };
        assert_eq!(shown.short_fqans(), fqans, "{maker}");
        assert_eq!(
            shown.kind, "RFC3820 compliant impersonation proxy",
            "{maker}"
        );

        let (from, to) = (theirs.to_str().unwrap(), new.to_str().unwrap());
        let ended = desk.ours(
            "init",
            &[
                "--cert", from, "--voms", "virgo", "--hours", "1", "--out", to,
            ],
        );
        assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""), "{maker}");
        let verdicts = judge(&desk, &new, Spelling::default(), None);
        assert!(
            verdicts.faults.is_empty(),
            "{maker}: {}",
            verdicts.faults.join("\n")
        );
        assert_eq!(
            ours(&desk, &new).short_fqans(),
            ["/virgo", "/virgo/virgo"],
            "{maker}"
        );
    }
}

#[test]
fn a_proxy_that_outlives_the_one_it_comes_from_is_cut_with_a_warning() {
    let desk = Desk::new();
    let (plain, new) = (desk.path("plain.pem"), desk.path("new.pem"));
    assert_eq!(
        make(&desk, "grid-proxy-init", plain.to_str().unwrap()).exit,
        0
    );
    let args = [
        "--cert",
        plain.to_str().unwrap(),
        "--voms",
        "virgo",
        "--valid",
        "24:00",
        "--out",
        new.to_str().unwrap(),
    ];
    let ended = desk.ours("init", &args);
    let warning = "warning: proxy lifetime limited to issuing credential lifetime.\n";
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, warning));
    assert!(
        judge(&desk, &new, Spelling::default(), None)
            .faults
            .is_empty()
    );
}

#[test]
fn virgos_own_renewal_from_a_week_long_proxy_works() {
    let desk = Desk::new();
    let (plain, new) = (desk.path("plainproxy.pem"), desk.path("out.pem"));
    let pair = pair("alice");
    let words = ["-valid", "168:00", "-out", plain.to_str().unwrap()];
    let words: Vec<&str> = pair.iter().map(String::as_str).chain(words).collect();
    assert_eq!(desk.peer("grid-proxy-init", &words).exit, 0);
    let out = new.to_str().unwrap();
    let args = [
        "-cert",
        plain.to_str().unwrap(),
        "-n",
        "-voms",
        "virgo:/virgo/virgo",
        "--out",
        out,
    ];
    let ended = desk.ours("init", &args);
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""));
    let verdicts = judge(&desk, &new, Spelling::default(), None);
    assert!(verdicts.faults.is_empty(), "{}", verdicts.faults.join("\n"));
    assert_eq!(ours(&desk, &new).short_fqans(), ["/virgo/virgo", "/virgo"]);
}

/// Alice's plain proxy for a day, ours or the C++ client's.
fn plain(desk: &Desk, maker: &str) -> String {
    let out = desk.path(&format!("plain-{maker}.pem"));
    let ended = if maker == "ours" {
        desk.init("alice", &["--valid", "24:00"], &out)
    } else {
        let (pair, out) = (pair("alice"), out.to_str().unwrap());
        let rest = ["-valid", "24:00", "-out", out];
        desk.peer(
            maker,
            &pair
                .iter()
                .map(String::as_str)
                .chain(rest)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(ended.exit, 0, "{maker}: {}", ended.all());
    out.to_str().unwrap().to_owned()
}

#[test]
fn java_and_arc_renew_our_plain_proxy() {
    let desk = Desk::new();
    let proxy = plain(&desk, "ours");
    let vomses = world().vomses.display().to_string();
    for program in ["voms-proxy-init3", "arcproxy"] {
        let out = desk.path(program);
        let to = out.to_str().unwrap();
        let ended = if program == "arcproxy" {
            desk.peer(
                program,
                &["-C", &proxy, "-K", &proxy, "-S", "virgo", "-P", to],
            )
        } else {
            let mut command = desk.command(program);
            command.args(["-noregen", "-voms", "virgo", "-vomses", &vomses, "-out", to]);
            super::desk::run(command.env("X509_USER_PROXY", &proxy), "")
        };
        assert_eq!(ended.exit, 0, "{program}: {}", ended.all());
        let shown = ours(&desk, &out);
        assert_eq!(
            (shown.identity.as_str(), shown.short_fqans().len()),
            (ALICE, 2),
            "{program}"
        );
    }
}

/// Debian's C++ client gets the attributes but writes no proxy under `-noregen`, whichever client
/// made the one it starts from: it ends with 0 where the old file stays in place, and with
/// "verification failed" where another was to be written.
#[test]
fn the_cpp_client_does_with_noregen_to_ours_as_to_its_own() {
    let outcome = |maker: &str| {
        let desk = Desk::new();
        let proxy = plain(&desk, maker);
        let before = std::fs::read(&proxy).unwrap();
        let noregen = |words: &[&str]| {
            let mut command = desk.command("voms-proxy-init2");
            command
                .args(["-noregen", "-quiet", "-voms", "virgo"])
                .args(words)
                .env("X509_USER_PROXY", &proxy);
            super::desk::run(&mut command, "")
        };
        let there = noregen(&[]);
        let kept = std::fs::read(&proxy).unwrap() == before;
        let elsewhere = desk.path("new.pem");
        let new = noregen(&["-out", elsewhere.to_str().unwrap()]);
        (
            there.exit,
            kept,
            new.exit,
            new.all().contains("verification failed"),
            elsewhere.exists(),
        )
    };
    assert_eq!(outcome("ours"), outcome("voms-proxy-init2"));
    assert_eq!(outcome("ours").0, 0);
}

#[test]
fn each_client_destroys_the_others_proxies() {
    let desk = Desk::new();
    for (program, words) in [
        ("voms-proxy-destroy2", &["-file"][..]),
        ("voms-proxy-destroy3", &["-file"]),
    ] {
        let proxy = desk.path("ours.pem");
        assert_eq!(desk.init("alice", &["--voms", "virgo"], &proxy).exit, 0);
        let ended = desk.peer(program, &[words, &[proxy.to_str().unwrap()]].concat());
        assert!(
            ended.exit == 0 && !proxy.exists(),
            "{program}: {}",
            ended.all()
        );
    }
    for maker in MAKERS {
        let proxy = desk.path("theirs.pem");
        assert_eq!(
            make(&desk, maker, proxy.to_str().unwrap()).exit,
            0,
            "{maker}"
        );
        let ended = desk.ours("destroy", &["--file", proxy.to_str().unwrap()]);
        assert_eq!((ended.exit, ended.all().as_str()), (0, ""), "{maker}");
        assert!(!proxy.exists(), "{maker}");
    }
}
