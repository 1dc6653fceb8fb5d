//! Commands that ask for all there is, which is not an FQAN to IAM: it answers 500 where it meets
//! one.

use super::desk::{Desk, Ended, pair};
use super::granted::{self, judged};
use super::requests::Log;
use super::surroundings::world;

/// Runs a command that asks the usual server, which must not be brought to a 500 by it.
fn without_a_500(what: &str, command: impl FnOnce() -> Ended) -> Ended {
    let (usual, log) = (format!("{} 500 ", world().port), Log::from_now());
    let ended = command();
    std::thread::sleep(std::time::Duration::from_millis(200)); // nginx writes after the answer
    let faults: Vec<String> = log
        .lines()
        .into_iter()
        .filter(|line| line.starts_with(&usual))
        .collect();
    assert!(faults.is_empty(), "{what}: {}", faults.join("\n"));
    ended
}

fn alices(desk: &Desk, command: &str, words: &[&str]) -> Ended {
    let pair = pair("alice");
    let words: Vec<&str> = pair
        .iter()
        .map(String::as_str)
        .chain(words.iter().copied())
        .collect();
    without_a_500(command, || desk.ours(command, &words))
}

#[test]
fn all_requests_nothing_that_breaks_iam() {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = without_a_500("init", || {
        granted::init("alice", "--voms virgo:all", &desk, &out)
    });
    // Roles may be missing, which is said, but not as a warning: nothing that was asked for is.
    let note = "note: localhost lists neither roles nor optional groups";
    let verdicts = judged(&desk, &out, &ended, &["/virgo", "/virgo/virgo"], note);
    assert!(verdicts.faults.is_empty(), "{:?}", verdicts.faults);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
}

#[test]
fn list_shows_what_is_granted_by_default() {
    let desk = Desk::new();
    let ended = alices(&desk, "list", &["--voms", "virgo"]);
    assert_eq!(ended.exit, 0, "{}", ended.all());
    let fqans: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with('/'))
        .collect();
    assert_eq!(fqans, ["/virgo", "/virgo/virgo"], "{}", ended.all());
}

#[test]
fn doctor_finds_nothing_wrong() {
    let desk = Desk::new();
    let ended = alices(&desk, "doctor", &["--voms", "virgo"]);
    assert_eq!(ended.exit, 0, "{}", ended.all());
}

#[test]
fn doctor_asks_for_a_role_as_init_would() {
    let desk = Desk::new();
    let ended = alices(
        &desk,
        "doctor",
        &["--voms", "virgo:/virgo/virgo/Role=production"],
    );
    assert_eq!(ended.exit, 0, "{}", ended.all());
    assert!(
        ended
            .stdout
            .contains("/virgo/virgo/Role=production is granted"),
        "{}",
        ended.all()
    );
}

#[test]
fn register_sees_that_a_member_is_one() {
    let desk = Desk::new();
    let ended = alices(&desk, "register", &["--voms", "virgo", "--check"]);
    assert_eq!(ended.exit, 0, "{}", ended.all());
    assert!(
        ended.stdout.contains("/virgo is granted"),
        "{}",
        ended.all()
    );
}
