//! `voms-proxy links`: names for the program, without harm to other programs.
#![allow(clippy::disallowed_methods)] // Tests have the environment.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{BINARY, Outcome, run};
use tempfile::TempDir;

/// Where the program can have another name: a copy could still be open for writing when it is run.
fn beside_the_program() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn links(dir: &Path, words: &[&str]) -> Outcome {
    run(Command::new(BINARY).arg("links").args(words).arg(dir), b"")
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_program_itself_is_among_the_names() {
    let dir = tempfile::tempdir().unwrap();
    let made = links(dir.path(), &[]).success();
    assert!(names(dir.path()).contains(&"voms-proxy".to_owned()));
    assert_eq!(made.stdout.lines().count(), names(dir.path()).len());
    // Again, over its own links.
    links(dir.path(), &[]).success();
    let version = run(
        Command::new(dir.path().join("voms-proxy")).arg("--version"),
        b"",
    );
    assert!(version.success().stdout.starts_with("voms-proxy v."));
}

#[test]
fn a_program_in_the_directory_of_the_links_stays_itself() {
    let dir = beside_the_program();
    let program = dir.path().join("voms-proxy");
    fs::hard_link(BINARY, &program).unwrap();
    for words in [&["links"][..], &["links", "--relative"]] {
        run(Command::new(&program).args(words).arg(dir.path()), b"").success();
        assert!(!program.is_symlink());
        assert_eq!(
            fs::metadata(&program).unwrap().len(),
            fs::metadata(BINARY).unwrap().len()
        );
    }
    assert_eq!(
        fs::read_link(dir.path().join("voms-proxy-init")).unwrap(),
        Path::new("voms-proxy")
    );
}

#[test]
fn relative_links_hold_when_program_and_directory_move_together() {
    let dir = beside_the_program();
    let [lib, bin] = ["old/lib", "old/bin"].map(|name| dir.path().join(name));
    fs::create_dir_all(&lib).unwrap();
    fs::create_dir_all(&bin).unwrap();
    fs::hard_link(BINARY, lib.join("voms-proxy")).unwrap();
    let mut command = Command::new(lib.join("voms-proxy"));
    run(command.args(["links", "--relative"]).arg(&bin), b"").success();
    fs::rename(dir.path().join("old"), dir.path().join("new")).unwrap();
    let moved = dir.path().join("new/bin/voms-proxy-info");
    run(Command::new(moved).arg("--version"), b"").success();
}

#[test]
fn a_family_is_made_alone_and_a_dry_run_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let would = links(dir.path(), &["--only", "voms", "--dry-run"]).success();
    assert!(names(dir.path()).is_empty());
    let made = links(dir.path(), &["--only", "voms"]).success();
    assert_eq!(would.stdout, made.stdout);
    assert!(
        names(dir.path())
            .iter()
            .all(|name| name.starts_with("voms-"))
    );
    links(dir.path(), &["--only", "globus", "--only", "ecp"]).success();
    assert!(names(dir.path()).contains(&"grid-proxy-init".to_owned()));
}

#[test]
fn another_program_of_that_name_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("voms-proxy-init");
    fs::write(&other, "another program").unwrap();
    assert_eq!(links(dir.path(), &[]).code, Some(1));
    assert_eq!(fs::read_to_string(other).unwrap(), "another program");
}

#[test]
fn a_directory_outside_the_search_path_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let note = |path: &str| {
        let mut command = Command::new(BINARY);
        let outcome = run(command.arg("links").arg(dir.path()).env("PATH", path), b"");
        outcome.success().stderr.contains("is not in your PATH")
    };
    assert!(note("/usr/bin:/bin"));
    assert!(!note(&format!("/usr/bin:{}/", dir.path().display())));
}

#[test]
fn the_sandbox_has_the_program_under_all_its_names() {
    let mut command = Command::new(BINARY);
    let script = "for name in voms-proxy voms-proxy-init grid-proxy-info; do command -v $name; done; \
                  voms-proxy vo list";
    let outcome = run(command.args(["sandbox", "--", "sh", "-c", script]), b"").success();
    let found: Vec<PathBuf> = outcome.stdout.lines().take(3).map(PathBuf::from).collect();
    let bin = found[0].parent().unwrap();
    assert!(
        found.iter().all(|path| path.parent() == Some(bin)),
        "{outcome:?}"
    );
    assert!(outcome.stdout.contains("virgo  localhost:"), "{outcome:?}");
}
