//! Runs the program in a separate home, so that nothing of the machine's configuration leaks in.
// Every test binary uses a part of this, and tests hold the clock themselves.
#![allow(dead_code, clippy::disallowed_methods)]

pub mod hostile;
pub mod judge;
pub mod schemas;
pub mod servers;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use voms::chain::Chain;
use voms::credential::Credential;
use voms::pki::key::{KeyKind, PrivateKey};
use voms::pki::pem;
use voms::proxy::{CarriedAc, ProxyRequest, VerifiedIssuer};
use voms_asn1::EncodedAc;
use voms_authority::pki::{Certification, Purpose, ThrowAwayCa};
use voms_authority::world::World;

pub const BINARY: &str = env!("CARGO_BIN_EXE_voms-proxy");
/// The contents of the proxy file before a run that must fail.
pub const SENTINEL: &[u8] = b"the proxy that was there before\n";
/// Longer than any deadline of the program; a run that takes more hangs.
const HANGS: Duration = Duration::from_secs(90);

pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// One world for a whole test binary, since RSA keys cost time.
pub fn world() -> &'static World {
    static WORLD: OnceLock<(TempDir, World)> = OnceLock::new();
    let (_, world) = WORLD.get_or_init(|| {
        let dir = tempfile::Builder::new()
            .prefix("world")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        let world = World::create(dir.path(), now()).unwrap();
        (dir, world)
    });
    world
}

/// A request to the world's CA; EC, since that is cheap.
pub fn certification(name: &str, purpose: Purpose) -> Certification {
    Certification {
        subject: subject(name).to_vec(),
        purpose,
        key: KeyKind::P256,
        not_before: now() - chrono::Duration::hours(1),
        not_after: now() + chrono::Duration::days(2),
    }
}

fn subject(name: &str) -> [(&'static str, String); 4] {
    [
        ("DC", "example"),
        ("DC", "sandbox"),
        ("O", "Virgo"),
        ("CN", name),
    ]
    .map(|(label, value)| (label, value.to_owned()))
}

/// A CA with the name of the world's, but another key.
pub fn ca_of_the_same_name() -> ThrowAwayCa {
    ThrowAwayCa::create(&subject("Sandbox CA"), now()).unwrap()
}

/// The chain of a proxy of that user, with an attribute certificate in it.
pub fn proxy_carrying(user: &Credential, ac: EncodedAc) -> Chain {
    let life = Duration::from_secs(12 * 3600);
    let request = ProxyRequest::new(life).carrying([CarriedAc::unverified(ac)]);
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let proxy = request.issue(&VerifiedIssuer::assume(user), key, now());
    proxy.unwrap().chain().unwrap()
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    #[track_caller]
    pub fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// The text is on stderr; `what` identifies the case in a table.
    #[track_caller]
    pub fn says(&self, what: &str, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "{what}: no {text:?} in\n{}",
            self.stderr
        );
        self
    }
}

