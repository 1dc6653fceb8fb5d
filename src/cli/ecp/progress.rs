//! What a command that takes a while says as it goes, with `--verbose`.

use std::io::Write;

use crate::cli::output;

/// Says it, or does not.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    verbose: bool,
}

impl Progress {
    pub fn new(verbose: bool) -> Self {
        Self { verbose }
    }

    pub fn is_shown(self) -> bool {
        self.verbose
    }

    /// A piece of a line, to be seen before what it is about is done.
    pub fn say(self, text: &str) {
        if self.verbose {
            let mut out = std::io::stdout();
            let _ = write!(out, "{}", output::harmless(text));
            let _ = out.flush();
        }
    }
}
