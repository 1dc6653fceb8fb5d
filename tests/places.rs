//! Which directories and files say whom to trust, and what happens where there are none.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use common::servers::{self, Voms, authority, honest, serve};
use common::{
    BINARY, Home, ca_of_the_same_name, certification, judge, names, now, run,
    without_grid_security, world,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use voms_authority::pki::{Purpose, ThrowAwayCa};

fn ada_at(voms: &Voms) -> Home {
    Home::ada().servers(&[voms.virgo()])
}

#[test]
fn without_a_vomsdir_the_servers_own_signature_is_accepted_with_a_note() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms).without("X509_VOMS_DIR");
    let outcome = run(
        &mut without_grid_security(&home, &words(&home, &["--voms", "virgo"])),
        b"",
    )
    .success();
    outcome.says("", "note: no vomsdir on this machine");
    assert_eq!(
        judge::rfc(&home.with("X509_VOMS_DIR", world().vomsdir()))
            .fqans()
            .len(),
        2
    );
}

#[test]
fn without_a_vomsdir_a_signer_other_than_the_server_is_refused() {
    let other = world()
        .ca
        .issue(&certification(
            "other.example",
            Purpose::Host(vec!["other.example".into()]),
        ))
        .unwrap();
    let ac = servers::draft()
        .sign(world().user.chain().leaf(), &other)
        .unwrap();
    let voms = servers::sends(ac.as_der());
    let home = ada_at(&voms).without("X509_VOMS_DIR");
    home.put_sentinel();
    let outcome = run(
        &mut without_grid_security(&home, &words(&home, &["--voms", "virgo"])),
        b"",
    );
    home.failed(outcome, "")
        .says("", "is not the server that was asked");
}

#[test]
fn without_a_ca_directory_the_systems_cas_verify_the_server() {
    let voms = honest(authority(|_| {}));
    let home = ada_at(&voms)
        .without("X509_VOMS_DIR")
        .without("X509_CERT_DIR");
    let words = words(&home, &["--voms", "virgo"]);
    home.put_sentinel();
    let outcome = run(&mut without_grid_security(&home, &words), b"");
    home.failed(outcome, "")
        .says("", "the server is not trusted")
        .says("", "help: install the grid CAs");
    let home = home.with(
        "SSL_CERT_FILE",
        world().certificates().join("SandboxCA.pem"),
    );
    let outcome = run(&mut without_grid_security(&home, &words), b"").success();
    outcome.says("", "note: no CA directory on this machine");
    let home = home
        .with("X509_VOMS_DIR", world().vomsdir())
        .with("X509_CERT_DIR", world().certificates());
    assert_eq!(judge::rfc(&home).fqans().len(), 2);
}

#[test]
fn without_a_ca_directory_the_systems_cas_also_verify_a_signer_with_the_servers_names() {
    let answers_for = |ca: &ThrowAwayCa| {
        let old = ca
            .issue(&certification(
                "localhost",
                Purpose::Host(vec!["localhost".to_owned()]),
            ))
            .unwrap();
        let authority = authority(|_| {});
        serve(move |client, request| authority.answer(&old, client, request, now()))
    };
    let try_it = |voms: &Voms| {
        let home = ada_at(voms)
            .without("X509_VOMS_DIR")
            .without("X509_CERT_DIR");
        let home = home.with(
            "SSL_CERT_FILE",
            world().certificates().join("SandboxCA.pem"),
        );
        run(
            &mut without_grid_security(&home, &words(&home, &["--voms", "virgo"])),
            b"",
        )
    };
    try_it(&answers_for(&world().ca))
        .success()
        .says("", "with the same issuer, signed them");
    let forged = try_it(&answers_for(&ca_of_the_same_name()));
    assert_eq!(forged.code, Some(1), "{forged:?}");
    forged.says("", "is not the server that was asked");
}

#[test]
fn without_a_ca_directory_a_plain_proxy_needs_none() {
    let home = Home::ada()
        .without("X509_VOMS_DIR")
        .without("X509_CERT_DIR");
    let outcome = run(&mut without_grid_security(&home, &words(&home, &[])), b"").success();
    assert_eq!(outcome.stderr, "");
    judge::rfc(
        &home
            .with("X509_CERT_DIR", world().certificates())
            .with("X509_VOMS_DIR", world().vomsdir()),
    );
}

