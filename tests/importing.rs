//! `voms-proxy import` at a terminal, and killed at every moment: the old pair or the new pair,
//! never a mix.
#![allow(clippy::disallowed_methods)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use common::{BINARY, Home, Outcome, certificate_pem, certification, key_pem, names, run, world};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509, X509Name, X509Ref};
use voms::credential::Credential;
use voms::openssl_types;
use voms::pki::pkcs12::Ciphers;
use voms_authority::pki::Purpose;

/// What makes a moment: before each of these calls the program may be killed.
const CALLS: &[&str] = &[
    "openat", "flock", "write", "fchmod", "fsync", "rename", "unlink", "mkdir",
];

fn users() -> &'static [Credential; 2] {
    static USERS: OnceLock<[Credential; 2]> = OnceLock::new();
    USERS.get_or_init(|| {
        ["Old Key", "New Key"].map(|name| {
            world()
                .ca
                .issue(&certification(name, Purpose::User))
                .unwrap()
        })
    })
}

/// The old pair in place, the new one to be imported.
fn before() -> Home {
    let [old, new] = users();
    let home = Home::of(old);
    home.write(
        "new.pem",
        &[certificate_pem(new), key_pem(new)].concat(),
        0o600,
    );
    home
}

/// What stands in the two files: `old`, `new`, or neither.
fn standing(home: &Home) -> [&'static str; 2] {
    let [old, new] = users();
    let which =
        |name: &str, old: &[u8], new: &dyn Fn(&[u8]) -> bool| match fs::read(home.path(name)) {
            Ok(found) if found == old => "old",
            Ok(found) if new(&found) => "new",
            _ => "neither",
        };
    let new_certificate = certificate_pem(new);
    let is_new_key = |found: &[u8]| {
        let key = PKey::private_key_from_pem(found);
        key.is_ok_and(|key| key.public_eq(openssl_types::pkey(new.key())))
    };
    [
        which(".globus/usercert.pem", &certificate_pem(old), &|found| {
            found == new_certificate
        }),
        which(".globus/userkey.pem", &key_pem(old), &is_new_key),
    ]
}

/// Runs a command under strace, which does that to its calls.
fn hindered(home: &Home, hindrance: &[&str], words: &[&str]) -> Outcome {
    let mut command = home.command("strace");
    command
        .args(["-f", "-qq", "-o", "/dev/null"])
        .arg("-etrace=".to_owned() + &CALLS.join(","))
        .args(hindrance);
    run(command.arg(BINARY).args(words), b"")
}

/// Runs a command under strace, which kills it before the n-th call of that name; `None` where it
/// came to its end.
fn killed(home: &Home, call: &str, number: u32, words: &[&str]) -> Option<()> {
    let outcome = hindered(
        home,
        &["-e", &format!("inject={call}:signal=KILL:when={number}")],
        words,
    );
    match outcome.code {
        Some(0) => None,
        // strace ends as what it traced.
        None | Some(137) => Some(()),
        _ => panic!("{call} {number}: {outcome:?}"),
    }
}

const IMPORT: &[&str] = &["import", "--force", "--no-passphrase", "new.pem"];

/// The note is the moment from which the new pair counts; the backup is complete before.
fn judge(home: &Home, moment: &str) -> [&'static str; 2] {
    let pair = standing(home);
    let globus = home.path(".globus");
    let noted = globus.join(".import-unfinished").exists();
    assert!(
        noted || pair == ["old", "old"] || pair == ["new", "new"],
        "{moment}: {pair:?}"
    );
    assert!(!pair.contains(&"neither"), "{moment}: {pair:?}");
    if noted || pair == ["new", "new"] {
        assert_backup(home, moment);
    }
    let init = home.init(&[]);
    assert_eq!(init.code, Some(0), "{moment}: {init:?}");
    assert_eq!(
        init.stderr.contains("finished an import"),
        noted,
        "{moment}: {init:?}"
    );
    let after = standing(home);
    let wanted = if noted { "new" } else { pair[0] };
    assert_eq!(after, [wanted, wanted], "{moment}");
    assert!(!globus.join(".import-unfinished").exists(), "{moment}");
    pair
}

