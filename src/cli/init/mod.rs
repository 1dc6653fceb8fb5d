//! `voms-proxy-init`: args → plan → run → report.

mod args;
mod files;
mod plan;
mod report;
mod run;

use std::ffi::OsString;

pub use self::args::InitArgs;
pub use self::args::{bits, hours, lifetime};
use self::plan::InitPlan;
use self::report::Reporter;
use super::env::Environment;
use super::exit::Exit;
use super::output::{self, Trouble};
use super::trouble::Stop;

/// Runs the command.
pub fn main(name: &str, words: &[OsString], env: &Environment) -> Exit {
    let args = match super::args::parse_abbreviated::<InitArgs>(name, words, InitArgs::ABBREVIATED) {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    let json = args.json;
    let plan = match InitPlan::new(args, env) {
        Ok(plan) => plan,
        Err(trouble) => return tell(&trouble, json),
    };
    super::signals::watch();
    let mut report = Reporter::new(&plan);
    let outcome = if plan.list || plan.separate.is_some() {
        run::attributes(&plan, super::now, &mut report).map(|acs| report.without_proxy(&plan, &acs))
    } else {
        run::run(&plan, super::now, &mut report).map(|proxy| report.done(&plan, &proxy))
    };
    match outcome {
        Ok(()) => Exit::Success,
        Err(Stop::Interrupted) => Exit::Interrupted,
        Err(Stop::Trouble(trouble)) => {
            report.failed();
            tell(&trouble, plan.json)
        }
    }
}

fn tell(trouble: &Trouble, json: bool) -> Exit {
    if json {
        output::line(&trouble.as_json().to_string());
    } else {
        trouble.print();
    }
    Exit::Failure
}

/// Runs `voms-proxy-list`, which is `voms-proxy-init --list`.
pub fn list(name: &str, words: &[OsString], env: &Environment) -> Exit {
    let words: Vec<OsString> = std::iter::once("--list".into()).chain(words.iter().cloned()).collect();
    main(name, &words, env)
}
