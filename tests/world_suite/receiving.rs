//! Certificates in the many forms in which users receive them, each imported and then used for a
//! proxy.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::desk::{Desk, Ended, run};
use super::judges::ours;
use super::surroundings::world;

/// What every imported key is protected with.
pub const PASSPHRASE: &str = "correct horse";

/// The files, made once for all tests.
fn received() -> &'static Path {
    static RECEIVED: OnceLock<PathBuf> = OnceLock::new();
    RECEIVED.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receiving");
        let make = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receiving/make");
        let made = Command::new(make)
            .arg(&out)
            .arg(world().file("users"))
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "tests/receiving/make: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        out
    })
}

fn table(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(received().join(name)).unwrap();
    text.lines()
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

fn files(list: &str) -> Vec<PathBuf> {
    list.split(' ').map(|file| received().join(file)).collect()
}

fn import(desk: &Desk, files: &[PathBuf], stdin: &str) -> Ended {
    run(
        desk.command(env!("CARGO_BIN_EXE_voms-proxy"))
            .args(["import", "--pwstdin"])
            .args(files),
        stdin,
    )
}

/// Runs `judge` on all rows, on every core, and gives what it complains of.
fn complaints(
    rows: &[Vec<String>],
    judge: impl Fn(&[String]) -> Option<String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(judge(row).map(|complaint| format!("{}: {complaint}", row[0])));
        }
        found
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    })
}

fn openssl(desk: &Desk, args: &[&str]) -> String {
    desk.peer("openssl", args).stdout
}

/// Imports one case; then openssl compares what was written with what the user has, and a proxy is
/// made with it.
fn received_and_used(row: &[String]) -> Option<String> {
    let [_, user, list, password, _, authorities, home] = row else {
        panic!("{row:?}")
    };
    let desk = Desk::new();
    let at_home = home == "key-at-home";
    let mut stdin = if password == "-" {
        String::new()
    } else {
        format!("{password}\n")
    };
    let passphrase = if at_home {
        password.as_str()
    } else {
        PASSPHRASE
    };
    if at_home {
        fs::create_dir(desk.path(".globus")).unwrap();
        fs::copy(
            received().join(&row[0]).join("home/userkey.pem"),
            desk.path(".globus/userkey.pem"),
        )
        .unwrap();
    } else {
        stdin.push_str(&format!("{PASSPHRASE}\n"));
    }
    let ended = import(&desk, &files(list), &stdin);
    if ended.exit != 0 {
        return Some(format!("was not imported: {}", ended.all()));
    }
    let (cert, key) = (".globus/usercert.pem", ".globus/userkey.pem");
    let own = world()
        .file(&format!("users/{user}/usercert.pem"))
        .display()
        .to_string();
    let print = |file: &str| {
        openssl(
            &desk,
            &["x509", "-in", file, "-noout", "-fingerprint", "-sha256"],
        )
    };
    let written = fs::read_to_string(desk.path(cert)).unwrap();
    let public = openssl(&desk, &["x509", "-in", cert, "-noout", "-pubkey"]);
    let opened = openssl(
        &desk,
        &[
            "pkey",
            "-in",
            key,
            "-pubout",
            "-passin",
            &format!("pass:{passphrase}"),
        ],
    );
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().mode() & 0o7777;
    let faults = [
        (
            print(cert) != print(&own) || print(cert).is_empty(),
            "another certificate",
        ),
        (
            public != opened || opened.is_empty(),
            "the key is not the certificate's, or does not open",
        ),
        (
            written.matches("BEGIN CERTIFICATE").count()
                != 1 + authorities.parse::<usize>().unwrap(),
            "other CAs",
        ),
        ((mode(cert), mode(key)) != (0o644, 0o400), "wrong modes"),
    ];
    if let Some((_, fault)) = faults.iter().find(|(is, _)| *is) {
        return Some((*fault).to_owned());
    }
    let mut init = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    let init = run(
        init.args(["init", "--voms", "virgo", "--pwstdin", "--out", "proxy.pem"]),
        &format!("{passphrase}\n"),
    );
    if user == "expired" {
        return (init.exit != 1 || !init.stderr.contains("expired")).then(|| init.all());
    }
    if init.exit != 0 {
        return Some(format!("no proxy: {}", init.all()));
    }
    let fqans = ours(&desk, &desk.path("proxy.pem")).short_fqans();
    (fqans != ["/virgo", "/virgo/virgo"]).then(|| format!("attributes {fqans:?}"))
}

