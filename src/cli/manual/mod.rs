//! The man pages, made from the definitions of the commands: `voms-proxy man`, and `man/`.

mod background;
mod roff;

use clap::Command;

use self::background::{ENVIRONMENT, FILES, Fact};
use self::roff::Page;
use super::commands::{self, COMMANDS};
use super::help;

/// Pages of file formats, written by hand.
const FORMATS: [(&str, &str); 2] = [
    ("vomses", include_str!("../../../man/vomses.5")),
    ("vomsdir", include_str!("../../../man/vomsdir.5")),
];

/// The page of the program itself.
pub const OVERVIEW: &str = "voms-proxy";

/// The page of that name.
pub fn page(name: &str) -> Option<String> {
    if name == OVERVIEW {
        return Some(overview());
    }
    let format = FORMATS.iter().find(|(known, _)| *known == name);
    format
        .map(|(_, text)| (*text).to_owned())
        .or_else(|| Some(of_command(commands::named(name)?)))
}

/// The names of all pages of commands.
pub fn names() -> impl Iterator<Item = &'static str> {
    let commands = COMMANDS.iter().map(|command| command.name);
    std::iter::once(OVERVIEW).chain(commands)
}

/// The names of the pages of file formats.
pub fn formats() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|(name, _)| *name)
}

fn of_command(row: &commands::Command) -> String {
    let definition = row.definition();
    let about = help::about(&definition);
    let mut page = Page::new(row.name);
    page.name(row.name, &about);
    page.section("SYNOPSIS");
    page.synopsis(&help::usage(&definition));
    page.section("DESCRIPTION");
    page.paragraph(&about);
    let (description, sections) = parts(&definition);
    description.iter().for_each(|text| page.paragraph(text));
    options(&mut page, &definition);
    let (examples, others): (Vec<_>, Vec<_>) = sections
        .into_iter()
        .partition(|(title, _)| title == "EXAMPLES");
    for (title, lines) in &others {
        page.section(title);
        page.table(lines);
    }
    facts(&mut page, "ENVIRONMENT", ENVIRONMENT, &definition);
    facts(&mut page, "FILES", FILES, &definition);
    for (title, lines) in &examples {
        page.section(title);
        page.literal(lines);
    }
    see_also(&mut page, row, &definition);
    page.finished()
}

/// The text below the options: what comes before its first title, and the lines under each title.
fn parts(definition: &Command) -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let after = definition
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut description = Vec::new();
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for line in help::unbroken(&after) {
        match sections.last_mut() {
            _ if help::is_title(&line) => sections.push((line, Vec::new())),
            Some((_, lines)) => lines.push(line),
            None if line.is_empty() => {}
            None => description.push(line),
        }
    }
    (description, sections)
}

fn options(page: &mut Page, definition: &Command) {
    let mut is_inside = false;
    for group in help::groups(definition) {
        match group.heading {
            help::ARGUMENTS => page.section(group.heading),
            help::OPTIONS => {
                page.section(help::OPTIONS);
                is_inside = true;
            }
            heading => {
                if !is_inside {
                    page.section(help::OPTIONS);
                    is_inside = true;
                }
                page.subsection(heading);
            }
        }
        for arg in group.args {
            page.option(arg);
        }
    }
}

/// The facts that matter to a command.
fn facts(page: &mut Page, title: &str, all: &[Fact], definition: &Command) {
    let relevant: Vec<&Fact> = all
        .iter()
        .filter(|fact| fact.concerns(definition))
        .collect();
    list(page, title, &relevant);
}

fn list(page: &mut Page, title: &str, facts: &[&Fact]) {
    if facts.is_empty() {
        return;
    }
    page.section(title);
    for fact in facts {
        page.item(fact.name, fact.text);
    }
}

fn see_also(page: &mut Page, row: &commands::Command, definition: &Command) {
    let group = |row: &commands::Command| row.listed.map(|(group, _)| group);
    let family = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
    let is_near = |other: &&commands::Command| {
        other.name != row.name
            && match group(row) {
                Some(_) => group(other) == group(row),
                None => family(other.name) == family(row.name) && group(other).is_none(),
            }
    };
    let mut names = vec![(OVERVIEW, 1)];
    names.extend(COMMANDS.iter().filter(is_near).map(|other| (other.name, 1)));
    let has = |name: &str| {
        definition
            .get_arguments()
            .any(|arg| arg.get_long() == Some(name))
    };
    names.extend(
        [("vomses", 5), ("vomsdir", 5)]
            .into_iter()
            .filter(|(name, _)| has(name)),
    );
    page.see_also(&names);
}

fn overview() -> String {
    let mut page = Page::new(OVERVIEW);
    page.name(OVERVIEW, "Grid credentials: proxies with VOMS attributes.");
    page.section("SYNOPSIS");
    page.synopsis("voms-proxy COMMAND [options]");
    page.synopsis("voms-proxy help COMMAND");
    page.section("DESCRIPTION");
    background::DESCRIPTION
        .iter()
        .for_each(|text| page.paragraph(text));
    page.section("COMMANDS");
    for command in COMMANDS.iter().filter(|command| command.listed.is_some()) {
        let about = help::about(&command.definition());
        page.item(&format!("voms-proxy {}", command.words), &about);
    }
    page.section("OTHER NAMES");
    page.paragraph(background::OTHER_NAMES);
    let linked: Vec<&str> = commands::linked().collect();
    page.paragraph(&format!("{}.", linked.join(", ")));
    page.section("EXIT CODES");
    page.table(&background::EXIT_CODES.map(str::to_owned));
    list(
        &mut page,
        "ENVIRONMENT",
        &ENVIRONMENT.iter().collect::<Vec<_>>(),
    );
    list(&mut page, "FILES", &FILES.iter().collect::<Vec<_>>());
    page.section("EXAMPLES");
    page.literal(&background::EXAMPLES.map(str::to_owned));
    let all = COMMANDS.iter().map(|command| (command.name, 1));
    let formats = formats().map(|name| (name, 5));
    page.see_also(&all.chain(formats).collect::<Vec<_>>());
    page.finished()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_the_sections_that_readers_look_for() {
        for name in names() {
            let page = page(name).unwrap();
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"] {
                assert!(
                    page.contains(&format!(".SH \"{section}\"\n")),
                    "{name}: no {section}"
                );
            }
            assert!(!page.contains(".SH \"EXTRA\""), "{name}");
        }
    }

    #[test]
    fn every_variable_and_file_is_on_the_page_of_a_command() {
        let definitions = crate::cli::definitions();
        for fact in ENVIRONMENT.iter().chain(FILES) {
            assert!(
                definitions.iter().any(|command| fact.concerns(command)),
                "{}",
                fact.name
            );
        }
    }

    #[test]
    fn no_variable_that_the_program_reads_is_left_out() {
        let source = include_str!("../env.rs");
        let names = source.split('"').skip(1).step_by(2).filter(|text| {
            text.len() > 2
                && text
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        });
        for name in names {
            assert!(
                ENVIRONMENT.iter().any(|fact| fact.name.contains(name)),
                "{name}"
            );
        }
    }
}