/// As an administrator may configure the system's OpenSSL, but not the built-in one: only
/// algorithms of a provider that there is not.
#[test]
fn only_the_systems_openssl_reads_a_configuration() {
    let home = Home::ada();
    let text = "openssl_conf = init\n[init]\nalg_section = evp\n[evp]\ndefault_properties = provider=none\n";
    let home = {
        let file = home.write("openssl.cnf", text.as_bytes(), 0o644);
        home.with("OPENSSL_CONF", file)
    };
    let digest = run(
        home.command("openssl")
            .args(["dgst", "-sha256", "/dev/null"]),
        b"",
    );
    assert_ne!(digest.code, Some(0), "the configuration has no effect");
    let made = run(&mut home.init_command(&[] as &[&str]), b"");
    assert_eq!(made.code == Some(0), cfg!(feature = "vendored"), "{made:?}");
}

fn words(home: &Home, args: &[&str]) -> Vec<std::ffi::OsString> {
    std::iter::once("init".into())
        .chain(home.init_args(args))
        .collect()
}

#[test]
fn named_directories_must_exist() {
    let home = Home::ada();
    for (args, text) in [
        (
            ["--vomsdir", "/nonexistent/vomsdir"],
            "Invalid vomsdir location: '/nonexistent/vomsdir'",
        ),
        (
            ["--certdir", "/nonexistent/cas"],
            "Invalid trust anchors location: '/nonexistent/cas'",
        ),
        (
            ["--vomsdir", "out/x509up"],
            "Invalid vomsdir location: 'out/x509up'",
        ),
    ] {
        home.refused(&args)
            .says(args[0], text)
            .says(args[0], "help: ");
    }
    let home = home.with("X509_VOMS_DIR", "/nonexistent/vomsdir");
    home.refused(&[])
        .says("variable", "Invalid vomsdir location");
    assert_eq!(names(&home.path("out")), ["x509up"]);
}

#[test]
fn lsc_files_that_do_not_vouch_for_the_signer_are_refused() {
    let host = world().host.chain().leaf();
    let (subject, issuer) = (host.subject(), host.issuer());
    let cases: [(&str, Option<String>, &str); 7] = [
        ("missing", None, "there is no virgo/localhost.lsc in"),
        ("empty", Some(String::new()), "Malformed LSC file"),
        ("odd", Some(format!("{subject}\n")), "odd number of names"),
        (
            "no DN",
            Some("hello\nworld\n".into()),
            "line 1 is not a distinguished name",
        ),
        (
            "other subject",
            Some(format!("/CN=other\n{issuer}\n")),
            "does not name its signer",
        ),
        (
            "other issuer",
            Some(format!("{subject}\n/CN=other\n")),
            "does not name its signer",
        ),
        (
            "swapped",
            Some(format!("{issuer}\n{subject}\n")),
            "does not name its signer",
        ),
    ];
    let voms = honest(authority(|_| {}));
    for (what, lsc, words) in cases {
        let home = Home::ada().servers(&[voms.virgo()]);
        fs::create_dir_all(home.path("vomsdir/virgo")).unwrap();
        if let Some(text) = lsc {
            home.write("vomsdir/virgo/localhost.lsc", text.as_bytes(), 0o644);
        }
        let args = ["--voms", "virgo", "--vomsdir", "vomsdir"];
        home.refused(&args)
            .says(what, "VOMS AC validation for VO virgo failed")
            .says(what, words)
            .says(what, "help: ");
        home.init(&[&args[..], &["--dont-verify-ac"]].concat())
            .success();
    }
}

#[test]
fn a_ca_directory_without_the_ca_is_refused_before_any_server_is_asked() {
    let voms = honest(authority(|_| {}));
    let home = Home::ada().servers(&[voms.virgo()]);
    fs::create_dir(home.path("cas")).unwrap();
    for args in [
        &["--voms", "virgo", "--certdir", "cas"][..],
        &["--certdir", "cas"],
    ] {
        let outcome = home.refused(args);
        outcome
            .says("", "No trusted CA certificate was found")
            .says("", "install its certificate in cas");
        assert_eq!(outcome.stdout, "");
    }
    assert!(voms.heard().is_empty());
}

/// A proxy of somebody else, in a file of uid 1 if this runs as root.
fn planted(home: &Home, name: &str) -> std::path::PathBuf {
    let mallory = world()
        .ca
        .issue(&certification("Mallory", Purpose::User))
        .unwrap();
    let theirs = Home::of(&mallory);
    theirs.init(&[]).success();
    let file = home.write(name, &fs::read(theirs.proxy()).unwrap(), 0o600);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, Some(1), None).unwrap();
    } else {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).unwrap();
    }
    file
}

