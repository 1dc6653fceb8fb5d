//! The drop-in libvomsapi.so.1 as services use it: programs in C and C++ of our own, and Debian's.
//! The originals and the compilers come with `scripts/install-test-packages`.
#![allow(clippy::disallowed_methods)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use common::{BINARY, run};
use serde_json::Value;
use voms::verifier::{Finding, VomsVerifier};

const DEFAULT_TIME: &str = "2026-11-24T12:00:00Z";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn vectors() -> PathBuf {
    root().join("fixtures/vectors")
}

fn scripts() -> PathBuf {
    root().join("tests/world-services")
}

/// Builds the library and the programs that use it, and instruments what is C and C++.
fn build(name: &str, instruments: &[&str]) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    let mut build = Command::new(root().join("scripts/build-libvomsapi"));
    // Link-time optimisation takes minutes.
    build
        .env("CARGO_PROFILE_CAPI_LTO", "off")
        .env("CARGO_PROFILE_CAPI_CODEGEN_UNITS", "16")
        .env("CXXFLAGS", instruments.join(" "));
    let done = build.arg(&dir).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let warnings = [
        "-O1",
        "-g",
        "-Wall",
        "-Wextra",
        "-Wno-deprecated-declarations",
    ];
    for (compiler, source, program) in [
        ("gcc", "consumer.c", "consumer"),
        ("g++", "consumer.cc", "consumer++"),
        ("gcc", "abuse.c", "abuse"),
    ] {
        let mut compile = Command::new(compiler);
        compile.args(warnings).args(instruments);
        compile.arg("-o").arg(dir.join(program));
        compile.arg(scripts().join(source)).arg("-L").arg(&dir);
        if compiler == "g++" {
            compile.arg("-lvomsapi");
        }
        run(compile.args(["-lcrypto", "-ldl", "-pthread"]), b"").success();
    }
    dir
}

/// The directory with the library, and the programs that use it.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("libvomsapi", &[]))
}

fn library() -> PathBuf {
    built().join("libvomsapi.so.1")
}

