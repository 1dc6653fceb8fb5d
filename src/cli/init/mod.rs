//! `voms-proxy-init`: args → plan → run → report.

mod args;
mod files;
mod plan;
mod report;
mod run;
mod vo;

use voms::proxy::Proxy;

pub use self::args::InitArgs;
pub use self::args::{Lifetimes, bits, hours, lifetime};
pub use self::files::{included, language, rules, write_separate};
pub use self::plan::{InitPlan, proxy_version};
use self::report::Reporter;
pub use self::report::note_text;
pub use self::vo::targets;
use super::exit::Exit;
use super::invocation::{Clock, Invocation};
use super::outcome::{CommandError, Report, run_command};
use super::signals;

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: InitArgs| {
        let plan = InitPlan::new(args, &invocation.env)?;
        signals::watch();
        let mut report = Reporter::new(&plan);
        let outcome = if plan.list || plan.separate.is_some() {
            run::attributes(&plan, invocation.now, &mut report)
                .map(|acs| report.without_proxy(&plan, &acs))
        } else {
            run::run(&plan, invocation.now, &mut report)
                .map(|proxy| report.done(&plan, &proxy, (invocation.now)()))
        };
        outcome.inspect_err(|_| report.failed())?;
        Ok(Report::done())
    })
}

/// Makes a proxy, and leaves saying so to the caller.
pub fn make(plan: &InitPlan, now: Clock) -> Result<Proxy, CommandError> {
    signals::watch();
    let mut report = Reporter::new(plan);
    let outcome = run::run(plan, now, &mut report);
    report.failed();
    outcome
}

/// Runs `voms-proxy-list`, which is `voms-proxy-init --list`.
pub fn list(invocation: &Invocation) -> Exit {
    let words = std::iter::once("--list".into()).chain(invocation.words.iter().cloned());
    main(&invocation.with_words(words.collect()))
}
