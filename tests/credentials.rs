//! Where the credential comes from, in which forms, and what is said when it cannot be used.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use chrono::Duration;
use common::servers::{authority, honest};
use common::{
    BINARY, Home, Outcome, certificate_pem, certification, judge, key_pem, now, run, world,
};
use openssl::pkey::PKey;
use openssl::x509::X509;
use voms::credential::Credential;
use voms::pki::key::KeyKind;
use voms_authority::pki::{Certification, Purpose, ThrowAwayCa};

const PASSPHRASE: &str = "Gr1d-pass phrase äöü";
const LAST: &str = "No credentials found!";

fn emmy() -> Credential {
    world()
        .ca
        .issue(&certification("Emmy Noether", Purpose::User))
        .unwrap()
}

fn openssl(home: &Home, args: &[&str]) {
    run(home.command("openssl").args(args), b"").success();
}

#[track_caller]
fn ends_without_credentials(outcome: &Outcome) {
    let none_was_found = outcome.stderr.contains("no user credential was found");
    assert_eq!(
        outcome.stderr.lines().last() == Some(LAST),
        none_was_found,
        "{}",
        outcome.stderr
    );
}

/// The user in whose name the proxy in place is.
fn owner(home: &Home) -> String {
    let issuer = &judge::chain(&home.proxy())[1];
    let name = issuer
        .subject_name()
        .entries()
        .last()
        .unwrap()
        .data()
        .to_string()
        .unwrap();
    fs::remove_file(home.proxy()).unwrap();
    name.to_string()
}

