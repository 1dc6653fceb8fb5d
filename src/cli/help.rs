//! What `--help` prints, and its parts, which the man pages share.

use clap::{Arg, ArgAction, Command};
use rustix::termios::tcgetwinsize;

use super::headings;

/// In a pipe, whatever the terminal behind it: scripts and tests get the same each time.
const WIDTH_IN_PIPES: usize = 80;
/// Longer lines are hard to read.
const WIDEST: usize = 100;
const NARROWEST: usize = 40;
/// The most that names of options may take of a line before their description moves to the next.
const WIDEST_NAME: usize = 28;

/// The options without a heading of their own.
pub const OPTIONS: &str = "OPTIONS";
pub const ARGUMENTS: &str = "ARGUMENTS";

/// Options that belong together, or the free words.
pub struct Group<'a> {
    pub heading: &'a str,
    pub args: Vec<&'a Arg>,
}

/// The groups of a command, what everybody needs first.
pub fn groups(command: &Command) -> Vec<Group<'_>> {
    let known = [ARGUMENTS, OPTIONS].into_iter().chain(headings::ORDER);
    let mut groups: Vec<Group<'_>> = known
        .map(|heading| Group {
            heading,
            args: Vec::new(),
        })
        .collect();
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let heading = match arg.get_help_heading() {
            _ if arg.is_positional() => ARGUMENTS,
            Some(heading) => heading,
            None => OPTIONS,
        };
        match groups.iter_mut().find(|group| group.heading == heading) {
            Some(group) => group.args.push(arg),
            None => groups.push(Group {
                heading,
                args: vec![arg],
            }),
        }
    }
    groups.retain(|group| !group.args.is_empty());
    groups
}

/// The first line: what may follow the command's name.
pub fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").trim().to_owned()
}

/// What the command does, in sentences.
pub fn about(command: &Command) -> String {
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    // clap takes the full stop off.
    format!("{}.", about.trim_end_matches('.'))
}

/// What an option or word means, with its default and the values it takes.
pub fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let list = |values: Vec<String>| values.join(", ");
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<String> = defaults
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    if takes_value(arg) && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        text.push_str(&format!(" [default: {}]", list(defaults)));
    }
    let values: Vec<String> = possible_values(arg).map(|(value, _)| value).collect();
    if !values.is_empty() {
        text.push_str(&format!(" [possible values: {}]", list(values)));
    }
    text
}

/// The only values that an option takes, with their descriptions, if it says so.
pub fn possible_values(arg: &Arg) -> impl Iterator<Item = (String, String)> {
    let values = if takes_value(arg) {
        arg.get_possible_values()
    } else {
        Vec::new()
    };
    values
        .into_iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| {
            let about = value
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            (value.get_name().to_owned(), about)
        })
}

pub fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The placeholder of an option's value or of a free word.
pub fn placeholder(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let name = names
        .first()
        .map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string);
    let many = arg.is_positional() && matches!(arg.get_action(), ArgAction::Append);
    if many { format!("{name}...") } else { name }
}

/// How the terminal shows the option: `-q, --quiet`, `    --voms <VO>`, `FILE`.
fn spelling(arg: &Arg) -> String {
    if arg.is_positional() {
        return placeholder(arg);
    }
    let short = arg
        .get_short()
        .map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let long = arg.get_long().unwrap_or_default();
    if takes_value(arg) && arg.is_require_equals_set() {
        format!("{short}--{long}[=<{}>]", placeholder(arg))
    } else if takes_value(arg) {
        format!("{short}--{long} <{}>", placeholder(arg))
    } else {
        format!("{short}--{long}")
    }
}

/// The whole help text.
pub fn text(command: &Command, width: usize) -> String {
    let mut text = format!(
        "usage: {}\n\n{}\n",
        wrapped(&usage(command), width, "usage: ".len()),
        wrapped(&about(command), width, 0)
    );
    let groups = groups(command);
    let names = groups
        .iter()
        .flat_map(|group| &group.args)
        .map(|arg| spelling(arg).len());
    let column = names
        .filter(|length| *length <= WIDEST_NAME)
        .max()
        .unwrap_or(0)
        + 4;
    for Group { heading, args } in &groups {
        text.push_str(&format!("\n{heading}\n"));
        for arg in args {
            text.push_str(&row(&spelling(arg), &meaning(arg), column, width));
        }
    }
    if let Some(after) = command.get_after_help() {
        text.push('\n');
        for line in unbroken(&after.to_string()) {
            text.push_str(&preformatted(&line, width));
            text.push('\n');
        }
    }
    text.trim_end().to_owned()
}

/// Whether a line is the title of a section.
pub fn is_title(line: &str) -> bool {
    !line.is_empty() && line.chars().all(|c| c.is_ascii_uppercase() || c == ' ')
}

/// The lines of a text, where those of a paragraph are one. Tables and examples are indented.
pub fn unbroken(text: &str) -> Vec<String> {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ') && !is_title(line);
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match lines.last_mut() {
            Some(last) if is_prose(last) && is_prose(line) => {
                last.push(' ');
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// A name, and its description from `column` on.
pub fn row(name: &str, description: &str, column: usize, width: usize) -> String {
    let description = wrapped(description, width, column);
    let name = format!("  {name}");
    if name.len() + 2 > column {
        format!("{name}\n{}{description}\n", " ".repeat(column))
    } else {
        format!("{name:<column$}{description}\n")
    }
}

/// Words in lines of at most `width`; all but the first line are indented, and the first has room
/// for as much.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut at = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if at > indent && at + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            at = indent;
        } else if at > indent {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += length;
    }
    out
}

/// A line of a table or an example; longer ones go on below their second column.
fn preformatted(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let start = line.len() - line.trim_start().len();
    let second = line[start..].find("  ").map(|gap| {
        let rest = &line[start + gap..];
        start + gap + rest.len() - rest.trim_start().len()
    });
    // A second column far to the right would leave no room.
    let indent = second.filter(|second| 2 * second < width).unwrap_or(start);
    format!(
        "{}{}",
        &line[..indent],
        wrapped(&line[indent..], width, indent)
    )
}

/// The width to print for.
pub fn width() -> usize {
    let terminal = tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col));
    // Terminals that do not know their width say 0.
    terminal
        .filter(|columns| *columns > 0)
        .map_or(WIDTH_IN_PIPES, |columns| columns.clamp(NARROWEST, WIDEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_any_help_is_wider_than_the_terminal() {
        for width in [60, 80, 100] {
            for command in crate::cli::definitions() {
                let text = text(&command, width);
                let lines = text
                    .lines()
                    .filter(|line| line.contains("  ") || !line.starts_with(' '));
                for line in lines {
                    let fits = line.chars().count() <= width;
                    assert!(fits, "{} at {width}: {line}", command.get_name());
                }
            }
        }
    }

    #[test]
    fn help_has_no_two_empty_lines_in_a_row() {
        for command in crate::cli::definitions() {
            assert!(
                !text(&command, 80).contains("\n\n\n"),
                "{}",
                command.get_name()
            );
        }
    }

    #[test]
    fn a_word_longer_than_the_line_stays_whole() {
        assert_eq!(wrapped("aa bbbbbbbbbb c", 8, 2), "aa\n  bbbbbbbbbb\n  c");
    }
}