fn assert_backup(home: &Home, moment: &str) {
    let [old, _] = users();
    let all = names(&home.path(".globus"));
    for (file, contents) in [
        ("usercert.pem", certificate_pem(old)),
        ("userkey.pem", key_pem(old)),
    ] {
        let backup = all
            .iter()
            .find(|name| name.starts_with(&format!("{file}.backup-")));
        let backup = backup.unwrap_or_else(|| panic!("{moment}: no backup among {all:?}"));
        assert_eq!(
            fs::read(home.path(".globus").join(backup)).unwrap(),
            contents,
            "{moment}"
        );
    }
}

#[test]
fn an_import_killed_at_any_moment_leaves_one_pair_and_the_next_command_completes_it() {
    let mut seen = Vec::new();
    for call in CALLS {
        for number in 1.. {
            let home = before();
            let moment = format!("before {call} {number}");
            if killed(&home, call, number, IMPORT).is_none() {
                assert_eq!(standing(&home), ["new", "new"], "{moment}");
                break;
            }
            seen.push(judge(&home, &moment));
            // A second try, after whatever the first one left, does all of it.
            run(home.command(BINARY).args(IMPORT), b"").success();
            assert_eq!(standing(&home), ["new", "new"], "{moment}");
            assert_eq!(
                leftovers(&home.path(".globus")),
                Vec::<String>::new(),
                "{moment}"
            );
        }
    }
    for state in [["old", "old"], ["new", "old"], ["new", "new"]] {
        assert!(
            seen.contains(&state),
            "no run was killed while {state:?} stood there"
        );
    }
    assert!(seen.len() > 40, "only {} moments", seen.len());
}

fn leftovers(directory: &Path) -> Vec<String> {
    let hidden = names(directory)
        .into_iter()
        .filter(|name| name.starts_with('.') && name != ".import-lock");
    hidden.collect()
}

/// The one that finishes may be killed as well.
#[test]
fn completing_an_import_may_be_interrupted_any_number_of_times() {
    let halfway = before();
    let last = (1..)
        .take_while(|number| killed(&before(), "rename", *number, IMPORT).is_some())
        .count();
    assert!(last >= 4, "{last} renames");
    for call in ["rename", "fsync", "unlink"] {
        for number in 1.. {
            let home = before();
            killed(&home, "rename", u32::try_from(last).unwrap() - 1, IMPORT).unwrap();
            assert!(home.path(".globus/.import-unfinished").exists());
            if killed(&home, call, number, &["import", "--finish"]).is_none() {
                break;
            }
            judge(&home, &format!("finishing, before {call} {number}"));
        }
    }
    drop(halfway);
}

/// An import that was interrupted half-way.
fn interrupted() -> Home {
    let home = before();
    let new = &users()[1];
    home.write(".globus/.userkey.pem.new", &key_pem(new), 0o400);
    home.write(".globus/usercert.pem", &certificate_pem(new), 0o644);
    let note = "# made by a test\n.usercert.pem.new usercert.pem\n.userkey.pem.new userkey.pem\n";
    home.write(".globus/.import-unfinished", note.as_bytes(), 0o600);
    home
}

#[test]
fn a_dry_run_completes_nothing() {
    let home = interrupted();
    let outcome = run(
        home.command(BINARY)
            .args(["import", "--finish", "--dry-run"]),
        b"",
    )
    .success();
    assert!(
        outcome.stdout.starts_with("Would finish an import into "),
        "{outcome:?}"
    );
    assert_eq!(standing(&home), ["new", "old"]);
    run(home.command(BINARY).args(["import", "--finish"]), b"").success();
    assert_eq!(standing(&home), ["new", "new"]);
}

