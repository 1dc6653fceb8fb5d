//! Machines without a vomsdir, as laptops are: whose attributes are trusted there.

use std::path::Path;

use super::desk::{Desk, Ended, pair, run};
use super::granted::judged;
use super::rows::{assert_sound, refused};
use super::surroundings::world;

/// In a separate mount namespace, in which the machine has no grid configuration. A machine that
/// allows none fails the test.
fn without_vomsdir(desk: &Desk, vomses: &str, out: &Path) -> Ended {
    const HIDE: &str = "for dir in /etc/grid-security /etc/vomses; do \
                        [ ! -d $dir ] || mount -t tmpfs none $dir || exit 99; done; exec \"$@\"";
    let mut command = desk.command("unshare");
    command
        .env_remove("X509_VOMS_DIR")
        .arg(if rustix::process::geteuid().is_root() {
            "-m"
        } else {
            "-rm"
        });
    command.args([
        "sh",
        "-c",
        HIDE,
        "sh",
        env!("CARGO_BIN_EXE_voms-proxy"),
        "init",
        "--voms",
        "virgo",
        "--vomses",
    ]);
    run(
        command
            .arg(world().file(vomses))
            .args(pair("alice"))
            .arg("--out")
            .arg(out),
        "",
    )
}

#[test]
fn without_a_vomsdir_the_server_asked_is_trusted_even_with_a_renewed_certificate() {
    let mut faults = Vec::new();
    for vomses in ["vomses", "vomses-renewed", "vomses-legacy", "vomses-ec"] {
        let desk = Desk::new();
        let out = desk.path("out.pem");
        let ended = without_vomsdir(&desk, vomses, &out);
        let verdicts = judged(&desk, &out, &ended, &["/virgo", "/virgo/virgo"], "note: ");
        faults.extend(
            verdicts
                .faults
                .into_iter()
                .map(|fault| format!("{vomses}: {fault}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn without_a_vomsdir_attributes_signed_by_another_server_are_refused() {
    let kind = "front with another name, no vomsdir";
    let row = refused(
        kind,
        &["is not the server that was asked", "no proxy was written"],
        |desk, out| without_vomsdir(desk, "vomses-lb", out),
    );
    assert_sound(&[row]);
}
