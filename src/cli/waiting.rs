//! Something to see while the program waits, on terminals.

use std::cell::RefCell;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{output, signals, style};

const TICK: Duration = Duration::from_millis(100);

/// A line at the bottom of the terminal that says what is waited for.
pub struct Waiting {
    bar: ProgressBar,
    /// The last text of a terminal that cannot take a line back: each is a line of its own.
    printed: Option<RefCell<String>>,
    /// What to say if the user does not wait for the end.
    interrupted: &'static str,
}

impl Waiting {
    /// One that is seen if it is wanted and stderr is a terminal.
    pub fn new(wanted: bool, interrupted: &'static str) -> Self {
        let style = style::of_stderr();
        let shown = wanted && stderr().is_terminal();
        let bar = if shown && style.moves {
            let bar = ProgressBar::new_spinner();
            if !style.unicode {
                bar.set_style(ProgressStyle::default_spinner().tick_chars("|/-\\ "));
            }
            bar
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            printed: (shown && !style.moves).then(RefCell::default),
            interrupted,
        }
    }

    /// Begins, or says what is waited for now.
    pub fn say(&self, text: &str) {
        if let Some(printed) = &self.printed
            && *printed.borrow() != text
        {
            output::stderr(&format!("{text}..."));
            text.clone_into(&mut printed.borrow_mut());
        }
        if self.printed.is_some() || !self.bar.is_hidden() {
            signals::announce(Some(self.interrupted));
        }
        self.bar.set_message(output::harmless(text));
        self.bar.enable_steady_tick(TICK);
    }

    /// From here on, an interruption may come too late.
    pub fn too_late(&self) {
        signals::announce(None);
    }

    /// Prints something above the line.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the line away.
    pub fn end(&self) {
        signals::announce(None);
        self.bar.finish_and_clear();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end();
    }
}
