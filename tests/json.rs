//! What `--json` prints is what `schema/` says.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::schemas::{check, parsed, schema};
use common::servers::{authority, honest};
use common::{BINARY, Home, certification, run, world};
use serde_json::Value;
use voms_authority::pki::Purpose;

#[track_caller]
fn printed(home: &Home, words: &[&str], name: &str, code: i32) -> Value {
    let asks_servers = matches!(words[0], "init" | "list");
    let mut command = home.command(BINARY);
    command.args(if asks_servers {
        home.init_args(words)
    } else {
        words.iter().map(Into::into).collect()
    });
    command.arg("--json");
    let outcome = run(&mut command, b"");
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    parsed(&outcome.stdout, name)
}

/// The string literals of a source file that consists of codes.
fn codes(file: &str, from: &str, until: &str) -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let source = std::fs::read_to_string(source).unwrap();
    let (_, source) = source.split_once(from).unwrap();
    let source = source
        .split_once(until)
        .map_or(source, |(source, _)| source);
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let found: BTreeSet<String> = code
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    let is_kebab = |code: &String| code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    assert!(found.iter().all(is_kebab), "{file}: {found:?}");
    found
}

fn listed(schema: &Value) -> BTreeSet<String> {
    serde_json::from_value(schema["enum"].clone()).unwrap()
}

#[test]
fn every_schema_has_an_id_of_its_own_against_which_references_resolve() {
    const BASE: &str = "https://raw.githubusercontent.com/voms-proxy/voms-proxy/main/schema/";
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let schema = schema(name.trim_end_matches(".json"));
        assert_eq!(schema["$id"], format!("{BASE}{name}"));
        assert_eq!(schema["title"], name.trim_end_matches(".json"));
    }
}

#[test]
fn the_schema_lists_exactly_the_codes_of_findings() {
    let mut findings = codes(
        "crates/voms/src/codes.rs",
        "impl Finding {",
        "impl ChainError {",
    );
    findings.insert("not-judged".to_owned());
    assert!(findings.len() > 60, "only {} codes", findings.len());
    let schema = &schema("verify")["properties"];
    assert_eq!(
        findings,
        listed(&schema["findings"]["items"]["properties"]["code"])
    );
    let notes = codes(
        "crates/voms/src/codes.rs",
        "impl PathNote {",
        "impl Finding {",
    );
    assert_eq!(
        notes,
        listed(&schema["notes"]["items"]["properties"]["code"])
    );
}

#[test]
fn the_schema_lists_exactly_the_codes_of_errors_and_warnings() {
    let all: BTreeSet<String> = [
        "crates/voms/src/codes.rs",
        "crates/voms-client/src/codes.rs",
        "crates/saml-ecp/src/codes.rs",
        "crates/token/src/codes.rs",
        "src/cli/codes.rs",
    ]
    .iter()
    .flat_map(|file| codes(file, "use ", "no such line"))
    .collect();
    assert_eq!(all, listed(&schema("codes")));
}

#[test]
fn attributes_that_end_before_the_proxy_are_reported() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    let words = ["init", "--voms", "virgo", "--vomslife", "1:00"];
    let made = printed(&home, &words, "init", 0);
    assert_eq!(made["warnings"][0]["code"], "attributes-end-first");
    assert_eq!(made["usable_until"], made["attributes"][0]["not_after"]);
    assert!(made["usable_until"].as_str() < made["not_after"].as_str());
    let words = ["init", "--voms", "virgo", "--hours", "24"];
    assert_eq!(
        printed(&home, &words, "init", 0)["warnings"],
        serde_json::json!([])
    );
}

#[test]
fn a_proxy_that_stays_is_described_like_a_new_one() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    let words = ["init", "--voms", "virgo", "--if-needed"];
    let [made, kept] = [(); 2].map(|()| printed(&home, &words, "init", 0));
    assert_eq!(
        (&made["renewed"], &kept["renewed"]),
        (&true.into(), &false.into())
    );
    for field in ["path", "subject", "not_after", "usable_until", "attributes"] {
        assert_eq!(made[field], kept[field], "{field}");
    }
}

#[test]
fn warnings_of_init_have_codes() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    let made = printed(
        &home,
        &["init", "--voms", "virgo", "--key-type", "ec"],
        "init",
        0,
    );
    let codes: Vec<&str> = made["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|warning| warning["code"].as_str())
        .collect();
    assert!(codes.contains(&"ec-key"), "{made}");
}

