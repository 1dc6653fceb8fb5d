//! The doctor's output: in a pipe the headline first, then the result of each check.

use serde_json::json;

use super::plan::DoctorPlan;
use crate::cli::exit::Exit;
use crate::cli::finding::{Finding, Status};
use crate::cli::outcome::Report;
use crate::cli::output;
use crate::cli::style::Style;

pub fn report(findings: &[Finding], plan: &DoctorPlan) -> Report {
    let worst = findings
        .iter()
        .map(|finding| finding.status)
        .max()
        .unwrap_or(Status::Ok);
    let exit = match worst {
        Status::Failed => Exit::Failure,
        Status::Warning => Exit::Warned,
        _ => Exit::Success,
    };
    let headline = findings
        .iter()
        .find(|finding| finding.is_fault() && finding.status == worst);
    if plan.json {
        let status = match exit {
            Exit::Success => "ok",
            Exit::Warned => "warnings",
            _ => "failed",
        };
        let all: Vec<_> = findings.iter().map(Finding::as_json).collect();
        let report = json!({ "version": 1, "status": status, "headline": headline.map(Finding::as_json), "findings": all });
        return Report::json(&report).exit(exit);
    }
    let summary = summary(headline, findings, plan);
    match plan.style {
        Some(style) => for_people(&summary, worst, findings, plan.verbose, style),
        None => {
            summary.iter().for_each(|line| output::line(line));
            output::line("");
            findings.iter().for_each(Finding::print);
        }
    }
    Report::done().exit(exit)
}

/// On a terminal, what has to be done comes first and the verdict last, where it can be seen.
fn for_people(
    summary: &[String],
    worst: Status,
    findings: &[Finding],
    verbose: bool,
    style: Style,
) {
    let mut shown: Vec<&Finding> = findings
        .iter()
        .filter(|finding| verbose || finding.status != Status::Ok)
        .collect();
    shown.sort_by_key(|finding| std::cmp::Reverse(finding.status));
    for finding in &shown {
        finding.print();
    }
    if !shown.is_empty() {
        output::line("");
    }
    let hidden = findings.len() - shown.len();
    if hidden > 0 {
        output::line(&format!(
            "{hidden} checks are fine; --verbose shows them.\n"
        ));
    }
    for (at, line) in summary.iter().enumerate() {
        let line = output::harmless(line);
        output::painted_line(&match at {
            0 => worst.painted(style, &line),
            _ => line,
        });
    }
}

fn summary(headline: Option<&Finding>, findings: &[Finding], plan: &DoctorPlan) -> Vec<String> {
    if let Some(headline) = headline {
        let fact = format!("{}: {}", headline.status.word(), headline.fact);
        return std::iter::once(fact)
            .chain(headline.fix.as_ref().map(|fix| format!("  help: {fix}")))
            .collect();
    }
    if findings
        .iter()
        .any(|finding| finding.status == Status::Skipped)
    {
        return vec![
            "Nothing is broken as far as could be checked; what was skipped says what it needs."
                .to_owned(),
        ];
    }
    vec![format!("All is well. Next: {}", plan.next_command())]
}
