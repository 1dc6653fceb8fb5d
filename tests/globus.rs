//! The names of Globus's tools beside the tools: `fixtures/globus` has what globus-proxy-utils and
//! globus-gsi-cert-utils-progs said, and ours says the same line by line, but for what
//! `tests/goldens.md` lists. With UPDATE=1, the records are renewed from what is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

const FROZEN: &str = "2026-11-24 03:25:45";
const THREADS: usize = 3;
/// Stands for the working directory in the records.
const CWD: &str = "@CWD@";
const PASSPHRASE: &str = "passphrase\n";
/// What is asked of a new proxy, of Globus in either case.
const JUDGED: [&str; 6] = ["-f", "p.pem", "-type", "-strength", "-issuer", "-timeleft"];

/// A command line, and what it meets.
struct Case {
    argv: Vec<String>,
    /// Beside the usual environment.
    env: Vec<(String, String)>,
    /// Files with other modes than usual.
    mode: Vec<(String, String)>,
    stdin: Option<String>,
    /// What is typed at the prompt.
    terminal: Option<String>,
    at: Option<String>,
    record: Map<String, Value>,
}

#[derive(Debug, PartialEq)]
struct Said {
    rc: i64,
    stdout: String,
    stderr: String,
    /// The files that are no longer there.
    gone: Vec<String>,
    /// What Globus says of the proxy made.
    made: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    Globus,
    Ours,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(root().join("fixtures/globus/cases.jsonl")).unwrap();
    text.lines()
        .map(|line| Case::of(serde_json::from_str(line).unwrap()))
        .collect()
}

/// Runs all cases, a few at a time.
fn run_all(cases: &[Case], whose: Whose) -> Vec<Said> {
    let preload = faketime();
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| {
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < cases.len())
        });
        mine.map(|at| (at, cases[at].run(whose, &preload)))
            .collect::<Vec<_>>()
    };
    let mut said: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    said.sort_by_key(|(at, _)| *at);
    said.into_iter().map(|(_, said)| said).collect()
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

impl Case {
    fn of(record: Map<String, Value>) -> Self {
        let string = |value: &Value| value.as_str().unwrap().to_owned();
        let pairs = |name: &str| {
            let pairs = record.get(name).and_then(Value::as_object);
            let pairs = pairs.into_iter().flatten();
            pairs
                .map(|(name, value)| (name.clone(), string(value)))
                .collect()
        };
        let argv = record["argv"].as_array().unwrap();
        Self {
            argv: argv.iter().map(string).collect(),
            env: pairs("env"),
            mode: pairs("mode"),
            stdin: record.get("stdin").map(string),
            terminal: record.get("terminal").map(string),
            at: record.get("at").map(string),
            record,
        }
    }

    /// As it would be typed, short.
    fn name(&self) -> String {
        let env = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let at = self.at.iter().map(|at| format!("(at {at})"));
        let mode = self
            .mode
            .iter()
            .map(|(file, mode)| format!("(mode {mode} of {file})"));
        let typed = self.stdin.iter().map(|typed| format!("({typed:?})"));
        let terminal = self.terminal.iter().map(|_| "(terminal)".to_owned());
        let before = at.chain(mode).chain(typed).chain(terminal).chain(env);
        let words: Vec<String> = before.chain(self.argv.iter().cloned()).collect();
        words.join(" ").replace(CWD, "$PWD")
    }

    fn recorded(&self) -> Said {
        let string = |name: &str| self.record[name].as_str().unwrap().to_owned();
        let gone = self.record["gone"].as_array().unwrap();
        Said {
            rc: self.record["rc"].as_i64().unwrap(),
            stdout: string("stdout"),
            stderr: string("stderr"),
            gone: gone
                .iter()
                .map(|file| file.as_str().unwrap().to_owned())
                .collect(),
            made: string("made"),
        }
    }

    fn run(&self, whose: Whose, preload: &Path) -> Said {
        let room = tempfile::tempdir().unwrap();
        let room = room.path().canonicalize().unwrap();
        furnish(&room);
        for (file, mode) in &self.mode {
            let mode = u32::from_str_radix(mode, 8).unwrap();
            set_mode(&room.join(file), mode);
        }
        let before = files(&room);
        let output = self.output(whose, &room, preload);
        let text = |bytes: &[u8]| normal(&String::from_utf8_lossy(bytes), &room);
        let after = files(&room);
        let made = match room.join("p.pem").exists() {
            true => {
                let mut judge = Command::new("/usr/bin/grid-proxy-info");
                self.surround(judge.args(JUDGED), &room, preload);
                text(&judge.output().unwrap().stdout)
            }
            false => String::new(),
        };
        let said = Said {
            rc: i64::from(output.status.code().unwrap()),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            gone: before.difference(&after).cloned().collect(),
            made,
        };
        for trouble in ["faketime", "panicked"] {
            assert!(!said.stderr.contains(trouble), "{}: {said:?}", self.name());
        }
        said
    }