#[test]
fn every_command_matches_its_schema() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    let made = printed(&home, &["init", "--voms", "virgo:/virgo/virgo"], "init", 0);
    assert_eq!(
        made["attributes"][0]["fqans"][0],
        "/virgo/virgo/Role=NULL/Capability=NULL"
    );
    let shown = printed(&home, &["info"], "info", 0);
    assert_eq!(
        shown["attributes"][0]["generic_attributes"][0]["name"],
        "nickname"
    );
    let ends = [&shown["not_after"], &shown["attributes"][0]["not_after"]];
    let first = ends.iter().filter_map(|end| end.as_str()).min();
    assert_eq!(shown["usable_until"].as_str(), first);
    let user = &shown["chain"]["certificates"][1];
    assert_eq!(
        (&user["subject"], &user["issuer"]),
        (&shown["identity"], &shown["ca"])
    );
    let listed = printed(&home, &["list", "--voms", "virgo"], "list", 0);
    assert_eq!(
        listed["attributes"][0]["fqans"].as_array().unwrap().len(),
        3
    );
    let proxy = home.proxy();
    let verified = printed(&home, &["verify", proxy.to_str().unwrap()], "verify", 0);
    assert_eq!(verified["verified"], true);
    let examined = printed(&home, &["doctor"], "doctor", 0);
    assert_eq!(examined["status"], "ok");
    printed(&home, &["doctor", "--voms", "atlas"], "doctor", 1);
    // The machine may have a vault token or a ticket.
    let held = printed(&home, &["status"], "status", 0);
    let holdings = held["holdings"].as_array().unwrap();
    for kind in ["proxy", "certificate"] {
        assert!(holdings.iter().any(|held| held["kind"] == kind), "{held}");
    }
}

#[test]
fn a_certificate_that_ends_soon_is_good_but_has_a_warning() {
    let lives_two_days = certification("Emmy Noether", Purpose::User);
    let home = Home::of(&world().ca.issue(&lives_two_days).unwrap());
    let held = printed(&home, &["status"], "status", 0);
    let holdings = held["holdings"].as_array().unwrap();
    let certificate = holdings.iter().find(|held| held["kind"] == "certificate");
    let warnings = &certificate.unwrap()["warnings"];
    assert_eq!(warnings[0]["code"], "expires-soon", "{held}");
}

#[test]
fn known_vos_are_listed_and_added_in_json() {
    let home = Home::empty();
    let line = r#""testvo" "voms.example.org" "15000" "/CN=voms.example.org" "testvo""#;
    let would = printed(&home, &["vo", "add", line, "--dry-run"], "vo-add", 0);
    assert_eq!(would["dry_run"], true);
    let added = printed(&home, &["vo", "add", line], "vo-add", 0);
    assert_eq!(added["written"], would["written"]);
    let listed = printed(&home, &["vo", "list"], "vo-list", 0);
    assert_eq!(listed["servers"][0]["vo"], "testvo");
    assert_eq!(
        printed(&home, &["vo", "add", "nowhere"], "error", 1)["code"],
        "file-unreadable"
    );
}

#[test]
fn files_that_come_and_go_are_told_in_json() {
    let home = Home::ada();
    home.init(&[]).success();
    let proxy = home.proxy();
    let would = printed(&home, &["destroy", "--dry"], "destroy", 0);
    assert!(would["overwritten"].is_null() && proxy.exists());
    let gone = printed(&home, &["destroy", proxy.to_str().unwrap()], "destroy", 0);
    assert!(gone["overwritten"] == true && !proxy.exists());
    let vault_token = home.path("vault-token");
    std::fs::write(&vault_token, "token").unwrap();
    let all = |words: &[&str]| {
        let mut command = home.command(BINARY);
        command
            .args(["destroy", "--all", "--json"])
            .args(words)
            .env("VAULT_TOKEN_FILE", &vault_token);
        parsed(&run(&mut command, b"").success().stdout, "destroy")
    };
    let would = all(&["--dry"]);
    assert!(vault_token.exists() && would["path"].is_null(), "{would}");
    assert!(
        would["tokens"]
            .as_array()
            .unwrap()
            .contains(&vault_token.to_str().unwrap().into())
    );
    assert_eq!(all(&[])["tokens"], would["tokens"]);
    assert!(!vault_token.exists() && all(&[])["tokens"].as_array().unwrap().is_empty());
    assert_eq!(
        printed(&home, &["destroy"], "error", 1)["code"],
        "proxy-not-found"
    );

    let words = ["passwd", "--no-passphrase"];
    assert_eq!(printed(&home, &words, "passwd", 0)["encrypted"], false);
    std::fs::create_dir(home.path("bin")).unwrap();
    let linked = printed(&home, &["links", "bin", "--only", "voms"], "links", 0);
    assert_eq!(linked["links"][0], "bin/voms-proxy");
    assert_eq!(linked["in_path"], false);
}

#[test]
fn the_names_of_other_tools_print_json_too() {
    let home = Home::ada();
    home.init(&[]).success();
    let shown = printed(&home, &["grid-cert-info"], "certificate", 0);
    assert_eq!(shown["type"], "EEC");
    let proxy = printed(&home, &["ecp-cert-info"], "certificate", 0);
    assert_eq!(proxy["issuer"], shown["subject"]);
    let words = ["ecp-cert-info", "--valid", "9999:00"];
    printed(&home, &words, "certificate", 1);
    let words = [
        "fake",
        "--out",
        "fake.pem",
        "--cert",
        ".globus/usercert.pem",
    ];
    let words = [&words[..], &["--key", ".globus/userkey.pem"]].concat();
    assert_eq!(
        printed(&home, &words, "fake", 0)["path"],
        home.path("fake.pem").to_str().unwrap()
    );
    let gone = printed(
        &home,
        &["grid-proxy-destroy", "fake.pem", "--default"],
        "grid-destroy",
        0,
    );
    assert_eq!(gone["removed"].as_array().unwrap().len(), 2);
    let none = printed(&home, &["grid-proxy-destroy"], "grid-destroy", 1);
    assert_eq!(none["failures"][0]["code"], "proxy-not-found");
}