#[test]
fn certificates_in_every_form_are_imported_and_make_a_proxy() {
    let rows = table("cases.tsv");
    assert!(rows.len() >= 110, "{} cases", rows.len());
    let complaints = complaints(&rows, received_and_used);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What an error has to say of each kind of file, and of the next step.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "wrong-password",
        "the password does not open",
        "try again with the password",
    ),
    (
        "unsupported",
        "with a cipher that is not supported here",
        "convert it where it was made",
    ),
    (
        "no-key",
        "The private key of",
        "name the file with the key as well",
    ),
    (
        "no-certificate",
        "no certificate of yours",
        "name the file with your own certificate",
    ),
    (
        "mismatch",
        "no private key given belongs to",
        "name the key that was made together",
    ),
    (
        "ambiguous",
        "there are two identities",
        "into a file of their own",
    ),
    ("several-keys", "holds 2 private keys", "openssl pkcs12 -in"),
    (
        "proxy",
        "is a proxy of",
        "import the certificate that your CA issued",
    ),
    ("request", "certificate request", "wait for your CA's mail"),
    ("crl", "is a revocation list", "your CA sent"),
    ("ssh", "is a key for SSH", "your CA sent"),
    ("pgp", "is a PGP key", "your CA sent"),
    ("jks", "is a Java key store", "keytool -importkeystore"),
    ("html", "is a web page", "download it again"),
    ("zip", "is an archive", "unpack it"),
    (
        "unknown",
        "is neither PKCS#12, PEM, DER nor PKCS#7",
        "your CA sent",
    ),
    ("empty", "is empty", "download it again"),
    ("missing", "file not found", "name a readable file"),
    ("directory", "is a directory", "name the files in it"),
    ("ca", "of CAs", "your own certificate"),
    // Truncated or garbled in many ways, each with its own message.
    ("damaged", "", ""),
];

fn refused(row: &[String]) -> Option<String> {
    let [_, list, password, kind] = row else {
        panic!("{row:?}")
    };
    let desk = Desk::new();
    fs::create_dir(desk.path(".globus")).unwrap();
    fs::write(desk.path(".globus/usercert.pem"), "what was there").unwrap();
    let stdin = if password == "-" {
        String::new()
    } else {
        format!("{password}\n")
    };
    let ended = import(&desk, &files(list), &format!("{stdin}{PASSPHRASE}\n"));
    let (_, fact, next) = SENTENCES
        .iter()
        .find(|(known, ..)| known == kind)
        .expect("a kind that has no sentence");
    let reported = ended
        .stderr
        .replacen("the private key of", "The private key of", 1);
    let clear =
        ended.stderr.starts_with("error: ") && reported.contains(fact) && reported.contains(next);
    let kept = fs::read(desk.path(".globus/usercert.pem")).unwrap() == b"what was there";
    let alone = fs::read_dir(desk.path(".globus")).unwrap().count() == 1;
    let secret = password != "-" && ended.all().contains(&format!("{password}\n"));
    (ended.exit != 1 || !clear || !ended.stderr.contains("help: ") || !kept || !alone || secret)
        .then(|| ended.all())
}

