//! Which words may stand where the cursor is.

use std::ffi::OsString;
use std::fmt;

use clap::{Arg, Command};

use super::values;
use crate::cli::commands::{self, COMMANDS};
use crate::cli::env::Environment;
use crate::cli::help;

/// A word that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    Word {
        word: String,
        about: String,
    },
    /// The names of files.
    Files,
    /// The names of directories.
    Directories,
}

impl Candidate {
    pub fn new(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self::Word {
            word: word.into(),
            about: about.into(),
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files => f.write_str(":files"),
            Self::Directories => f.write_str(":directories"),
            Self::Word { word, about } if about.is_empty() => f.write_str(word),
            Self::Word { word, about } => write!(f, "{word}\t{about}"),
        }
    }
}

/// The candidates for the last of the words, the first being the program's name.
pub fn candidates(words: &[String], env: &Environment) -> Vec<Candidate> {
    let Some((current, before)) = words.split_last().filter(|(_, before)| !before.is_empty())
    else {
        return Vec::new();
    };
    let mut found = match as_help(before) {
        Some(wanted) => names_of_commands(wanted, false),
        None => {
            let argv: Vec<OsString> = before.iter().map(OsString::from).collect();
            match commands::find(&argv) {
                Some((command, rest)) => {
                    let line = Line::new(command, rest.len(), before);
                    line.candidates(current, env)
                }
                None => names_of_commands(&before[1..], true),
            }
        }
    };
    found.retain(|candidate| match candidate {
        // They come from files, and go into the user's command line.
        Candidate::Word { word, .. } => word.starts_with(current.as_str()) && is_harmless(word),
        Candidate::Files | Candidate::Directories => true,
    });
    found
}

/// Whether no shell takes a word for more than a word.
fn is_harmless(word: &str) -> bool {
    !word.starts_with(':')
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:/=@+,".contains(c))
}

/// The words after `voms-proxy help`.
fn as_help(before: &[String]) -> Option<&[String]> {
    match before {
        [program, help, rest @ ..] if program == "voms-proxy" && help == "help" => Some(rest),
        _ => None,
    }
}

/// The words that select a command, of which some have been typed.
fn names_of_commands(typed: &[String], with_options: bool) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for command in &COMMANDS {
        let mut words = command.words.split(' ');
        if !typed.iter().all(|typed| words.next() == Some(typed)) {
            continue;
        }
        let (Some(next), last) = (words.next(), words.next().is_none()) else {
            continue;
        };
        let about = command.listed.map_or("", |(_, about)| about);
        let candidate = Candidate::new(next, if last { about } else { "" });
        let is_new = found
            .iter()
            .all(|known| !matches!(known, Candidate::Word { word, .. } if word == next));
        if command.listed.is_some() && is_new {
            found.push(candidate);
        }
    }
    if with_options && typed.is_empty() {
        found.push(Candidate::new("help", "show the help of a command"));
        found.push(Candidate::new("--help", "show all commands"));
        found.push(Candidate::new("--version", "show the version"));
    }
    found
}

/// A command line up to the word that is completed.
struct Line<'a> {
    command: &'static commands::Command,
    definition: Command,
    /// The words after those that select the command.
    words: &'a [String],
}

/// What a word completes.
enum Position<'a> {
    /// An option, or a free word after so many others.
    Free(usize),
    /// The value of an option.
    Value(&'a Arg),
    /// Behind `--`, where the words are another program's.
    Foreign,
}

impl<'a> Line<'a> {
    fn new(command: &'static commands::Command, rest: usize, before: &'a [String]) -> Self {
        let mut definition = command.definition();
        definition.build();
        Self {
            command,
            definition,
            words: &before[before.len() - rest..],
        }
    }

