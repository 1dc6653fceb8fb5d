//! From the peers' ways of writing options to clap's: single dashes, underscores, unique prefixes.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Parser};

use super::exit::Exit;
use super::output::{self, Trouble};

/// The first line is what scripts know from the Java client.
const HELP: &str = "\
usage: {usage}

{about-with-newline}
OPTIONS
{options}

{after-help}";

/// Parses a command's words.
///
/// # Errors
/// The exit status when there is nothing left to do: help and version were printed, or the words are wrong.
pub fn parse<P: Parser>(name: &str, words: &[OsString]) -> Result<P, Exit> {
    let mut command = P::command().version(env!("CARGO_PKG_VERSION")).help_template(HELP);
    command.build();
    let options: Vec<(String, bool)> = command
        .get_arguments()
        .flat_map(|arg| {
            let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
            let longs = arg.get_long_and_visible_aliases().unwrap_or_default().into_iter();
            let hidden = arg.get_aliases().unwrap_or_default();
            let shorts = arg.get_short().map(|short| short.to_string());
            let long = longs.chain(hidden).map(str::to_owned).chain(shorts);
            long.map(move |long| (long, takes_value)).collect::<Vec<_>>()
        })
        .collect();
    let argv = std::iter::once(OsString::from(name)).chain(normalise(words, &options));
    command
        .try_get_matches_from(argv)
        .and_then(|matches| P::from_arg_matches(&matches))
        .map_err(|error| explain(name, words, &error))
}

/// Rewrites every option word as `--name` or `--name=value`, the value's own dashes out of harm's way.
fn normalise(words: &[OsString], options: &[(String, bool)]) -> Vec<OsString> {
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(text) = word.to_str().filter(|text| text.len() > 1 && text.starts_with('-')) else {
            out.push(word.clone());
            continue;
        };
        if text == "--" {
            out.push(word.clone());
            out.extend(rest.cloned());
            break;
        }
        let bare = text.trim_start_matches('-');
        let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
        let name = name.replace('_', "-");
        let known = find(&name, options);
        let dashes = if known.map_or(name.len(), |(known, _)| known.len()) == 1 { "-" } else { "--" };
        let spelled = format!("{dashes}{}", known.map_or(name.as_str(), |(known, _)| known));
        match (known, value) {
            (Some((_, true)), None) => match rest.next() {
                Some(next) => {
                    let mut joined = OsString::from(format!("{spelled}="));
                    joined.push(next);
                    out.push(joined);
                }
                None => out.push(spelled.into()),
            },
            (_, Some(value)) => out.push(format!("{spelled}={value}").into()),
            (_, None) => out.push(spelled.into()),
        }
    }
    out
}

/// The option of that name, or the only one that begins so.
fn find<'a>(name: &str, options: &'a [(String, bool)]) -> Option<(&'a str, bool)> {
    let exact = options.iter().find(|(long, _)| long == name);
    let unique = || {
        let mut begun = options.iter().filter(|(long, _)| name.len() > 1 && long.starts_with(name));
        begun.next().filter(|_| begun.next().is_none())
    };
    exact.or_else(unique).map(|(long, takes_value)| (long.as_str(), *takes_value))
}

fn explain(name: &str, words: &[OsString], error: &clap::Error) -> Exit {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let help = format!("run: {name} --help");
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let typed = as_typed(&argument, words);
    let trouble = match error.kind() {
        ErrorKind::DisplayHelp => {
            output::line(error.render().to_string().trim_end());
            return Exit::Success;
        }
        ErrorKind::DisplayVersion => {
            output::line(&format!("{name} v. {}", env!("CARGO_PKG_VERSION")));
            return Exit::Success;
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let suggestion = context(ContextKind::SuggestedArg).map(|near| format!("did you mean {near}?"));
            Trouble::new(format!("Unrecognized option: {typed}"))
                .detail(format!("{name}: unrecognized option '{typed}'"))
                .maybe_help(Some(suggestion.unwrap_or(help)))
        }
        ErrorKind::UnknownArgument => Trouble::new(format!("unexpected word '{argument}'")).maybe_help(Some(help)),
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Trouble::new(first.trim_start_matches("error: ")).maybe_help(Some(help))
        }
    };
    trouble.print();
    Exit::Failure
}

/// The user's own spelling of an option that was rewritten.
fn as_typed(argument: &str, words: &[OsString]) -> String {
    let bare = argument.trim_start_matches('-');
    let same = |word: &&str| word.starts_with('-') && word.trim_start_matches('-').replace('_', "-").starts_with(bare);
    words.iter().filter_map(|word| word.to_str()).find(same).unwrap_or(argument).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(words: &str) -> String {
        let options =
            [("voms", true), ("valid", true), ("verify", false), ("path-length", true), ("q", false), ("quiet", false)]
                .map(|(name, takes_value)| (name.to_owned(), takes_value));
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let out: Vec<_> = normalise(&words, &options).iter().map(|w| w.to_string_lossy().into_owned()).collect();
        out.join(" ")
    }

    #[test]
    fn the_spellings_of_both_clients_mean_the_same() {
        assert_eq!(normalised("-voms virgo -q"), "--voms=virgo -q");
        assert_eq!(normalised("--path_length 3 -path-length=4"), "--path-length=3 --path-length=4");
        assert_eq!(normalised("-valid -1:00"), "--valid=-1:00");
    }

    #[test]
    fn a_unique_prefix_is_the_option_and_an_ambiguous_one_is_not() {
        assert_eq!(normalised("-ver"), "--verify");
        assert_eq!(normalised("-v"), "-v");
        assert_eq!(normalised("-nosuch word"), "--nosuch word");
    }

    #[test]
    fn words_behind_two_dashes_are_left_alone() {
        assert_eq!(normalised("-q -- -voms x"), "-q -- -voms x");
    }
}