#[test]
fn every_command_that_uses_the_pair_finishes_the_import_and_says_so() {
    let commands: [&[&str]; 6] = [
        &["grid-cert-info", "--subject"],
        &["export", "--p12", "out.p12", "--pwstdin"],
        &["passwd", "--pwstdin"],
        &["register"],
        &["import", "--finish"],
        &["init"],
    ];
    for words in commands {
        let home = interrupted();
        let outcome = run(home.command(BINARY).args(words), b"correct horse\n");
        assert!(
            outcome.stderr.contains("finished an import into"),
            "{words:?}: {outcome:?}"
        );
        assert_eq!(
            leftovers(&home.path(".globus")),
            Vec::<String>::new(),
            "{words:?}"
        );
    }
}

#[test]
fn an_import_is_finished_wherever_the_files_are_that_are_used() {
    let commands: [(&[&str], Option<&str>); 7] = [
        (
            &[
                "grid-cert-info",
                "--subject",
                "--file",
                "pairs/usercert.pem",
            ],
            None,
        ),
        (
            &["passwd", "--pwstdin", "--file", "pairs/userkey.pem"],
            None,
        ),
        (&["passwd", "--pwstdin", "--file", "link.pem"], None),
        (&["passwd", "--pwstdin"], Some("X509_USER_KEY")),
        (
            &[
                "init",
                "--cert",
                "pairs/usercert.pem",
                "--key",
                "pairs/userkey.pem",
            ],
            None,
        ),
        (
            &["init", "--cert", "pairs/usercert.pem"],
            Some("X509_USER_KEY"),
        ),
        (&["init", "--key", "link.pem", "--cert", "new.pem"], None),
    ];
    for (words, variable) in commands {
        let home = interrupted();
        fs::rename(home.path(".globus"), home.path("pairs")).unwrap();
        std::os::unix::fs::symlink("pairs/userkey.pem", home.path("link.pem")).unwrap();
        let key = home.path("pairs/userkey.pem");
        let home = match variable {
            Some(name) => home.with(name, key),
            None => home,
        };
        let cert = ["--cert", "pairs/usercert.pem", "--key", "pairs/userkey.pem"];
        let doctor = run(home.command(BINARY).arg("doctor").args(cert), b"");
        assert!(
            doctor.stdout.contains("was interrupted")
                && doctor.stdout.contains("import --finish --dir ")
        );
        let outcome = run(home.command(BINARY).args(words), b"correct horse\n").success();
        assert!(
            outcome.stderr.contains("finished an import into"),
            "{words:?}: {outcome:?}"
        );
        assert_eq!(
            leftovers(&home.path("pairs")),
            Vec::<String>::new(),
            "{words:?}"
        );
    }
}

#[test]
fn an_import_that_cannot_be_completed_stops_commands_that_would_use_a_mixed_pair() {
    let home = before();
    home.write(
        ".globus/.import-unfinished",
        b".userkey.pem.new /etc/passwd\n",
        0o600,
    );
    let outcome = home.refused(&[]);
    outcome
        .says("", "was interrupted, and cannot be finished")
        .says("", "help: ");
    let [old, _] = users();
    home.write(
        "other.pem",
        &[certificate_pem(old), key_pem(old)].concat(),
        0o600,
    );
    home.init(&["--cert", "other.pem"]).success();
}

/// Types into a command on its own terminal: each step waits for the text before it. Returns what
/// was shown.
fn typed(home: &Home, words: &str, steps: &[(&str, &str)]) -> Outcome {
    let mut script = format!("set timeout 30\nspawn sh -c {{{BINARY} {words}; echo code=$?}}\n");
    for (prompt, answer) in steps {
        let expect = format!("{{{prompt}}} {{}}\ntimeout {{ exit 98 }}\neof {{ exit 97 }}");
        script.push_str(&format!(
            "expect {{\n{expect}\n}}\nsleep 0.2\nsend \"{answer}\\r\"\n"
        ));
    }
    script.push_str("expect {\neof {}\ntimeout { exit 96 }\n}\n");
    home.write("script", script.as_bytes(), 0o600);
    run(home.command("expect").arg("-f").arg("script"), b"")
}

