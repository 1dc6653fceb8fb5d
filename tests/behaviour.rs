//! One file for each visible behaviour: the listing of `tests/behaviour` reads as the list of
//! behaviours. To renew the outputs, `TRYCMD=overwrite cargo test --test behaviour`, and then read
//! the diff.

use std::path::Path;
use std::process::Command;

#[test]
fn every_behaviour_matches_its_description() {
    let program = Path::new(env!("CARGO_BIN_EXE_voms-proxy"));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/info");
    let links = tempfile::tempdir().unwrap();
    assert!(
        Command::new(program)
            .arg("links")
            .arg(links.path())
            .status()
            .unwrap()
            .success()
    );
    let cases = trycmd::TestCases::new();
    cases.register_bin("voms-proxy", program);
    for link in std::fs::read_dir(links.path()).unwrap() {
        let path = link.unwrap().path();
        cases.register_bin(path.file_name().unwrap().to_str().unwrap().to_owned(), path);
    }
    // An empty variable counts as unset.
    for name in [
        "X509_USER_PROXY",
        "X509_USER_CERT",
        "X509_USER_KEY",
        "X509_VOMSES",
        "X509_VOMS_FILE",
        "VOMS_USERCONF",
    ] {
        cases.env(name, "");
    }
    cases
        .env("HOME", "/nonexistent")
        .env("TZ", "UTC")
        .env("CONDA_PREFIX", "")
        .env("ARC_LOCATION", "");
    cases.env("X509_CERT_DIR", fixtures.join("trust").to_str().unwrap());
    cases.env("X509_VOMS_DIR", fixtures.join("vomsdir").to_str().unwrap());
    // The clock stands still while the fixtures are valid.
    cases
        .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
        .env("FAKETIME", "2026-11-24 03:25:45");
    cases.env("FAKETIME_DISABLE_SHM", "1");
    cases.case("tests/behaviour/*.trycmd").run();
}
