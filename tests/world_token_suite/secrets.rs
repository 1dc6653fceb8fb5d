//! No secret goes where it does not belong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::desk::{Desk, Whose, file, turn, usual, world};

/// The secrets in what went over the wire, as the world's log has it.
fn secrets(log: &str) -> Vec<String> {
    let mut found = Vec::new();
    for text in log.split(['{', '}', ',', '\n']) {
        let Some((name, value)) = text.split_once(':') else {
            continue;
        };
        let name = name.trim().trim_matches('"').to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        let is_secret = [
            "access_token",
            "client_token",
            "accessor",
            "oauth2_refresh_token",
            "refresh_token",
            "client_nonce",
            "state",
            "x-vault-token",
        ];
        if is_secret.contains(&&*name) && value.len() > 8 {
            // A JWT's third part alone makes it secret.
            found.push(value.rsplit('.').next().unwrap().to_owned());
        }
    }
    found.extend(
        log.split("Negotiate ")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned()),
    );
    found.retain(|secret| secret.len() > 8);
    found
}

#[test]
fn no_secret_is_printed_or_handed_to_another_program() {
    let _record = turn("record", "1");
    let log = file("log/wire.log");
    let _ = fs::remove_file(&log);
    let desk = Desk::new();
    // What opens the browser tells what it was given.
    let browser = desk.path("browser");
    let script = format!(
        "#!/bin/sh\necho \"$0 $*\" >>{0}\ntr '\\0' '\\n' </proc/$PPID/cmdline >>{0}\nenv >>{0}\n",
        desk.path("given").display()
    );
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
    let open = format!("--web-open-command={}", browser.display());
    let mut said = String::new();
    let first = desk.with_person(&[], Whose::Ours, "htgettoken", &["-d", &open]);
    assert_eq!(first.exit, 0, "{first:?}");
    said.push_str(&first.all());
    said.push_str(&fs::read_to_string(desk.path("given")).unwrap());
    desk.kinit();
    fs::remove_file(desk.vault_token()).unwrap();
    for words in [
        &["htgettoken", "-d"][..],
        &["htgettoken", "-d", "--scopes=write:/staging"],
        &["status"],
        &["status", "--json"],
        &["token", "show"],
    ] {
        said.push_str(&desk.ours(words).all());
    }
    let secrets = secrets(&fs::read_to_string(&log).unwrap());
    assert!(secrets.len() > 10, "{}", secrets.len());
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "{secret} is in\n{said}");
    }
    // The recording is of the right kind: the token is in it.
    let token = fs::read_to_string(desk.bearer_token()).unwrap();
    let signature = token.trim().rsplit('.').next().unwrap();
    assert!(secrets.iter().any(|secret| secret == signature));
}

#[test]
fn no_secret_goes_to_an_address_that_was_not_named() {
    let _record = turn("record", "1");
    let desk = Desk::new();
    desk.log_in();
    let log = file("log/wire.log");
    fs::write(&log, "").unwrap();
    fs::write(file("state/mode"), "redirect").unwrap();
    let ended = desk.tool(Whose::Ours, "htgettoken", &[]);
    fs::remove_file(file("state/mode")).unwrap();
    assert_eq!(ended.exit, 1, "{ended:?}");
    let wire = fs::read_to_string(&log).unwrap();
    assert_eq!(wire.matches(" > ").count(), 1, "{wire}");
    fs::write(&log, "").unwrap();
    for address in ["TOKEN_ROGUE", "TOKEN_OTHER"] {
        let ended = desk.tool(Whose::Ours, "htgettoken", &["-a", world().get(address)]);
        assert_eq!(ended.exit, 1);
    }
    // The vaults of those names saw no request, since their certificates were no good.
    assert_eq!(fs::read_to_string(&log).unwrap(), "");
}

#[test]
fn a_vault_token_that_others_could_have_planted_is_not_sent() {
    let _record = turn("record", "1");
    let desk = Desk::new();
    desk.log_in();
    let log = file("log/wire.log");
    for mode in [0o666, 0o620] {
        fs::write(&log, "").unwrap();
        fs::write(desk.vault_token(), "s.planted00000000000000000").unwrap();
        fs::set_permissions(desk.vault_token(), PermissionsExt::from_mode(mode)).unwrap();
        let ended = desk.tool(Whose::Ours, "htgettoken", &[]);
        assert_eq!(ended.exit, 1, "{ended:?}");
        assert!(ended.stderr.contains("others can change it"), "{ended:?}");
        assert_eq!(fs::read_to_string(&log).unwrap(), "");
    }
}

#[test]
fn the_vault_forgets_what_htdestroytoken_has_it_forget() {
    let _usual = usual();
    let desk = Desk::new();
    let marie = ["--user", "marie.curie"];
    let first = desk.with_person(&marie, Whose::Ours, "htgettoken", &[]);
    assert_eq!(first.exit, 0, "{first:?}");
    let dead = world().get("TOKEN_DEAD");
    let before = desk.files();
    let ended = desk.tool(Whose::Ours, "htdestroytoken", &["-f", "-a", dead]);
    assert_eq!((ended.exit, desk.files()), (3, before), "{ended:?}");
    let vault_token = fs::read_to_string(desk.vault_token()).unwrap();
    let ended = desk.tool(Whose::Ours, "htdestroytoken", &["-f"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(!desk.bearer_token().exists() && !desk.vault_token().exists());
    // The vault token is still good, but there is nothing behind it.
    fs::write(desk.vault_token(), vault_token).unwrap();
    fs::set_permissions(desk.vault_token(), PermissionsExt::from_mode(0o600)).unwrap();
    let ended = desk.tool(Whose::Ours, "htgettoken", &[]);
    assert!(ended.stderr.contains("answered 404"), "{ended:?}");
    let again = desk.tool(Whose::Ours, "htdestroytoken", &[]);
    assert_eq!(again.exit, 0, "{again:?}");
    assert_eq!(desk.tool(Whose::Ours, "htdestroytoken", &["word"]).exit, 2);
    let silent = desk.tool(Whose::Ours, "htdestroytoken", &[]);
    assert_eq!((silent.exit, silent.all()), (0, String::new()));
    let no_options = desk.with("HTGETTOKENOPTS", "");
    let ended = no_options.tool(Whose::Ours, "htdestroytoken", &["-f"]);
    assert_eq!(ended.exit, 2, "{ended:?}");
}