/// A file of a package of Debian's.
fn installed(package: &str, end: &str) -> PathBuf {
    let listed = Command::new("dpkg").args(["-L", package]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let found = listed.lines().find(|line| line.ends_with(end));
    let found = found.unwrap_or_else(|| {
        panic!("{package} with {end} is not installed: run scripts/install-test-packages")
    });
    found.into()
}

/// Debian's own.
fn original() -> PathBuf {
    installed("libvomsapi1v5", "/libvomsapi.so.1")
}

/// One of the vectors that are judged by default settings.
struct Case {
    name: String,
    line: String,
    certdir: PathBuf,
    vomsdir: PathBuf,
    at: DateTime<Utc>,
    file: PathBuf,
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(vectors().join("cases.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let usual = |case: &&Value| {
        ["allow", "crl", "hosts", "skew"]
            .iter()
            .all(|key| case[*key].is_null())
    };
    all.iter().filter(usual).map(case).collect()
}

fn case(case: &Value) -> Case {
    let text = |field: &str, default: &str| case[field].as_str().unwrap_or(default).to_owned();
    let name = text("name", "");
    let file = vectors().join(text("file", &format!("{name}.pem")));
    let certdir = vectors().join(text("certdir", "certdirs/good"));
    let vomsdir = vectors().join(text("vomsdir", "vomsdirs/good"));
    let at: DateTime<Utc> = text("at", DEFAULT_TIME).parse().unwrap();
    let line = format!(
        "{}\t{}\t{}\t{}\n",
        vomsdir.display(),
        certdir.display(),
        at.timestamp(),
        file.display()
    );
    Case {
        name,
        line,
        certdir,
        vomsdir,
        at,
        file,
    }
}

fn named(name: &str) -> Case {
    let text = std::fs::read_to_string(vectors().join("cases.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    case(all.iter().find(|case| case["name"] == name).unwrap())
}

fn in_c() -> Command {
    let mut command = Command::new(built().join("consumer"));
    command.arg(library());
    command
}

fn in_cpp(built: &Path) -> Command {
    let mut command = Command::new(built.join("consumer++"));
    command.env("LD_LIBRARY_PATH", built);
    command
}

/// What a consumer says of each case.
fn said<'a>(mut consumer: Command, cases: impl IntoIterator<Item = &'a Case>) -> Vec<String> {
    let requests: String = cases.into_iter().map(|case| case.line.as_str()).collect();
    let outcome = run(&mut consumer, requests.as_bytes()).success();
    assert_eq!(outcome.stderr, "");
    outcome.stdout.lines().map(str::to_owned).collect()
}

/// Only proxies carry attributes for the verifier; libvomsapi looks at all certificates.
const IN_THE_USERS_OWN: [&str; 2] = [
    "ac-in-the-user-certificate",
    "ac-in-the-user-certificate-alone",
];

/// Why a service was told something else than the verifier says; the chain is the service's affair.
fn difference(case: &Case, said: &str) -> Option<String> {
    let verifier = VomsVerifier::open(&case.certdir, &case.vomsdir).ok()?;
    let verdict = verifier.verify(&std::fs::read(&case.file).unwrap(), case.at);
    let fits = match &verdict {
        Ok(verified) if verified.attribute_certificates().is_empty() => {
            said == "refused 5" || IN_THE_USERS_OWN.contains(&case.name.as_str())
        }
        Ok(verified) => {
            let fqan = |fqan: &str| said.contains(&format!(" {fqan}="));
            said.starts_with("accepted ") && verified.fqans().all(fqan)
        }
        Err(rejection) => {
            let mut findings = rejection.findings().iter();
            let of_attributes =
                |finding: &Finding| matches!(finding, Finding::Ac { .. } | Finding::Decode(_));
            match said {
                "refused 5" => !findings.any(of_attributes),
                _ if said.starts_with("refused ") => true,
                _ => !findings.any(|finding| {
                    of_attributes(finding) || matches!(finding, Finding::Independent)
                }),
            }
        }
    };
    (!fits).then(|| format!("{}: {said}, where the verifier says {verdict:?}", case.name))
}

#[test]
fn services_get_the_attributes_that_the_verifier_believes_and_no_others() {
    let cases = cases();
    let said = said(in_c(), &cases);
    assert_eq!(said.len(), cases.len());
    let pairs = cases
        .iter()
        .zip(&said)
        .filter(|(_, said)| *said != "unreadable");
    let wrong: Vec<String> = pairs
        .filter_map(|(case, said)| difference(case, said))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let accepted = said
        .iter()
        .filter(|said| said.starts_with("accepted"))
        .count();
    assert!(accepted > 100, "{accepted}");
    assert!(!said.iter().any(|said| said.contains("without a word")));
}

#[test]
fn callers_in_c_and_in_cpp_are_told_the_same_of_a_chain_and_of_a_file() {
    let cases = cases();
    let of_chains = said(in_c(), &cases);
    let others = [
        (in_cpp(built()), "chain"),
        (in_c(), "file"),
        (in_cpp(built()), "file"),
        (in_c(), "proxy"),
        (in_cpp(built()), "proxy"),
    ];
    for (mut consumer, from) in others {
        consumer.arg(from);
        let who = format!("{consumer:?}");
        for ((expected, said), case) in of_chains.iter().zip(said(consumer, &cases)).zip(&cases) {
            assert_eq!(*expected, said, "{}: {who}", case.name);
        }
    }
}

/// Where the original's code is another one, and why ours is kept.
const OTHER_CODES: [(&str, &str); 5] = [
    ("ac-time-with-fraction", "we read times in DER only"),
    ("ac-time-without-z", "we read times in DER only"),
    (
        "signer-not-first",
        "the first certificate is asked for, and names nobody who is trusted",
    ),
    ("signer-ec-explicit", "such a key is not read"),
    (
        "ac-issuer-flattened",
        "names with several values are no others' for us",
    ),
];

#[test]
fn what_both_refuse_has_the_originals_code() {
    let cases = cases();
    let ours = said(in_c(), &cases);
    let refused: Vec<_> = cases
        .iter()
        .zip(&ours)
        // The original believes this one, and its line would be two.
        .filter(|(case, said)| said.starts_with("refused") && case.name != "ac-fqan-newline")
        .collect();
    let code = |said: &str| said.split(' ').nth(1).map(str::to_owned);
    let (mut wrong, mut compared, mut crashed) = (Vec::new(), 0, 0);
    let mut rest = refused.as_slice();
    while !rest.is_empty() {
        // By the clock, since it looks at lists so.
        let mut consumer = Command::new("faketime");
        consumer
            .args(["-f", "2026-11-24 12:00:00"])
            .env("TZ", "UTC");
        consumer.arg(built().join("consumer")).arg(original());
        let requests: String = rest.iter().map(|(case, _)| case.line.as_str()).collect();
        let outcome = run(&mut consumer, requests.as_bytes());
        let theirs: Vec<&str> = outcome.stdout.lines().collect();
        for ((case, ours), theirs) in rest.iter().zip(&theirs) {
            let other = theirs.starts_with("refused") && code(theirs) != code(ours);
            if other != OTHER_CODES.iter().any(|(name, _)| *name == case.name) {
                wrong.push(format!(
                    "{}: {ours}, where the original says {theirs:.80}",
                    case.name
                ));
            }
        }
        compared += theirs.len();
        crashed += usize::from(theirs.len() < rest.len());
        rest = rest.get(theirs.len() + 1..).unwrap_or_default();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(compared + crashed, refused.len());
    assert!(crashed <= 3, "{crashed}");
}

#[test]
fn weak_signers_are_believed_only_where_the_administrator_says_so() {
    for (name, weakness) in [
        ("signer-rsa1024-allowed", "rsa1024"),
        ("signer-sha1-allowed", "sha1"),
        ("ac-sha1-allowed", "sha1"),
    ] {
        let case = named(name);
        let answer = |value: &str| {
            let mut consumer = in_c();
            consumer.env("VOMSAPI_ACCEPT_WEAK", value);
            said(consumer, [&case]).remove(0)
        };
        assert!(answer("").starts_with("refused "), "{name}");
        assert!(
            answer(&format!("md4, {weakness}")).starts_with("accepted "),
            "{name}"
        );
    }
}

#[test]
fn attributes_for_a_service_are_believed_where_it_has_that_name() {
    let case = named("ac-target-this-host");
    let mut consumer = in_c();
    assert!(said(in_c(), [&case])[0].starts_with("refused 17"));
    consumer.env("VOMSAPI_HOSTS", "other.example.org,here.example.org");
    let answer = said(consumer, [&case]).remove(0);
    assert!(answer.starts_with("accepted "), "{answer}");
}

/// Runs `abuse` on copies of the directories; it may take minutes where much else runs.
fn abuse(mut command: Command, library: PathBuf, times: u32) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let case = named("ac-generic");
    let vomsdir = dir.path().join("vomsdir");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(&case.vomsdir)
        .arg(&vomsdir)
        .status();
    assert!(copied.unwrap().success());
    command
        .arg(library)
        .args([&vomsdir, &case.certdir])
        .arg(case.at.timestamp().to_string())
        .arg(&case.file)
        .arg(times.to_string());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.ends_with("nothing broke\n"), "{output:?}");
    output
}

#[test]
fn neither_bad_callers_nor_busy_ones_break_it() {
    let output = abuse(Command::new(built().join("abuse")), library(), 10_000);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn sanitizers_find_nothing_in_the_classes_of_cpp() {
    let instrumented = build("instrumented", &["-fsanitize=address,undefined"]);
    let watched = |mut command: Command| {
        command.env("ASAN_OPTIONS", "detect_leaks=1");
        command.env("UBSAN_OPTIONS", "halt_on_error=1");
        command
    };
    let cases = cases();
    let plain = said(in_cpp(built()), &cases);
    assert_eq!(said(watched(in_cpp(&instrumented)), &cases), plain);
    let abuse_it = watched(Command::new(instrumented.join("abuse")));
    let output = abuse(abuse_it, instrumented.join("libvomsapi.so.1"), 100);
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn valgrind_finds_nothing() {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["-q", "--error-exitcode=9", "--leak-check=full"])
        .args([
            "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite",
        ])
        .arg(built().join("abuse"));
    let output = abuse(valgrind, library(), 5);
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

fn symbols(which: &str, library: &Path) -> BTreeSet<String> {
    let mut nm = Command::new("nm");
    let listed = run(
        nm.args(["-D", which, "--format=just-symbols"]).arg(library),
        b"",
    );
    let listed = listed.success().stdout;
    let name = |line: &str| line.split('@').next().unwrap().to_owned();
    listed.lines().map(name).collect()
}

/// The names that a library defines for others.
fn exported(library: &Path) -> BTreeSet<String> {
    symbols("--defined-only", library)
}

#[test]
fn nothing_is_exported_that_the_original_does_not_export() {
    let (ours, theirs) = (exported(&library()), exported(&original()));
    assert!(ours.len() > 30);
    let more: Vec<_> = ours.difference(&theirs).collect();
    assert!(more.is_empty(), "{more:?}");
    let mut readelf = Command::new("readelf");
    let dynamic = run(readelf.arg("-d").arg(library()), b"").success().stdout;
    assert!(dynamic.contains("soname: [libvomsapi.so.1]"));
    assert!(
        dynamic.contains("[libcrypto.so.3]") && !dynamic.contains("libssl"),
        "{dynamic}"
    );
}

#[test]
fn everything_that_services_import_is_there() {
    let (ours, theirs) = (exported(&library()), exported(&original()));
    for (package, service) in [
        ("xrootd-voms-plugins", "/libXrdVoms-5.so"),
        ("liblcmaps0", "/liblcmaps.so.0"),
        ("lcmaps-plugins-voms", "/liblcmaps_voms.so"),
        ("libcgsi-gsoap1", "/libcgsi_plugin_voms.so.1"),
        ("libmyproxy-voms", "/libmyproxy_voms.so"),
    ] {
        let imports = symbols("--undefined-only", &installed(package, service));
        let lacking: Vec<_> = imports
            .intersection(&theirs)
            .filter(|name| !ours.contains(*name))
            .collect();
        assert!(lacking.is_empty(), "{service}: {lacking:?}");
    }
}

#[test]
fn beside_another_openssl_it_refuses_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("libcrypto.so.1.1");
    let mut compile = Command::new("gcc");
    compile
        .args(["-shared", "-x", "c", "/dev/null", "-o"])
        .arg(&other);
    run(&mut compile, b"").success();
    let case = named("ac-generic");
    let mut consumer = in_c();
    let outcome = run(consumer.env("LD_PRELOAD", &other), case.line.as_bytes());
    assert_eq!(outcome.code, Some(4), "{outcome:?}");
    assert!(outcome.stderr.contains("libcrypto.so.1.1"), "{outcome:?}");
    let mut consumer = in_cpp(built());
    let outcome = run(consumer.env("LD_PRELOAD", &other), case.line.as_bytes());
    assert_eq!(outcome.success().stdout, "refused 6\n");
}

/// What a service says to the proxies of `tests/world-services/common.sh`, over the library in a
/// directory.
fn service(script: &str, library: &Path) -> String {
    let path = Path::new(BINARY).parent().unwrap().display().to_string();
    let mut sandbox = Command::new("timeout");
    sandbox
        .arg("600")
        .arg(BINARY)
        .env("PATH", format!("{path}:/usr/sbin:/usr/bin:/sbin:/bin"))
        .args(["sandbox", "--"])
        .arg(scripts().join(script))
        .arg(library)
        .stdin(Stdio::null());
    let output = sandbox.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn services_let_in_whom_they_let_in_over_the_original() {
    for script in ["xrootd", "cgsi"] {
        let ours = service(script, built());
        assert!(
            ours.contains("good:accepted\n") && ours.contains("impostor:refused\n"),
            "{script}: {ours}"
        );
        let theirs = service(script, original().parent().unwrap());
        assert_eq!(ours, theirs, "{script}");
    }
}
