//! What is said on the way to a token: lines that scripts know, on stdout unless that carries a
//! token or an address.

use std::io::{IsTerminal, Write};

use crate::cli::output;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Quiet,
    Progress,
    Verbose,
}

#[derive(Clone, Copy, Debug)]
pub struct Voice {
    pub level: Level,
    /// Whether stdout is taken.
    pub on_stderr: bool,
}

impl Voice {
    /// Prints a line, unless silence was asked for.
    pub fn say(self, text: &str) {
        if self.level > Level::Quiet {
            self.line(text);
        }
    }

    /// A line that nobody can do without.
    pub fn line(self, text: &str) {
        self.write(&format!("{}\n", output::harmless(text)));
    }

    /// A line for those who want to know all.
    pub fn explain(self, text: &str) {
        if self.level == Level::Verbose {
            self.line(text);
        }
    }

    /// The beginning of a line, before the step it is about.
    pub fn begin(self, text: &str) {
        match self.level {
            Level::Quiet => {}
            Level::Progress => self.write(&output::harmless(text)),
            // What is said in between gets lines of its own.
            Level::Verbose => self.line(text),
        }
    }

    /// Its end.
    pub fn end(self, text: &str) {
        self.say(text);
    }

    /// How long somebody is waited for, on a line that is overwritten.
    pub fn waited(self, seconds: u64, of: u64) {
        let mut stderr = std::io::stderr();
        if self.level == Level::Progress && stderr.is_terminal() {
            let _ = write!(stderr, "\r  {seconds} of {of} s\x1b[K");
        }
    }

    /// The wait is over.
    pub fn waited_enough(self) {
        let mut stderr = std::io::stderr();
        if self.level == Level::Progress && stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K");
        }
    }

    /// Flushed: the address to log in at must be visible at once.
    fn write(self, text: &str) {
        if self.on_stderr {
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            let mut stdout = std::io::stdout();
            let _ = stdout.write_all(text.as_bytes());
            let _ = stdout.flush();
        }
    }
}