#[test]
fn at_a_terminal_mistakes_can_be_corrected_and_a_pair_is_replaced_after_a_yes() {
    let [_, new] = users();
    let home = Home::empty();
    home.write("cert.pem", &certificate_pem(new), 0o644);
    home.write(
        "key.pem",
        new.key()
            .to_encrypted_pem("the old one")
            .unwrap()
            .as_bytes(),
        0o600,
    );
    let files = "import cert.pem key.pem";
    let (file, new_one, again) = (
        "Enter the password of",
        "Enter a new passphrase for",
        "Enter it again:",
    );
    let first = typed(
        &home,
        files,
        &[
            (file, "wrong horse"),
            (file, "the old one"),
            (new_one, "short"),
            (new_one, "correct horse"),
            (again, "correct hose"),
            (new_one, "correct horse"),
            (again, "correct horse"),
        ],
    )
    .success();
    assert!(
        first.stdout.contains("code=0") && first.stdout.contains("Wrote "),
        "{first:?}"
    );
    for secret in ["wrong horse", "the old one", "correct horse"] {
        assert!(
            !first.stdout.contains(secret),
            "{secret} was echoed: {first:?}"
        );
    }
    let open = |phrase: &str| {
        run(
            home.command("openssl")
                .args(["pkey", "-noout", "-in", ".globus/userkey.pem", "-passin"])
                .arg(format!("pass:{phrase}")),
            b"",
        )
    };
    open("correct horse").success();
    let no = typed(
        &home,
        files,
        &[(file, "the old one"), ("A backup is kept.", "n")],
    )
    .success();
    assert!(
        no.stdout.contains("code=1") && no.stdout.contains("nothing was changed"),
        "{no:?}"
    );
    open("correct horse").success();
    let yes = typed(
        &home,
        files,
        &[
            (file, "the old one"),
            ("A backup is kept.", "y"),
            (new_one, "battery staple"),
            (again, "battery staple"),
        ],
    )
    .success();
    assert!(
        yes.stdout.contains("code=0") && yes.stdout.contains("are kept as"),
        "{yes:?}"
    );
    open("battery staple").success();
    let broken_off = typed(&home, files, &[(file, "\\003")]).success();
    assert!(broken_off.stdout.contains("code=130"), "{broken_off:?}");
    let nothing_typed = typed(&home, files, &[(file, "\\004")]).success();
    assert!(
        nothing_typed.stdout.contains("key.pem: it was not given"),
        "{nothing_typed:?}"
    );
    let given_up = typed(&home, files, &[(file, "a"), (file, "b"), (file, "c")]).success();
    assert!(
        given_up.stdout.contains("code=1") && given_up.stdout.contains("does not open"),
        "{given_up:?}"
    );
}

/// The hindrances reach the directory alone, not the files in it.
#[test]
fn a_directory_that_does_not_support_sync_is_tolerated_and_a_failing_one_leaves_no_note() {
    let in_directory = |home: &Home, error: &str, when: &str| {
        let directory = home.path(".globus").canonicalize().unwrap();
        let inject = format!("inject=fsync:error={error}:when={when}");
        hindered(
            home,
            &["-P", directory.to_str().unwrap(), "-e", &inject],
            IMPORT,
        )
    };
    for error in ["EINVAL", "EOPNOTSUPP", "ENOSYS"] {
        let home = before();
        in_directory(&home, error, "1+").success();
        assert_eq!(standing(&home), ["new", "new"], "{error}");
    }
    for number in ["1", "2"] {
        let home = before();
        let outcome = in_directory(&home, "EIO", number);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(standing(&home), ["old", "old"], "{number}");
        assert_eq!(
            leftovers(&home.path(".globus")),
            Vec::<String>::new(),
            "{number}"
        );
    }
}

/// The signal comes at the beginning, and has all the time in the world.
#[test]
fn no_signal_leaves_an_import_half_done() {
    let home = before();
    let hindrance = [
        "-e",
        "inject=fsync:signal=INT:when=1",
        "-e",
        "inject=rename:delay_enter=200000",
    ];
    let outcome = hindered(&home, &hindrance, IMPORT);
    assert!(outcome.stdout.contains("\nWrote "), "{outcome:?}");
    assert_eq!(standing(&home), ["new", "new"]);
    assert_eq!(leftovers(&home.path(".globus")), Vec::<String>::new());
}

