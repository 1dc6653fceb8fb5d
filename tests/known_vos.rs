//! `voms-proxy vo`: a VO is made known without any harm to what is known already.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use common::{BINARY, Outcome, run};
use serde_json::Value;
use tempfile::TempDir;

const LINE: &str = r#""testvo" "voms.example.org" "15000" "/DC=org/CN=voms.example.org" "testvo""#;
const LSC: &str = "/DC=org/CN=voms.example.org\n/DC=org/CN=Example CA\n";

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(words).env_clear().env("HOME", self.0.path());
        command.current_dir(self.0.path());
        command
    }

    fn vo(&self, words: &[&str]) -> Outcome {
        self.with_input(words, "")
    }

    fn with_input(&self, words: &[&str], input: &str) -> Outcome {
        let words: Vec<&str> = ["vo"].iter().chain(words).copied().collect();
        run(&mut self.command(&words), input.as_bytes())
    }

    /// The servers that are known of a VO.
    fn known(&self, vo: &str) -> Vec<Value> {
        let listed = self.vo(&["list", "--json"]).success().stdout;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let servers = listed["servers"].as_array().unwrap().iter();
        servers
            .filter(|server| server["vo"] == vo)
            .cloned()
            .collect()
    }

    fn refusal(&self, words: &[&str]) -> String {
        let words: Vec<&str> = words.iter().chain(&["--json"]).copied().collect();
        let outcome = self.vo(&words);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        let error: Value = serde_json::from_str(&outcome.stdout).unwrap();
        error["code"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_line_is_found_by_all_commands_once_it_is_added() {
    let home = Home::new();
    assert!(home.known("testvo").is_empty());
    home.vo(&["add", LINE]).success();
    let known = home.known("testvo");
    assert_eq!((known.len(), &known[0]["port"]), (1, &15000.into()));
    assert!(
        known[0]["file"]
            .as_str()
            .unwrap()
            .ends_with(".voms/vomses/testvo-voms.example.org")
    );
    assert_eq!(known[0]["age_days"], 0);
    let registered = run(&mut home.command(&["register", "--voms", "testvo"]), b"");
    assert!(
        !registered.stderr.contains("is not known"),
        "{registered:?}"
    );
}

#[test]
fn a_line_may_come_from_a_file_from_standard_input_or_without_quotes() {
    let unquoted = [
        "add",
        "testvo",
        "voms.example.org",
        "15000",
        "/DC=org/CN=voms.example.org",
        "testvo",
    ];
    let home = Home::new();
    home.write("their.vomses", &format!("# from the VO's page\n{LINE}\n"));
    for (words, input) in [
        (&["add", "their.vomses"][..], ""),
        (&["add", "-"], LINE),
        (&unquoted, ""),
    ] {
        let _ = fs::remove_dir_all(home.path(".voms"));
        home.with_input(words, input).success();
        assert_eq!(home.known("testvo").len(), 1, "{words:?}");
    }
}

#[test]
fn lsc_files_are_looked_up_below_home_beside_those_of_the_machine() {
    let home = Home::new();
    home.write("voms.example.org.lsc", LSC);
    home.vo(&["add", LINE, "voms.example.org.lsc"]).success();
    assert_eq!(home.read(".voms/vomsdir/testvo/voms.example.org.lsc"), LSC);
    let mode = home
        .path(".voms/vomsdir/testvo/voms.example.org.lsc")
        .metadata()
        .unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o644);
    let named = run(
        home.command(&["vo", "add", LINE, "voms.example.org.lsc"])
            .env("X509_VOMS_DIR", "/x"),
        b"",
    );
    assert!(named.success().stderr.contains("X509_VOMS_DIR"));
}

#[test]
fn attributes_are_verified_by_the_lsc_files_below_home() {
    let home = Home::new();
    let info = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/info");
    for lsc in fs::read_dir(info.join("vomsdir/virgo")).unwrap() {
        let lsc = lsc.unwrap();
        let name = format!(".voms/vomsdir/virgo/{}", lsc.file_name().to_str().unwrap());
        home.write(&name, &fs::read_to_string(lsc.path()).unwrap());
    }
    let mut command = home.command(&["verify", "--at", "2026-11-24T03:25:45Z", "--certdir"]);
    command.arg(info.join("trust"));
    command.arg(info.join("proxies/rfc-virgo.pem"));
    let outcome = run(&mut command, b"").success();
    assert!(outcome.stdout.contains("/virgo/ligo"), "{outcome:?}");
}

#[test]
fn a_directory_gives_its_vomses_and_the_lsc_files_of_its_servers() {
    let home = Home::new();
    home.write("etc/vomses/testvo", LINE);
    home.write("etc/vomses/README", "How to use these files\n");
    home.write("etc/vomsdir/testvo/voms.example.org.lsc", LSC);
    home.vo(&["add", "etc"]).success();
    assert_eq!(home.known("testvo").len(), 1);
    assert_eq!(home.read(".voms/vomsdir/testvo/voms.example.org.lsc"), LSC);
}

#[test]
fn a_file_of_the_users_keeps_its_lines_its_mode_and_its_link() {
    let home = Home::new();
    let other = r#""other" "o.example.org" "15001" "/CN=o" "other""#;
    let before = format!("# mine\n\n{other}\nnot a line at all");
    let real = home.write("dotfiles/vomses", &before);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(home.path(".voms")).unwrap();
    symlink(&real, home.path(".voms/vomses")).unwrap();
    home.vo(&["add", LINE]).success();
    assert_eq!(home.read("dotfiles/vomses"), format!("{before}\n{LINE}\n"));
    assert!(home.path(".voms/vomses").is_symlink());
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    let again = home.vo(&["add", LINE]).success();
    assert!(again.stdout.contains("known already"), "{again:?}");
    assert_eq!(home.read("dotfiles/vomses"), format!("{before}\n{LINE}\n"));
}

#[test]
fn what_contradicts_an_entry_is_refused_and_nothing_changes() {
    let home = Home::new();
    home.write("voms.example.org.lsc", LSC);
    home.vo(&["add", LINE, "voms.example.org.lsc"]).success();
    let moved = LINE.replace("15000", "15009");
    assert_eq!(home.refusal(&["add", &moved]), "file-exists");
    home.write("voms.example.org.lsc", "/CN=evil\n/CN=evil CA\n");
    assert_eq!(
        home.refusal(&["add", LINE, "voms.example.org.lsc"]),
        "file-exists"
    );
    assert_eq!(home.known("testvo")[0]["port"], 15000);
    assert_eq!(home.read(".voms/vomsdir/testvo/voms.example.org.lsc"), LSC);
}

#[test]
fn what_is_no_vo_is_refused_and_nothing_is_written() {
    let home = Home::new();
    home.write("empty", "# nothing\n");
    home.write("half", &format!("{LINE}\n\"testvo\" \"v\"\n"));
    home.write("voms.example.org.lsc", "hello\n");
    home.write("elsewhere.example.org.lsc", LSC);
    let escaping = LINE.replace("\"testvo\"", "\"../../x\"");
    for (words, code) in [
        (&["add", "nowhere"][..], "file-unreadable"),
        (&["add", "empty"], "vomses-empty"),
        (&["add", "half"], "vomses-line"),
        (&["add", &escaping], "vomses-line"),
        (&["add", LINE, "voms.example.org.lsc"], "lsc-unusable"),
        (&["add", LINE, "elsewhere.example.org.lsc"], "lsc-unrelated"),
        (&["add", LINE, "half"], "usage"),
    ] {
        assert_eq!(home.refusal(words), code, "{words:?}");
        assert!(!home.path(".voms").exists(), "{words:?}");
    }
    let homeless = run(
        home.command(&["vo", "add", LINE, "--json"])
            .env_remove("HOME"),
        b"",
    );
    assert!(homeless.stdout.contains("\"no-home\""), "{homeless:?}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let home = Home::new();
    let outcome = home.vo(&["add", LINE, "--dry-run"]).success();
    assert!(outcome.stdout.contains("Would write"), "{outcome:?}");
    assert!(!home.path(".voms").exists());
}

#[test]
fn of_two_that_add_at_the_same_time_no_line_is_lost() {
    let home = Home::new();
    home.write(".voms/vomses", "# mine\n");
    thread::scope(|scope| {
        for number in 0..8 {
            let home = &home;
            scope.spawn(move || {
                let line = LINE.replace(
                    "voms.example.org\" \"",
                    &format!("v{number}.example.org\" \""),
                );
                home.vo(&["add", &line]).success();
            });
        }
    });
    assert_eq!(home.known("testvo").len(), 8);
}

#[test]
fn a_built_in_entry_is_not_used_beside_a_file_that_names_its_vo() {
    let home = Home::new();
    assert!(
        home.known("virgo")
            .iter()
            .all(|server| server["used"] == true && server["built_in"] == true)
    );
    home.vo(&["add", &LINE.replace("testvo", "virgo")])
        .success();
    let used: Vec<bool> = home
        .known("virgo")
        .iter()
        .map(|server| server["used"] == true)
        .collect();
    assert_eq!(used, [true, false, false]);
    let listed = home.vo(&["list"]).success().stdout;
    assert!(
        listed.contains("~/.voms/vomses/virgo-voms.example.org (changed today)"),
        "{listed}"
    );
    assert!(listed.contains("built in"), "{listed}");
}
