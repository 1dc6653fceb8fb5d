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
mod quick;
mod verify;

use std::ffi::OsString;

use chrono::{DateTime, Utc};

pub use self::args::InfoArgs;
use self::checks::Checks;
pub use self::items::names as item_names;
pub use self::json::certificate as describe_certificate;
pub use self::lines::text;
pub use self::picture::Pen;
use self::plan::{InfoPlan, Output};
pub use self::proxy::Proxy;
pub use self::quick::time_left;
use self::verify::{Doubt, Verdict};
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::{self, Diagnostic};

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    if let Some(refused) = hours_or_help(&invocation.words) {
        refused.print();
        return Exit::Failure;
    }
    run_command(invocation, |args: InfoArgs| {
        let plan = InfoPlan::new(args, &invocation.env)?;
        Ok(Report::done().exit(run(plan, (invocation.now)())?))
    })
}

/// `-h` with a number is an option of `grid-proxy-info`. The old clients refuse it, and a script
/// that asks so must not take the help for a yes.
fn hours_or_help(words: &[OsString]) -> Option<Diagnostic> {
    let is_number = |word: &OsString| {
        word.to_str()
            .is_some_and(|word| word.parse::<f64>().is_ok())
    };
    words
        .windows(2)
        .any(|pair| pair[0] == "-h" && is_number(&pair[1]))
        .then(|| Diagnostic::usage("-h is short for --help here").help("write --hours"))
}

fn run(plan: InfoPlan, now: DateTime<Utc>) -> Result<Exit, Diagnostic> {
    if plan.debug {
        output::stderr(&format!("Looking for the proxy in {}", plan.file.display()));
    }
    let proxy = Proxy::load(&plan.file)?;
    let mut verdict = verify::verdict(plan.attributes, &proxy, plan.debug, now)?;
    if !plan.is_named && !proxy.is_own {
        let doubt = Doubt::planted(&proxy);
        if matches!(plan.output, Output::Picture { .. }) {
            output::warning(&doubt.warning.message);
        }
        verdict.doubts.insert(0, doubt);
    }
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