/// At the prompt of one command another one replaces the pair.
#[test]
fn files_changed_meanwhile_are_not_overwritten() {
    let import = format!(
        "[exec sh -c {{{BINARY} {} >/dev/null 2>&1}}]",
        IMPORT.join(" ")
    );
    let phrase = format!("{import}correct horse");
    let yes = format!("{import}y");
    let cases: [(&str, &[(&str, &str)]); 2] = [
        (
            "passwd",
            &[
                ("Enter a new pass phrase for", &phrase),
                ("Enter it again:", "correct horse"),
            ],
        ),
        ("import renewed.pem", &[("A backup is kept.", &yes)]),
    ];
    for (words, steps) in cases {
        let home = before();
        home.write("renewed.pem", &certificate_pem(&users()[0]), 0o644);
        let outcome = typed(&home, words, steps).success();
        assert!(outcome.stdout.contains("code=1"), "{words}: {outcome:?}");
        assert!(
            outcome.stdout.contains("was changed meanwhile")
                && outcome.stdout.contains("help: try again")
        );
        assert_eq!(standing(&home), ["new", "new"], "{words}");
        assert_eq!(
            leftovers(&home.path(".globus")),
            Vec::<String>::new(),
            "{words}"
        );
    }
}

#[test]
fn a_bundle_that_would_take_too_long_is_refused_before_any_prompt() {
    let home = before();
    let mut bundle = users()[1]
        .to_pkcs12("correct horse", Ciphers::Modern)
        .unwrap()
        .to_vec();
    // Its key and its certificates have 100,000 rounds each. At its end are those of its MAC; one
    // byte more in the number, in MacData and in the whole.
    let count = bundle.len() - 5;
    assert_eq!(bundle.split_off(count), [2, 3, 0x01, 0x86, 0xa0]);
    bundle.extend([2, 4, 0x7f, 0xff, 0xff, 0xff]);
    let digest_info = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
    ];
    let mac = bundle
        .windows(digest_info.len())
        .rposition(|part| part == digest_info)
        .unwrap()
        - 2;
    assert_eq!((bundle[0], bundle[1], bundle[mac]), (0x30, 0x82, 0x30));
    bundle[mac + 1] += 1;
    bundle[3] = bundle[3].checked_add(1).unwrap();
    home.write("slow.p12", &bundle, 0o600);
    let outcome = run(
        home.command(BINARY).args(["import", "--force", "slow.p12"]),
        b"",
    );
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    outcome
        .says(
            "",
            "slow.p12 is damaged: deriving its key takes 2147683647 rounds",
        )
        .says("", "help: ");
}

/// A certificate of that common name by that issuer, or by itself.
fn made(
    name: &str,
    is_ca: bool,
    key: &PKeyRef<Private>,
    issuer: Option<(&X509Ref, &PKeyRef<Private>)>,
) -> X509 {
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(issuer.map_or(&*subject, |(issuer, _)| issuer.subject_name()))
        .unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(9).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    let mut constraints = BasicConstraints::new();
    let constraints = if is_ca {
        constraints.ca()
    } else {
        &mut constraints
    };
    builder
        .append_extension(constraints.critical().build().unwrap())
        .unwrap();
    builder
        .sign(issuer.map_or(key, |(_, key)| key), MessageDigest::sha256())
        .unwrap();
    builder.build()
}

#[test]
fn only_cas_between_the_user_and_the_root_are_kept() {
    let key = || PKey::ec_gen("prime256v1").unwrap();
    let (root_key, middle_key, stranger_key, user_key) = (key(), key(), key(), key());
    let root = made("Root", true, &root_key, None);
    let middle = made("Middle", true, &middle_key, Some((&root, &root_key)));
    let namesake = made("Middle", true, &stranger_key, Some((&root, &root_key)));
    let user = made(
        "Emmy Noether",
        false,
        &user_key,
        Some((&middle, &middle_key)),
    );
    let mut all = vec![namesake];
    all.extend((0..120).map(|number| made(&format!("CA {number}"), true, &stranger_key, None)));
    all.extend([middle.clone(), root, user.clone()]);
    let mut file: Vec<u8> = all.iter().flat_map(|x509| x509.to_pem().unwrap()).collect();
    file.extend(user_key.private_key_to_pem_pkcs8().unwrap());
    let home = Home::empty();
    home.write("bundle.pem", &file, 0o600);
    run(
        home.command(BINARY)
            .args(["import", "--no-passphrase", "bundle.pem"]),
        b"",
    )
    .success();
    let kept = X509::stack_from_pem(&fs::read(home.path(".globus/usercert.pem")).unwrap()).unwrap();
    assert_eq!(kept, [user, middle]);
}

