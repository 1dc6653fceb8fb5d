//! Completion as users see it: real shells source the script and press Tab.
#![allow(clippy::disallowed_methods)] // Tests have the environment.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{BINARY, run};
use tempfile::TempDir;

const BASH: &str = r#"
source <(voms-proxy completions bash)
# As readline does it: words end at blanks, colons and equals signs.
complete_line() {
  local line=$1 rest=$1 word
  COMP_WORDS=() COMP_LINE=$line COMP_POINT=${#line}
  while [[ -n $rest ]]; do
    if [[ $rest =~ ^\ +(.*)$ ]]; then rest=${BASH_REMATCH[1]}; [[ -n $rest ]] || COMP_WORDS+=("")
    else [[ $rest =~ ^([:=]|[^:=\ ]+)(.*)$ ]]; COMP_WORDS+=("${BASH_REMATCH[1]}"); rest=${BASH_REMATCH[2]}; fi
  done
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  local function
  function=$(complete -p "${line%% *}" 2>/dev/null) || { echo "no completion"; return; }
  function=${function#*-F }
  "${function%% *}"
  printf '%s\n' "${COMPREPLY[@]}"
}
complete_line "$1"
"#;

/// compadd is replaced by one that prints: zsh has no command that completes a line.
const ZSH: &str = r#"
autoload -Uz compinit && compinit -u -d "$HOME/.zcompdump"
source <(voms-proxy completions zsh)
_files() { [[ $1 == -/ ]] && print -- "directories" || print -- "files" }
compset() { PREFIX=${PREFIX#*=} }
compadd() { print -rl -- ${(P)@[-1]} }
line=$1
words=(${(z)line})
[[ $line == *' ' ]] && words+=('')
CURRENT=$#words PREFIX=${words[-1]}
[[ -n ${_comps[${words[1]}]} ]] || { print "no completion"; exit }
${_comps[${words[1]}]}
"#;

/// Keys typed into a zsh on a terminal of its own; the command prints what it was given.
const ZSH_TYPED: &str = r#"
set timeout 30
spawn zsh -f -i
send "PS1='> '; autoload -Uz compinit && compinit -u -D; source <(voms-proxy completions zsh)\r"
send "bindkey '^I' complete-word; voms-proxy-init() { print -r -- \"GIVEN:\$*:\" }; print RE''ADY\r"
expect {
"READY" {}
timeout { exit 98 }
}
foreach keys [lrange $argv 0 end] { send -- $keys; sleep 0.5 }
send "\r"
expect {
-re {GIVEN:(-[^\r]*):\r} {}
timeout { exit 97 }
}
puts "\n$expect_out(1,string)"
"#;

const FISH: &str = r"
voms-proxy completions fish | source
complete -C $argv[1]
";

/// A home with a vomses file, a proxy, links to the program on the search path, and some files.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(dir.path().join(".voms")).unwrap();
        fs::create_dir_all(dir.path().join("work/a-directory")).unwrap();
        fs::write(dir.path().join("work/a-file.pem"), "").unwrap();
        let line = r#""testvo" "voms.example.org" "15000" "/CN=voms" "testvo""#;
        fs::write(dir.path().join(".voms/vomses"), line).unwrap();
        let proxy =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/info/proxies/rfc-virgo-role.pem");
        fs::copy(proxy, dir.path().join("proxy.pem")).unwrap();
        let mut links = Command::new(BINARY);
        run(links.arg("links").arg(&bin), b"").success();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let usual = std::env::var("PATH").unwrap();
        let path = format!("{}:{usual}", self.path("bin").display());
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path())
            .env("TERM", "dumb")
            .env("X509_USER_PROXY", self.path("proxy.pem"))
            .current_dir(self.path("work"));
        command
    }

    /// What a shell offers for a command line, sorted.
    #[track_caller]
    fn offers(&self, shell: &str, line: &str) -> Vec<String> {
        let mut command = self.command(shell);
        match shell {
            "bash" => command.args(["--norc", "-c", BASH, "bash", line]),
            "zsh" => command.args(["-f", "-c", ZSH, "zsh", line]),
            _ => command.args(["--no-config", "-c", FISH, line]),
        };
        let outcome = run(&mut command, b"");
        assert_eq!(outcome.stderr, "", "{shell}: {line}");
        let lines = outcome.stdout.lines();
        let mut offered: Vec<String> = lines
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        offered.sort();
        offered.dedup();
        offered
    }
}

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

#[test]
fn every_shell_completes_commands_options_and_values() {
    let desk = Desk::new();
    for shell in SHELLS {
        for (line, wanted) in [
            ("voms-proxy ini", &["init"][..]),
            ("voms-proxy vo ", &["add", "list"]),
            ("voms-proxy init --key-ty", &["--key-type"]),
            (
                "voms-proxy-init -vo",
                &["-voms", "-vomsdir", "-vomses", "-vomslife"],
            ),
            ("voms-proxy-init --bits ", &["1024", "2048", "3072", "4096"]),
            ("voms-proxy-init -key-type ", &["ec", "rsa"]),
            ("grid-proxy-init --proxyver ", &["2", "3", "4"]),
            ("voms-proxy-init --voms ", &["testvo", "virgo"]),
            ("voms-proxy-init -voms t", &["testvo"]),
            ("voms-proxy-info --acexists v", &["virgo"]),
            ("voms-proxy completions ", &["bash", "fish", "zsh"]),
            ("voms-proxy schema in", &["info", "init"]),
            ("voms-proxy man grid-proxy-d", &["grid-proxy-destroy"]),
        ] {
            assert_eq!(desk.offers(shell, line), wanted, "{shell}: {line}");
        }
    }
}

#[test]
fn after_the_colon_come_the_groups_of_the_present_proxy() {
    let desk = Desk::new();
    for shell in SHELLS {
        let offered = desk.offers(shell, "voms-proxy-init --voms virgo:");
        // bash replaces only what is behind the colon.
        let prefix = if shell == "bash" { "" } else { "virgo:" };
        for group in [
            "/virgo",
            "/virgo/virgo",
            "/virgo/Role=pilot",
            "/virgo/ligo",
            "all",
        ] {
            let wanted = format!("{prefix}{group}");
            assert!(
                offered.contains(&wanted),
                "{shell}: no {wanted} in {offered:?}"
            );
        }
        let narrowed = desk.offers(shell, "voms-proxy-init --voms virgo:/virgo/vi");
        assert!(
            narrowed
                .iter()
                .all(|name| name.starts_with(&format!("{prefix}/virgo/vi")))
        );
        assert!(!narrowed.is_empty(), "{shell}");
    }
}

#[test]
fn files_are_offered_only_where_files_are_named() {
    let desk = Desk::new();
    for shell in SHELLS {
        let files = |line: &str| {
            let offered = desk.offers(shell, line);
            let is_file = |name: &String| name == "files" || name.contains("a-file.pem");
            offered.iter().any(is_file)
        };
        for line in [
            "voms-proxy-init --cert ",
            "voms-proxy import ",
            "voms-proxy-init -out a",
            "voms-proxy-init --key=a",
        ] {
            assert!(files(line), "{shell}: no files for {line}");
        }
        for line in [
            "voms-proxy-init ",
            "voms-proxy-init --valid ",
            "voms-proxy-init --voms ",
            "voms-proxy-init --hours ",
            "voms-proxy-init --certdir ",
            "voms-proxy-info --acexists ",
            "voms-proxy ",
        ] {
            assert!(!files(line), "{shell}: files for {line}");
        }
        let directories = desk.offers(shell, "voms-proxy-init --certdir ");
        let is_directory = |name: &String| name == "directories" || name.starts_with("a-directory");
        assert!(
            directories.iter().all(is_directory) && !directories.is_empty(),
            "{shell}"
        );
    }
}

#[test]
fn one_script_serves_all_names_of_the_program() {
    let desk = Desk::new();
    for shell in SHELLS {
        for entry in fs::read_dir(desk.path("bin")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let offered = desk.offers(shell, &format!("{name} --hel"));
            assert_eq!(offered, ["--help"], "{shell}: {name}");
        }
    }
}

#[test]
fn a_name_in_a_vomses_file_cannot_run_a_command() {
    let desk = Desk::new();
    let line = r#""$(touch evil)" "voms.example.org" "15000" "/CN=voms" "x""#;
    fs::write(desk.path(".voms/vomses"), line).unwrap();
    for shell in SHELLS {
        assert_eq!(
            desk.offers(shell, "voms-proxy-init --voms "),
            ["virgo"],
            "{shell}"
        );
        assert!(!desk.path("work/evil").exists(), "{shell}");
    }
}

#[test]
fn keys_typed_into_zsh_give_whole_words() {
    let desk = Desk::new();
    fs::write(desk.path("typed"), ZSH_TYPED).unwrap();
    let mut command = desk.command("expect");
    command.arg("-f").arg(desk.path("typed")).args([
        "voms-proxy-init --key-t\t",
        "e\t",
        "--voms vi\t",
        ":/virgo/vi\t",
        "--certdir=a-d\t",
        " --out a-f\t",
    ]);
    let outcome = run(&mut command, b"").success();
    let given = outcome.stdout.lines().last().unwrap_or_default();
    assert_eq!(
        given,
        "--key-type ec --voms virgo:/virgo/virgo --certdir=a-directory --out a-file.pem"
    );
}

/// zsh and fish find the file by its name; the directory needs no shell code of the user's.
#[test]
fn the_files_of_the_repository_work_from_the_shells_own_directories() {
    let desk = Desk::new();
    let completions = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let mut zsh = Command::new("zsh");
    let script = format!(
        "fpath=({} $fpath); autoload -Uz compinit && compinit -u -D; print $_comps[voms-proxy-init] $_comps[ecp-curl]",
        completions.join("zsh").display()
    );
    let outcome = run(zsh.args(["-f", "-c", &script]), b"").success();
    assert_eq!(outcome.stdout.trim(), "_voms-proxy _voms-proxy");
    let mut fish = Command::new("fish");
    let script = format!(
        "set -p fish_complete_path {}; complete -C 'voms-proxy-init --key-t'",
        completions.join("fish").display()
    );
    let path = format!(
        "{}:{}",
        desk.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    fish.args(["--no-config", "-c", &script]).env("PATH", path);
    let outcome = run(&mut fish, b"").success();
    assert!(outcome.stdout.starts_with("--key-type"), "{outcome:?}");
}
