//! The doctor's output: the headline first, then the result of each check.

use serde_json::json;

use super::plan::DoctorPlan;
use crate::cli::exit::Exit;
use crate::cli::finding::{Finding, Status};
use crate::cli::outcome::Report;

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
    let mut lines = summary(headline, findings, plan);
    lines.push(String::new());
    lines.extend(findings.iter().flat_map(Finding::lines));
    Report::lines(lines).exit(exit)
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
