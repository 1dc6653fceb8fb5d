//! Vaults, files and people that do not do as they should: the tokens that are there stay.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::desk::{Desk, Whose, turn, usual, world};

const OLD: &str = "the token that was there before\n";

/// Fails in a line with a next step, and leaves the old token and no other file.
#[track_caller]
fn fails_cleanly(desk: &Desk, what: &str, words: &[&str]) -> String {
    fs::write(desk.bearer_token(), OLD).unwrap();
    let before = desk.files();
    let ended = desk.tool(Whose::Ours, "htgettoken", words);
    assert_eq!(ended.exit, 1, "{what}: {ended:?}");
    assert!(ended.stderr.starts_with("error: "), "{what}: {ended:?}");
    assert!(ended.stderr.contains("\n  help: "), "{what}: {ended:?}");
    assert_eq!(
        fs::read_to_string(desk.bearer_token()).unwrap(),
        OLD,
        "{what}"
    );
    assert_eq!(desk.files(), before, "{what}");
    ended.stderr
}

#[test]
fn a_vault_that_misbehaves_costs_no_token() {
    let desk = Desk::new();
    {
        let _usual = usual();
        desk.log_in();
    }
    for mode in ["503", "garbage", "odd", "huge", "redirect", "hang"] {
        let _mode = turn("mode", mode);
        let said = fails_cleanly(&desk, mode, &[]);
        assert!(mode != "503" || said.contains("Vault is sealed"), "{said}");
    }
    let _usual = usual();
    for address in ["TOKEN_ROGUE", "TOKEN_OTHER", "TOKEN_DEAD"] {
        fails_cleanly(&desk, address, &["-a", world().get(address)]);
    }
    let said = fails_cleanly(&desk, "scope", &["--scopes=write:/staging"]);
    assert!(said.contains("invalid_scope"), "{said}");
    fails_cleanly(&desk, "another file of CAs", &["--cafile=/etc/hostname"]);
}

#[test]
fn a_login_at_a_vault_that_misbehaves_writes_nothing() {
    for mode in ["503", "garbage", "odd", "redirect"] {
        let _mode = turn("mode", mode);
        let desk = Desk::new();
        let ended = desk.with_person(&["--ignore"], Whose::Ours, "htgettoken", &[]);
        assert_eq!(ended.exit, 1, "{mode}: {ended:?}");
        assert!(
            ended.stdout.contains("Initiating authentication to"),
            "{ended:?}"
        );
        assert!(desk.files().is_empty(), "{mode}: {:?}", desk.files());
    }
}

#[test]
fn a_link_is_replaced_and_what_it_points_to_stays() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let precious = desk.path("precious");
    for link in [desk.bearer_token(), desk.vault_token()] {
        fs::write(&precious, "precious").unwrap();
        fs::remove_file(&link).unwrap();
        symlink(&precious, &link).unwrap();
        desk.kinit();
        let ended = desk.tool(Whose::Ours, "htgettoken", &[]);
        assert_eq!(ended.exit, 0, "{ended:?}");
        assert!(!link.is_symlink());
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
        assert_eq!(
            link.metadata().unwrap().permissions().mode() & 0o7777,
            0o600
        );
    }
}

#[test]
fn a_write_that_is_cut_off_costs_no_token() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    fs::write(desk.bearer_token(), OLD).unwrap();
    let before = desk.files();
    let ours = env!("CARGO_BIN_EXE_voms-proxy");
    // Without the signal, a file that would become too large is a failure like that of a full disk.
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {ours} htgettoken");
    let ended = desk.run("sh", &["-c", &script]);
    assert_eq!(ended.exit, 1, "{ended:?}");
    assert!(ended.stderr.contains("\n  help: "), "{ended:?}");
    assert_eq!(fs::read_to_string(desk.bearer_token()).unwrap(), OLD);
    assert_eq!(desk.files(), before);
}

#[test]
fn a_clock_that_is_wrong_costs_no_token_and_is_named() {
    let _usual = usual();
    let mut desk = Desk::new();
    desk.log_in();
    for off in ["+4000d", "-4000d"] {
        desk = desk
            .with("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
            .with("FAKETIME_DISABLE_SHM", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .with("FAKETIME", off);
        let said = fails_cleanly(&desk, off, &[]);
        assert!(said.contains("clock"), "{off}: {said}");
    }
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let before = desk.files();
    fs::create_dir(desk.path("closed")).unwrap();
    let mine = desk.path("closed/token");
    let other = |uid| {
        fs::write(&mine, "another's").unwrap();
        std::os::unix::fs::chown(&mine, Some(uid), None).unwrap();
    };
    // Only root can give files away.
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        other(1);
        let out = format!("--outfile={}", mine.display());
        let ended = desk.tool(Whose::Ours, "htgettoken", &[&out]);
        assert_eq!(ended.exit, 1, "{ended:?}");
        assert_eq!(fs::read_to_string(&mine).unwrap(), "another's");
        fs::remove_file(&mine).unwrap();
    }
    for place in ["run", "nowhere/token"] {
        let out = format!("--outfile={}", desk.path(place).display());
        let ended = desk.tool(Whose::Ours, "htgettoken", &[&out]);
        assert_eq!(ended.exit, 1, "{ended:?}");
        assert_eq!(desk.files(), before, "{place}");
    }
}

#[test]
fn a_credkey_that_leads_elsewhere_is_not_sent() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    for bad in ["../../sys/health", "a?b", "a#b", "a%2fb", ""] {
        let words = [&format!("--credkey={bad}")[..], "--nooidc"];
        let ended = desk.tool(Whose::Ours, "htgettoken", &words);
        assert_eq!(ended.exit, 1, "{bad}: {ended:?}");
    }
    for name in ["-i", "-r"] {
        let ended = desk.tool(Whose::Ours, "htgettoken", &[name, "../../etc"]);
        assert_eq!(ended.exit, 1, "{ended:?}");
    }
}

#[test]
fn without_a_ticket_or_with_anothers_kinit_is_the_next_step() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    fs::remove_file(desk.vault_token()).unwrap();
    let said = fails_cleanly(&desk, "no ticket", &[]);
    assert!(said.contains("help: run: kinit"), "{said}");
    desk.kinit();
    let said = fails_cleanly(&desk, "another's", &["--kerbprincipal=marie.curie"]);
    assert!(said.contains("help: run: kinit"), "{said}");
    let said = fails_cleanly(
        &desk,
        "no login by Kerberos there",
        &["--kerbpath=auth/nosuch"],
    );
    assert!(said.contains("Kerberos negotiate with"), "{said}");
}

#[test]
fn the_ticket_of_a_principal_among_several_is_taken() {
    let _usual = usual();
    let desk = Desk::new();
    desk.log_in();
    let desk = desk.with("KRB5CCNAME", "DIR:caches");
    fs::create_dir(desk.path("caches")).unwrap();
    desk.kinit();
    let keytab = Path::new(world().get("TOKEN_KEYTAB")).with_file_name("marie.curie.keytab");
    let words = ["-k", "-t", keytab.to_str().unwrap(), "marie.curie"];
    assert_eq!(desk.run("kinit", &words).exit, 0);
    fs::remove_file(desk.vault_token()).unwrap();
    // Marie's is the default now, and may not read Albert's tokens.
    assert_eq!(desk.tool(Whose::Ours, "htgettoken", &[]).exit, 1);
    let his = desk.tool(
        Whose::Ours,
        "htgettoken",
        &["--kerbprincipal=albert.einstein"],
    );
    assert_eq!(his.exit, 0, "{his:?}");
}