    fn candidates(&self, current: &str, env: &Environment) -> Vec<Candidate> {
        let named = |text: &str| self.option(text.trim_start_matches('-'));
        match self.position() {
            Position::Foreign => Vec::new(),
            Position::Value(arg) => values::of(self.command, arg, current, env),
            Position::Free(_) if current.starts_with('-') => match current.split_once('=') {
                Some((option, value)) => named(option)
                    .map(|arg| values::of(self.command, arg, value, env))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|candidate| behind(option, candidate))
                    .collect(),
                None => self.options(current),
            },
            Position::Free(count) => self
                .positional(count)
                .map(|arg| values::of(self.command, arg, current, env))
                .unwrap_or_default(),
        }
    }

    fn position(&self) -> Position<'_> {
        let mut free = 0;
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                return Position::Foreign;
            }
            if !word.starts_with('-') || word == "-" {
                free += 1;
                continue;
            }
            let option = self.option(word.trim_start_matches('-'));
            if let Some(arg) = option.filter(|arg| help::takes_value(arg))
                && words.next().is_none()
            {
                return Position::Value(arg);
            }
        }
        Position::Free(free)
    }

    /// The option that the parser would take a word for, if it has no value of its own.
    fn option(&self, typed: &str) -> Option<&Arg> {
        let typed = typed.replace('_', "-");
        let names = |arg: &Arg| {
            let longs = arg
                .get_long()
                .into_iter()
                .chain(arg.get_all_aliases().unwrap_or_default());
            let longs = longs.map(str::to_owned);
            longs
                .chain(arg.get_short().map(String::from))
                .collect::<Vec<_>>()
        };
        let options: Vec<&Arg> = self
            .definition
            .get_arguments()
            .filter(|arg| !arg.is_positional())
            .collect();
        let begins =
            |arg: &Arg| typed.len() > 1 && names(arg).iter().any(|name| name.starts_with(&typed));
        let exact = options.iter().find(|arg| names(arg).contains(&typed));
        exact
            .or_else(|| options.iter().find(|arg| begins(arg)))
            .copied()
    }

    /// The options, with as many dashes as have been typed.
    fn options(&self, current: &str) -> Vec<Candidate> {
        let is_single = current.len() > 1 && !current.starts_with("--");
        let shown = self
            .definition
            .get_arguments()
            .filter(|arg| !arg.is_hide_set());
        let mut found = Vec::new();
        for arg in shown.filter(|arg| !arg.is_positional()) {
            let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let dashes = if is_single { "-" } else { "--" };
            found.extend(
                arg.get_long()
                    .map(|long| Candidate::new(format!("{dashes}{long}"), about.clone())),
            );
            found.extend(
                arg.get_short()
                    .map(|short| Candidate::new(format!("-{short}"), about)),
            );
        }
        found
    }

    /// The free word after so many others; the last of them may be repeatable.
    fn positional(&self, count: usize) -> Option<&Arg> {
        let all: Vec<&Arg> = self
            .definition
            .get_positionals()
            .filter(|arg| !arg.is_last_set())
            .collect();
        all.get(count).copied().or_else(|| {
            all.last()
                .copied()
                .filter(|arg| matches!(arg.get_action(), clap::ArgAction::Append))
        })
    }
}

/// A value as a part of `--option=value`.
fn behind(option: &str, candidate: Candidate) -> Candidate {
    match candidate {
        Candidate::Word { word, about } => Candidate::new(format!("{option}={word}"), about),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let found = candidates(&words, &Environment::default());
        let shown = found.iter().map(|candidate| candidate.to_string());
        shown
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_program_completes_its_commands() {
        assert_eq!(at("voms-proxy ini"), ["init"]);
        assert_eq!(at("voms-proxy v"), ["vo", "verify"]);
        assert_eq!(at("voms-proxy vo "), ["list", "add"]);
        assert_eq!(at("voms-proxy help doc"), ["doctor"]);
        assert!(at("voms-proxy ").contains(&"--help".to_owned()));
        assert!(at("voms-proxy nosuch x").is_empty());
    }

    #[test]
    fn options_have_as_many_dashes_as_were_typed() {
        assert_eq!(
            at("voms-proxy-init -vo"),
            ["-voms", "-vomslife", "-vomsdir", "-vomses"]
        );
        assert_eq!(at("voms-proxy init --key-"), ["--key-type"]);
        assert!(at("voms-proxy-init -").contains(&"-q".to_owned()));
        assert!(at("voms-proxy-init --glob").is_empty(), "it is hidden");
    }

    #[test]
    fn a_value_is_completed_in_every_spelling() {
        assert_eq!(at("voms-proxy-init --key-type "), ["rsa", "ec"]);
        assert_eq!(at("voms-proxy-init -key_type r"), ["rsa"]);
        assert_eq!(at("voms-proxy-init --key-type=e"), ["--key-type=ec"]);
        assert_eq!(at("voms-proxy-init -voms v"), ["virgo"]);
        assert_eq!(at("voms-proxy-init --voms=v"), ["--voms=virgo"]);
    }

    #[test]
    fn files_are_offered_where_files_are_named_and_nowhere_else() {
        assert_eq!(at("voms-proxy-init --cert "), [":files"]);
        assert_eq!(at("voms-proxy-init --out=x"), [":files"]);
        assert_eq!(at("voms-proxy-init --certdir "), [":directories"]);
        assert_eq!(at("voms-proxy import mycert.p12 "), [":files"]);
        assert_eq!(at("voms-proxy verify "), [":files"]);
        for line in [
            "voms-proxy-init ",
            "voms-proxy-init --valid ",
            "voms-proxy-init --order=/ether",
        ] {
            assert!(at(line).is_empty(), "{line}");
        }
        assert!(at("voms-proxy sandbox -- voms-proxy-init --").is_empty());
    }

    #[test]
    fn a_name_with_which_a_shell_could_be_tricked_is_not_offered() {
        for word in [
            "$(id)", "a b", "a;b", "`id`", "a'b", ":files", "a\tb", "ünsafe",
        ] {
            assert!(!is_harmless(word), "{word}");
        }
        assert!(is_harmless("virgo:/virgo/Role=production"));
    }
}
