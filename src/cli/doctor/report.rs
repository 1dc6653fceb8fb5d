//! What the doctor says: the headline first, then every link of the road.

use serde_json::json;

use super::DoctorArgs;
use crate::cli::exit::Exit;
use crate::cli::finding::{Finding, Status};
use crate::cli::output;

pub fn tell(findings: &[Finding], args: &DoctorArgs) -> Exit {
    let worst = findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok);
    let exit = match worst {
        Status::Failed => Exit::Failure,
        Status::Warning => Exit::Warned,
        _ => Exit::Success,
    };
    let headline = findings.iter().find(|finding| finding.is_fault() && finding.status == worst);
    if args.json {
        let status = match exit {
            Exit::Success => "ok",
            Exit::Warned => "warnings",
            _ => "failed",
        };
        let all: Vec<_> = findings.iter().map(Finding::as_json).collect();
        let report =
            json!({ "version": 1, "status": status, "headline": headline.map(Finding::as_json), "findings": all });
        output::line(&report.to_string());
        return exit;
    }
    match headline {
        Some(headline) => {
            output::line(&format!("{}: {}", headline.status.word(), headline.fact));
            if let Some(fix) = &headline.fix {
                output::line(&format!("  help: {fix}"));
            }
        }
        None if findings.iter().any(|finding| finding.status == Status::Skipped) => {
            output::line("Nothing is broken as far as it was looked at; what was skipped says what it needs.");
        }
        None => output::line(&all_well(args)),
    }
    output::line("");
    findings.iter().for_each(Finding::print);
    exit
}

fn all_well(args: &DoctorArgs) -> String {
    let asked = args.voms.as_ref().map(|voms| format!(" --voms {voms}")).unwrap_or_default();
    format!("All is well. Next: voms-proxy-init{asked}")
}
