//! What a command is started with.

use std::ffi::OsString;

use chrono::{DateTime, Utc};

use super::env::Environment;

/// Where the time comes from.
pub type Clock = fn() -> DateTime<Utc>;

/// A command as it was started: nothing else reaches it from outside but files, servers and the terminal.
pub struct Invocation {
    /// The name it was started by, or would be if it had a link.
    pub name: &'static str,
    /// The words after it.
    pub words: Vec<OsString>,
    pub env: Environment,
    pub now: Clock,
}

impl Invocation {
    /// The process's own.
    pub fn new(name: &'static str, words: &[OsString]) -> Self {
        Self {
            name,
            words: words.to_vec(),
            env: Environment::read(),
            now,
        }
    }

    /// The same with other words.
    pub fn with_words(&self, words: Vec<OsString>) -> Self {
        Self {
            words,
            name: self.name,
            env: self.env.clone(),
            now: self.now,
        }
    }
}

/// The wall clock; everything else is handed the time.
#[allow(clippy::disallowed_methods)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
