//! The commands: how one is described, and which one a command line selects.

mod table;

use std::ffi::OsString;
use std::path::Path;

pub use self::table::COMMANDS;
use super::exit::Exit;
use super::invocation::Invocation;

/// The section of the overview that lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// From getting a certificate to becoming a member.
    Setup,
    /// Everyday commands.
    Proxies,
    Tools,
    /// The commands after the word `ecp`, which share one line.
    Ecp,
}

/// A command under one of its names.
pub struct Command {
    /// The words after `voms-proxy`.
    pub words: &'static str,
    /// The name the program can be invoked as, and that of the man page.
    pub name: &'static str,
    /// Whether `voms-proxy links` creates a link with that name.
    pub is_linked: bool,
    /// The section and description in the overview; names of other programs are not listed.
    pub listed: Option<(Group, &'static str)>,
    /// The first line of its help, if it shares its options with another name.
    pub usage: Option<&'static str>,
    define: fn() -> clap::Command,
    run: fn(&Invocation) -> Exit,
}

impl Command {
    const fn new(
        words: &'static str,
        name: &'static str,
        define: fn() -> clap::Command,
        run: fn(&Invocation) -> Exit,
    ) -> Self {
        Self {
            words,
            name,
            is_linked: false,
            listed: None,
            usage: None,
            define,
            run,
        }
    }

    const fn linked(self) -> Self {
        Self {
            is_linked: true,
            ..self
        }
    }

    const fn listed(self, group: Group, about: &'static str) -> Self {
        Self {
            listed: Some((group, about)),
            ..self
        }
    }

    const fn usage(self, usage: &'static str) -> Self {
        Self {
            usage: Some(usage),
            ..self
        }
    }

    /// Its clap definition.
    pub fn definition(&self) -> clap::Command {
        let definition = (self.define)().name(self.name);
        match self.usage {
            Some(usage) => definition.override_usage(usage),
            None => definition,
        }
    }

    pub fn run(&self, invocation: &Invocation) -> Exit {
        (self.run)(invocation)
    }

    /// The remaining words, if the first ones select this command.
    fn rest<'a>(&self, typed: &'a [OsString]) -> Option<&'a [OsString]> {
        let (first, rest) = typed.split_first()?;
        if first == self.name {
            return Some(rest);
        }
        let mut typed = typed.iter();
        let chosen = self
            .words
            .split(' ')
            .all(|word| typed.next().is_some_and(|typed| typed == word));
        chosen.then_some(typed.as_slice())
    }
}

/// The subcommand that was most likely meant.
pub fn similar(typed: &str) -> Option<&'static str> {
    let typed = typed.to_ascii_lowercase();
    let words = COMMANDS.iter().filter(|command| command.listed.is_some());
    words
        .map(|command| {
            (
                strsim::damerau_levenshtein(&typed, command.words),
                command.words,
            )
        })
        .filter(|(distance, word)| *distance <= 2 && *distance * 2 < word.len())
        .min()
        .map(|(_, word)| word)
}

/// The command that a command line selects, by the name the program was invoked as or by its first
/// words, and the remaining words.
pub fn find(argv: &[OsString]) -> Option<(&'static Command, &[OsString])> {
    let started_as = argv
        .first()
        .map(Path::new)
        .and_then(Path::file_name)
        .unwrap_or_default();
    let typed = argv.get(1..).unwrap_or_default();
    let by_name = COMMANDS.iter().find(|command| started_as == command.name);
    by_name.map(|command| (command, typed)).or_else(|| {
        COMMANDS
            .iter()
            .find_map(|command| Some((command, command.rest(typed)?)))
    })
}

/// The row with that name.
pub fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// The names for which `voms-proxy links` creates links.
pub fn linked() -> impl Iterator<Item = &'static str> {
    COMMANDS
        .iter()
        .filter(|command| command.is_linked)
        .map(|command| command.name)
}

/// A command as the user types it: without a link, it is a word after `voms-proxy`.
pub fn as_typed(name: &str) -> String {
    match named(name) {
        Some(command) if !command.is_linked => format!("voms-proxy {}", command.words),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(line: &str) -> Option<(&'static str, usize)> {
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        find(&argv).map(|(command, words)| (command.name, words.len()))
    }

    #[test]
    fn a_command_is_chosen_by_the_name_of_the_program_or_by_the_first_words() {
        assert_eq!(
            chosen("/usr/bin/voms-proxy-init --voms virgo"),
            Some(("voms-proxy-init", 2))
        );
        assert_eq!(
            chosen("voms-proxy init --voms virgo"),
            Some(("voms-proxy-init", 2))
        );
        assert_eq!(
            chosen("voms-proxy grid-proxy-info -e"),
            Some(("grid-proxy-info", 1))
        );
        assert_eq!(
            chosen("voms-proxy ecp get-cert -k"),
            Some(("ecp-get-cert", 1))
        );
        assert_eq!(
            chosen("voms-proxy ecp-get-cert -k"),
            Some(("ecp-get-cert", 1))
        );
        assert_eq!(chosen("voms-proxy-info init"), Some(("voms-proxy-info", 1)));
        assert_eq!(chosen("voms-proxy ecp"), None);
        assert_eq!(chosen("voms-proxy ini"), None);
    }

    #[test]
    fn no_name_stands_for_two_commands() {
        let mut names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMANDS.len());
    }
}