#[test]
fn files_without_a_certificate_and_key_are_refused_by_name_and_change_nothing() {
    let rows = table("bad.tsv");
    assert!(rows.len() >= 40, "{} cases", rows.len());
    let complaints = complaints(&rows, refused);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A desk where a pair was imported from a bundle of old ciphers.
fn imported(user: &str) -> Desk {
    let desk = Desk::new();
    let file = match user {
        "alice" => "user-legacy.p12".to_owned(),
        _ => "usercert.pem".to_owned(),
    };
    let mut files = vec![world().file(&format!("users/{user}/{file}"))];
    let mut stdin = format!("pass\n{PASSPHRASE}\n");
    if user != "alice" {
        files.push(world().file(&format!("users/{user}/userkey.pem")));
        stdin = format!("{PASSPHRASE}\n");
    }
    let ended = import(&desk, &files, &stdin);
    assert_eq!(ended.exit, 0, "{}", ended.all());
    desk
}

#[test]
fn the_imported_pair_is_read_by_the_clients_and_tools_of_others() {
    for user in ["alice", "ivan"] {
        let desk = imported(user);
        let stdin = format!("{PASSPHRASE}\n");
        let vomses = world().vomses.display().to_string();
        let voms = ["-voms", "virgo", "-vomses", &vomses];
        for (program, more, out) in [
            ("voms-proxy-init2", &voms[..], "cpp.pem"),
            ("voms-proxy-init3", &voms, "java.pem"),
            ("grid-proxy-init", &[], "globus.pem"),
        ] {
            // Named, since for root some of them look elsewhere.
            let pair = [
                "-cert",
                ".globus/usercert.pem",
                "-key",
                ".globus/userkey.pem",
            ];
            let ended = run(
                desk.command(program)
                    .args(more)
                    .args(pair)
                    .args(["-pwstdin", "-out", out]),
                &stdin,
            );
            assert_eq!(ended.exit, 0, "{user} {program}: {}", ended.all());
        }
        let subject = desk.peer(
            "grid-cert-info",
            &["-file", ".globus/usercert.pem", "-subject"],
        );
        let shown = ours(&desk, &desk.path("cpp.pem"));
        assert_eq!(
            subject.stdout.trim(),
            shown.identity,
            "{user}: {}",
            subject.all()
        );
    }
}

#[test]
fn exported_bundles_are_read_by_browsers_libraries_and_the_other_clients() {
    let desk = imported("ivan");
    for (name, more) in [
        ("modern.p12", &[][..]),
        ("compatible.p12", &["--compatible"]),
    ] {
        let mut export = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
        let export = export
            .args(["export", "--pwstdin", "--p12", name])
            .args(more);
        let ended = run(export, &format!("{PASSPHRASE}\nfor the browser\n"));
        assert_eq!(ended.exit, 0, "{}", ended.all());
        assert_eq!(
            fs::metadata(desk.path(name)).unwrap().mode() & 0o7777,
            0o600
        );
        let database = format!("sql:{}", desk.path("nss").display());
        let _ = fs::remove_dir_all(desk.path("nss"));
        fs::create_dir(desk.path("nss")).unwrap();
        let at = |program: &str, args: &[&str]| {
            let ended = desk.peer(program, args);
            assert_eq!(ended.exit, 0, "{name} {program}: {}", ended.all());
            ended.stdout
        };
        // Firefox and Chromium import with NSS, and keep what they import so.
        at("certutil", &["-N", "-d", &database, "--empty-password"]);
        at(
            "pk12util",
            &[
                "-i",
                name,
                "-d",
                &database,
                "-W",
                "for the browser",
                "-K",
                "",
            ],
        );
        assert!(
            at("certutil", &["-K", "-d", &database]).contains("Ivan Ivanov"),
            "{name}: no key in the browser"
        );
        let listed = at(
            "keytool",
            &[
                "-list",
                "-v",
                "-keystore",
                name,
                "-storepass",
                "for the browser",
            ],
        );
        assert!(
            listed.contains("PrivateKeyEntry") && listed.contains("chain length: 2"),
            "{name}: {listed}"
        );
        let read = at(
            "certtool",
            &[
                "--p12-info",
                "--inder",
                "--infile",
                name,
                "--password",
                "for the browser",
            ],
        );
        assert!(
            read.contains("PRIVATE KEY") && read.matches("BEGIN CERTIFICATE").count() == 2,
            "{name}: {read}"
        );
        let mut java = desk.command("voms-proxy-init3");
        java.args([
            "-cert", name, "-voms", "virgo", "-pwstdin", "-out", "java.pem", "-vomses",
        ])
        .arg(&world().vomses);
        let proxy = run(&mut java, "for the browser\n");
        assert_eq!(proxy.exit, 0, "{name} voms-proxy-init3: {}", proxy.all());
        // And back again.
        let again = Desk::new();
        let ended = import(
            &again,
            &[desk.path(name)],
            &format!("for the browser\n{PASSPHRASE}\n"),
        );
        assert_eq!(ended.exit, 0, "{}", ended.all());
        let cert = |desk: &Desk| fs::read(desk.path(".globus/usercert.pem")).unwrap();
        assert_eq!(cert(&again), cert(&desk));
    }
}

#[test]
fn the_passphrase_of_every_kind_of_key_is_changed_and_the_rest_of_the_file_stays() {
    let files = [
        ("alice", "userkey.pem", ""),
        ("alice", "userkey-enc.pem", "pass"),
        ("alice", "userkey-enc-des3.pem", "pass"),
        ("alice", "userkey-pkcs1-enc.pem", "pass"),
        ("alice", "both.pem", ""),
        ("grace", "userkey-sec1-enc.pem", "pass"),
    ];
    for (user, name, old) in files {
        let desk = Desk::new();
        let before = fs::read_to_string(world().file(&format!("users/{user}/{name}"))).unwrap();
        fs::write(desk.path("key.pem"), format!("kept\n{before}also kept\n")).unwrap();
        let change = |old: &str, new: &str, name: &str| {
            let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
            let old = if old.is_empty() {
                String::new()
            } else {
                format!("{old}\n")
            };
            run(
                command.args([name, "-file", "key.pem", "--pwstdin"]),
                &format!("{old}{new}\n"),
            )
        };
        let short = change(old, "short", "passwd");
        assert!(
            short.exit == 1 && short.stderr.contains("at least 8 characters"),
            "{name}: {}",
            short.all()
        );
        let ended = change(old, PASSPHRASE, "grid-change-pass-phrase");
        assert_eq!(ended.exit, 0, "{name}: {}", ended.all());
        let after = fs::read_to_string(desk.path("key.pem")).unwrap();
        assert!(
            after.starts_with("kept\n") && after.ends_with("also kept\n"),
            "{name}: {after}"
        );
        let certificates = |text: &str| text.matches("BEGIN CERTIFICATE").count();
        assert_eq!(certificates(&after), certificates(&before), "{name}");
        assert!(
            after.contains("BEGIN ENCRYPTED PRIVATE KEY") && !after.contains("BEGIN PRIVATE KEY"),
            "{name}"
        );
        assert_eq!(
            fs::metadata(desk.path("key.pem")).unwrap().mode() & 0o7777,
            0o400,
            "{name}"
        );
        let wrong = change("wrong word", "another phrase", "passwd");
        assert!(
            wrong.exit == 1 && wrong.stderr.contains("passphrase does not open"),
            "{name}: {}",
            wrong.all()
        );
        assert_eq!(
            fs::read_to_string(desk.path("key.pem")).unwrap(),
            after,
            "{name}"
        );
        let public = openssl(
            &desk,
            &[
                "pkey",
                "-in",
                "key.pem",
                "-pubout",
                "-passin",
                &format!("pass:{PASSPHRASE}"),
            ],
        );
        let cert = world()
            .file(&format!("users/{user}/usercert.pem"))
            .display()
            .to_string();
        assert_eq!(
            public,
            openssl(&desk, &["x509", "-in", &cert, "-noout", "-pubkey"]),
            "{name}"
        );
    }
}

/// Globus's own script changes what ours has written, and ours what it has.
#[test]
fn grid_change_pass_phrase_of_globus_and_ours_read_each_other() {
    let desk = imported("alice");
    let script = "set timeout 30\nspawn grid-change-pass-phrase -file .globus/userkey.pem\n\
        expect -nocase \"pass phrase\"\nsend \"correct horse\\r\"\n\
        expect -nocase \"pass phrase\"\nsend \"battery staple\\r\"\n\
        expect -nocase \"pass phrase\"\nsend \"battery staple\\r\"\nexpect eof\n";
    fs::write(desk.path("script"), script).unwrap();
    let reported = desk.peer("expect", &["-f", "script"]);
    let mut ours = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
    let ended = run(
        ours.args(["passwd", "--pwstdin"]),
        "battery staple\nthe third phrase\n",
    );
    assert_eq!(ended.exit, 0, "{}\n{}", reported.all(), ended.all());
}
