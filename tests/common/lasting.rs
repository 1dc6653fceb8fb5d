//! Worlds of daemons that outlast one test: started by the first that needs them, stopped when none
//! does.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

/// What `up` exports, as long as it is held.
pub struct Lasting {
    scripts: PathBuf,
    exports: HashMap<String, String>,
    _in_use: File,
}

impl Lasting {
    /// Brings up the world of the scripts in `tests/NAME`.
    ///
    /// The test harness has no end to hook into, and may be killed. So the kernel keeps track of
    /// who still needs the world: every process that uses it holds a shared lock, which ends with
    /// the process however that ends, and `down` waits for the lock to be free of all of them. It
    /// waits in a session of its own, out of reach of Ctrl-C.
    pub fn start(name: &str) -> Self {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(name);
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let lock = dir.with_extension("in-use");
        let in_use = File::create(&lock).unwrap();
        flock(&in_use, FlockOperation::LockShared).unwrap();
        let mut down = Command::new("setsid");
        down.arg("--fork")
            .arg("flock")
            .arg(&lock)
            .arg(scripts.join("down"))
            .arg(&dir);
        down.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let waits = down
            .status()
            .expect("setsid of util-linux: run scripts/install-test-packages");
        assert!(waits.success(), "nothing would stop the world's daemons");

        let up = Command::new(scripts.join("up"))
            .arg(&dir)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            up.status.success(),
            "{}/up failed; these tests need the packages of scripts/install-test-packages\n{}",
            scripts.display(),
            String::from_utf8_lossy(&up.stderr)
        );
        let text = String::from_utf8(up.stdout).unwrap();
        let exports = text
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let exports = exports
            .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
            .collect();
        Self {
            scripts,
            exports,
            _in_use: in_use,
        }
    }

    pub fn get(&self, name: &str) -> &str {
        let value = self.exports.get(name);
        value.unwrap_or_else(|| {
            panic!(
                "{}/up exports no {name}: {:?}",
                self.scripts.display(),
                self.exports
            )
        })
    }
}