#[test]
fn an_import_and_an_export_are_told_in_json() {
    let home = Home::ada();
    let words = [
        "import",
        "--dir",
        "there",
        "--no-passphrase",
        ".globus/usercert.pem",
        ".globus/userkey.pem",
    ];
    let would = printed(&home, &[&words[..], &["--dry-run"]].concat(), "import", 0);
    let done = printed(&home, &words, "import", 0);
    assert_eq!(done["written"], would["written"]);
    assert_eq!(done["certificate"], would["certificate"]);
    assert_eq!(done["findings"], serde_json::json!([]));
    let again = printed(&home, &[&words[..], &["--force"]].concat(), "import", 0);
    assert_eq!(again["backups"].as_array().unwrap().len(), 2);
    let finished = printed(&home, &["import", "--finish"], "import", 0);
    assert!(finished["certificate"].is_null() && finished["finished"] == false);

    let mut command = home.command(BINARY);
    command.args(["export", "--p12", "my.p12", "--pwstdin", "--json"]);
    let outcome = run(&mut command, b"a good password\n").success();
    let exported: Value = serde_json::from_str(&outcome.stdout).unwrap();
    check(&schema("export"), &exported, "export");
    assert_eq!(exported["subject"], done["certificate"]["subject"]);
}

#[test]
fn a_registration_is_told_in_json() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    let vomses = home.path("vomses").display().to_string();
    let words = ["register", "--vomses", &vomses];
    let fit = printed(&home, &words, "register", 0);
    assert!(fit["ok"] == true && fit["checked"] == false, "{fit}");
    let checked = [&words[..], &["--check", "--voms", "virgo:/virgo"]].concat();
    assert_eq!(printed(&home, &checked, "register", 0)["ok"], true);
    let checked = [&words[..], &["--check", "--voms", "virgo:/virgo/nowhere"]].concat();
    let refused = printed(&home, &checked, "register", 1);
    assert_eq!(refused["ok"], false);
    assert_eq!(refused["findings"][0]["status"], "failed");
    let nobody = Home::empty();
    assert_eq!(
        printed(&nobody, &["register"], "error", 1)["code"],
        "no-credential"
    );
}

/// The commands in a document, one line each.
fn commands_of(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("voms-proxy-info --json |"));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_line_of_jq_in_the_manual_runs_and_prints_something() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    home.init(&["--voms", "virgo"]).success();
    std::fs::create_dir(home.path("bin")).unwrap();
    run(home.command(BINARY).args(["links", "bin"]), b"").success();
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    let home = home.with("PATH", path);
    let commands = commands_of("docs/json.md");
    assert!(commands.len() >= 6, "{commands:?}");
    for command in commands {
        let outcome = run(home.command("sh").args(["-c", &command]), b"").success();
        let said = outcome.stdout.trim();
        assert!(
            !said.is_empty() && !said.contains("null"),
            "{command}: {outcome:?}"
        );
    }
}

#[test]
fn failures_are_json_too() {
    let home = Home::empty();
    assert!(
        printed(&home, &["info"], "error", 1)["message"]
            .as_str()
            .unwrap()
            .starts_with("Proxy not found")
    );
    let code = |words: &[&str]| printed(&home, words, "error", 1)["code"].clone();
    assert_eq!(code(&["info"]), "proxy-not-found");
    assert_eq!(code(&["init"]), "no-credential");
    assert_eq!(code(&["init", "--nonsense"]), "usage");
    assert_eq!(code(&["info", "--nonsense"]), "usage");
    let missing = printed(&home, &["verify", "nowhere"], "verify", 1);
    assert_eq!(missing["findings"][0]["help"], "check the path");
    printed(
        &home,
        &["verify", "nowhere", "--at", "nonsense"],
        "verify",
        1,
    );
    printed(&home, &["doctor", "--nonsense"], "error", 1);
}

#[test]
fn values_survive_whatever_characters_they_have() {
    let server = honest(authority(|_| {}));
    let home = Home::ada().servers(&[server.virgo()]);
    let name = "del\u{7f} csi\u{9b} bidi\u{202e} \u{1f980}.pem";
    home.init(&["--voms", "virgo"]).success();
    std::fs::rename(home.proxy(), home.path(name)).unwrap();
    let shown = |words: &[&str], code| -> Value {
        let outcome = run(home.command(BINARY).args(words), b"");
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(outcome.stdout.chars().all(harmless), "{outcome:?}");
        serde_json::from_str(&outcome.stdout).unwrap()
    };
    let path = home.path(name).display().to_string();
    assert_eq!(shown(&["info", "--json", "--file", name], 0)["path"], path);
    let missing = format!("no {name}");
    let said = shown(&["info", "--json", "--file", &missing], 1).to_string();
    assert!(said.contains(&missing), "{said}");
}