    fn output(&self, whose: Whose, room: &Path, preload: &Path) -> Output {
        let program = match whose {
            Whose::Globus => vec![format!("/usr/bin/{}", self.argv[0])],
            Whose::Ours => vec![
                env!("CARGO_BIN_EXE_voms-proxy").to_owned(),
                self.argv[0].clone(),
            ],
        };
        let words: Vec<String> = program
            .into_iter()
            .chain(self.argv[1..].iter().cloned())
            .collect();
        if let Some(typed) = &self.terminal {
            return self.on_terminal(&words, typed, room, preload);
        }
        let mut command = Command::new(&words[0]);
        self.surround(command.args(&words[1..]), room, preload);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; run scripts/install-test-packages", words[0])
        });
        let typed = self.stdin.as_deref().unwrap_or(PASSPHRASE);
        // Without need for a passphrase, it is not read.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// The clock is for the program alone: expect itself needs one that goes. Programs print the
    /// prompt before they turn the echo off.
    fn on_terminal(&self, words: &[String], typed: &str, room: &Path, preload: &Path) -> Output {
        let script = format!(
            "log_user 0\nset timeout 30\n\
             spawn env LD_PRELOAD={} {{FAKETIME={FROZEN}}} {}\n\
             expect phrase*:\nset shown $expect_out(buffer)\nsleep 0.3\nsend {typed}\\r\nexpect eof\n\
             puts -nonewline [string map {{\"\\r\" \"\"}} $shown$expect_out(buffer)]\n\
             lassign [wait] pid spawned failed status\nexit $status\n",
            preload.display(),
            words.join(" ")
        );
        let mut command = Command::new("expect");
        self.surround(command.args(["-c", &script]), room, preload);
        command
            .env_remove("LD_PRELOAD")
            .env_remove("FAKETIME")
            .output()
            .expect("expect: run scripts/install-test-packages")
    }

    fn surround(&self, command: &mut Command, room: &Path, preload: &Path) {
        let there = room.to_str().unwrap();
        command
            .current_dir(room)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LD_PRELOAD", preload)
            .env("FAKETIME", self.at.as_deref().unwrap_or(FROZEN))
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8");
        for (name, path) in [
            ("HOME", "home"),
            ("X509_CERT_DIR", "trust"),
            ("X509_USER_CERT", "user/usercert.pem"),
            ("X509_USER_KEY", "user/userkey.pem"),
            ("X509_USER_PROXY", "default.pem"),
        ] {
            command.env(name, format!("{there}/{path}"));
        }
        for (name, value) in &self.env {
            command.env(name, value.replace(CWD, there));
        }
    }
}

/// What every command finds in its working directory.
fn furnish(room: &Path) {
    let fixtures = root().join("fixtures");
    for (from, to, mode) in [
        ("info/proxies", "proxies", 0o600),
        ("globus/proxies", "proxies", 0o600),
        ("globus/user", "user", 0o400),
        ("info/trust", "trust", 0o644),
    ] {
        fs::create_dir_all(room.join(to)).unwrap();
        for entry in fixtures.join(from).read_dir().unwrap() {
            let entry = entry.unwrap();
            let copy = room.join(to).join(entry.file_name());
            fs::copy(entry.path(), &copy).unwrap();
            set_mode(&copy, mode);
        }
    }
    for directory in ["home", "nothing"] {
        fs::create_dir(room.join(directory)).unwrap();
    }
    for (from, to) in [
        ("rfc-noac.pem", "default.pem"),
        ("old-noac.pem", "b.pem"),
        ("old-noac.pem", "target.pem"),
    ] {
        fs::copy(room.join("proxies").join(from), room.join(to)).unwrap();
    }
    symlink("target.pem", room.join("link.pem")).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The paths of all files below the directory.
fn files(room: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![room.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in directory.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path.clone());
            }
            let path = path.strip_prefix(room).unwrap();
            found.insert(path.to_str().unwrap().to_owned());
        }
    }
    found
}

/// Without what differs from run to run: the directory, the dots of a search for primes, and what
/// Globus prints of OpenSSL's errors, which begins with some other memory.
fn normal(text: &str, room: &Path) -> String {
    let text = text.replace(room.to_str().unwrap(), CWD);
    let text = match text.split_once("Creating proxy ") {
        Some((before, after)) => {
            let (_, after) = after.split_once(" Done").unwrap_or_default();
            format!("{before}Creating proxy [dots] Done{after}")
        }
        None => text,
    };
    match text.split_once("OpenSSL Error: ") {
        Some((before, _)) => format!("{before}OpenSSL Error: [garbage]\n"),
        None => text,
    }
}

