//! `voms-proxy-init`: args → plan → run → report.

mod args;
mod plan;
mod report;
mod run;
mod trouble;

use std::ffi::OsString;

use self::args::InitArgs;
pub use self::args::{hours, lifetime};
use self::plan::InitPlan;
use self::report::Reporter;
use self::run::RunError;
use super::env::Environment;
use super::exit::Exit;

/// Runs the command.
pub fn main(name: &str, words: &[OsString], env: &Environment) -> Exit {
    let args = match super::args::parse::<InitArgs>(name, words) {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    let plan = match InitPlan::new(args, env) {
        Ok(plan) => plan,
        Err(trouble) => {
            trouble.print();
            return Exit::Failure;
        }
    };
    if let Err(error) = super::signals::watch() {
        super::output::warning(format!("signals will not be cleaned up after: {error}"));
    }
    let mut report = Reporter::new(&plan);
    match run::run(&plan, super::now, &mut report) {
        Ok(proxy) => {
            report.done(&plan, &proxy);
            Exit::Success
        }
        Err(RunError::Interrupted) => Exit::Interrupted,
        Err(RunError::Trouble(trouble)) => {
            report.failed();
            trouble.print();
            Exit::Failure
        }
    }
}
