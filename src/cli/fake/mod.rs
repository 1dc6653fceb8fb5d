//! `voms-proxy-fake`: signs attributes with a local host certificate instead of requesting them
//! from a VOMS server, to test services: args → plan → run → report.

mod args;
mod plan;
mod run;
mod voinfo;

pub use self::args::FakeArgs;
use self::plan::FakePlan;
use self::run::Made;
use serde_json::{Value, json};

use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output;

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: FakeArgs| {
        let plan = FakePlan::new(&args, &invocation.env)?;
        let made = run::run(&plan, (invocation.now)())?;
        if args.json {
            return Ok(Report::json(&as_json(&made)));
        }
        Ok(Report::lines(lines(&plan, &made)))
    })
}

fn as_json(made: &Made) -> Value {
    let (path, until) = match made {
        Made::Attributes(file) => (file, None),
        Made::Certificate(out, until) => (out, Some(output::rfc3339(*until))),
    };
    json!({ "version": 1, "path": path, "not_after": until })
}

fn lines(plan: &FakePlan, made: &Made) -> Vec<String> {
    match made {
        _ if plan.quiet => Vec::new(),
        Made::Attributes(file) => vec![format!("Wrote ACs to {}", file.display())],
        Made::Certificate(out, until) => vec![format!(
            "\nCreated proxy in {}.\n\nYour proxy is valid until {}",
            out.display(),
            output::date(*until, plan.time_zone.as_deref())
        )],
    }
}
