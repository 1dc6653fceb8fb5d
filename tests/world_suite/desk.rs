//! One test's own place: a home directory and commands that see nothing of the machine's
//! environment.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::surroundings::world;

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
}

impl Desk {
    pub fn new() -> Self {
        let _ = world();
        Self {
            home: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A program with the world's trust and servers, ready for more.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let world = world();
        let mut command = self.bare(program);
        command
            .env("X509_CERT_DIR", &world.cert_dir)
            .env("X509_VOMS_DIR", &world.voms_dir);
        command
            .env("X509_VOMSES", &world.vomses)
            .env("VOMS_USERCONF", &world.vomses);
        command
    }

    /// A program with only PATH and HOME in its environment.
    pub fn bare(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        );
        command
            .env("HOME", self.home.path())
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        command.env("X509_USER_PROXY", self.path("default.pem"));
        command.current_dir(self.home.path());
        command
    }

    pub fn ours(&self, subcommand: &str, args: &[&str]) -> Ended {
        run(
            self.command(env!("CARGO_BIN_EXE_voms-proxy"))
                .arg(subcommand)
                .args(args),
            "",
        )
    }

    /// `init` of a user with the plain pair of files.
    pub fn init(&self, user: &str, args: &[&str], out: &Path) -> Ended {
        let mut command = self.command(env!("CARGO_BIN_EXE_voms-proxy"));
        command
            .arg("init")
            .args(pair(user))
            .args(args)
            .arg("--out")
            .arg(out);
        run(&mut command, "")
    }

    pub fn peer(&self, program: &str, args: &[&str]) -> Ended {
        run(self.command(program).args(args), "")
    }

    /// Everything in the home directory, so that nothing is left unnoticed.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// The options that name a user's certificate and key, in the spelling that all VOMS clients know.
pub fn pair(user: &str) -> [String; 4] {
    let file = |name: &str| {
        world()
            .file(&format!("users/{user}/{name}"))
            .display()
            .to_string()
    };
    [
        "-cert".into(),
        file("usercert.pem"),
        "-key".into(),
        file("userkey.pem"),
    ]
}

pub fn run(command: &mut Command, stdin: &str) -> Ended {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // Many commands never read it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended {
        exit: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