#[test]
fn the_credential_is_searched_for_in_the_documented_order() {
    let ca = &world().ca;
    let user = |name: &str| ca.issue(&certification(name, Purpose::User)).unwrap();
    let home = Home::of(&user("pair"));
    for name in ["option", "variable"] {
        let user = user(name);
        home.write(&format!("{name}.cert"), &certificate_pem(&user), 0o644);
        home.write(&format!("{name}.key"), &key_pem(&user), 0o600);
        home.write(
            &format!("{name}.both"),
            &[certificate_pem(&user), key_pem(&user)].concat(),
            0o600,
        );
    }
    for name in ["bundle", "usercred", "usercert"] {
        let user = user(name);
        home.write("c", &certificate_pem(&user), 0o644);
        home.write("k", &key_pem(&user), 0o600);
        let out = if name == "bundle" {
            "bundle.p12".to_owned()
        } else {
            format!(".globus/{name}.p12")
        };
        openssl(
            &home,
            &[
                "pkcs12",
                "-export",
                "-in",
                "c",
                "-inkey",
                "k",
                "-out",
                &out,
                "-passout",
                "pass:word",
            ],
        );
        fs::set_permissions(home.path(&out), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let made = |home: &Home, args: &[&str]| {
        run(
            &mut home.init_command(&[&["--pwstdin"], args].concat()),
            b"word\n",
        )
        .success();
        owner(home)
    };
    assert_eq!(made(&home, &[]), "pair");
    let home = home.with("PKCS12_USER_CERT", "bundle.p12");
    assert_eq!(made(&home, &[]), "bundle");
    let home = home
        .with("X509_USER_CERT", "variable.cert")
        .with("X509_USER_KEY", "variable.key");
    assert_eq!(made(&home, &[]), "variable");
    assert_eq!(
        made(&home, &["--cert", "option.cert", "--key", "option.key"]),
        "option"
    );
    assert_eq!(made(&home, &["--cert", "option.both"]), "option");
    assert_eq!(made(&home, &["--key", "option.both"]), "option");
    assert_eq!(made(&home, &["--cert", "bundle.p12"]), "bundle");
    let home = home
        .without("X509_USER_KEY")
        .with("X509_USER_CERT", "variable.both")
        .without("PKCS12_USER_CERT");
    assert_eq!(made(&home, &[]), "variable");
    let home = home.without("X509_USER_CERT");
    fs::remove_file(home.path(".globus/userkey.pem")).unwrap();
    assert_eq!(made(&home, &[]), "usercred");
    fs::remove_file(home.path(".globus/usercred.p12")).unwrap();
    assert_eq!(made(&home, &[]), "usercert");
}

#[test]
fn finding_nothing_lists_every_place_searched() {
    let home = Home::empty();
    let outcome = home.refused(&[]);
    for name in [
        "usercert.pem",
        "userkey.pem",
        "usercred.p12",
        "usercert.p12",
    ] {
        let place = home.path(".globus").join(name);
        outcome.says(name, &format!("{}: file not found", place.display()));
    }
    outcome.says(
        "",
        "help: import the file that your CA sent (voms-proxy import FILE)",
    );
    ends_without_credentials(&outcome);
    fs::remove_file(home.proxy()).unwrap();
    let outcome = home.without("HOME").refused(&[]);
    outcome.says("", "HOME is not set");
    ends_without_credentials(&outcome);
}

#[test]
fn a_certificate_without_its_key_reports_the_missing_key() {
    let home = Home::ada();
    fs::remove_file(home.path(".globus/userkey.pem")).unwrap();
    let outcome = home.refused(&[]);
    outcome
        .says("", "userkey.pem: file not found")
        .says("", "usercert.pem: its key is missing");
}

#[test]
fn a_missing_named_file_never_falls_back_to_a_default() {
    let cases: [&[&str]; 3] = [
        &["--cert", "/no/cert"],
        &["--key", "/no/key"],
        &["--cert", "/no/c", "--key", "/no/k"],
    ];
    for args in cases {
        let home = Home::ada().with("X509_USER_PROXY", "/nonexistent/proxy");
        let outcome = home.refused(&[args, &["--out", "out/x509up"]].concat());
        outcome
            .says(args[0], "cannot read the ")
            .says(args[0], "file not found");
        ends_without_credentials(&outcome);
    }
    Home::ada()
        .with("X509_USER_PROXY", "/nonexistent/proxy")
        .refused(&["--noregen", "--out", "out/x509up"])
        .says("--noregen", "/nonexistent/proxy")
        .says("--noregen", "help: leave out --noregen");
    for name in ["X509_USER_CERT", "X509_USER_KEY", "PKCS12_USER_CERT"] {
        let outcome = Home::ada().with(name, "/nonexistent/file").refused(&[]);
        outcome
            .says(name, &format!("{name} names it"))
            .says(name, "/nonexistent/file")
            .says(name, "file not found");
    }
}

#[test]
fn permissions_that_expose_the_key_are_refused() {
    for mode in [0o644, 0o640, 0o660, 0o604, 0o700, 0o777] {
        let home = Home::ada();
        let key = home.write(".globus/userkey.pem", &key_pem(&world().user), mode);
        let outcome = home.refused(&[]);
        let known = format!(
            "Wrong file permissions on file {}. Required permissions are: 400, 600",
            key.display()
        );
        outcome
            .says("", &known)
            .says("", &format!("(mode {mode:04o})"));
        outcome.says("", &format!("help: run: chmod 400 {}", key.display()));
        ends_without_credentials(&outcome);
        let link = home.path("link");
        symlink(&key, &link).unwrap();
        home.refused(&["--key", "link", "--cert", ".globus/usercert.pem"])
            .says("link", "Wrong file permissions");
    }
    for mode in [0o666, 0o664, 0o646] {
        let home = Home::ada();
        home.write(
            ".globus/usercert.pem",
            &certificate_pem(&world().user),
            mode,
        );
        home.refused(&[])
            .says("", "can be changed by others")
            .says("", "help: run: chmod 644");
    }
    for mode in [0o400, 0o600] {
        let home = Home::ada();
        home.write(".globus/userkey.pem", &key_pem(&world().user), mode);
        home.init(&[]).success();
    }
}

#[test]
fn a_key_for_another_certificate_is_refused() {
    for other in [emmy(), world().ca.issue(&with_rsa("Other")).unwrap()] {
        let home = Home::ada();
        home.write(".globus/userkey.pem", &key_pem(&other), 0o400);
        let outcome = home.refused(&[]);
        outcome
            .says("", "Provided private key is not matching the certificate")
            .says("", "help: name the pair");
        ends_without_credentials(&outcome);
    }
}

fn with_rsa(name: &str) -> Certification {
    Certification {
        key: KeyKind::Rsa(2048),
        ..certification(name, Purpose::User)
    }
}

/// The key in every encrypted form that `openssl` writes, and the arguments that write it.
const ENCRYPTED: [(&str, bool, &[&str]); 8] = [
    (
        "PKCS#8 AES",
        true,
        &["pkcs8", "-topk8", "-v2", "aes-256-cbc"],
    ),
    (
        "PKCS#8 3DES",
        true,
        &["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"],
    ),
    ("PKCS#8 scrypt", true, &["pkcs8", "-topk8", "-scrypt"]),
    ("RSA 3DES", true, &["rsa", "-traditional", "-des3"]),
    ("RSA AES", true, &["rsa", "-traditional", "-aes256"]),
    ("EC traditional", false, &["ec", "-aes128"]),
    (
        "EC PKCS#8",
        false,
        &["pkcs8", "-topk8", "-v2", "aes-128-cbc"],
    ),
    (
        "PKCS#8 single DES",
        true,
        &[
            "pkcs8",
            "-topk8",
            "-v1",
            "PBE-MD5-DES",
            "-provider",
            "legacy",
            "-provider",
            "default",
        ],
    ),
];

fn encrypted(rsa: bool, args: &[&str]) -> Home {
    let emmy = emmy();
    let user = if rsa { &world().user } else { &emmy };
    let home = Home::of(user);
    home.write("clear", &key_pem(user), 0o600);
    let out = ["-in", "clear", "-out", ".globus/userkey.pem", "-passout"];
    let word = format!("pass:{PASSPHRASE}");
    fs::remove_file(home.path(".globus/userkey.pem")).unwrap();
    openssl(&home, &[args, &out[..], &[&word]].concat());
    fs::set_permissions(
        home.path(".globus/userkey.pem"),
        fs::Permissions::from_mode(0o400),
    )
    .unwrap();
    assert!(
        fs::read_to_string(home.path(".globus/userkey.pem"))
            .unwrap()
            .contains("ENCRYPTED")
    );
    home
}

#[test]
fn encrypted_keys_of_every_kind_open_only_with_the_right_passphrase() {
    for (what, rsa, args) in ENCRYPTED {
        let home = encrypted(rsa, args);
        let outcome = home.refused_with(&["--pwstdin"], b"wrong but long enough\n");
        outcome.says(
            what,
            "Error decrypting private key: the password is incorrect or the PEM data is corrupted.",
        );
        outcome.says(what, "help: try again with the right passphrase");
        ends_without_credentials(&outcome);
        home.refused_with(&["--pwstdin"], b"\n")
            .says(what, "the password is incorrect");
        home.refused_with(&["--pwstdin"], b"")
            .says(what, "there is none on standard input");
        // One line is read, however it ends; what follows is left alone.
        for end in ["", "\n", "\r\n", "\nsecond line\n"] {
            let stdin = format!("{PASSPHRASE}{end}");
            run(&mut home.init_command(&["--pwstdin"]), stdin.as_bytes()).success();
        }
        judge::rfc(&home);
    }
}

#[test]
fn a_wrong_passphrase_is_not_asked_for_again() {
    let home = encrypted(true, ENCRYPTED[0].2);
    let stdin = format!("wrong\n{PASSPHRASE}\n{PASSPHRASE}\n");
    home.put_sentinel();
    let outcome = run(&mut home.init_command(&["--pwstdin"]), stdin.as_bytes());
    home.failed(outcome, PASSPHRASE)
        .says("", "the password is incorrect");
}

#[test]
fn without_a_terminal_an_encrypted_key_is_an_error_not_a_hang() {
    let home = encrypted(true, ENCRYPTED[0].2);
    home.put_sentinel();
    let mut command = home.command("setsid");
    command.args(["--wait", BINARY, "init"]);
    let outcome = home.failed(run(&mut command, PASSPHRASE.as_bytes()), PASSPHRASE);
    outcome
        .says("", "no terminal")
        .says("", "help: run it on a terminal, or use --pwstdin");
}

#[test]
fn an_unencrypted_key_needs_no_passphrase() {
    run(&mut Home::ada().init_command(&["--pwstdin"]), b"").success();
}

#[test]
fn pkcs12_bundles_with_new_and_old_ciphers_open() {
    for (name, more) in [("usercred.p12", &[][..]), ("usercert.p12", &["-legacy"])] {
        let home = Home::empty();
        home.write("c", &certificate_pem(&world().user), 0o644);
        home.write("k", &key_pem(&world().user), 0o600);
        let (out, word) = (format!(".globus/{name}"), format!("pass:{PASSPHRASE}"));
        let args = [
            "pkcs12", "-export", "-in", "c", "-inkey", "k", "-out", &out, "-passout", &word,
        ];
        openssl(&home, &[&args, more].concat());
        fs::set_permissions(home.path(&out), fs::Permissions::from_mode(0o600)).unwrap();
        let outcome = home.refused_with(&["--pwstdin"], b"certainly wrong\n");
        outcome
            .says(name, "the password is incorrect")
            .says(name, name);
        ends_without_credentials(&outcome);
        run(
            &mut home.init_command(&["--pwstdin"]),
            format!("{PASSPHRASE}\n").as_bytes(),
        )
        .success();
        assert_eq!(judge::rfc(&home).chain.len(), 2);
        fs::set_permissions(home.path(&out), fs::Permissions::from_mode(0o644)).unwrap();
        fs::remove_file(home.proxy()).unwrap();
        home.refused_with(&["--pwstdin"], b"")
            .says(name, "Wrong file permissions");
    }
}

#[test]
fn certificate_files_are_read_in_every_common_format() {
    let (certificate, key) = (certificate_pem(&world().user), key_pem(&world().user));
    let crlf = |pem: &[u8]| {
        String::from_utf8(pem.to_vec())
            .unwrap()
            .replace('\n', "\r\n")
            .into_bytes()
    };
    let bag = b"Bag Attributes\n    friendlyName: ada\nsubject=/CN=Ada\n".as_slice();
    let der = X509::from_pem(&certificate).unwrap().to_der().unwrap();
    let pkcs8 = PKey::private_key_from_pem(&key)
        .unwrap()
        .private_key_to_pem_pkcs8()
        .unwrap();
    let key_der = PKey::private_key_from_pem(&key)
        .unwrap()
        .private_key_to_der()
        .unwrap();
    let base64 = openssl::base64::encode_block(&key_der).into_bytes();
    let ca = fs::read(world().certificates().join("SandboxCA.pem")).unwrap();
    let one: [(&str, Vec<u8>); 5] = [
        ("certificate first", [&certificate[..], &key].concat()),
        ("key first", [&key[..], &certificate].concat()),
        ("CRLF", [crlf(&certificate), crlf(&key)].concat()),
        (
            "text between",
            [bag, &certificate, bag, &key, b"the end"].concat(),
        ),
        ("with its CA", [&certificate[..], &ca, &key].concat()),
    ];
    for (what, file) in one {
        let home = Home::empty();
        home.write("one.pem", &file, 0o600);
        home.init(&["--cert", "one.pem"]).success();
        assert_eq!(judge::rfc(&home).chain.len(), 2, "{what}");
    }
    for (what, certificate, key) in [
        ("DER", der, key.clone()),
        ("PKCS#8", certificate.clone(), pkcs8),
        ("DER key", certificate.clone(), key_der),
        ("DER key as base64", certificate.clone(), base64),
        ("CRLF", crlf(&certificate), crlf(&key)),
    ] {
        let home = Home::empty();
        home.write(".globus/usercert.pem", &certificate, 0o644);
        home.write(".globus/userkey.pem", &key, 0o400);
        home.init(&[]).success();
        assert_eq!(judge::rfc(&home).chain.len(), 2, "{what}");
    }
}

/// Files of a root, a CA below it and a user of that, whose key stays beside them.
fn with_two_cas() -> Home {
    let home = Home::empty();
    let config = "[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = critical, CA:TRUE\n\
        keyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash\n[user]\n\
        basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n";
    home.write("config", config.as_bytes(), 0o644);
    for (name, issuer, kind) in [
        ("root", "root", "ca"),
        ("sub", "root", "ca"),
        ("ada", "sub", "user"),
    ] {
        let (key, subject) = (format!("{name}.key"), format!("/DC=example/CN={name}"));
        let (ca, ca_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        let mut words = vec![
            "req",
            "-x509",
            "-config",
            "config",
            "-extensions",
            kind,
            "-days",
            "90",
        ];
        words.extend([
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
        ]);
        words.extend(["-subj", &subject]);
        if issuer != name {
            words.extend(["-CA", &ca, "-CAkey", &ca_key]);
        }
        let out = format!("{name}.pem");
        words.extend(["-out", &out]);
        openssl(&home, &words);
    }
    fs::create_dir(home.path("cas")).unwrap();
    fs::copy(home.path("root.pem"), home.path("cas/root.pem")).unwrap();
    openssl(&home, &["rehash", "cas"]);
    let cas = home.path("cas");
    home.with("X509_CERT_DIR", cas)
}

#[test]
fn a_certificate_is_found_wherever_it_stands_among_its_cas() {
    let home = with_two_cas();
    let pem = |name: &str| fs::read(home.path(&format!("{name}.pem"))).unwrap();
    home.write(
        ".globus/userkey.pem",
        &fs::read(home.path("ada.key")).unwrap(),
        0o400,
    );
    let own = |words: &[&str]| run(home.command(BINARY).args(words), b"").success().stdout;
    let ada = "/DC=example/CN=ada";
    for order in [
        ["ada", "sub", "root"],
        ["root", "sub", "ada"],
        ["sub", "ada", "root"],
        ["root", "ada", "sub"],
    ] {
        let file = order.map(pem).concat();
        let path = home.write(".globus/usercert.pem", &file, 0o644);
        let path = path.to_str().unwrap();
        assert_eq!(
            own(&["info", "--file", path, "--identity"]).trim(),
            ada,
            "{order:?}"
        );
        assert_eq!(
            own(&["grid-cert-info", "-subject"]).trim(),
            ada,
            "{order:?}"
        );
        assert!(own(&["verify", path]).contains(ada), "{order:?}");
        home.init(&[]).success();
        assert_eq!(own(&["info", "--identity"]).trim(), ada, "{order:?}");
        own(&["verify", home.proxy().to_str().unwrap()]);
        assert!(own(&["doctor"]).contains(ada), "{order:?}");
        assert!(
            own(&["import", "--dry-run", path, "ada.key"]).contains(ada),
            "{order:?}"
        );
    }
}

#[test]
fn a_ca_first_is_passed_over_only_for_what_it_signed() {
    let home = with_two_cas();
    let stranger = ThrowAwayCa::create(
        &[("DC", "example".to_owned()), ("CN", "sub".to_owned())],
        now(),
    );
    let stranger = voms::pki::pem::encode("CERTIFICATE", stranger.unwrap().certificate().der());
    let ada = fs::read(home.path("ada.pem")).unwrap();
    let file = home.write("file.pem", &[stranger.as_bytes(), &ada].concat(), 0o644);
    let verified = run(home.command(BINARY).arg("verify").arg(&file), b"");
    assert_eq!(verified.code, Some(1), "{verified:?}");
}

fn bounded(home: &Home, args: &[&str]) -> Outcome {
    let mut command = home.command("prlimit");
    command
        .args(["--as=1073741824", "--cpu=20", BINARY, "init"])
        .args(home.init_args(args));
    run(&mut command, b"")
}

#[test]
fn any_file_that_is_not_a_credential_gives_one_clear_error() {
    let home = Home::ada();
    home.write("empty", b"", 0o600);
    home.write("text", b"hello\nworld\n", 0o600);
    home.write(
        "der",
        &[&[0x30, 0x82, 0xff, 0xff][..], &[0; 400]].concat(),
        0o600,
    );
    home.write(
        "pem",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        0o600,
    );
    home.write("cut", &certificate_pem(&world().user)[..300], 0o600);
    home.write(
        "key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        0o600,
    );
    let sparse = home.write("sparse", b"", 0o600);
    fs::OpenOptions::new()
        .write(true)
        .open(sparse)
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    fs::create_dir(home.path("directory")).unwrap();
    run(home.command("mkfifo").args(["-m", "600", "fifo"]), b"").success();
    let cert = ".globus/usercert.pem";
    for file in [
        "empty",
        "text",
        "der",
        "pem",
        "cut",
        "key",
        "sparse",
        "directory",
        "fifo",
        "/dev/zero",
        "/dev/null",
    ] {
        for args in [
            &["--cert", file, "--key", ".globus/userkey.pem"][..],
            &["--cert", cert, "--key", file],
            &["--cert", file],
            &["--key", file],
        ] {
            home.put_sentinel();
            let outcome = home.failed(bounded(&home, args), "");
            assert_eq!(
                outcome.stderr.matches("error: ").count(),
                1,
                "{args:?}: {}",
                outcome.stderr
            );
            outcome.says(file, Path::new(file).file_name().unwrap().to_str().unwrap());
            ends_without_credentials(&outcome);
        }
        let (proxied, proxy) = (
            Home::ada().with("X509_USER_PROXY", home.path(file)),
            home.path(file),
        );
        proxied.put_sentinel();
        let outcome = proxied.failed(bounded(&proxied, &["--noregen", "--out", "out/x509up"]), "");
        outcome.says(file, &proxy.display().to_string());
    }
}

#[test]
fn any_file_that_is_not_a_configuration_gives_one_clear_error() {
    let voms = honest(authority(|_| {}));
    let home = Home::ada();
    let sparse = home.write("sparse", b"", 0o600);
    fs::OpenOptions::new()
        .write(true)
        .open(sparse)
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    run(home.command("mkfifo").args(["-m", "600", "fifo"]), b"").success();
    fs::create_dir(home.path("directory")).unwrap();
    home.write("text", b"\xff\xfe\0hello\n", 0o600);
    home.write("good", voms.virgo().as_bytes(), 0o600);
    for file in ["sparse", "fifo", "/dev/zero", "directory", "text"] {
        home.put_sentinel();
        let outcome = home.failed(bounded(&home, &["--voms", "virgo", "--vomses", file]), "");
        outcome.says(file, file).says(file, "help: ");
        let lsc = home.path("vomsdir/virgo/localhost.lsc");
        fs::create_dir_all(lsc.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&lsc);
        symlink(home.path(file), &lsc).unwrap();
        let outcome = bounded(
            &home,
            &[
                "--voms",
                "virgo",
                "--vomses",
                "good",
                "--vomsdir",
                "vomsdir",
            ],
        );
        home.failed(outcome, "")
            .says(file, "Malformed LSC file")
            .says(file, "help: fix or replace");
    }
}

#[test]
fn an_unusable_certificate_is_reported_before_any_server_is_asked() {
    let voms = honest(authority(|_| {}));
    let unknown_ca = ThrowAwayCa::create(&[("CN", "Stranger CA".to_owned())], now()).unwrap();
    let dates = |from: i64, until: i64| Certification {
        not_before: now() + Duration::hours(from),
        not_after: now() + Duration::hours(until),
        ..certification("Ada Lovelace", Purpose::User)
    };
    let (expired, early) = (
        world().ca.issue(&dates(-9, -1)).unwrap(),
        world().ca.issue(&dates(1, 9)).unwrap(),
    );
    let unknown = unknown_ca.issue(&dates(-1, 9)).unwrap();
    for (what, user, words, help) in [
        (
            "expired",
            &expired,
            "it expired on ",
            "help: get a new certificate from your CA",
        ),
        (
            "early",
            &early,
            "it is not valid before ",
            "help: check the clock of this machine",
        ),
        (
            "unknown CA",
            &unknown,
            "No trusted CA certificate was found for the certificate chain",
            "help: if you trust that CA, install",
        ),
    ] {
        let home = Home::of(user).servers(&[voms.virgo()]);
        for args in [&[][..], &["--voms", "virgo"]] {
            let outcome = home.refused(args);
            outcome
                .says(what, words)
                .says(what, help)
                .says(what, "Ada Lovelace");
            assert_eq!(outcome.stdout, "", "{what}");
        }
    }
    assert!(voms.heard().is_empty());
}

#[test]
fn a_key_owned_by_another_user_is_refused() {
    let home = Home::ada();
    let owned = Command::new("chown")
        .arg("12345")
        .arg(home.path(".globus/userkey.pem"))
        .status()
        .unwrap();
    assert!(owned.success(), "giving a file away takes root");
    let outcome = home.refused(&[]);
    outcome
        .says("", "belongs to user id 12345")
        .says("", "help: copy it to your own file");
}

#[test]
fn a_bundle_that_is_only_base64_opens() {
    let home = Home::empty();
    let bundle = world()
        .user
        .to_pkcs12("secret", voms::pki::pkcs12::Ciphers::Modern)
        .unwrap();
    let text = openssl::base64::encode_block(&bundle);
    let boundaries = voms::pki::pem::encode("PKCS12", &bundle);
    for text in [text.as_bytes(), boundaries.as_bytes()] {
        home.write("cert.p12", text, 0o600);
        let mut command = home.init_command(&["--cert", "cert.p12", "--pwstdin"]);
        run(&mut command, b"secret\n").success();
        assert_eq!(judge::rfc(&home).chain.len(), 2);
        fs::remove_file(home.proxy()).unwrap();
    }
}

/// A self-signed certificate with its key, in files.
fn with_certificate_of(subject: &str) -> Home {
    let home = Home::empty();
    home.write("config", b"[req]\ndistinguished_name = dn\n[dn]\n", 0o644);
    let mut words = vec![
        "req", "-x509", "-config", "config", "-utf8", "-subj", subject,
    ];
    words.extend([
        "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
    ]);
    openssl(&home, &words);
    home
}

#[test]
fn a_name_that_openssl_cannot_read_is_told_in_plain_words() {
    let home = with_certificate_of("/CN=Zoë");
    let der = X509::from_pem(&fs::read(home.path("cert.pem")).unwrap()).unwrap();
    let mut der = der.to_der().unwrap();
    for at in 1..der.len() {
        if der[at - 1..=at] == [0xc3, 0xab] {
            der[at] = b'(';
        }
    }
    home.write(
        "cert.pem",
        voms::pki::pem::encode("CERTIFICATE", &der).as_bytes(),
        0o644,
    );
    let commands: [&[&str]; 4] = [
        &["init", "--cert", "cert.pem", "--key", "key.pem"],
        &["grid-cert-info", "-f", "cert.pem"],
        &["info", "--file", "cert.pem", "--text"],
        &["import", "--dry-run", "cert.pem", "key.pem"],
    ];
    for words in commands {
        let outcome = run(home.command(BINARY).args(words), b"");
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        outcome.says(words[0], "invalid in its encoding");
        outcome.says(words[0], "help: ");
        assert!(!outcome.stderr.contains("asn1"), "{outcome:?}");
    }
}

#[test]
fn an_empty_subject_is_told_as_that_even_without_cas() {
    let home = with_certificate_of("/");
    let words = ["--cert", "cert.pem", "--key", "key.pem"];
    for more in [&[][..], &["--skip-chain-integrity-checks"]] {
        home.refused(&[&words[..], more].concat())
            .says("", "the user's certificate has an empty subject")
            .says("", "help: ask your CA");
    }
}

#[test]
fn no_proxy_is_made_below_a_chain_of_mixed_types() {
    for (kind, below) in [(&[][..], "proxy"), (&["--old"], "12345")] {
        let home = Home::ada();
        home.init(kind).success();
        let first = fs::read(home.proxy()).unwrap();
        home.write("first.pem", &first, 0o600);
        let subject = X509::from_pem(&first).unwrap();
        let info = "1.3.6.1.5.5.7.1.14 = critical, DER:300c300a06082b06010505071501\n";
        let config = format!(
            "[req]\ndistinguished_name = dn\n[dn]\n[p]\nkeyUsage = critical, digitalSignature\n{}",
            if below == "proxy" { "" } else { info }
        );
        home.write("config", config.as_bytes(), 0o644);
        let name: String = subject
            .subject_name()
            .entries()
            .map(|entry| {
                let value = entry.data().to_string().unwrap();
                format!("/{}={value}", entry.object().nid().short_name().unwrap())
            })
            .collect();
        let name = format!("{name}/CN={below}");
        let mut words = vec![
            "req",
            "-x509",
            "-config",
            "config",
            "-extensions",
            "p",
            "-subj",
            &name,
        ];
        words.extend([
            "-CA",
            "first.pem",
            "-CAkey",
            "first.pem",
            "-newkey",
            "rsa:2048",
            "-nodes",
        ]);
        words.extend(["-days", "1", "-keyout", "key.pem", "-out", "second.pem"]);
        openssl(&home, &words);
        let read = |name: &str| fs::read(home.path(name)).unwrap();
        let chain = [read("second.pem"), read("key.pem"), first].concat();
        home.write("mixed.pem", &chain, 0o600);
        let mixed = home.path("mixed.pem");
        for more in [&[][..], &["--skip-chain-integrity-checks"]] {
            let words = ["--noregen", "--cert", mixed.to_str().unwrap()];
            home.refused(&[&words[..], more].concat())
                .says(
                    "",
                    "Cannot generate a proxy certificate starting from a mixed type proxy chain.",
                )
                .says("", "help: make the proxy from your certificate");
        }
    }
}

#[test]
fn an_encrypted_key_in_the_wrong_letters_cannot_be_loaded() {
    let home = encrypted(true, &["pkcs8", "-topk8", "-v2", "aes-256-cbc"]);
    let key = fs::read_to_string(home.path(".globus/userkey.pem")).unwrap();
    home.write(".globus/userkey.pem", key.to_uppercase().as_bytes(), 0o400);
    let outcome = home.refused(&[]);
    outcome.says("", "Can not load the PEM private key");
    ends_without_credentials(&outcome);
}
