//! The world itself: started by the first test that needs it, stopped when the last process that uses it is gone.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::lasting::Lasting;

/// How many ports it has.
const PORTS: u16 = 30;

pub struct World {
    pub dir: PathBuf,
    pub port: u16,
    pub cert_dir: PathBuf,
    pub voms_dir: PathBuf,
    pub vomses: PathBuf,
    _lasting: Lasting,
}

impl World {
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The words of a command line, with `@` for the world's directory.
    pub fn words(&self, words: &str) -> Vec<String> {
        let place = self.dir.display().to_string();
        words
            .split_whitespace()
            .map(|word| word.replace('@', &place))
            .collect()
    }

    /// The same text on every machine and in every run.
    pub fn placeless(&self, text: &str) -> String {
        let mut text = text.replace(&self.dir.display().to_string(), "$WORLD");
        for offset in 0..PORTS {
            text = text.replace(&format!(":{}", self.port + offset), &format!(":+{offset}"));
        }
        text
    }
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(start)
}

fn start() -> World {
    let lasting = Lasting::start("world-iam");
    World {
        dir: lasting.get("WORLD_IAM").into(),
        port: lasting.get("WORLD_IAM_PORT").parse().unwrap(),
        cert_dir: lasting.get("X509_CERT_DIR").into(),
        voms_dir: lasting.get("X509_VOMS_DIR").into(),
        vomses: lasting.get("X509_VOMSES").into(),
        _lasting: lasting,
    }
}
