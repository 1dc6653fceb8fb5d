//! The way of somebody new: from the file that the institution sent to a proxy with the VO's
//! attributes.

use std::fs;

use super::desk::{Desk, Ended, run};
use super::judges::ours;
use super::receiving::PASSPHRASE;
use super::surroundings::world;

fn ours_with(desk: &Desk, words: &[&str], stdin: &str) -> Ended {
    run(
        desk.command(env!("CARGO_BIN_EXE_voms-proxy")).args(words),
        stdin,
    )
}

#[test]
fn two_commands_lead_from_a_bundle_of_old_ciphers_to_a_proxy() {
    let desk = Desk::new();
    fs::copy(
        world().file("users/alice/user-legacy.p12"),
        desk.path("cert.p12"),
    )
    .unwrap();
    let import = ours_with(
        &desk,
        &["import", "cert.p12", "--pwstdin"],
        &format!("pass\n{PASSPHRASE}\n"),
    );
    assert_eq!(
        (import.exit, import.stderr.as_str()),
        (0, ""),
        "{}",
        import.all()
    );
    for line in [
        "RC2-40",
        "/DC=example/DC=world/O=Virgo/CN=Alice Adams",
        "valid     : until ",
        " days)",
        "Next: voms-proxy-init --voms virgo",
    ] {
        assert!(import.stdout.contains(line), "{line}: {}", import.stdout);
    }
    let init = ours_with(
        &desk,
        &["init", "--voms", "virgo", "--pwstdin"],
        &format!("{PASSPHRASE}\n"),
    );
    assert_eq!(init.exit, 0, "{}", init.all());
    assert_eq!(
        ours(&desk, &desk.path("default.pem")).short_fqans(),
        ["/virgo", "/virgo/virgo"]
    );
}

/// Dry runs, and what already exists.
#[test]
fn an_existing_pair_is_replaced_only_on_request_and_always_kept() {
    let desk = Desk::new();
    let file = |user: &str, name: &str| {
        world()
            .file(&format!("users/{user}/{name}"))
            .display()
            .to_string()
    };
    let alice = file("alice", "user.p12");
    let dry = ours_with(
        &desk,
        &["import", "--dry-run", "--pwstdin", &alice],
        "pass\n",
    );
    assert!(
        dry.exit == 0 && dry.stdout.contains("Would write"),
        "{}",
        dry.all()
    );
    assert_eq!(desk.files(), Vec::<String>::new());
    let stdin = format!("pass\n{PASSPHRASE}\n");
    assert_eq!(
        ours_with(&desk, &["import", "--pwstdin", &alice], &stdin).exit,
        0
    );
    let first = fs::read(desk.path(".globus/usercert.pem")).unwrap();
    let (cert, key) = (
        file("grace", "usercert.pem"),
        file("grace", "userkey-enc.pem"),
    );
    let refused = ours_with(&desk, &["import", "--pwstdin", &key, &cert], &stdin);
    assert_eq!(refused.exit, 1, "{}", refused.all());
    assert!(
        refused.stderr.contains("nothing was changed") && refused.stderr.contains("--force"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read(desk.path(".globus/usercert.pem")).unwrap(), first);
    let forced = ours_with(
        &desk,
        &["import", "--force", "--pwstdin", &key, &cert],
        &stdin,
    );
    assert!(
        forced.exit == 0 && forced.stdout.contains("are kept as"),
        "{}",
        forced.all()
    );
    let names: Vec<_> = fs::read_dir(desk.path(".globus"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let kept = names
        .iter()
        .find(|path| path.to_string_lossy().contains("usercert.pem.backup-2"))
        .unwrap();
    assert_eq!(fs::read(kept).unwrap(), first);
    assert!(
        names
            .iter()
            .any(|path| path.to_string_lossy().contains("userkey.pem.backup-2"))
    );
}

#[test]
fn register_shows_the_page_and_what_is_granted() {
    let desk = Desk::new();
    let pair = super::desk::pair("alice");
    let words = |more: &[&'static str]| -> Vec<String> {
        let words = ["register", "--cert", &pair[1], "--key", &pair[3]];
        words
            .iter()
            .map(ToString::to_string)
            .chain(more.iter().map(ToString::to_string))
            .collect()
    };
    let reported = |more: &[&'static str]| {
        let words = words(more);
        ours_with(
            &desk,
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
            "",
        )
    };
    let shown = reported(&[]);
    assert_eq!(shown.exit, 0, "{}", shown.all());
    for line in [
        "https://voms.cnaf.infn.it:8443/voms/virgo",
        "     /virgo/virgo",
        "voms-proxy export --p12",
    ] {
        assert!(shown.stdout.contains(line), "{line}: {}", shown.stdout);
    }
    let other = reported(&["--voms", "testvo"]);
    assert!(
        other
            .stdout
            .contains("https://localhost:8443/voms/testvo\n   (the usual address"),
        "{}",
        other.all()
    );
    let all = reported(&["--check"]);
    assert!(
        all.exit == 0 && all.stdout.matches("is granted").count() == 2,
        "{}",
        all.all()
    );
    let missing = reported(&["--check", "--voms", "virgo:/virgo/ligo"]);
    assert_eq!(missing.exit, 1, "{}", missing.all());
    assert!(
        missing
            .stdout
            .contains("failed   membership  /virgo/ligo is not granted"),
        "{}",
        missing.stdout
    );

    for (user, fact) in [
        ("erin", "not a member of virgo yet"),
        ("dave", "a member of virgo, but suspended"),
        ("carol", "/virgo/virgo is not granted"),
    ] {
        let pair = super::desk::pair(user);
        let ended = ours_with(
            &desk,
            &["register", "--check", "--cert", &pair[1], "--key", &pair[3]],
            "",
        );
        assert!(
            ended.exit == 1 && ended.stdout.contains(fact),
            "{user}: {}",
            ended.all()
        );
        assert!(
            ended
                .stdout
                .contains("https://voms.cnaf.infn.it:8443/voms/virgo"),
            "{user}: {}",
            ended.stdout
        );
    }
    for (user, fact) in [
        ("expired", "it expired on"),
        ("mallory", "is not among the trusted CAs"),
        ("revoked", "revoked"),
    ] {
        let pair = super::desk::pair(user);
        let ended = ours_with(
            &desk,
            &["register", "--cert", &pair[1], "--key", &pair[3]],
            "",
        );
        assert!(
            ended.exit == 1 && ended.stdout.contains(fact),
            "{user}: {}",
            ended.all()
        );
        assert!(
            ended.stdout.contains("cannot be registered yet"),
            "{user}: {}",
            ended.stdout
        );
    }
}
