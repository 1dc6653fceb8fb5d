//! The overview that `voms-proxy` prints when no command was given, or an unknown one.

use std::ffi::OsString;

use super::commands::{self, COMMANDS, Group};
use super::exit::Exit;
use super::help;
use super::invocation::Invocation;
use super::output::{self, Diagnostic};

const HEAD: &str = "\
usage: voms-proxy COMMAND [options]

Grid credentials: proxies with VOMS attributes.
";

const ECP: &str = "certificates and pages through your institution's login (SAML ECP)";

const TAIL: &str = "\
voms-proxy COMMAND --help shows the options. Started as grid-proxy-init, grid-proxy-info, \
grid-proxy-destroy, grid-cert-info, grid-change-pass-phrase, ligo-proxy-init or ecp-get-cert it is \
those.";

/// Where the descriptions begin.
const COLUMN: usize = 15;

/// Handles words that do not select a command.
pub fn answer(words: &[OsString]) -> Exit {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let first = words.first().map_or("", String::as_str);
    let next = words.get(1).map(String::as_str);
    // `ecp-` alone is a part of a name.
    let (first, next) = match first.split_once('-') {
        Some(("ecp", rest)) => ("ecp", Some(rest)),
        _ => (first, next),
    };
    if !words_after(first).is_empty() {
        return of_group(first, next.unwrap_or_default().trim_start_matches('-'));
    }
    match first.trim_start_matches('-') {
        "h" | "help" | "usage" => help_about(&words[1..]),
        "V" | "version" => {
            output::line(&format!("voms-proxy v. {}", env!("CARGO_PKG_VERSION")));
            Exit::Success
        }
        "" => {
            output::stderr(&text(help::width()));
            Exit::Failure
        }
        _ => unknown(first),
    }
}

/// `voms-proxy help`, with the words of a command.
fn help_about(words: &[String]) -> Exit {
    if words.is_empty() {
        output::line(&text(help::width()));
        return Exit::Success;
    }
    let argv: Vec<OsString> = std::iter::once("voms-proxy")
        .chain(words.iter().map(String::as_str))
        .map(OsString::from)
        .collect();
    match commands::find(&argv) {
        Some((command, _)) => command.run(&Invocation::new(command.name, &["--help".into()])),
        None if !words_after(&words[0]).is_empty() => of_group(&words[0], "help"),
        None => unknown(&words[0]),
    }
}

fn unknown(word: &str) -> Exit {
    let help = commands::similar(word).map_or_else(
        || "run: voms-proxy --help".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    Diagnostic::usage(format!("unknown command '{word}'"))
        .help(&help)
        .print();
    Exit::Failure
}

/// The commands by section, one per line; those of `ecp` share one line.
fn text(width: usize) -> String {
    let mut text = HEAD.to_owned();
    let mut last = None;
    for (words, group, about) in COMMANDS
        .iter()
        .filter_map(|row| row.listed.map(|(group, about)| (row.words, group, about)))
    {
        let is_first = last != Some(group);
        if group == Group::Ecp {
            if is_first {
                let about = format!("{}: {ECP}", words_after("ecp").join(", "));
                text.push_str(&help::row("ecp", &about, COLUMN, width));
            }
        } else {
            if is_first && last != Some(Group::Ecp) {
                text.push('\n');
            }
            text.push_str(&help::row(words, about, COLUMN, width));
        }
        last = Some(group);
    }
    format!("{text}\n{}", help::wrapped(TAIL, width, 0))
}

/// The words that may follow the first word of a command of two.
fn words_after(first: &str) -> Vec<&'static str> {
    COMMANDS
        .iter()
        .filter_map(|command| command.words.strip_prefix(first)?.strip_prefix(' '))
        .collect()
}

fn of_group(first: &str, word: &str) -> Exit {
    let usage = format!("voms-proxy {first} {}", words_after(first).join("|"));
    let diagnostic = match word {
        "h" | "help" | "usage" => {
            output::line(&format!("usage: {usage}"));
            return Exit::Success;
        }
        "" => Diagnostic::usage(format!("{first} is the first of two words")),
        _ => Diagnostic::usage(format!("unknown command '{first} {word}'")),
    };
    diagnostic.help(&format!("run: {usage}")).print();
    Exit::Failure
}
