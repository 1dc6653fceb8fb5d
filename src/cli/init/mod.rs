//! `voms-proxy-init`: args → plan → run → report.

mod args;
mod files;
mod install;
pub mod needed;
mod plan;
mod report;
mod run;
mod targets;
mod vo;

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::credential::Credential;
use voms::proxy::Proxy;

pub use self::args::InitArgs;
pub use self::args::{LARGEST, Lifetimes, SIZES, bits, hours, lifetime};
pub use self::files::{included, language, rules, write_separate};
pub use self::install::plain_beside;
pub use self::plan::{InitPlan, Warnings, proxy_version};
pub use self::report::{Reporter, note_text};
pub use self::run::{attributes_with, make_with as made_with};
pub use self::vo::targets;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::{Clock, Invocation};
use super::outcome::{CommandError, Report, run_command};
use super::output::Diagnostic;
use super::token::{Source, get_beside, remember};
use super::{input, signals, times};

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: InitArgs| {
        let named = args.token.clone();
        let token = named.as_deref().map(Source::parse).transpose()?;
        let plan = InitPlan::new(args, &invocation.env)?;
        if let Some(until) = already_good(&plan, (invocation.now)()) {
            if let Some(source) = &token {
                token_beside(source, &plan, &invocation.env)?;
            }
            return Ok(still_good(&plan, until, (invocation.now)()));
        }
        signals::watch();
        let mut report = Reporter::new(&plan);
        let outcome = if plan.list || plan.separate.is_some() {
            run::attributes(&plan, invocation.now, &mut report)
                .map(|acs| report.without_proxy(&plan, &acs))
        } else {
            run::run(&plan, invocation.now, &mut report).and_then(|proxy| {
                if !input::is_stream(&plan.out) {
                    remember(&plan.out, named.as_deref())?;
                }
                let beside = || match &token {
                    Some(source) => token_beside(source, &plan, &invocation.env),
                    None => Ok(()),
                };
                // A document stands alone.
                if plan.json {
                    beside()?;
                }
                report.done(&plan, &proxy, (invocation.now)());
                if plan.json { Ok(()) } else { beside() }
            })
        };
        outcome.inspect_err(|_| report.failed())?;
        Ok(Report::done())
    })
}

/// When the present proxy ends, if `--if-needed` is given and no other is needed.
pub fn already_good(plan: &InitPlan, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    needed::good_until(plan, plan.needed?, now)
}

/// Says that the present proxy stays.
fn still_good(plan: &InitPlan, until: DateTime<Utc>, now: DateTime<Utc>) -> Report {
    if plan.json {
        let present = needed::read(&plan.out).ok();
        return Report::json(&report::describe_present(plan, present.as_ref(), until));
    }
    let path = plan.out.display();
    if plan.quiet {
        return Report::done();
    }
    let until = times::moment(until, now, plan.time_zone.as_deref());
    Report::lines(vec![format!("The proxy in {path} is good until {until}.")])
}

/// Gets a token too; the proxy stays, even if there is none.
fn token_beside(source: &Source, plan: &InitPlan, env: &Environment) -> Result<(), CommandError> {
    get_beside(source, plan.quiet, env).map_err(|error| match error {
        CommandError::Failed(diagnostic) => {
            let there = format!("the proxy is in {}", plan.out.display());
            CommandError::Failed(diagnostic.detail(there))
        }
        other => other,
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

/// The same with a credential that is loaded already, and with signals left to the caller.
pub fn make_with(
    plan: &InitPlan,
    credential: &Credential,
    now: Clock,
) -> Result<Proxy, CommandError> {
    run::run_with(plan, credential, now, &mut Reporter::new(plan))
}

/// The same with a key that another process holds, if one does; `check` sees the proxy before it is
/// written.
pub fn make_held(
    plan: &InitPlan,
    now: Clock,
    check: impl FnOnce(&Chain) -> Result<(), Diagnostic>,
) -> Result<Option<Proxy>, CommandError> {
    run::run_held(plan, now, &mut Reporter::new(plan), check)
}

/// Runs `voms-proxy-list`, which is `voms-proxy-init --list`.
pub fn list(invocation: &Invocation) -> Exit {
    let words = std::iter::once("--list".into()).chain(invocation.words.iter().cloned());
    main(&invocation.with_words(words.collect()))
}
