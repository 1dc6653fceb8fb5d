//! The result of one check, and what to do about it.

use std::fmt::Display;
use std::io::IsTerminal;

use serde_json::{Value, json};

use super::advice::Advice;
use super::codes::{self, Coded};
use super::output::{self, Diagnostic};
use super::style::{self, Style};

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok,
    /// Not checked, since an earlier problem must be fixed first.
    Skipped,
    /// Fine, but could be improved, or will need attention some day.
    Advice,
    /// Works now, but not for much longer, or not everywhere.
    Warning,
    Failed,
}

impl Status {
    /// Text in the colour of the outcome.
    pub fn painted(self, style: Style, text: &str) -> String {
        match self {
            Self::Ok => style.green(text),
            Self::Skipped | Self::Advice => style.bold(text),
            Self::Warning => style.yellow(text),
            Self::Failed => style.red(text),
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// A warning, as `--json` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub code: &'static str,
    pub message: String,
}

impl Warning {
    pub fn new(code: &'static str, message: impl Display) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }

    pub fn as_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked, such as `certificate`.
    pub area: &'static str,
    pub status: Status,
    /// What programs recognise it by.
    pub code: &'static str,
    /// What was found.
    pub fact: String,
    /// How to fix it.
    pub fix: Option<String>,
}

impl Finding {
    fn new(
        area: &'static str,
        status: Status,
        code: &'static str,
        fact: impl Display,
        fix: Option<String>,
    ) -> Self {
        Self {
            area,
            status,
            code,
            fact: fact.to_string().replace('\n', "\\n"),
            fix,
        }
    }

    pub fn ok(area: &'static str, fact: impl Display) -> Self {
        Self::new(area, Status::Ok, codes::OK, fact, None)
    }

    pub fn skipped(area: &'static str, why: impl Display) -> Self {
        Self::new(area, Status::Skipped, codes::SKIPPED, why, None)
    }

    pub fn advice(area: &'static str, code: &'static str, fact: impl Display, fix: &str) -> Self {
        Self::new(area, Status::Advice, code, fact, Some(fix.to_owned()))
    }

    pub fn warning(area: &'static str, code: &'static str, fact: impl Display, fix: &str) -> Self {
        Self::new(area, Status::Warning, code, fact, Some(fix.to_owned()))
    }

    pub fn failed(area: &'static str, code: &'static str, fact: impl Display, fix: &str) -> Self {
        Self::new(area, Status::Failed, code, fact, Some(fix.to_owned()))
    }

    /// An error, with its code and its next step.
    pub fn of(area: &'static str, error: &(impl Display + Advice)) -> Self {
        let fix = error.next_step();
        Self::new(area, Status::Failed, error.code(), error, fix)
    }

    /// An error whose next step depends on more than itself.
    pub fn of_error(area: &'static str, error: &(impl Display + Coded)) -> Self {
        Self::new(area, Status::Failed, error.code(), error, None)
    }

    /// A command's failure: the headline, and any details that add to it.
    pub fn of_diagnostic(area: &'static str, diagnostic: &Diagnostic) -> Self {
        let fact = std::iter::once(diagnostic.headline())
            .chain(diagnostic.details())
            .collect::<Vec<_>>()
            .join(": ");
        let fix = diagnostic.next_step().map(str::to_owned);
        Self::new(area, Status::Failed, diagnostic.code(), fact, fix)
    }

    /// Replaces the text.
    pub fn with_fact(self, fact: String) -> Self {
        let fact = fact.replace('\n', "\\n");
        Self { fact, ..self }
    }

    /// Replaces the next step.
    pub fn with_fix(self, fix: Option<String>) -> Self {
        Self { fix, ..self }
    }

    pub fn is_failure(&self) -> bool {
        self.status == Status::Failed
    }

    pub fn is_fault(&self) -> bool {
        matches!(self.status, Status::Warning | Status::Failed)
    }

    /// One line, and below it the fix. What is coloured is harmless.
    pub fn lines(&self, style: Style) -> Vec<String> {
        let fact = format!("{:<8} {:<11} {}", self.status.word(), self.area, self.fact);
        let help = |fix| output::harmless(&format!("{:21}help: {fix}", ""));
        std::iter::once(self.status.painted(style, &output::harmless(&fact)))
            .chain(self.fix.as_deref().map(help))
            .collect()
    }

    pub fn print(&self) {
        let style = style::on_terminal(std::io::stdout().is_terminal());
        self.lines(style)
            .iter()
            .for_each(|line| output::painted_line(line));
    }

    pub fn as_json(&self) -> Value {
        json!({
            "area": self.area,
            "status": self.status.word(),
            "code": self.code,
            "message": self.fact,
            "help": self.fix,
        })
    }
}
