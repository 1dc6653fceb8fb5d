//! Completion of command lines. A short script in each shell asks the program, which knows the
//! options, the VOs and the present proxy: `voms-proxy __complete NAME WORD...`.
//!
//! The answer has a candidate in each line: a whole word, then, behind a tab, what it means. A line
//! that begins with a colon asks the shell to complete the names of files or directories.

mod engine;
mod values;

use std::ffi::OsString;

use clap::ValueEnum;

use super::commands;
use super::env::Environment;
use super::exit::Exit;
use super::output;

/// The command that the scripts are named after.
pub const NAME: &str = "voms-proxy";

/// The word that selects this; no user types it.
pub const REQUEST: &str = "__complete";

/// A shell for which there is a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    /// The script, which serves all names of the program.
    pub fn script(self) -> String {
        let template = match self {
            Self::Bash => include_str!("bash.sh"),
            Self::Zsh => include_str!("zsh.zsh"),
            Self::Fish => include_str!("fish.fish"),
        };
        let names: Vec<&str> = names().collect();
        template.replace("@NAMES@", &names.join(" "))
    }

    /// Whether the shell loads a script by the name of the command that is completed.
    pub fn looks_by_name(self) -> bool {
        self != Self::Zsh
    }

    /// Where the shells look for the script of a command, below `completions/`.
    pub fn file(self, name: &str) -> String {
        match self {
            Self::Bash => format!("bash/{name}"),
            Self::Zsh => format!("zsh/_{name}"),
            Self::Fish => format!("fish/{name}.fish"),
        }
    }
}

/// The names of the program that are completed.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(NAME).chain(commands::linked())
}

/// Answers a script: `words` is the command line up to the cursor, whose last word is to be
/// completed.
pub fn answer(words: &[OsString]) -> Exit {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    for candidate in engine::candidates(&words, &Environment::read()) {
        // Our own words, or letters that need no care; the tab has to stay.
        output::painted_line(&candidate.to_string());
    }
    Exit::Success
}
