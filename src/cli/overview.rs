//! The overview that `voms-proxy` prints when no command was given, or an unknown one.

use std::ffi::OsString;

use super::commands::{self, COMMANDS, Group};
use super::exit::Exit;
use super::output::{self, Diagnostic};

const HEAD: &str = "\
usage: voms-proxy COMMAND [options]

Grid credentials: proxies with VOMS attributes.
";

const ECP: &str = "certificates and pages through your institution's login (SAML ECP)";

const TAIL: &str = "
voms-proxy COMMAND --help shows the options. Started as grid-proxy-init, grid-proxy-info, grid-proxy-destroy,
grid-cert-info, grid-change-pass-phrase, ligo-proxy-init or ecp-get-cert it is those.";

/// Handles words that do not select a command.
pub fn answer(words: &[OsString]) -> Exit {
    let word = words
        .first()
        .map(|word| word.to_string_lossy().into_owned())
        .unwrap_or_default();
    if word == "ecp" || word.starts_with("ecp-") {
        let next = words
            .get(1)
            .filter(|_| word == "ecp")
            .map(|next| next.to_string_lossy().into_owned());
        return of_ecp(
            next.as_deref()
                .unwrap_or(&word[3..])
                .trim_start_matches('-'),
        );
    }
    match word.trim_start_matches('-') {
        "h" | "help" | "usage" => {
            output::line(&text());
            Exit::Success
        }
        "V" | "version" => {
            output::line(&format!("voms-proxy v. {}", env!("CARGO_PKG_VERSION")));
            Exit::Success
        }
        "" => {
            output::stderr(&text());
            Exit::Failure
        }
        _ => {
            let help = commands::similar(&word).map_or_else(
                || "run: voms-proxy --help".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            Diagnostic::usage(format!("unknown command '{word}'"))
                .help(&help)
                .print();
            Exit::Failure
        }
    }
}

/// The commands by section, one per line; those of `ecp` share one line.
fn text() -> String {
    let mut text = HEAD.to_owned();
    let mut last = None;
    for (words, group, about) in COMMANDS
        .iter()
        .filter_map(|row| row.listed.map(|(group, about)| (row.words, group, about)))
    {
        let is_first = last != Some(group);
        if group == Group::Ecp {
            if is_first {
                text.push_str(&format!(
                    "  {:<8}  {}: {ECP}\n",
                    "ecp",
                    words_of_ecp().join(", ")
                ));
            }
        } else {
            let is_block = is_first && last != Some(Group::Ecp);
            text.push_str(&format!(
                "{}  {words:<8}  {about}\n",
                if is_block { "\n" } else { "" }
            ));
        }
        last = Some(group);
    }
    text + TAIL
}

/// The words that may follow `voms-proxy ecp`.
fn words_of_ecp() -> Vec<&'static str> {
    COMMANDS
        .iter()
        .filter_map(|command| command.words.strip_prefix("ecp "))
        .collect()
}

fn of_ecp(word: &str) -> Exit {
    let usage = format!("voms-proxy ecp {}", words_of_ecp().join("|"));
    let diagnostic = match word {
        "h" | "help" | "usage" => {
            output::line(&format!("usage: {usage}"));
            return Exit::Success;
        }
        "" => Diagnostic::usage("ecp is the first of two words"),
        _ => Diagnostic::usage(format!("unknown command 'ecp {word}'")),
    };
    diagnostic.help(&format!("run: {usage}")).print();
    Exit::Failure
}
