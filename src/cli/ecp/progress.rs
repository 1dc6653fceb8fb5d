//! Progress messages of slow commands, with `--verbose`.

use std::io::Write;

use crate::cli::outcome::Format;
use crate::cli::output;

/// Prints progress messages, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    verbose: bool,
}

impl Progress {
    /// Stdout is for the document alone where the format is JSON.
    pub fn new(verbose: bool, format: Format) -> Self {
        Self {
            verbose: verbose && format == Format::Text,
        }
    }

    pub fn is_shown(self) -> bool {
        self.verbose
    }

    /// Prints part of a line and flushes it, to announce a step before it is done.
    pub fn say(self, text: &str) {
        if self.verbose {
            let mut out = std::io::stdout();
            let _ = write!(out, "{}", output::harmless(text));
            let _ = out.flush();
        }
    }
}
