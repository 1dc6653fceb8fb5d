//! `voms-proxy-info` beside its two predecessors: what `fixtures/info` recorded of voms-clients
//! (C++) and voms-clients-java is run again with ours. Where they agree, so do we; where they do
//! not, the spec decided line by line whom to follow. Those decisions are applied to the records
//! here; what they leave is in `tests/goldens.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

const FROZEN: &str = "2026-11-24 03:25:45";
const THREADS: usize = 3;
/// Stands for the working directory in the records.
const CWD: &str = "@CWD@";
const BLOCK: &str = "=== Proxy Information ===\n";

/// Exit status and stdout.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    rc: i64,
    stdout: String,
}

/// One command line, and what each client said to it.
struct Case {
    proxy: String,
    argv: Vec<String>,
    env: Vec<(String, String)>,
    cpp: Option<Said>,
    java: Option<Said>,
    ours: Said,
}

/// Every case of the records, with ours.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut cases = recorded();
    let preload = faketime();
    let next = AtomicUsize::new(0);
    let replay = || {
        let mine = std::iter::from_fn(|| {
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < cases.len())
        });
        mine.map(|at| (at, run(&cases[at], &preload)))
            .collect::<Vec<_>>()
    };
    let ours: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(replay)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    for (at, said) in ours {
        cases[at].ours = said;
    }
    cases
});

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/info")
        .canonicalize()
        .unwrap()
}

fn recorded() -> Vec<Case> {
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for entry in fixtures().join("cases").read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for record in text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
        {
            let string = |value: &Value| value.as_str().unwrap().to_owned();
            let said = Said {
                rc: record["rc"].as_i64().unwrap(),
                stdout: string(&record["stdout"]),
            };
            let env = record["env"].as_object().into_iter().flatten();
            let new = Case {
                proxy: string(&record["proxy"]),
                argv: record["argv"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .skip(1)
                    .map(string)
                    .collect(),
                env: env
                    .map(|(name, value)| (name.clone(), string(value)))
                    .collect(),
                cpp: None,
                java: None,
                ours: Said {
                    rc: -1,
                    stdout: String::new(),
                },
            };
            let name = new.name();
            let case = cases.entry(name.clone()).or_insert(new);
            let peer = if record["peer"] == "cpp" {
                &mut case.cpp
            } else {
                &mut case.java
            };
            assert!(peer.replace(said).is_none(), "{name} is recorded twice");
        }
    }
    cases.into_values().collect()
}

/// The library itself: its wrapper cannot be run twice at a time.
fn faketime() -> PathBuf {
    let architectures = Path::new("/usr/lib").read_dir().unwrap();
    let mut libraries =
        architectures.map(|entry| entry.unwrap().path().join("faketime/libfaketime.so.1"));
    libraries
        .find(|library| library.exists())
        .expect("no libfaketime: run scripts/install-test-packages")
}

fn run(case: &Case, preload: &Path) -> Said {
    let root = fixtures();
    let root = root.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_voms-proxy"));
    command
        .current_dir(root)
        .arg("info")
        .args(&case.argv)
        .env_clear();
    command
        .env("LD_PRELOAD", preload)
        .env("FAKETIME", FROZEN)
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8");
    for (name, directory) in [
        ("X509_CERT_DIR", "trust"),
        ("X509_VOMS_DIR", "vomsdir"),
        ("HOME", "home"),
    ] {
        command.env(name, format!("{root}/{directory}"));
    }
    command.envs(
        case.env
            .iter()
            .map(|(name, value)| (name, value.replace(CWD, root))),
    );
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !stderr.contains("faketime") && !stderr.contains("panicked"),
        "{}: {stderr}",
        case.name()
    );
    let stdout = String::from_utf8(output.stdout).unwrap().replace(root, CWD);
    Said {
        rc: i64::from(output.status.code().unwrap()),
        stdout,
    }
}

impl Case {
    /// As it would be typed, short.
    fn name(&self) -> String {
        let env = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let words: Vec<String> = env.chain(self.argv.iter().cloned()).collect();
        words
            .join(" ")
            .replace("-file proxies/", "")
            .replace(CWD, "$PWD")
    }

    fn has(&self, options: &[&str]) -> bool {
        self.argv
            .iter()
            .any(|word| options.contains(&word.as_str()))
    }

    /// Both were recorded, and said the same.
    fn agreed(&self) -> Option<&Said> {
        self.cpp.as_ref().filter(|_| self.cpp == self.java)
    }

