//! How the command line is read.

mod common;

use std::os::unix::process::CommandExt;

use common::servers::{Voms, authority, honest};
use common::{BINARY, Home, judge, run};

fn ada_at(voms: &Voms) -> Home {
    Home::ada().servers(&[voms.virgo()])
}

#[test]
fn invalid_values_and_options_are_rejected_with_a_hint() {
    let home = Home::ada();
    let cases: [(&[&str], &str, &str); 17] = [
        (
            &["--bits", "foo"],
            "Invalid input for key size parameter. Please provide a valid key size value.",
            "help: number of bits",
        ),
        (
            &["--bits", "2047"],
            "Unsupported key size: 2047",
            "help: number of bits",
        ),
        (
            &["--bits", "-1"],
            "Unsupported key size: -1",
            "help: number of bits",
        ),
        (
            &["--bits", "0"],
            "Unsupported key size: 0",
            "help: number of bits",
        ),
        (
            &["--vomslife", "12:-12"],
            "Number of minutes must be a positive integer.",
            "help: ",
        ),
        (
            &["--valid", "12x"],
            "--valid argument must be in the format: h:m",
            "help: write for example 24:00, 24h or 2d",
        ),
        (
            &["--valid", "1:60"],
            "Number of minutes must be in the range 0-59.",
            "help: ",
        ),
        (
            &["--valid", "-1:00"],
            "Number of hours must be a positive integer.",
            "help: ",
        ),
        (&["--valid", "0:00"], "cannot be zero", "help: "),
        (
            &["--vomslife", "x"],
            "--vomslife argument must be in the format: h:m",
            "help: ",
        ),
        (
            &["--hours", "0"],
            "Number of hours must be a positive integer.",
            "help: ",
        ),
        (
            &["--hours", "1.5"],
            "Number of hours must be a positive integer.",
            "help: ",
        ),
        (&["--proxyver", "5"], "unknown proxy version: 5", "help: "),
        (
            &["--quite"],
            "Unrecognized option: --quite",
            "did you mean --quiet?",
        ),
        (
            &["-nosuchthing"],
            "Unrecognized option: -nosuchthing",
            "help: ",
        ),
        (
            &["virgo"],
            "unexpected word 'virgo'",
            "help: did you mean --voms virgo?",
        ),
        (&["--voms"], "--voms", "help: "),
    ];
    for (args, words, help) in cases {
        let outcome = home.refused(args);
        outcome.says(args[0], words).says(args[0], help);
        assert_eq!(outcome.stdout, "");
    }
    home.refused(&["--quiet", "--debug"])
        .says("", "contradict")
        .says("", "help: ");
}

#[test]
fn excessive_lifetimes_are_rejected_or_end_with_the_certificate() {
    for args in [
        ["--hours", "4294967295"],
        ["--valid", "4294967295:00"],
        ["--hours", "99999999"],
    ] {
        let home = Home::ada();
        home.put_sentinel();
        let outcome = home.init(&args);
        if outcome.code == Some(0) {
            outcome.says(
                args[0],
                "proxy lifetime limited to issuing credential lifetime",
            );
            judge::rfc(&home);
        } else {
            home.failed(outcome, "");
        }
    }
}

#[test]
fn options_accept_the_spelling_of_either_old_client() {
    let voms = honest(authority(|_| {}));
    for args in [
        &["-voms", "virgo"][..],
        &["--voms=virgo"],
        &["-voms=virgo"],
        &["-voms", "virgo", "-path_length", "1"],
    ] {
        let home = ada_at(&voms);
        home.init(args).success();
        assert_eq!(
            judge::rfc(&home).fqans(),
            ["/virgo", "/virgo/virgo"],
            "{args:?}"
        );
    }
}

#[test]
fn the_program_acts_as_the_command_it_is_named_after() {
    let home = Home::ada();
    let mut command = home.command(BINARY);
    command
        .arg0("/opt/grid/bin/voms-proxy-init")
        .args(["-valid", "0:30"]);
    run(&mut command, b"").success();
    assert_eq!(
        run(
            home.command(BINARY)
                .args(["info", "-exists", "-valid", "1:00"]),
            b""
        )
        .code,
        Some(1)
    );
    run(
        home.command(BINARY)
            .args(["voms-proxy-init", "-valid", "2:00"]),
        b"",
    )
    .success();
    assert_eq!(
        run(
            home.command(BINARY)
                .args(["info", "-exists", "-valid", "1:00"]),
            b""
        )
        .code,
        Some(0)
    );
}

#[test]
fn quiet_prints_nothing() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms);
    let outcome = home.init(&["--voms", "virgo", "--quiet"]).success();
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    assert_eq!(judge::rfc(&home).fqans().len(), 2);
}

#[test]
fn debug_writes_to_stderr_and_leaves_stdout_unchanged() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms);
    let outcome = home.init(&["--voms", "virgo", "--debug"]).success();
    outcome.says("", "Received VOMS response");
    let (vomses, home_key) = (home.path("vomses"), home.path(".globus/userkey.pem"));
    let pair = format!(
        "[{}, {}]",
        home_key.display(),
        home.path(".globus/usercert.pem").display()
    );
    // The lines that scripts know from the Java client, and the last from the C++ one.
    for line in [
        format!("Looking for user credentials in {pair}"),
        format!("Credentials loaded successfully {pair}"),
        "Loading CA Certificate".to_owned(),
        format!("Looking for VOMSES information in {}", vomses.display()),
        "Loaded vomses information '".to_owned(),
        "Sent HTTP request for ".to_owned(),
        "Looking for VOMS AA certificates in ".to_owned(),
        "Looking for LSC information in ".to_owned(),
        "Loaded LSC information from file ".to_owned(),
        "VOMS AC validation for VO virgo succeded.".to_owned(),
        format!("Using configuration file {}", vomses.display()),
    ] {
        outcome.says("", &line);
    }
    assert_eq!(outcome.stdout.lines().count(), 7, "{}", outcome.stdout);
    assert!(!outcome.stderr.contains("PRIVATE KEY"));
}

#[test]
fn info_accepts_hours_as_both_old_clients_do() {
    let home = Home::ada();
    home.init(&["--valid", "1:30"]).success();
    for (hours, code) in [("1", 0), ("2", 1)] {
        let words = ["-exists", "-hours", hours];
        for program in ["voms-proxy-info2", "voms-proxy-info3"] {
            assert_eq!(
                run(home.command(program).args(words), b"").code,
                Some(code),
                "{program} -hours {hours}"
            );
        }
        let outcome = run(home.command(BINARY).arg("info").args(words), b"");
        assert_eq!(
            (outcome.code, outcome.stderr.as_str()),
            (Some(code), ""),
            "-hours {hours}"
        );
    }
}
