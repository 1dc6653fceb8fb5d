//! HTCondor's own code, as it is published, delegating the proxy that a keeper keeps.

use std::path::Path;
use std::time::{Duration, Instant};

use super::desk::{Desk, pair, run};
use super::python;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/world_suite/condor-delegate"
);

/// Delegates, and has OpenSSL and the C++ client judge what comes out. When it ends.
fn delegated(desk: &Desk, python: &Path, from: &Path, to: &Path) -> String {
    let mut command = desk.command(python);
    let ended = run(command.arg(SCRIPT).arg(from).arg(to), "");
    assert_eq!(ended.exit, 0, "{}", ended.all());
    let file = to.to_str().unwrap();
    let directory = super::surroundings::world().cert_dir.display().to_string();
    let words = [
        "verify",
        "-allow_proxy_certs",
        "-CApath",
        &directory,
        "-untrusted",
        file,
        file,
    ];
    let judged = desk.peer("openssl", &words);
    assert_eq!(judged.exit, 0, "{}", judged.all());
    let shown = desk.peer("voms-proxy-info2", &["-file", file, "-fqan", "-actimeleft"]);
    assert!(shown.stdout.contains("/virgo/virgo"), "{}", shown.all());
    let end = [
        "x509", "-in", file, "-noout", "-enddate", "-dateopt", "iso_8601",
    ];
    desk.peer("openssl", &end).stdout
}

#[test]
fn condor_delegates_a_kept_proxy_before_and_after_a_refresh() {
    let python = python::with("condor");
    let desk = Desk::new();
    let proxy = desk.path("job.proxy");
    let log = desk.path("log").display().to_string();
    let mut keep = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    keep.arg("keep")
        .args(pair("alice"))
        .arg("--out")
        .arg(&proxy);
    keep.args(["--quiet", "--voms", "virgo", "--valid", "30s"]);
    keep.args(["--background", "--until", "40s", "--log", &log]);
    let kept = run(&mut keep, "");
    assert_eq!(kept.exit, 0, "{}", kept.all());
    let before = delegated(&desk, &python, &proxy, &desk.path("first"));
    let (old, start) = (std::fs::read(&proxy).unwrap(), Instant::now());
    while std::fs::read(&proxy).unwrap() == old {
        assert!(start.elapsed() < Duration::from_secs(30), "not refreshed");
        std::thread::sleep(Duration::from_millis(200));
    }
    let after = delegated(&desk, &python, &proxy, &desk.path("second"));
    assert!(before < after, "{before} {after}");
    assert_eq!(std::fs::read_to_string(log).unwrap(), "");
}
