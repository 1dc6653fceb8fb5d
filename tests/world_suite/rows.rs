//! One row of a table: what was done, what was seen, and what is wrong with it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::desk::{Desk, Ended};
use super::judges::Verdicts;
use super::surroundings::world;

pub struct Row {
    pub kind: String,
    said: String,
    exit: i32,
    verdicts: Verdicts,
}

impl Row {
    pub fn new(kind: &str, ended: &Ended, verdicts: Verdicts) -> Self {
        let is_help = |line: &&str| line.starts_with("help: ");
        let lines: Vec<&str> = ended.stderr.lines().map(str::trim).collect();
        // These say the same of every server's refusal.
        let detail = lines
            .get(1)
            .filter(|line| !is_help(line) && !line.starts_with("None of the contacted servers"));
        let help = lines.iter().find(|line| is_help(line));
        let created = ended
            .stdout
            .lines()
            .find(|line| line.starts_with("Created proxy"));
        let made = created.map(|_| "Created proxy in FILE.");
        let said: Vec<&str> = lines
            .iter()
            .take(1)
            .chain(detail)
            .chain(help)
            .copied()
            .chain(made)
            .collect();
        Self {
            kind: kind.to_owned(),
            said: world().placeless(&said.join(" / ")),
            exit: ended.exit,
            verdicts,
        }
    }

    /// Whether it failed and named no next step.
    pub fn is_helpless(&self) -> bool {
        self.exit != 0 && !self.said.contains(" / help: ")
    }

    pub fn markdown(&self) -> String {
        let cell = |text: &str| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text.replace('|', "\\|")
            }
        };
        let Verdicts { info2, info3, .. } = &self.verdicts;
        format!(
            "| {} | {} | {} | {} | {} |\n",
            self.kind,
            cell(&self.said),
            self.exit,
            cell(info2),
            cell(info3)
        )
    }
}

/// All rows are looked at before the test fails, so that one run shows every fault.
pub fn assert_sound(rows: &[Row]) {
    let faults: Vec<String> = rows
        .iter()
        .flat_map(|row| {
            row.verdicts
                .faults
                .iter()
                .map(|fault| format!("{}: {fault}", row.kind))
        })
        .collect();
    assert!(
        !rows.is_empty() && faults.is_empty(),
        "{}",
        faults.join("\n")
    );
}

/// A command that should have made a proxy: what it printed, and the file.
pub fn success_faults(ended: &Ended, out: &Path, stderr: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if ended.exit != 0 {
        faults.push(format!("exit {}: {}", ended.exit, ended.stderr));
        return faults;
    }
    for line in [
        &format!("Created proxy in {}.", out.display()),
        "Your proxy is valid until ",
    ] {
        if !ended.stdout.contains(line) {
            faults.push(format!("stdout lacks {line:?}: {}", ended.stdout));
        }
    }
    if !ended.stderr.contains(stderr) || (stderr.is_empty() && !ended.stderr.is_empty()) {
        faults.push(format!("stderr should be {stderr:?}: {:?}", ended.stderr));
    }
    let mode = std::fs::metadata(out).map(|meta| meta.permissions().mode() & 0o7777);
    if !matches!(mode, Ok(0o600)) {
        faults.push(format!("the file's mode: {mode:?}"));
    }
    faults
}

/// Runs a command that has to be refused, first with no earlier proxy, then with one, and sees that
/// neither leaves anything behind.
pub fn refused(kind: &str, sentences: &[&str], command: impl Fn(&Desk, &Path) -> Ended) -> Row {
    const EARLIER: &[u8] = b"the earlier proxy";
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let mut faults = Vec::new();
    let first = command(&desk, &out);
    let left = desk.files();
    if !left.is_empty() {
        faults.push(format!("left {left:?}"));
    }
    std::fs::write(&out, EARLIER).unwrap();
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o600)).unwrap();
    let second = command(&desk, &out);
    if std::fs::read(&out).ok().as_deref() != Some(EARLIER) || desk.files() != ["out.pem"] {
        faults.push(format!("the earlier proxy was touched: {:?}", desk.files()));
    }
    for ended in [&first, &second] {
        if ended.exit != 1 {
            faults.push(format!("exit {}", ended.exit));
        }
        if !ended.stderr.contains("error: ") || ended.stdout.contains("Created proxy") {
            faults.push(format!(
                "does not read as an error: {}{}",
                ended.stdout, ended.stderr
            ));
        }
        for sentence in sentences {
            if !ended.stderr.contains(sentence) {
                faults.push(format!("stderr lacks {sentence:?}: {}", ended.stderr));
            }
        }
    }
    Row::new(
        kind,
        &first,
        Verdicts {
            faults,
            ..Verdicts::default()
        },
    )
}
