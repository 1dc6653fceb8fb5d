//! The world itself: started by the first test that needs it, stopped when the last process that uses it is gone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::fs::{FlockOperation, flock};

pub struct World {
    pub dir: PathBuf,
    pub port: u16,
    pub cert_dir: PathBuf,
    pub voms_dir: PathBuf,
    pub vomses: PathBuf,
    _in_use: File,
}

impl World {
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The same text on every machine and in every run.
    pub fn placeless(&self, text: &str) -> String {
        let mut text = text.replace(&self.dir.display().to_string(), "$WORLD");
        for offset in [0, 1, 2, 3, 4, 19] {
            text = text.replace(&format!(":{}", self.port + offset), &format!(":+{offset}"));
        }
        text
    }
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(start)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world").join(name)
}

/// The test harness has no end to hook into, and may be killed. So the kernel tells when nobody needs the world any
/// more: every process that uses it holds a shared lock, which ends with the process however that ends, and `down`
/// waits for the lock to be free of all of them. It waits in a session of its own, out of reach of Ctrl-C.
fn start() -> World {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("world");
    let lock = dir.with_extension("in-use");
    let in_use = File::create(&lock).unwrap();
    flock(&in_use, FlockOperation::LockShared).unwrap();
    let mut down = Command::new("setsid");
    down.arg("--fork").arg("flock").arg(&lock).arg(script("down")).arg(&dir);
    down.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let waits = down.status().expect("setsid of util-linux: run scripts/install-test-packages");
    assert!(waits.success(), "nothing would stop the world's daemons");

    let up = Command::new(script("up")).arg(&dir).stdin(Stdio::null()).output().unwrap();
    let exports = String::from_utf8(up.stdout).unwrap();
    assert!(
        up.status.success(),
        "tests/world/up failed; these tests need the packages of scripts/install-test-packages\n{}",
        String::from_utf8_lossy(&up.stderr)
    );
    let value = |name: &str| {
        let start = format!("export {name}=");
        let line = exports.lines().find_map(|line| line.strip_prefix(start.as_str()));
        line.unwrap_or_else(|| panic!("tests/world/up exports no {name}:\n{exports}")).trim_matches('\'')
    };
    World {
        dir: value("WORLD").into(),
        port: value("WORLD_PORT").parse().unwrap(),
        cert_dir: value("X509_CERT_DIR").into(),
        voms_dir: value("X509_VOMS_DIR").into(),
        vomses: value("X509_VOMSES").into(),
        _in_use: in_use,
    }
}
