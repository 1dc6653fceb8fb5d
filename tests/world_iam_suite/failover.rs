//! A server that does not serve, and after it in the vomses file one that does.

use super::desk::{Desk, pair, run};
use super::granted;
use super::requests::Mark;
use super::surroundings::world;

/// The vomses file, and the port of its first server.
const FIRST: [(&str, u16); 9] = [
    ("down", 7),
    ("busy503", 8),
    ("busy429", 9),
    ("slow", 12),
    ("web", 6),
    ("broken", 13),
    ("dead", 14),
    ("loop", 22),
    ("html", 23),
];

const SHORT: &str = "warning: the attributes end before the proxy does: attributes until ";

#[test]
fn a_failing_server_never_keeps_another_from_answering() {
    let mut faults = Vec::new();
    for (first, offset) in FIRST {
        let desk = Desk::new();
        let (out, mark) = (desk.path("out.pem"), Mark::new());
        let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
        command
            .args(["init", "--voms", "virgo", "--vomses"])
            .arg(world().file(&format!("vomses-{first}-then-main")));
        let ended = run(
            command
                .args(pair("alice"))
                .args(mark.words())
                .arg("--out")
                .arg(&out),
            "",
        );
        // The mark is a short life, and that is all there is to be said.
        let verdicts = granted::judged(&desk, &out, &ended, &["/virgo", "/virgo/virgo"], SHORT);
        if ended.stderr.lines().count() != 1 {
            faults.push(format!("{first}: says more: {}", ended.stderr));
        }
        faults.extend(
            verdicts
                .faults
                .into_iter()
                .map(|fault| format!("{first}: {fault}")),
        );
        let requests = mark.requests(1);
        let to = |port: u16| requests.iter().filter(|(asked, _)| *asked == port).count();
        // the first may have been overtaken
        if to(0) != 1 || to(offset) > 1 || requests.len() != to(0) + to(offset) {
            faults.push(format!("{first}: asked {requests:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
