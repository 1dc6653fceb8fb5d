//! Man pages, completions and schemas in the repository are what the program prints. To renew the
//! first two: `UPDATE=1 cargo test --test generated`.
#![allow(clippy::disallowed_methods)] // Tests have the environment.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use voms_proxy::cli::{completion_links, completions, man_pages};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// What `voms-proxy` prints with these words.
#[track_caller]
fn printed(words: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voms-proxy"));
    let output = command.args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    output.stdout
}

fn is_current(path: &Path, now: &[u8]) -> bool {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, now).unwrap();
    }
    fs::read(path).is_ok_and(|there| there == now)
}

/// The directory has these files and no others.
#[track_caller]
fn holds_only(directory: &str, wanted: &BTreeSet<PathBuf>, is_generated: impl Fn(&Path) -> bool) {
    let mut pending = vec![root().join(directory)];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if is_generated(&path) && !wanted.contains(&path) {
                if std::env::var_os("UPDATE").is_some() {
                    fs::remove_file(&path).unwrap();
                } else {
                    panic!("{} is of no command", path.display());
                }
            }
        }
    }
}

#[track_caller]
fn match_the_program(files: impl Iterator<Item = (PathBuf, Vec<u8>)>) -> BTreeSet<PathBuf> {
    let (mut all, mut stale) = (BTreeSet::new(), Vec::new());
    for (path, text) in files {
        if !is_current(&path, &text) {
            stale.push(path.clone());
        }
        all.insert(path);
    }
    assert!(
        stale.is_empty(),
        "renew with UPDATE=1 cargo test --test generated: {stale:?}"
    );
    all
}

#[test]
fn man_pages_match_the_program() {
    let pages = man_pages().map(|(name, text)| {
        let path = root().join("man").join(format!("{name}.1"));
        (path, text.into_bytes())
    });
    let all = match_the_program(pages);
    holds_only("man", &all, |path| {
        path.extension().is_some_and(|end| end == "1")
    });
}

#[test]
fn completions_match_the_program() {
    let scripts = completions().map(|(file, text)| {
        let path = root().join("completions").join(file);
        (path, text.into_bytes())
    });
    let mut all = match_the_program(scripts);
    for (link, target) in completion_links() {
        let link = root().join("completions").join(link);
        if std::env::var_os("UPDATE").is_some() {
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(&target, &link).unwrap();
        }
        let found = fs::read_link(&link).unwrap_or_default();
        assert_eq!(found, Path::new(&target), "{}", link.display());
        all.insert(link);
    }
    holds_only("completions", &all, |_| true);
}

#[test]
fn man_prints_the_page_of_a_command_by_any_of_its_names() {
    for (words, page) in [
        (&[][..], "voms-proxy.1"),
        (&["init"], "voms-proxy-init.1"),
        (&["voms-proxy-init"], "voms-proxy-init.1"),
        (&["vo", "list"], "voms-proxy-vo-list.1"),
        (&["vo-list"], "voms-proxy-vo-list.1"),
        (&["ecp", "curl"], "ecp-curl.1"),
        (&["grid-proxy-info"], "grid-proxy-info.1"),
        (&["vomses"], "vomses.5"),
        (&["vomsdir"], "vomsdir.5"),
    ] {
        let words: Vec<&str> = ["man"].iter().chain(words).copied().collect();
        let file = fs::read(root().join("man").join(page)).unwrap();
        assert!(printed(&words) == file, "{words:?}");
    }
}

#[test]
fn completions_prints_the_script_of_each_shell() {
    for (shell, file) in [
        ("bash", "bash/voms-proxy"),
        ("zsh", "zsh/_voms-proxy"),
        ("fish", "fish/voms-proxy.fish"),
    ] {
        let file = fs::read(root().join("completions").join(file)).unwrap();
        assert!(printed(&["completions", shell]) == file, "{shell}");
    }
}

#[test]
fn schema_lists_and_prints_every_schema() {
    let mut names: Vec<String> = fs::read_dir(root().join("schema"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let listed = String::from_utf8(printed(&["schema"])).unwrap();
    assert_eq!(listed.lines().collect::<Vec<_>>(), names);
    for name in names {
        let file = fs::read(root().join("schema").join(format!("{name}.json"))).unwrap();
        assert!(printed(&["schema", &name]) == file, "{name}");
    }
}

/// `man` itself reads every page without a warning.
#[test]
fn every_page_renders() {
    for page in fs::read_dir(root().join("man")).unwrap() {
        let path = page.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(".TH "), "{} has no title", path.display());
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-z"])
            .arg(&path)
            .output();
        let output = output.expect("groff is missing; run scripts/install-test-packages");
        let warnings = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && warnings.is_empty(),
            "{}: {warnings}",
            path.display()
        );
    }
}