/// Where we decided otherwise for every name alike (`tests/goldens.md`): a slash in a value is
/// written as it is, the key of P-256 has 256 bits, and OpenSSL's names have no blanks around `=`.
fn decided(theirs: Said) -> Said {
    let line = |line: &str| {
        let name = ["Issuer: ", "Subject: "]
            .iter()
            .any(|label| line.trim_start().starts_with(label));
        match line {
            "576\n" => "256\n".to_owned(),
            line if name => line.replace(" = ", "="),
            line => line
                .replace("strength : 576 bits", "strength : 256 bits")
                .replace("\\/", "/"),
        }
    };
    Said {
        stdout: theirs.stdout.split_inclusive('\n').map(line).collect(),
        ..theirs
    }
}

/// In the ledger's words, how ours is not theirs. Failures have our own words.
fn difference(theirs: &Said, ours: &Said) -> Option<String> {
    let both_failed = theirs.rc != 0 && ours.rc != 0;
    let same_words = theirs.stderr == ours.stderr || (both_failed && !ours.stderr.is_empty());
    let same = same_words
        && (theirs.rc, &theirs.stdout, &theirs.gone, &theirs.made)
            == (ours.rc, &ours.stdout, &ours.gone, &ours.made);
    (!same).then(|| in_words(ours))
}

fn in_words(said: &Said) -> String {
    let quoted = |text: &str| -> String {
        let lines: Vec<String> = text.lines().map(|line| format!(", `{line}`")).collect();
        match lines.len() {
            0..=3 => lines.concat(),
            _ => format!("{}, …", lines[0]),
        }
    };
    let stderr = match said.rc {
        0 if !said.stderr.is_empty() => format!("; stderr{}", &quoted(&said.stderr)[1..]),
        _ => String::new(),
    };
    let gone = match said.gone.is_empty() {
        true => String::new(),
        false => format!("; gone {}", said.gone.join(" ")),
    };
    let made = match said.made.is_empty() {
        true => String::new(),
        false => format!("; made{}", &quoted(&said.made)[1..]),
    };
    format!(
        "exit {}{}{stderr}{gone}{made}",
        said.rc,
        quoted(&said.stdout)
    )
}

/// The rows of the ledger's part about Globus: a case, and what ours is.
fn ledger() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/goldens.md")).unwrap();
    let (_, text) = text.split_once("\n# Ours beside Globus's tools\n").unwrap();
    let row = |line: &str| {
        let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let (case, ours) = row.split_once("` | ")?;
        Some((case.to_owned(), ours.to_owned()))
    };
    let rows: Vec<_> = text.lines().filter_map(row).collect();
    let count = rows.len();
    let ledger: BTreeMap<_, _> = rows.into_iter().collect();
    assert_eq!(ledger.len(), count, "a case is listed twice");
    ledger
}

#[test]
#[allow(clippy::disallowed_methods)] // Tests have the environment.
fn globus_is_as_recorded() {
    let cases = cases();
    let said = run_all(&cases, Whose::Globus);
    if std::env::var_os("UPDATE").is_some() {
        let lines = cases.into_iter().zip(said).map(|(case, said)| {
            let mut record = case.record;
            for (name, value) in [
                ("rc", json!(said.rc)),
                ("stdout", json!(said.stdout)),
                ("stderr", json!(said.stderr)),
                ("gone", json!(said.gone)),
                ("made", json!(said.made)),
            ] {
                record.insert(name.to_owned(), value);
            }
            format!("{}\n", Value::from(record))
        });
        let text: String = lines.collect();
        return fs::write(root().join("fixtures/globus/cases.jsonl"), text).unwrap();
    }
    for (case, said) in cases.iter().zip(said) {
        assert_eq!(said, case.recorded(), "{}", case.name());
    }
}

#[test]
fn ours_says_line_by_line_what_globus_says_except_as_listed() {
    let cases = cases();
    let mut ledger = ledger();
    let mut faults = Vec::new();
    for (case, ours) in cases.iter().zip(run_all(&cases, Whose::Ours)) {
        let theirs = decided(case.recorded());
        let (name, found) = (case.name(), difference(&theirs, &ours));
        let listed = ledger.remove(&name);
        if listed != found {
            let row = |said: Option<String>| {
                said.map_or("no row".to_owned(), |said| format!("| `{name}` | {said} |"))
            };
            faults.push(format!(
                "listed: {}\n found: {}\ntheirs: {theirs:?}\n  ours: {ours:?}",
                row(listed),
                row(found)
            ));
        }
    }
    faults.extend(ledger.keys().map(|name| format!("never recorded: {name}")));
    assert!(
        faults.is_empty(),
        "tests/goldens.md is not what was found:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_tool_was_recorded_succeeding_and_failing() {
    for tool in [
        "grid-proxy-info",
        "grid-proxy-init",
        "grid-proxy-destroy",
        "grid-cert-info",
    ] {
        let cases = cases();
        let codes: BTreeSet<bool> = cases
            .iter()
            .filter(|case| case.argv[0] == tool)
            .map(|case| case.recorded().rc == 0)
            .collect();
        assert_eq!(codes.len(), 2, "{tool}");
    }
}
