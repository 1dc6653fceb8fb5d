//! One thing that was looked at, and what to do about it.

use std::fmt::Display;

use serde_json::{Value, json};

use super::output::{self, Diagnostic};

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok,
    /// Not looked at, since something before it has to be mended first.
    Skipped,
    /// Good as it is; something could be better, or will have to be done one day.
    Advice,
    /// Works now, and will not for long, or not everywhere.
    Warning,
    Failed,
}

impl Status {
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

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, such as `certificate`.
    pub area: &'static str,
    pub status: Status,
    /// What is the case.
    pub fact: String,
    /// What mends it.
    pub fix: Option<String>,
}

impl Finding {
    fn new(area: &'static str, status: Status, fact: impl Display, fix: Option<String>) -> Self {
        Self {
            area,
            status,
            fact: fact.to_string().replace('\n', "\\n"),
            fix,
        }
    }

    pub fn ok(area: &'static str, fact: impl Display) -> Self {
        Self::new(area, Status::Ok, fact, None)
    }

    pub fn skipped(area: &'static str, why: impl Display) -> Self {
        Self::new(area, Status::Skipped, why, None)
    }

    pub fn advice(area: &'static str, fact: impl Display, fix: &str) -> Self {
        Self::new(area, Status::Advice, fact, Some(fix.to_owned()))
    }

    pub fn warning(area: &'static str, fact: impl Display, fix: Option<String>) -> Self {
        Self::new(area, Status::Warning, fact, fix)
    }

    pub fn failed(area: &'static str, fact: impl Display, fix: Option<String>) -> Self {
        Self::new(area, Status::Failed, fact, fix)
    }

    /// A failure as a command tells it: its headline, and what says more than that.
    pub fn of_trouble(area: &'static str, trouble: &Diagnostic) -> Self {
        let fact = std::iter::once(trouble.headline())
            .chain(trouble.details())
            .collect::<Vec<_>>()
            .join(": ");
        Self::new(
            area,
            Status::Failed,
            fact,
            trouble.next_step().map(str::to_owned),
        )
    }

    pub fn is_fault(&self) -> bool {
        matches!(self.status, Status::Warning | Status::Failed)
    }

    /// A line, and below it what mends it.
    pub fn lines(&self) -> Vec<String> {
        let fact = format!("{:<8} {:<11} {}", self.status.word(), self.area, self.fact);
        std::iter::once(fact)
            .chain(self.fix.as_ref().map(|fix| format!("{:21}help: {fix}", "")))
            .collect()
    }

    pub fn print(&self) {
        self.lines().iter().for_each(|line| output::line(line));
    }

    pub fn as_json(&self) -> Value {
        json!({ "area": self.area, "status": self.status.word(), "fact": self.fact, "help": self.fix })
    }
}
