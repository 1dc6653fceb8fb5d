//! Translates the other clients' option syntax to clap's: single dashes, underscores, unique
//! prefixes.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, ArgMatches, Parser};
use serde_json::Value;

use super::exit::Exit;
use super::outcome::{CommandError, Format};
use super::output::Diagnostic;
use super::{commands, conf, help};

/// The arguments of a command.
pub trait Arguments: Parser {
    /// The options that may be abbreviated to a unique prefix, so that new options do not break old
    /// scripts. If empty, all may be abbreviated.
    const ABBREVIATED: &'static [&'static str] = &[];
    /// The exit status for an invalid command line.
    const WRONG_USAGE: Exit = Exit::Failure;

    /// The output format.
    fn format(&self) -> Format {
        Format::Text
    }

    /// The JSON printed if the command line asks for JSON but is invalid.
    fn misunderstood(diagnostic: &Diagnostic) -> Value {
        diagnostic.as_json()
    }
}

/// A command's clap definition.
pub fn definition<P: Parser>() -> clap::Command {
    P::command().version(env!("CARGO_PKG_VERSION"))
}

/// Parses a command's arguments.
///
/// # Errors
/// If there is nothing left to do: help or the version was requested, or the arguments are invalid.
pub fn parse<A: Arguments>(name: &str, words: &[OsString]) -> Result<A, CommandError> {
    let matches = matches(definition::<A>(), A::ABBREVIATED, name, words)?;
    A::from_arg_matches(&matches).map_err(|error| explain(name, words, &error))
}

/// The same for all commands, and so only once in the executable.
fn matches(
    mut command: clap::Command,
    abbreviated: &[&str],
    name: &str,
    words: &[OsString],
) -> Result<ArgMatches, CommandError> {
    if let Some(usage) = commands::named(name).and_then(|command| command.usage) {
        command = command.override_usage(usage);
    }
    command.build();
    let options = Options::of(&command, abbreviated);
    let typed = options.normalise(words);
    let with_conf = conf::with_files(&options, typed).map_err(CommandError::Usage)?;
    let argv = std::iter::once(OsString::from(name)).chain(with_conf);
    command
        .try_get_matches_from_mut(argv)
        .map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => CommandError::Help(help::text(&command, help::width())),
            _ => options
                .ambiguous(words, &error)
                .unwrap_or_else(|| explain(name, words, &error)),
        })
}

/// A command's arguments as its parser sees them, for callers that need their order.
pub fn normalised<P: Parser>(words: &[OsString]) -> Vec<OsString> {
    let mut command = definition::<P>();
    command.build();
    Options::of(&command, &[]).normalise(words)
}

/// A command's options in all their accepted spellings.
pub struct Options<'a> {
    /// Name without dashes, and whether it takes a value.
    names: Vec<(String, bool)>,
    /// Those of which the value may be left out.
    optional: Vec<String>,
    abbreviated: &'a [&'a str],
}

impl<'a> Options<'a> {
    fn of(command: &clap::Command, abbreviated: &'a [&'a str]) -> Self {
        let names = command.get_arguments().flat_map(|arg| {
            // A value that may be left out is only given behind "=".
            let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
                && !arg.is_require_equals_set();
            let longs = arg
                .get_long_and_visible_aliases()
                .unwrap_or_default()
                .into_iter();
            let hidden = arg.get_aliases().unwrap_or_default();
            let shorts = arg.get_short().map(|short| short.to_string());
            let long = longs.chain(hidden).map(str::to_owned).chain(shorts);
            long.map(move |long| (long, takes_value))
                .collect::<Vec<_>>()
        });
        let optional = command.get_arguments().filter_map(|arg| {
            let least = arg.get_num_args()?.min_values();
            arg.get_long().filter(|_| least == 0).map(str::to_owned)
        });
        Self {
            names: names.collect(),
            optional: optional.collect(),
            abbreviated,
        }
    }

    /// Rewrites every option as `--name` or `--name=value`, so that a value may start with dashes.
    pub fn normalise(&self, words: &[OsString]) -> Vec<OsString> {
        let mut out = Vec::with_capacity(words.len());
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let Some(text) = word
                .to_str()
                .filter(|text| text.len() > 1 && text.starts_with('-'))
            else {
                out.push(word.clone());
                continue;
            };
            if text == "--" {
                out.push(word.clone());
                out.extend(rest.cloned());
                break;
            }
            out.push(self.respelled(text, &mut rest));
        }
        out
    }

    /// One option with its value, which may be the next word.
    fn respelled(&self, text: &str, rest: &mut std::slice::Iter<'_, OsString>) -> OsString {
        let bare = text.trim_start_matches('-');
        let (name, value) = bare
            .split_once('=')
            .map_or((bare, None), |(name, value)| (name, Some(value)));
        let typed = name.replace('_', "-");
        let (name, takes_value) = self.find(&typed).unwrap_or((&typed, false));
        let dashes = if name.len() == 1 { "-" } else { "--" };
        let mut spelled = OsString::from(format!("{dashes}{name}"));
        let value = match value {
            Some(value) => Some(OsStr::new(value)),
            None if takes_value && !self.is_left_out(name, rest.as_slice()) => {
                rest.next().map(OsString::as_os_str)
            }
            None => None,
        };
        if let Some(value) = value {
            spelled.push("=");
            spelled.push(value);
        }
        spelled
    }

    /// Whether an option's value may be left out, and another option follows.
    fn is_left_out(&self, name: &str, rest: &[OsString]) -> bool {
        let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
        self.optional.iter().any(|optional| optional == name) && rest.first().is_none_or(is_option)
    }

    /// That an option which clap does not know is the beginning of several.
    fn ambiguous(&self, words: &[OsString], error: &clap::Error) -> Option<CommandError> {
        let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
            return None;
        };
        let name = argument.strip_prefix("--")?;
        let possible = || self.names.iter().filter(|(long, _)| long.starts_with(name));
        if error.kind() != ErrorKind::UnknownArgument || name.len() < 2 || possible().count() < 2 {
            return None;
        }
        let all: Vec<String> = possible().map(|(long, _)| format!("--{long}")).collect();
        let text = format!("Unrecognized option: {}", as_typed(argument, words));
        Some(CommandError::Usage(Diagnostic::usage(text).help(&format!(
            "it is short for several: write {}",
            all.join(" or ")
        ))))
    }

    /// The option with that name, or the only one with that prefix.
    fn find(&self, name: &str) -> Option<(&str, bool)> {
        let exact = self.names.iter().find(|(long, _)| long == name);
        let may_be_cut =
            |long: &str| self.abbreviated.is_empty() || self.abbreviated.contains(&long);
        let unique = || {
            let mut candidates = self
                .names
                .iter()
                .filter(|(long, _)| name.len() > 1 && long.starts_with(name) && may_be_cut(long));
            candidates.next().filter(|_| candidates.next().is_none())
        };
        exact
            .or_else(unique)
            .map(|(long, takes_value)| (long.as_str(), *takes_value))
    }
}

