//! The walls that Cargo does not hold: which modules of a package may know which others, and where
//! the terminal, the environment and unsafe code may be. Cargo holds those between packages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Arrows = BTreeMap<&'static str, &'static [&'static str]>;

/// For each package the modules, each with those that it may use.
fn arrows() -> Vec<(&'static str, Arrows)> {
    let program: Arrows = BTreeMap::from([("home", &[] as &[&str]), ("cli", &["home"])]);
    let client: Arrows = BTreeMap::from([
        ("xml", &[] as &[&str]),
        ("vomses", &[]),
        ("net", &[]),
        ("spec", &[]),
        ("request", &[]),
        ("refusal", &[]),
        ("response", &["refusal", "xml"]),
    ]);
    let token: Arrows = BTreeMap::from([
        ("error", &[] as &[&str]),
        ("life", &[]),
        ("secret", &[]),
        ("address", &["error"]),
        ("path", &["error"]),
        ("jwt", &["secret"]),
        ("discovery", &["secret"]),
        ("oidc_agent", &["error", "secret"]),
        ("http", &["address", "error", "secret"]),
        ("vault", &["address", "error", "http", "path", "secret"]),
    ]);
    vec![
        ("src", program),
        ("crates/voms-client/src", client),
        ("crates/token/src", token),
        ("crates/voms/src", of_voms()),
    ]
}

/// Each may use those before it; `trust` and `vo` do not know each other.
const VOMS: [&[&str]; 13] = [
    &["time", "meter", "report"],
    &["crypto", "files"],
    &["pki"],
    &["work"],
    &["policy"],
    &["trust", "vo"],
    &["chain"],
    &["credential"],
    &["ac"],
    &["proxy"],
    &["verifier"],
    &["mapping"],
    &["codes", "serialize", "openssl_types"],
];

fn of_voms() -> Arrows {
    let mut arrows = Arrows::new();
    let mut below: Vec<&'static str> = Vec::new();
    for level in VOMS {
        arrows.extend(level.iter().map(|module| (*module, &*below.clone().leak())));
        below.extend(level);
    }
    arrows
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(path: &Path, found: &mut Vec<(PathBuf, String)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|end| end == "rs") {
        found.push((path.to_owned(), std::fs::read_to_string(path).unwrap()));
    }
}

fn sources_of(directory: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&root().join(directory), &mut found);
    assert!(!found.is_empty(), "{directory}");
    found
}

/// The module of the package that a file belongs to.
fn module(directory: &str, file: &Path) -> String {
    let inside = file.strip_prefix(root().join(directory)).unwrap();
    inside
        .iter()
        .next()
        .unwrap()
        .to_str()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

/// The modules that a text names below `crate::`, in groups too.
fn used(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => found.push(word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && !c.is_whitespace() => {
                            found.push(word(&group[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn grouped_imports_are_parsed() {
    assert_eq!(
        used("use crate::{a, b::{c, d}, e::f};\ncrate::g::h()"),
        ["a", "b", "e", "g"]
    );
}

#[test]
fn no_module_uses_another_against_the_arrows() {
    let mut broken = Vec::new();
    for (directory, arrows) in arrows() {
        for (file, text) in sources_of(directory) {
            let own = module(directory, &file);
            let Some(allowed) = arrows.get(own.as_str()) else {
                continue;
            };
            if text.contains("\n#![cfg(test)]") || text.starts_with("#![cfg(test)]") {
                continue;
            }
            let code = text.split("\nmod tests {").next().unwrap();
            for name in used(code).iter().filter(|name| **name != own) {
                if arrows.contains_key(name.as_str()) && !allowed.contains(&name.as_str()) {
                    broken.push(format!("{}: {own} uses {name}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The clock and the environment are clippy's affair.
#[test]
fn libraries_know_neither_options_nor_the_terminal() {
    let foreign = ["clap", "indicatif", "rpassword", "std::env::", "println!"];
    for directory in ["asn1/src", "crates", "src/home"] {
        // Build scripts talk to cargo on stdout.
        let sources = sources_of(directory).into_iter();
        for (file, text) in sources.filter(|(file, _)| !file.ends_with("build.rs")) {
            let code: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            for word in foreign {
                assert!(
                    !code.join("\n").contains(word),
                    "{} uses {word}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_library_for_services_has_no_network_dependencies() {
    let manifest = std::fs::read_to_string(root().join("crates/voms/Cargo.toml")).unwrap();
    for word in [
        "clap",
        "tokio",
        "hyper",
        "reqwest",
        "tempfile",
        "serde_json",
        "vendored",
    ] {
        let normal = manifest.split("[dev-dependencies]").next().unwrap();
        assert!(!normal.contains(word), "crates/voms depends on {word}");
    }
}

#[test]
fn only_the_crypto_module_of_voms_calls_openssl() {
    for (file, text) in sources_of("crates/voms/src") {
        let name = file.to_string_lossy();
        let in_crypto = name.contains("/src/crypto/") || name.ends_with("/openssl_types.rs");
        let code = text.split("\nmod tests {").next().unwrap();
        let calls = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .any(|line| line.replace("openssl_types::", "").contains("openssl::"));
        let is_test = text.contains("\n#![cfg(test)]");
        assert!(
            in_crypto || is_test || !calls,
            "{} calls OpenSSL",
            file.display()
        );
    }
}

#[test]
fn only_calls_of_kerberos_and_of_openssls_initialisation_and_the_c_interface_use_unsafe_code() {
    let places = [
        "saml-ecp/src/gssapi/",
        "voms/src/crypto/configuration.rs",
        "capi/src/",
    ];
    for directory in ["asn1/src", "crates", "src"] {
        for (file, text) in sources_of(directory) {
            let allowed = places
                .iter()
                .any(|place| file.to_string_lossy().contains(place));
            let used = text
                .lines()
                .any(|line| line.contains("unsafe {") || line.contains("unsafe fn"));
            assert!(allowed || !used, "{} has unsafe code", file.display());
        }
    }
}

#[test]
fn asn1_types_need_no_crypto_clock_or_files() {
    let manifest = std::fs::read_to_string(root().join("asn1/Cargo.toml")).unwrap();
    for word in ["openssl", "chrono", "rand", "tokio"] {
        assert!(!manifest.contains(word), "asn1 depends on {word}");
    }
    for (file, text) in sources_of("asn1/src") {
        for word in ["std::fs", "std::io", "std::time", "std::net", "std::env"] {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}
