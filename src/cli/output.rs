//! Output for people and scripts: lines on stdout, warnings and errors on stderr.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;

use chrono::{DateTime, FixedOffset, Offset, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::advice::Advice;
use super::codes;
use super::style::{self, Style};

/// Writes a line to stdout. Ignores errors, since the reader may have closed the pipe.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", harmless(text));
}

/// Writes a label and its value.
pub fn field(label: &str, text: impl Display) {
    value(&format!("{label:<9} : {text}"));
}

/// Writes a value on one line, whatever it contains.
pub fn value(text: &str) {
    line(&text.replace('\n', "\\n"));
}

/// Writes a coloured line, whose external parts have been made [`harmless`] already.
pub fn painted_line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Writes a line to stderr, in colour if it is a terminal.
pub fn stderr(text: &str) {
    let text = painted(&harmless(text), style::of_stderr());
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes a line to stderr in place of the one that the terminal is on.
pub fn replace_line(text: &str) {
    let clear = if style::of_stderr().moves {
        "\r\x1b[K"
    } else {
        "\n"
    };
    let _ = writeln!(std::io::stderr(), "{clear}{}", harmless(text));
}

/// Colours whole lines, by their first word, so that the text in them can still be searched for.
fn painted(text: &str, style: Style) -> String {
    let line = |line: &str| match line.trim_start().split(' ').next() {
        Some("error:") => style.red(line),
        Some("warning:") => style.yellow(line),
        Some("help:") => style.bold(line),
        _ => line.to_owned(),
    };
    if !style.colours {
        return text.to_owned();
    }
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes a warning to stderr.
pub fn warning(text: impl Display) {
    stderr(&format!(
        "warning: {}",
        text.to_string().replace('\n', "\\n")
    ));
}

/// Whether an invalid command line asks for JSON.
pub fn wants_json(words: &[OsString]) -> bool {
    words.iter().any(|word| word == "--json" || word == "-json")
}

/// Escapes control characters in text from files and servers, so that it cannot control the
/// terminal.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && controls(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A JSON document on one line. What could control the terminal is escaped as JSON does, so that
/// parsers get the values unchanged.
pub fn json(document: &Value) -> String {
    let text = document.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if controls(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character controls the terminal or the direction of text. All of them are of the basic
/// multilingual plane.
fn controls(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A failure as shown to the user: the headline that scripts look for, details, and the next step.
#[derive(Debug)]
pub struct Diagnostic {
    code: &'static str,
    headline: String,
    details: Vec<String>,
    /// The next steps, the most useful one first.
    help: Vec<String>,
    last: Option<String>,
}

impl<E: std::error::Error + Advice> From<E> for Diagnostic {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

impl Diagnostic {
    /// An error and its next step.
    pub fn of(error: &(impl Display + Advice)) -> Self {
        Self::new(error.code(), error).maybe_help(error.next_step())
    }

    /// An invalid command line.
    pub fn usage(headline: impl Display) -> Self {
        Self::new(codes::USAGE, headline)
    }

    /// A failure that has no cause we know of.
    pub fn unexpected(error: impl Display) -> Self {
        Self::new(codes::FAILED, error)
    }

    pub fn new(code: &'static str, headline: impl Display) -> Self {
        Self {
            code,
            headline: headline.to_string(),
            details: Vec::new(),
            help: Vec::new(),
            last: None,
        }
    }

    /// The same for text from a server, which is kept on one line.
    pub fn from_remote(code: &'static str, headline: impl Display) -> Self {
        Self::new(code, headline.to_string().replace('\n', "\\n"))
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The headline.
    pub fn headline(&self) -> &str {
        &self.headline
    }

    /// The lines below the headline.
    pub fn details(&self) -> impl Iterator<Item = &str> {
        self.details.iter().map(String::as_str)
    }

    /// The next step, if there is one.
    pub fn next_step(&self) -> Option<&str> {
        self.help.first().map(String::as_str)
    }

    /// As JSON (`schema/error.json`).
    pub fn as_json(&self) -> Value {
        json!({
            "version": 1,
            "code": self.code,
            "message": self.headline,
            "details": self.details,
            "help": self.next_step(),
        })
    }

    /// Replaces the code.
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Adds a line below the headline. Line breaks in external text are escaped.
    pub fn detail(mut self, detail: impl Display) -> Self {
        self.details.push(detail.to_string().replace('\n', "\\n"));
        self
    }

    /// Sets the next step.
    pub fn help(mut self, help: &str) -> Self {
        self.help = vec![help.to_owned()];
        self
    }

    /// Sets the next step, if there is one.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        if let Some(help) = help {
            self.help = vec![help];
        }
        self
    }

    /// Adds another next step, unless it is the same.
    pub fn also_help(mut self, help: &str) -> Self {
        if !self.help.iter().any(|known| known == help) {
            self.help.push(help.to_owned());
        }
        self
    }

    /// Sets the line that must come last.
    pub fn last(mut self, last: &str) -> Self {
        self.last = Some(last.to_owned());
        self
    }

    /// Everything below the headline, each line behind a letter that says what it is.
    pub fn lines(&self) -> Vec<String> {
        let details = self.details.iter().map(|line| ('d', line));
        let help = self.help.iter().map(|line| ('h', line));
        let last = self.last.iter().map(|line| ('l', line));
        let all = details.chain(help).chain(last);
        all.map(|(kind, line)| format!("{kind}{line}")).collect()
    }

    /// Adds such lines.
    pub fn with_lines(mut self, lines: &[String]) -> Self {
        for line in lines {
            match (line.get(..1), line.get(1..)) {
                (Some("d"), Some(text)) => self.details.push(text.to_owned()),
                (Some("h"), Some(text)) => self.help.push(text.to_owned()),
                (Some("l"), Some(text)) => self.last = Some(text.to_owned()),
                _ => {}
            }
        }
        self
    }

    /// Prints it to stderr.
    pub fn print(&self) {
        let mut text = format!("error: {}", self.headline);
        for detail in &self.details {
            text.push_str("\n  ");
            text.push_str(detail);
        }
        for help in &self.help {
            text.push_str("\n  help: ");
            text.push_str(help);
        }
        if let Some(last) = &self.last {
            text.push('\n');
            text.push_str(last);
        }
        stderr(&text);
    }
}

/// A time in the user's time zone, and that zone's abbreviation.
pub fn local(time: DateTime<Utc>, zone: Option<&str>) -> (DateTime<FixedOffset>, String) {
    let local = match zone {
        Some(zone) => tz::TimeZone::from_posix_tz(zone),
        None => tz::TimeZone::local(),
    };
    let found = local.ok().and_then(|zone| {
        let kind = zone.find_local_time_type(time.timestamp()).ok()?;
        Some((
            FixedOffset::east_opt(kind.ut_offset())?,
            kind.time_zone_designation().to_owned(),
        ))
    });
    let (offset, name) = found.unwrap_or_else(|| (Utc.fix(), "UTC".into()));
    (time.with_timezone(&offset), name)
}

/// A time as `date` prints it, in the user's time zone with its abbreviation.
pub fn date(time: DateTime<Utc>, zone: Option<&str>) -> String {
    let (local, name) = local(time, zone);
    local
        .format(&format!("%a %b %e %H:%M:%S {name} %Y"))
        .to_string()
}

/// A time as shown in messages.
pub fn utc(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time in JSON.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An FQAN without the parts that say nothing.
pub fn short_fqan(fqan: &str) -> &str {
    fqan.trim_end_matches("/Capability=NULL")
        .trim_end_matches("/Role=NULL")
}

/// Seconds as `H:MM:SS`, hours unpadded, never negative.
pub fn hms(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_from_outside_are_made_harmless() {
        assert_eq!(
            harmless("a\x1b[31mb\nc\u{202e}d"),
            "a\\u{1b}[31mb\nc\\u{202e}d"
        );
    }

    #[test]
    fn json_is_harmless_and_keeps_its_values() {
        let value = "tab\t del\u{7f} csi\u{9b}31m bidi\u{202e}\u{2066}\u{61c} emoji\u{1f980} \\\"";
        let document = json!({ value: [value] });
        let text = super::json(&document);
        assert_eq!(harmless(&text), text);
        assert!(!text.chars().any(controls), "{text}");
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed, document);
    }

    #[test]
    fn times_read_as_date_prints_them() {
        let time = DateTime::from_timestamp(1_795_451_316, 0).unwrap();
        assert_eq!(date(time, Some("UTC")), "Mon Nov 23 16:28:36 UTC 2026");
        assert_eq!(date(time, Some("CET-1")), "Mon Nov 23 17:28:36 CET 2026");
        assert_eq!(
            date(time, Some("no such zone")),
            "Mon Nov 23 16:28:36 UTC 2026"
        );
    }

    #[test]
    fn hours_are_not_padded() {
        assert_eq!(hms(30_855), "8:34:15");
        assert_eq!(hms(-5), "0:00:00");
    }
}