#[test]
fn a_variable_that_points_elsewhere_is_reported() {
    for name in ["X509_USER_CERT", "X509_USER_KEY", "PKCS12_USER_CERT"] {
        let home = before().with(name, "/elsewhere");
        let outcome = run(home.command(BINARY).args(IMPORT), b"").success();
        outcome.says(
            "",
            &format!("warning: {name} is set: voms-proxy-init uses /elsewhere"),
        );
    }
}

#[test]
fn an_empty_container_is_called_one() {
    let home = Home::empty();
    // A signed-data of version 1 with five empty parts (RFC 2315 section 9.1).
    let empty = b"\x30\x23\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x16\x30\x14\x02\x01\x01\x31\x00\x30\x0b\
        \x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\x31\x00";
    home.write("empty.p7b", empty, 0o600);
    let outcome = run(home.command(BINARY).args(["import", "empty.p7b"]), b"");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    outcome
        .says("", "neither a certificate nor a private key")
        .says("", "help: name the file with your own");
}

#[test]
fn line_ends_after_der_are_ignored() {
    let new = &users()[1];
    let home = Home::empty();
    let key = openssl_types::pkey(new.key())
        .private_key_to_pkcs8()
        .unwrap();
    home.write(
        "cert.der",
        &[new.chain().leaf().der(), b"\n"].concat(),
        0o600,
    );
    home.write("key.der", &[&key, b"\r\n".as_slice()].concat(), 0o600);
    run(
        home.command(BINARY)
            .args(["import", "--no-passphrase", "cert.der", "key.der"]),
        b"",
    )
    .success();
    assert_eq!(standing(&home), ["new", "new"]);
}

#[test]
fn a_passphrase_that_would_be_truncated_is_refused() {
    let home = before();
    for words in [
        ["import", "--force", "--pwstdin", "new.pem"],
        ["export", "--p12", "out.p12", "--pwstdin"],
    ] {
        let outcome = run(
            home.command(BINARY).args(words),
            format!("{}\n", "x".repeat(1025)).as_bytes(),
        );
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        outcome
            .says("", "is too long: at most 1024 bytes")
            .says("", "help: ");
    }
    assert_eq!(standing(&home), ["old", "old"]);
    let longest = format!("{}\n", "x".repeat(1024));
    run(
        home.command(BINARY).args(["passwd", "--pwstdin"]),
        longest.as_bytes(),
    )
    .success();
    run(
        home.command(BINARY)
            .args(["passwd", "--pwstdin", "--no-passphrase"]),
        longest.as_bytes(),
    )
    .success();
}

#[test]
fn a_full_disk_leaves_the_pair_that_was_there() {
    let home = before();
    let fill = "mkdir globus && cp -p .globus/* globus && mount -t tmpfs -o size=24k none .globus && \
        cp -p globus/* .globus || exit 99; head -c 100000 /dev/zero > .globus/fill 2>/dev/null\n\
        \"$@\"; code=$?; cp -p .globus/* globus; exit $code";
    let mut command = common::with_own_mounts(&home);
    let outcome = run(
        command.args(["sh", "-c", fill, "sh", BINARY]).args(IMPORT),
        b"",
    );
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    outcome
        .says("", "No space left on device")
        .says("", "help: ");
    assert_eq!(
        fs::read(home.path("globus/usercert.pem")).unwrap(),
        certificate_pem(&users()[0])
    );
    assert_eq!(
        fs::read(home.path("globus/userkey.pem")).unwrap(),
        key_pem(&users()[0])
    );
}
