//! `voms-proxy-info`: args → plan → run → report.

mod args;
mod chain;
mod checks;
mod items;
mod json;
mod lines;
mod picture;
mod plan;
mod proxy;
mod verify;

use chrono::{DateTime, Utc};

pub use self::args::InfoArgs;
pub use self::items::names as item_names;
pub use self::json::certificate as describe_certificate;
pub use self::lines::text;
pub use self::picture::Pen;
use self::plan::{InfoPlan, Output};
pub use self::proxy::Proxy;
use self::verify::Verdict;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::{self, Diagnostic};

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: InfoArgs| {
        let plan = InfoPlan::new(args, &invocation.env)?;
        Ok(Report::done().exit(run(plan, (invocation.now)())?))
    })
}

fn run(plan: InfoPlan, now: DateTime<Utc>) -> Result<Exit, Diagnostic> {
    if plan.debug {
        output::stderr(&format!("Looking for the proxy in {}", plan.file.display()));
    }
    let proxy = Proxy::load(&plan.file)?;
    let verdict = verify::verdict(plan.attributes, &proxy, plan.debug, now)?;
    if matches!(plan.output, Output::Nothing) && plan.checks.need_reasons() {
        verdict.warn();
    }
    report(
        &plan.output,
        &proxy,
        &verdict,
        plan.time_zone.as_deref(),
        now,
    )?;
    Ok(plan.checks.judge(&proxy, &verdict, now))
}

fn report(
    output: &Output,
    proxy: &Proxy,
    verdict: &Verdict,
    zone: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Diagnostic> {
    match output {
        Output::Nothing => {}
        Output::Json => output::line(&output::json(&json::describe(proxy, verdict, now))),
        Output::Picture { style } => picture::print(proxy, verdict, *style, zone, now),
        Output::Sections(sections) => {
            verdict.warn();
            for section in sections {
                lines::print(section, proxy, zone, now)?;
            }
        }
    }
    Ok(())
}
