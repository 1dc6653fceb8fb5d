//! A world of daemons as its tests see it: started by the first test that needs it, stopped when
//! the last process that uses it ends.

use std::path::PathBuf;

use crate::lasting::Lasting;

pub struct World {
    pub dir: PathBuf,
    pub port: u16,
    pub cert_dir: PathBuf,
    pub voms_dir: PathBuf,
    pub vomses: PathBuf,
    offsets: Vec<u16>,
    _lasting: Lasting,
}

impl World {
    /// The world of the scripts in `tests/NAME`, which export its directory as VARIABLE. Its ports
    /// are at these offsets.
    pub fn start(name: &str, variable: &str, offsets: impl IntoIterator<Item = u16>) -> Self {
        let lasting = Lasting::start(name);
        Self {
            dir: lasting.get(variable).into(),
            port: lasting.get(&format!("{variable}_PORT")).parse().unwrap(),
            cert_dir: lasting.get("X509_CERT_DIR").into(),
            voms_dir: lasting.get("X509_VOMS_DIR").into(),
            vomses: lasting.get("X509_VOMSES").into(),
            offsets: offsets.into_iter().collect(),
            _lasting: lasting,
        }
    }

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

    /// The text without directories and ports, so that it is the same on every machine and in every
    /// run.
    pub fn placeless(&self, text: &str) -> String {
        let mut text = text.replace(&self.dir.display().to_string(), "$WORLD");
        for offset in &self.offsets {
            text = text.replace(&format!(":{}", self.port + offset), &format!(":+{offset}"));
        }
        text
    }
}
