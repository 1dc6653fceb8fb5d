//! Man pages and completions in the repository are those of the program's one definition. To renew them:
//! `UPDATE=1 cargo test --test generated`.
#![allow(clippy::disallowed_methods)] // Tests have the environment.

use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use voms_proxy::cli::{definitions, links};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn is_current(path: &Path, now: &[u8]) -> bool {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, now).unwrap();
    }
    fs::read(path).is_ok_and(|there| there == now)
}

#[test]
fn man_pages_match_the_program() {
    let stale: Vec<PathBuf> = definitions()
        .into_iter()
        .filter_map(|command| {
            let path = root().join("man").join(format!("{}.1", command.get_name()));
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).unwrap();
            (!is_current(&path, &page)).then_some(path)
        })
        .collect();
    assert!(
        stale.is_empty(),
        "renew with UPDATE=1 cargo test --test generated: {stale:?}"
    );
}

#[test]
fn completions_match_the_program() {
    let mut stale = Vec::new();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        for mut command in definitions() {
            let name = command.get_name().to_owned();
            // Words that exist only after `voms-proxy` have no completions of their own.
            if !links().any(|link| link == name) {
                continue;
            }
            let file = match shell {
                Shell::Zsh => format!("_{name}"),
                Shell::Fish => format!("{name}.fish"),
                _ => name.clone(),
            };
            let path = root()
                .join("completions")
                .join(shell.to_string())
                .join(file);
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, &name, &mut script);
            if !is_current(&path, &script) {
                stale.push(path);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "renew with UPDATE=1 cargo test --test generated: {stale:?}"
    );
}

/// `man` itself reads every page without a warning.
#[test]
fn every_page_renders() {
    for page in fs::read_dir(root().join("man")).unwrap() {
        let path = page.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(".TH "), "{} has no title", path.display());
        let output = std::process::Command::new("groff")
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
