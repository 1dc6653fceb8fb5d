//! One test's own place in the token world.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;
use tempfile::TempDir;

use crate::lasting::Lasting;

const BINARY: &str = env!("CARGO_BIN_EXE_voms-proxy");

pub fn world() -> &'static Lasting {
    static WORLD: OnceLock<Lasting> = OnceLock::new();
    WORLD.get_or_init(|| Lasting::start("world-token"))
}

/// A file of the world.
pub fn file(name: &str) -> PathBuf {
    Path::new(world().get("WORLD_TOKEN")).join(name)
}

/// The world behaves otherwise for as long as a knob is turned, so one test at a time has it then.
static KNOBS: RwLock<()> = RwLock::new(());

pub struct Knob {
    path: PathBuf,
    _alone: RwLockWriteGuard<'static, ()>,
}

pub fn turn(name: &str, value: &str) -> Knob {
    let alone = KNOBS.write().unwrap_or_else(PoisonError::into_inner);
    let path = file("state").join(name);
    fs::write(&path, value).unwrap();
    Knob {
        path,
        _alone: alone,
    }
}

impl Drop for Knob {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The world as it usually is.
pub fn usual() -> RwLockReadGuard<'static, ()> {
    KNOBS.read().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Ours,
    Original,
}

pub const BOTH: [Whose; 2] = [Whose::Original, Whose::Ours];

#[derive(Debug)]
pub struct Ended {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

pub struct Desk {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Desk {
    pub fn new() -> Self {
        let home = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::create_dir(home.path().join("run")).unwrap();
        let desk = Self {
            home,
            variables: Vec::new(),
        };
        let options = format!(
            "-a {} -i igwn --vaulttokenfile={}",
            world().get("TOKEN_VAULT"),
            desk.vault_token().display()
        );
        desk.with("HTGETTOKENOPTS", &options)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn vault_token(&self) -> PathBuf {
        self.path("vt")
    }

    pub fn bearer_token(&self) -> PathBuf {
        let uid = rustix::process::geteuid().as_raw();
        self.path("run").join(format!("bt_u{uid}"))
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.home.path());
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        for name in [
            "X509_CERT_DIR",
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "KRB5_CONFIG",
        ] {
            command.env(name, world().get(name));
        }
        command
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("VAULT_TOKEN_FILE", self.vault_token())
            .env("KRB5CCNAME", format!("FILE:{}", self.path("cc").display()))
            .env("SSH_CLIENT", "x")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .envs(self.variables.iter().cloned());
        command
    }

    fn end(mut command: Command) -> Ended {
        let output = command.stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended {
            exit: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// A program of the machine.
    pub fn run(&self, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Ended {
        let mut command = self.command(program);
        command.args(words);
        Self::end(command)
    }

    pub fn ours(&self, words: &[&str]) -> Ended {
        self.run(BINARY, words)
    }

    /// `htgettoken` and the others, ours or the originals, without a terminal.
    pub fn tool(&self, whose: Whose, name: &str, words: &[&str]) -> Ended {
        let (program, first) = named(whose, name);
        self.run(program, &[&first[..], words].concat())
    }

    /// The same on a terminal of its own, with a person who does as the options say.
    pub fn with_person(&self, person: &[&str], whose: Whose, name: &str, words: &[&str]) -> Ended {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world-token/person");
        let mut command = self.command("/usr/bin/python3");
        let (program, first) = named(whose, name);
        command
            .arg(scripts)
            .arg(file(""))
            .args(person)
            .arg("--")
            .arg(program)
            .args(first)
            .args(words);
        Self::end(command)
    }

    /// A shell on a terminal, with a person.
    pub fn shell_with_person(&self, words: &[&str]) -> Ended {
        let person = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world-token/person");
        let mut command = self.command("/usr/bin/python3");
        command.arg(person).arg(file("")).arg("--");
        command.arg("/bin/sh").args(words);
        Self::end(command)
    }

    /// Logs in as a person does the first time.
    #[track_caller]
    pub fn log_in(&self) {
        let ended = self.with_person(&[], Whose::Ours, "htgettoken", &[]);
        assert_eq!(ended.exit, 0, "{ended:?}");
    }

    /// Gets a ticket.
    #[track_caller]
    pub fn kinit(&self) {
        let keytab = world().get("TOKEN_KEYTAB");
        let ended = self.run("kinit", &["-k", "-t", keytab, "albert.einstein"]);
        assert_eq!(ended.exit, 0, "{ended:?}");
    }

    /// What igwn-auth-utils finds for a service and a scope.
    pub fn found_by_igwn(&self, audience: &str, scope: &str) -> Ended {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world-token/find-token");
        let python = file("tools/venv/bin/python");
        self.run(python, &[script.to_str().unwrap(), audience, scope])
    }

    /// The claims of the bearer token, as the original decodes them.
    #[track_caller]
    pub fn claims(&self) -> Value {
        let ended = self.tool(Whose::Original, "htdecodetoken", &[]);
        assert_eq!(ended.exit, 0, "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Every file in the home directory, with its mode.
    pub fn files(&self) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        let mut pending = vec![self.home.path().to_owned()];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let name = path.strip_prefix(self.home.path()).unwrap();
                    let mode = path.symlink_metadata().unwrap().permissions().mode() & 0o7777;
                    found.push((name.display().to_string(), mode));
                }
            }
        }
        found.sort();
        found
    }
}

fn named(whose: Whose, name: &str) -> (PathBuf, Vec<&str>) {
    match whose {
        Whose::Ours => (BINARY.into(), vec![name]),
        Whose::Original => (file("tools/venv/bin").join(name), Vec::new()),
    }
}
