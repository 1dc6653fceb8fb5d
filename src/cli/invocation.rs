//! The inputs a command is started with.

use std::ffi::OsString;

use chrono::{DateTime, Utc};

use super::env::Environment;
use super::{platform, style};

/// The source of the current time.
pub type Clock = fn() -> DateTime<Utc>;

/// A command invocation: apart from files, servers and the terminal, all of the command's input is
/// here.
pub struct Invocation {
    /// The name it was invoked as, or would be if it had a link.
    pub name: &'static str,
    /// The arguments.
    pub words: Vec<OsString>,
    pub env: Environment,
    pub now: Clock,
}

impl Invocation {
    /// The invocation of this process.
    pub fn new(name: &'static str, words: &[OsString]) -> Self {
        let env = Environment::read();
        style::allow(env.style);
        platform::remember(env.conda_prefix.is_some());
        Self {
            name,
            words: words.to_vec(),
            env,
            now,
        }
    }

    /// The same, with other arguments.
    pub fn with_words(&self, words: Vec<OsString>) -> Self {
        Self {
            words,
            name: self.name,
            env: self.env.clone(),
            now: self.now,
        }
    }
}

/// The wall clock; everything else gets the time passed in.
#[allow(clippy::disallowed_methods)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
