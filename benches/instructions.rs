//! Guards against becoming slow unnoticed: counts the instructions of `info -all`, of `info
//! --timeleft`, of verifying an attribute certificate, a user again and one whose CA has a large
//! revocation list, and of issuing a proxy by valgrind's callgrind, and ends with 1 where one takes a
//! tenth more than is on record in `benches/instructions.txt`, or the executable more than 8 MiB.
//! `scripts/guard` runs it; with `UPDATE=1` it records what it counts.
//!
//! Instructions do not depend on what else the machine does. OpenSSL is restricted to those that
//! every processor has.
#![allow(clippy::disallowed_methods)] // A benchmark has the environment.

mod setting;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use setting::Setting;

const LARGEST: u64 = 8 << 20;
/// What the compiler, the C library and chance may add, in percent.
const ROOM: u64 = 10;
/// How often a step is repeated, so that what comes before it can be subtracted.
const REPEATED: u64 = 20;

const VERIFY: &str = "verify an attribute certificate";
const AGAIN: &str = "verify a user again";
const LIST: &str = "look into a revocation list of 1 MB";
const ISSUE: &str = "issue a proxy";

/// What callgrind looks at in another process: one step, so many times.
fn work(setting: &Setting, step: &str, times: u64) {
    for _ in 0..times {
        match step {
            VERIFY => drop(setting.verify_ac()),
            AGAIN => drop(setting.verify_again()),
            LIST => drop(setting.verify_with_large_list()),
            ISSUE => drop(setting.issue_proxy()),
            other => panic!("there is no step {other}"),
        }
    }
}

fn count(program: &Path, words: &[&str]) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("callgrind");
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(words);
    let output = command.env("OPENSSL_ia32cap", "0:0").output();
    let output = output.expect("valgrind cannot be run; install it: scripts/install-test-packages");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let counted = fs::read_to_string(out).unwrap();
    let total = counted
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))
        .unwrap();
    total.trim().parse().unwrap()
}

/// Of one run, by the difference between many and a few.
fn count_step(directory: &str, step: &str) -> u64 {
    let of = |times: u64| {
        count(
            &env::current_exe().unwrap(),
            &[directory, step, &times.to_string()],
        )
    };
    of(2 + REPEATED).saturating_sub(of(2)) / REPEATED
}

fn counts(executable: &Path) -> [(&'static str, u64); 6] {
    let directory = tempfile::tempdir().unwrap();
    let setting = Setting::create(directory.path(), 2);
    let text = |path: &Path| path.display().to_string();
    let (file, certdir, vomsdir) = (
        text(&setting.proxy),
        text(&setting.certificates),
        text(&setting.vomsdir),
    );
    let info = [
        "info",
        "-all",
        "-file",
        &file,
        "--certdir",
        &certdir,
        "--vomsdir",
        &vomsdir,
    ];
    let directory = text(directory.path());
    [
        ("info -all", count(executable, &info)),
        (
            "info --timeleft",
            count(executable, &["info", "--timeleft", "--file", &file]),
        ),
        (VERIFY, count_step(&directory, VERIFY)),
        (AGAIN, count_step(&directory, AGAIN)),
        (LIST, count_step(&directory, LIST)),
        (ISSUE, count_step(&directory, ISSUE)),
    ]
}

fn record(counts: &[(&str, u64)], file: &Path) {
    let mut text = String::new();
    counts
        .iter()
        .for_each(|(name, count)| writeln!(text, "{count:>10} {name}").unwrap());
    fs::write(file, text).unwrap();
}

/// Whether all is within what is on record.
fn judge(counts: &[(&str, u64)], file: &Path, size: u64) -> bool {
    let recorded = fs::read_to_string(file).unwrap();
    let of = |name: &str| {
        let line = recorded.lines().find_map(|line| line.strip_suffix(name));
        line.and_then(|count| count.trim().parse::<u64>().ok())
            .unwrap_or_else(|| panic!("no record of {name}"))
    };
    let mut good = true;
    let mut say = |name: &str, found: u64, limit: u64| {
        good &= found <= limit;
        println!(
            "{found:>10} of at most {limit:>10}: {name}{}",
            if found > limit { ": TOO MUCH" } else { "" }
        );
    };
    for (name, found) in counts {
        say(name, *found, of(name) * (100 + ROOM) / 100);
    }
    say("bytes of the executable", size, LARGEST);
    good
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let executable = match words.as_slice() {
        [directory, step, times] => {
            work(
                &Setting::open(Path::new(directory)),
                step,
                times.parse().unwrap(),
            );
            return ExitCode::SUCCESS;
        }
        [executable] => Path::new(executable),
        _ => panic!("run scripts/guard"),
    };
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let counts = counts(executable);
    if env::var_os("UPDATE").is_some() {
        record(&counts, &file);
        return ExitCode::SUCCESS;
    }
    let size = fs::metadata(executable).unwrap().len();
    if judge(&counts, &file, size) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