    /// What ours ought to be, going by each of the two.
    fn decided(&self) -> Vec<(&'static str, Said)> {
        let cpp = self
            .cpp
            .as_ref()
            .map(|said| ("as C++", from_cpp(self, said)));
        let java = self
            .java
            .as_ref()
            .map(|said| ("as Java", from_java(self, said)));
        cpp.into_iter().chain(java).collect()
    }

    /// In the ledger's words, how ours is not what both said or the decisions make of it.
    fn difference(&self) -> Option<String> {
        if let Some(agreed) = self.agreed() {
            return (self.ours != *agreed).then(|| in_words(&self.ours));
        }
        let ours = Said {
            stdout: without_chain(&self.ours.stdout),
            ..self.ours
        };
        let (same, other): (Vec<_>, Vec<_>) = self
            .decided()
            .into_iter()
            .partition(|(_, said)| *said == ours);
        match same.first() {
            Some(_) if other.is_empty() => None,
            Some((whom, _)) => Some((*whom).to_owned()),
            None => Some(in_words(&ours)),
        }
    }
}

/// What holds of a proxy whatever is asked, as whole lines of the block.
#[derive(Default)]
struct Facts {
    kind: String,
    identity: String,
    key_usage: String,
}

static FACTS: LazyLock<BTreeMap<String, Facts>> = LazyLock::new(|| {
    let mut all: BTreeMap<String, Facts> = BTreeMap::new();
    for case in CASES.iter() {
        let Some(java) = &case.java else { continue };
        let facts = all.entry(case.proxy.clone()).or_default();
        for line in without_chain(&java.stdout).lines().map(java_line) {
            match line.split(" : ").next() {
                Some("type     ") => facts.kind = line,
                Some("identity ") => facts.identity = line,
                Some("key usage") => facts.key_usage = line,
                _ => {}
            }
        }
    }
    all
});

/// Section 8 of the spec, applied to Java's words: hours are not padded, the block tells bits,
/// attributes of a DN have their OpenSSL names, serial numbers are hexadecimal octets; and nothing
/// is printed after the last line.
fn from_java(case: &Case, said: &Said) -> Said {
    let mut lines: Vec<String> = without_chain(&said.stdout).lines().map(java_line).collect();
    if case.has(&["-serial"]) {
        for line in &mut lines {
            let hex = line.parse().map(|serial: u64| format!("{serial:02X}"));
            *line = hex.unwrap_or_else(|_| line.clone());
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    said.with(&lines)
}

fn java_line(line: &str) -> String {
    let line = line
        .replace("/EMAILADDRESS=", "/emailAddress=")
        .replace("timeleft  : 0", "timeleft  : ");
    if line.starts_with("strength  : ") {
        format!("{line} bits")
    } else {
        line
    }
}

/// Section 8 of the spec, applied to C++'s words: types and the identity as Java tells them, the
/// path absolute, slashes not escaped, the key usage in every block and alone when asked for; and a
/// P-256 key has 256 bits.
fn from_cpp(case: &Case, said: &Said) -> Said {
    let text = without_chain(&said.stdout);
    // Java refuses a certificate without its key, but knows the same with it.
    let Some(facts) = FACTS.get(case.proxy.trim_end_matches("-nokey")) else {
        return said.clone();
    };
    let mut lines = Vec::new();
    for line in text.lines() {
        let value = line.split_once(" : ").map_or(line, |(_, value)| value);
        let absolute = |path: &str| line.replace(path, &format!("{CWD}/{path}"));
        lines.push(match value {
            _ if line.starts_with("identity  : ") => facts.identity.clone(),
            _ if line.starts_with("type      : ") => facts.kind.clone(),
            "RFC compliant proxy" | "GT3-style proxy" | "proxy" | "unknown" => {
                facts.kind[12..].to_owned()
            }
            "576" => "256".to_owned(),
            "576 bits" => "strength  : 256 bits".to_owned(),
            path if path.starts_with("proxies/") => absolute(path),
            _ => line.replace("\\/", "/"),
        });
    }
    let block_ends = lines
        .iter()
        .position(|line| line.starts_with("timeleft  : "));
    if let Some(at) = block_ends.filter(|_| !lines.contains(&facts.key_usage)) {
        lines.insert(at + 1, facts.key_usage.clone());
    }
    if case.has(&["-keyusage", "-k"]) && !case.has(&["-all", "-text", "-chain"]) {
        lines.retain(|line| *line == facts.key_usage);
    }
    said.with(&lines)
}

impl Said {
    fn with(&self, lines: &[String]) -> Self {
        Self {
            rc: self.rc,
            stdout: lines.iter().map(|line| format!("{line}\n")).collect(),
        }
    }
}

/// Each has its own form for the certificates of a chain; what comes before and after is compared.
fn without_chain(text: &str) -> String {
    let parts = text.split_once("=== Proxy Chain Information ===\n");
    match parts.and_then(|(before, after)| Some((before, after.split_once(BLOCK)?))) {
        Some((before, (_, after))) => format!("{before}{BLOCK}{after}"),
        None => text.to_owned(),
    }
}

/// Exit status and stdout, as the ledger has them.
fn in_words(said: &Said) -> String {
    let text = said.stdout.replace(env!("CARGO_PKG_VERSION"), "X.Y.Z");
    let lines: Vec<String> = text.lines().map(|line| format!(", `{line}`")).collect();
    let short = if lines.len() > 3 {
        format!("{}, …", lines[0])
    } else {
        lines.concat()
    };
    format!("exit {}{short}", said.rc)
}

/// The rows of the ledger: a case, and what is said of ours.
fn ledger() -> BTreeMap<String, String> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens.md"))
            .unwrap();
    // What follows is about Globus: tests/globus.rs.
    let (own, _) = text.split_once("\n# ").unwrap();
    let rows: Vec<(String, String)> = own
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .strip_suffix(" |")?
                .split_once("` | ")
        })
        .map(|(case, ours)| (case.to_owned(), ours.to_owned()))
        .collect();
    let count = rows.len();
    let ledger: BTreeMap<_, _> = rows.into_iter().collect();
    assert_eq!(ledger.len(), count, "a case is listed twice");
    ledger
}