/// Runs a command to its end and kills it when it hangs.
pub fn run(command: &mut Command, stdin: &[u8]) -> Outcome {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (mut pipe, stdin) = (child.stdin.take().unwrap(), stdin.to_vec());
    // Beside the readers: a command may write before it has read all.
    thread::spawn(move || {
        // One that reads nothing closes the pipe early.
        let _ = pipe.write_all(&stdin);
    });
    let collect = |mut pipe: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = collect(Box::new(child.stdout.take().unwrap()));
    let stderr = collect(Box::new(child.stderr.take().unwrap()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > HANGS {
            child.kill().unwrap();
            panic!("{command:?} hangs; stderr: {}", stderr.join().unwrap());
        }
        thread::sleep(Duration::from_millis(10));
    };
    Outcome {
        code: status.code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

/// A user's home, with the environment the program gets and a place for the proxy.
pub struct Home {
    dir: TempDir,
    env: Vec<(OsString, OsString)>,
}

impl Home {
    /// Without a credential.
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".globus")).unwrap();
        fs::create_dir(dir.path().join("out")).unwrap();
        let home = Self {
            dir,
            env: Vec::new(),
        };
        let (proxy, path) = (home.proxy(), home.path(""));
        home.with("PATH", "/usr/bin:/bin")
            .with("TZ", "UTC")
            .with("HOME", path)
            .with("X509_USER_PROXY", proxy)
            .with("X509_CERT_DIR", world().certificates())
            .with("X509_VOMS_DIR", world().vomsdir())
    }

    /// With a certificate and key in the usual place.
    pub fn of(user: &Credential) -> Self {
        let home = Self::empty();
        home.write(".globus/usercert.pem", &certificate_pem(user), 0o644);
        home.write(".globus/userkey.pem", &key_pem(user), 0o400);
        home
    }

    /// The member of the VO.
    pub fn ada() -> Self {
        Self::of(&world().user)
    }

    pub fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self = self.without(name);
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// The servers that `init` is pointed to.
    pub fn servers(self, lines: &[String]) -> Self {
        self.write("vomses", lines.concat().as_bytes(), 0o644);
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// In a separate directory, so that anything left beside it shows.
    pub fn proxy(&self) -> PathBuf {
        self.path("out/x509up")
    }

    pub fn write(&self, name: &str, contents: &[u8], mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// Any program in this home's environment and no other.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .current_dir(self.dir.path());
        command
    }

    /// `voms-proxy init`, asking the servers of this home only.
    pub fn init_command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = self.command(BINARY);
        command.arg("init").args(self.init_args(args));
        command
    }

    pub fn init_args<S: AsRef<OsStr>>(&self, args: &[S]) -> Vec<OsString> {
        let own = self.path("vomses");
        let servers = own
            .exists()
            .then(|| [OsString::from("--vomses"), own.into()]);
        args.iter()
            .map(|arg| arg.as_ref().to_owned())
            .chain(servers.into_iter().flatten())
            .collect()
    }

    pub fn init(&self, args: &[&str]) -> Outcome {
        run(&mut self.init_command(args), b"")
    }

    /// `init` that has to fail: see [`Home::failed`].
    #[track_caller]
    pub fn refused(&self, args: &[&str]) -> Outcome {
        self.refused_with(args, b"")
    }

    #[track_caller]
    pub fn refused_with(&self, args: &[&str], stdin: &[u8]) -> Outcome {
        self.put_sentinel();
        self.failed(
            run(&mut self.init_command(args), stdin),
            &String::from_utf8_lossy(stdin),
        )
    }

    pub fn put_sentinel(&self) {
        self.write("out/x509up", SENTINEL, 0o600);
    }

    /// Checks what holds for every `init` that fails.
    #[track_caller]
    pub fn failed(&self, outcome: Outcome, passphrase: &str) -> Outcome {
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(!outcome.stdout.contains("Created proxy"), "{outcome:?}");
        let reported: Vec<&str> = outcome
            .stderr
            .lines()
            .filter(|line| !line.starts_with("warning: "))
            .collect();
        let first = reported.iter().find(|line| !line.starts_with("note: "));
        assert!(
            first.is_some_and(|line| line.starts_with("error: ")),
            "{outcome:?}"
        );
        assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains("PRIVATE KEY"), "{outcome:?}");
            let secret = passphrase.trim();
            assert!(secret.is_empty() || !text.contains(secret), "{outcome:?}");
        }
        assert_eq!(fs::read(self.proxy()).unwrap(), SENTINEL, "{outcome:?}");
        assert_eq!(self.beside_the_proxy(), ["x509up"], "{outcome:?}");
        outcome
    }

    /// The names in the proxy's directory.
    pub fn beside_the_proxy(&self) -> Vec<String> {
        names(&self.path("out"))
    }
}

/// The names in a directory, sorted.
pub fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

pub fn certificate_pem(user: &Credential) -> Vec<u8> {
    pem::encode("CERTIFICATE", user.chain().leaf().der())
        .as_bytes()
        .to_vec()
}

pub fn key_pem(user: &Credential) -> Vec<u8> {
    user.key().to_pem().unwrap().to_vec()
}

/// A command in its own mount namespace. Root needs no user namespace for it, which some containers
/// forbid.
pub fn with_own_mounts(home: &Home) -> Command {
    let mut command = home.command("unshare");
    command.arg(if rustix::process::geteuid().is_root() {
        "-m"
    } else {
        "-rm"
    });
    command
}

/// Hides the machine's grid configuration from a command, in its own mount namespace. A machine
/// that allows none fails the test.
pub fn without_grid_security(home: &Home, words: &[OsString]) -> Command {
    let hide = "for dir in /etc/grid-security /etc/vomses; do \
                [ ! -d $dir ] || mount -t tmpfs none $dir || exit 99; done; exec \"$@\"";
    let mut command = with_own_mounts(home);
    command.args(["sh", "-c", hide, "sh", BINARY]).args(words);
    command
}
