//! `voms-proxy status`.

use std::io::IsTerminal;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::{Value, json};

use super::held::{self, Holding, Problem};
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::exit::Exit;
use crate::cli::info::Pen;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Format, Report, run_command};
use crate::cli::output::{self, rfc3339};
use crate::cli::style;
use crate::cli::times;

const INTERVAL: Duration = Duration::from_secs(5);
/// From the upper left corner, on an empty screen.
const CLEAR: &str = "\x1b[H\x1b[2J";
const INDENT: &str = "             ";

/// Shows what you hold: proxy, tokens, Kerberos ticket and certificate, which programs take which, and what is wrong.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy status [options]",
    after_help = "\
EXIT CODES
  0  something is valid, and nothing is wrong
  1  nothing is valid
  2  something is valid, but something else is expired, open to others, or hides it

EXAMPLES
  voms-proxy status
  voms-proxy status --watch"
)]
pub struct StatusArgs {
    /// Show it again every 5 seconds
    #[arg(long)]
    watch: bool,
    /// Print everything as JSON (schema/status.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for StatusArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: StatusArgs| run(&args, invocation))
}

fn run(args: &StatusArgs, invocation: &Invocation) -> Result<Report, CommandError> {
    loop {
        let now = (invocation.now)();
        let all = held::everything(&invocation.env, now);
        if args.json {
            let described = describe(&all, now);
            if !args.watch {
                return Ok(Report::json(&described).exit(exit(&all, now)));
            }
            output::line(&output::json(&described));
            std::thread::sleep(INTERVAL);
            continue;
        }
        let is_terminal = std::io::stdout().is_terminal();
        if args.watch && style::on_terminal(is_terminal).moves {
            output::painted_line(CLEAR);
        }
        let pen = Pen {
            style: style::on_terminal(is_terminal),
            zone: invocation.env.time_zone.as_deref(),
            now,
        };
        let lines = picture(&all, is_terminal, &pen);
        lines.iter().for_each(|line| output::painted_line(line));
        if !args.watch {
            return Ok(Report::done().exit(exit(&all, now)));
        }
        std::thread::sleep(INTERVAL);
    }
}

fn exit(all: &[Holding], now: DateTime<Utc>) -> Exit {
    if !all.iter().any(|held| held.is_good(now)) {
        Exit::Failure
    } else if all.iter().flat_map(|held| &held.problems).any(counts) {
        Exit::Warned
    } else {
        Exit::Success
    }
}

/// A certificate is as good on its last day as on its first.
fn counts(problem: &Problem) -> bool {
    problem.code != codes::EXPIRES_SOON
}

/// The lines for people, with bars on a terminal only.
fn picture(all: &[Holding], bars: bool, pen: &Pen<'_>) -> Vec<String> {
    let (style, zone, now) = (pen.style, pen.zone, pen.now);
    if all.is_empty() {
        return vec!["You hold neither proxy nor token, ticket or certificate.".to_owned()];
    }
    let mut lines = Vec::new();
    for held in all {
        let kind = format!("{:<12}", held.kind.word());
        lines.push(format!(
            "{} {}",
            style.bold(&kind),
            output::harmless(&held.place)
        ));
        let below = |text: &str| format!("{INDENT}{}", output::harmless(text));
        if let Some(end) = held.ends {
            let begin = held.begins.unwrap_or(now);
            lines.push(if bars {
                format!("{INDENT}{}", pen.life((begin, end)))
            } else {
                let verb = if end < now { "ended" } else { "ends" };
                below(&format!("{verb} {}", times::moment(end, now, zone)))
            });
        } else if let Some(written) = held.written {
            lines.push(below(&format!(
                "written {}",
                times::moment(written, now, zone)
            )));
        }
        lines.extend(facts(held).iter().map(|fact| below(fact)));
        for Problem { message, help, .. } in &held.problems {
            let text = format!("{message}: {help}");
            lines.push(format!(
                "{INDENT}{}",
                style.red(&output::harmless(&format!("! {text}")))
            ));
        }
    }
    lines
}

/// Who, from whom, for what.
fn facts(held: &Holding) -> Vec<String> {
    let who = [held.identity.as_deref(), held.issuer.as_deref()];
    let who: Vec<&str> = who.into_iter().flatten().collect();
    let list = |what: &str, words: &[String]| {
        (!words.is_empty()).then(|| format!("{what}{}", words.join(" ")))
    };
    let taken = || {
        let who = held.taken_by.join(" and ").to_uppercase();
        format!("taken by programs of {}", who.replace("AND", "and"))
    };
    let facts = [
        (!who.is_empty()).then(|| who.join(" by ")),
        list("for ", &held.audience),
        list("", &held.groups),
        list("", &held.scopes),
        (!held.taken_by.is_empty()).then(taken),
    ];
    facts.into_iter().flatten().collect()
}

fn describe(all: &[Holding], now: DateTime<Utc>) -> Value {
    json!({
        "version": 1,
        "holdings": all.iter().map(|held| describe_one(held, now)).collect::<Value>(),
    })
}

/// One holding (`schema/token.json`).
pub fn describe_one(held: &Holding, now: DateTime<Utc>) -> Value {
    let problems = held.problems.iter();
    json!({
        "kind": held.kind.word(),
        "place": held.place,
        "named_by": held.named_by,
        "identity": held.identity,
        "issuer": held.issuer,
        "audience": held.audience,
        "scopes": held.scopes,
        "groups": held.groups,
        "not_before": held.begins.map(rfc3339),
        "not_after": held.ends.map(rfc3339),
        "timeleft": held.seconds_left(now),
        "written": held.written.map(rfc3339),
        "taken_by": held.taken_by,
        "warnings": problems
            .map(|problem| json!({ "code": problem.code, "message": problem.message, "help": problem.help }))
            .collect::<Value>(),
    })
}
