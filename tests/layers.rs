//! The rooms of the library and who may know whom: an arrow that is not listed here is a wall.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// For each room the rooms that it may use.
fn arrows() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("bounded", &[] as &[&str]),
        ("remembered", &["bounded"]),
        ("credential", &["bounded", "remembered"]),
        ("voms", &["bounded", "credential", "remembered"]),
        ("net", &["bounded", "credential"]),
        ("client", &["credential", "net", "voms"]),
        ("ecp", &["bounded", "credential"]),
        ("verifier", &["credential", "voms"]),
        ("authority", &["credential", "voms"]),
        ("cli", &["authority", "bounded", "client", "credential", "ecp", "net", "verifier", "voms"]),
    ])
}

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|end| end == "rs") {
        found.push(path.to_owned());
    }
}

fn rooms() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let rooms = files.into_iter().filter_map(|file| {
        let room = file.strip_prefix(&root).unwrap().iter().next().unwrap().to_str().unwrap();
        let room = room.trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        (room != "lib" && room != "main").then_some((room, file, text))
    });
    rooms.collect()
}

#[test]
fn no_room_uses_another_against_the_arrows() {
    let arrows = arrows();
    let mut broken = Vec::new();
    for (room, file, text) in rooms() {
        let allowed = arrows.get(room.as_str()).unwrap_or_else(|| panic!("{} is in no known room", file.display()));
        for (number, line) in text.lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if used != room && arrows.contains_key(used.as_str()) && !allowed.contains(&used.as_str()) {
                    broken.push(format!("{}:{}: {room} uses {used}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_the_command_line_knows_clap_and_the_terminal() {
    let foreign = ["clap::", "indicatif::", "rpassword::", "std::env::", "println!"];
    for (room, file, text) in rooms().iter().filter(|(room, ..)| room != "cli") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for word in foreign {
            assert!(!code.contains(word), "{} of room {room} uses {word}", file.display());
        }
    }
}

#[test]
fn asn1_types_need_no_crypto_clock_or_files() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("asn1/Cargo.toml")).unwrap();
    for word in ["openssl", "chrono", "rand", "tokio"] {
        assert!(!manifest.contains(word), "asn1 depends on {word}");
    }
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("asn1/src"), &mut files);
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in ["std::fs", "std::io", "std::time", "std::net", "std::env"] {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}