/// The first line that two texts have otherwise.
fn parting(theirs: &str, ours: &str) -> String {
    let lines = |text: &str| {
        text.lines()
            .map(str::to_owned)
            .chain(["(end)".to_owned()])
            .collect::<Vec<_>>()
    };
    let parted = lines(theirs)
        .into_iter()
        .zip(lines(ours))
        .find(|(theirs, ours)| theirs != ours);
    parted
        .map(|(theirs, ours)| format!(", {theirs:?} where we say {ours:?}"))
        .unwrap_or_default()
}

/// Asserts that the cases differ where the ledger lists them, and there as it says.
fn assert_listed(chosen: impl Fn(&Case) -> bool) {
    let ledger = ledger();
    let mut faults = Vec::new();
    for case in CASES.iter().filter(|case| chosen(case)) {
        let (name, found) = (case.name(), case.difference());
        let listed = ledger.get(&name);
        if listed == found.as_ref() {
            continue;
        }
        let row = |said: Option<&str>| {
            said.map_or("no row".to_owned(), |said| format!("| `{name}` | {said} |"))
        };
        faults.push(format!(
            "listed: {}\n found: {}",
            row(listed.map(String::as_str)),
            row(found.as_deref())
        ));
        faults.extend(case.decided().iter().map(|(whom, said)| {
            format!(
                "    {whom} would be exit {}{}",
                said.rc,
                parting(&said.stdout, &without_chain(&case.ours.stdout))
            )
        }));
    }
    assert!(
        faults.is_empty(),
        "tests/goldens.md is not what was found:\n{}",
        faults.join("\n")
    );
}

#[test]
fn where_both_clients_agree_so_do_we_except_as_listed() {
    let agreed = CASES.iter().filter(|case| case.agreed().is_some()).count();
    assert!(agreed >= 200, "only {agreed}");
    assert_listed(|case| case.agreed().is_some());
}

#[test]
fn where_the_clients_differ_we_follow_the_decision_except_as_listed() {
    assert_listed(|case| case.agreed().is_none());
}

#[test]
fn every_listed_case_was_recorded() {
    let names: BTreeSet<String> = CASES.iter().map(Case::name).collect();
    let unknown: Vec<String> = ledger()
        .into_keys()
        .filter(|name| !names.contains(name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_chain_is_printed_in_javas_lines() {
    let reported = |said: &Said| -> Vec<String> {
        let (chain, _) = said.stdout.split_once(BLOCK).unwrap();
        let ours = [
            "Subject: ",
            "Issuer: ",
            "Valid from: ",
            "Valid to: ",
            "VOMS extensions: yes.",
        ];
        let lines = chain
            .lines()
            .filter(|line| ours.iter().any(|label| line.starts_with(label)));
        lines.map(str::to_owned).collect()
    };
    let chains = CASES
        .iter()
        .filter(|case| case.has(&["-chain"]) && case.ours.rc == 0);
    let recorded =
        chains.filter_map(|case| Some((case, case.java.as_ref().filter(|java| java.rc == 0)?)));
    let equal = recorded
        .map(|(case, java)| assert_eq!(reported(&case.ours), reported(java), "{}", case.name()));
    assert!(equal.count() >= 5);
}