fn explain(name: &str, words: &[OsString], error: &clap::Error) -> CommandError {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let help = format!("run: {} --help", commands::as_typed(name));
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let typed = as_typed(&argument, words);
    let diagnostic = match error.kind() {
        ErrorKind::DisplayVersion => {
            return CommandError::Help(format!("{name} v. {}", env!("CARGO_PKG_VERSION")));
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let suggestion =
                context(ContextKind::SuggestedArg).map(|near| format!("did you mean {near}?"));
            Diagnostic::usage(format!("Unrecognized option: {typed}"))
                .detail(format!("{name}: unrecognized option '{typed}'"))
                .maybe_help(Some(suggestion.unwrap_or(help)))
        }
        ErrorKind::MissingRequiredArgument => {
            Diagnostic::usage(format!("{} is missing", argument.replace("...", "")))
                .maybe_help(Some(help))
        }
        ErrorKind::UnknownArgument => {
            let before = words.iter().position(|word| *word == *argument);
            let before = before.and_then(|at| words[..at].last()?.to_str());
            let help = match (name, before) {
                // Of these, the value may be left out.
                (_, Some(option @ ("--if-needed" | "--reuse" | "--token"))) => {
                    format!("did you mean {option}={argument}?")
                }
                ("voms-proxy-init", _) => format!("did you mean --voms {argument}?"),
                ("voms-proxy-run", _) => format!("put -- before the command: -- {argument}"),
                _ => help,
            };
            Diagnostic::usage(format!("unexpected word '{argument}'")).help(&help)
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Diagnostic::usage(first.trim_start_matches("error: ")).maybe_help(Some(help))
        }
    };
    CommandError::Usage(diagnostic)
}

/// The user's spelling of an option that was rewritten.
fn as_typed(argument: &str, words: &[OsString]) -> String {
    let bare = argument.trim_start_matches('-');
    let typed = || {
        let words = words.iter().filter_map(|word| word.to_str());
        words.filter(|word| word.starts_with('-'))
    };
    let spelled = |word: &str| word.trim_start_matches('-').replace('_', "-");
    typed()
        .find(|word| spelled(word) == bare)
        .or_else(|| typed().find(|word| spelled(word).starts_with(bare)))
        .unwrap_or(argument)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(words: &str) -> String {
        let names = [
            ("voms", true),
            ("valid", true),
            ("verify", false),
            ("path-length", true),
            ("q", false),
            ("quiet", false),
        ]
        .map(|(name, takes_value)| (name.to_owned(), takes_value));
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let options = Options {
            names: names.to_vec(),
            optional: vec!["voms".to_owned()],
            abbreviated: &[],
        };
        let out: Vec<_> = options
            .normalise(&words)
            .iter()
            .map(|w| w.to_string_lossy().into_owned())
            .collect();
        out.join(" ")
    }

    #[test]
    fn the_spellings_of_both_clients_mean_the_same() {
        assert_eq!(normalised("-voms virgo -q"), "--voms=virgo -q");
        assert_eq!(
            normalised("--path_length 3 -path-length=4"),
            "--path-length=3 --path-length=4"
        );
        assert_eq!(normalised("-valid -1:00"), "--valid=-1:00");
    }

    #[test]
    fn a_unique_prefix_is_the_option_and_an_ambiguous_one_is_not() {
        assert_eq!(normalised("-ver"), "--verify");
        assert_eq!(normalised("-v"), "-v");
        assert_eq!(normalised("-nosuch word"), "--nosuch word");
    }

    #[test]
    fn a_value_that_may_be_left_out_is_not_the_next_option() {
        assert_eq!(normalised("-voms -q"), "--voms -q");
        assert_eq!(normalised("-q --voms"), "-q --voms");
    }

    #[test]
    fn words_behind_two_dashes_are_left_alone() {
        assert_eq!(normalised("-q -- -voms x"), "-q -- -voms x");
    }
}