#[test]
fn a_proxy_that_another_user_planted_is_none() {
    let home = Home::ada();
    let file = planted(&home, "out/x509up");
    let code = |words: &[&str]| run(home.command(BINARY).args(words), b"").code;
    let asked = [
        &["info", "--exists"][..],
        &["info", "--valid", "0:01"],
        &["ecp-cert-info", "--exists"],
        &["grid-proxy-info", "-exists"],
        &["init", "--noregen", "--out", "new"],
    ];
    for words in asked {
        assert_eq!(code(words), Some(1), "{words:?}");
    }
    assert!(!home.path("new").exists());
    for words in [&["info"][..], &["ecp-cert-info"]] {
        assert_eq!(code(words), Some(0), "{words:?}");
    }
    let warnings = |words: &[&str]| {
        let shown = run(home.command(BINARY).args(words), b"").success().stdout;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let warnings = shown["warnings"].as_array().unwrap().iter();
        warnings
            .map(|warning| warning["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let planted = "proxy-of-another".to_owned();
    assert!(warnings(&["info", "--json"]).contains(&planted));
    // Who names a file knows whose it is.
    let named = ["info", "--json", "--file", file.to_str().unwrap()];
    assert!(!warnings(&named).contains(&planted));
    let own = fs::read(&file).unwrap();
    home.write("out/x509up", &own, 0o600);
    for words in asked {
        assert_eq!(code(words), Some(0), "{words:?}");
    }
}

#[test]
fn a_link_of_another_user_in_a_shared_directory_is_not_followed() {
    let home = Home::ada();
    home.init(&["--out", "mine"]).success();
    let code = |words: &[&str]| run(home.command(BINARY).args(words), b"").code;
    let asked = [
        &["info", "--exists"][..],
        &["ecp-cert-info", "--exists"],
        &["init", "--noregen", "--out", "new"],
    ];
    std::os::unix::fs::symlink(home.path("mine"), home.proxy()).unwrap();
    fs::set_permissions(home.path("out"), fs::Permissions::from_mode(0o1777)).unwrap();
    for words in asked {
        assert_eq!(code(words), Some(0), "{words:?}");
    }
    // Only root can give a link away.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(home.proxy(), Some(1), None).unwrap();
        for words in asked {
            assert_eq!(code(words), Some(1), "{words:?}");
        }
    }
}

#[test]
fn a_file_exchanged_during_the_run_is_never_taken_for_ones_own() {
    let home = Home::ada();
    home.init(&[]).success();
    let other = planted(&home, "out/planted");
    let done = AtomicBool::new(false);
    let mut taken = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let _ = renameat_with(CWD, home.proxy(), CWD, &other, RenameFlags::EXCHANGE);
            }
        });
        for _ in 0..20 {
            let made = home.init(&["--noregen", "--out", "new"]);
            if made.code == Some(0) {
                taken += 1;
                let who = home
                    .command(BINARY)
                    .args(["info", "--identity", "--file", "new"])
                    .output();
                let who = String::from_utf8(who.unwrap().stdout).unwrap();
                if !who.contains("Ada Lovelace") {
                    done.store(true, Ordering::Relaxed);
                    panic!("{who}");
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(taken > 0);
}

#[test]
fn a_ca_of_the_right_name_with_another_key_is_told_as_that() {
    let home = Home::ada();
    let forger = ca_of_the_same_name();
    let hash = voms::openssl_types::x509(forger.certificate())
        .unwrap()
        .subject_name_hash();
    let pem = voms::pki::pem::encode("CERTIFICATE", forger.certificate().der());
    let file = home.write(&format!("cas/{hash:08x}.0"), pem.as_bytes(), 0o644);
    let home = home.with("X509_CERT_DIR", file.parent().unwrap());
    let refused = home.refused(&[]);
    let text = format!("the CA of that name in {} has another key", file.display());
    refused
        .says("", &text)
        .says("", "ask it for its present certificate");
    // A CA that is not there at all is said to be missing.
    std::fs::remove_file(&file).unwrap();
    let refused = home.refused(&[]);
    assert!(!refused.stderr.contains("another key"), "{refused:?}");
    refused.says("", "is not among the trusted CAs");
    if std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("ID=debian")) {
        refused.says("", "apt install igtf-policy-classic");
    }
    let conda = home.with("CONDA_PREFIX", "/nonexistent");
    conda.refused(&[]).says("", "ca-policy-lcg");
}
