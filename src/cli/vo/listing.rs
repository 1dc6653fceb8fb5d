//! `voms-proxy vo list`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use clap::{ArgAction, Parser};
use serde_json::{Value, json};
use voms_client::vomses::{Vomses, VomsesEntry};

use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::finding::Warning;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{Format, Report, run_command};
use crate::cli::{output, vos};
use crate::home::{built_in, registration};

/// Shows which VOs are known: their servers, from which file or the built-in list, and how old that
/// is.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy vo list [options]",
    after_help = "\
EXIT CODES
  0  listed

EXAMPLES
  voms-proxy vo list
  voms-proxy vo list --json"
)]
pub struct ListArgs {
    /// Print the list as JSON (schema/vo-list.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for ListArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn list(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: ListArgs| {
        let env = &invocation.env;
        let vomses = vos::load(&[], env)?;
        let built_in = built_in::vomses();
        let servers = servers(&vomses, &built_in);
        let today = (invocation.now)().date_naive();
        let warnings = vos::problems(&vomses, &[], env);
        if args.json {
            return Ok(Report::json(&as_json(&servers, &warnings, today)));
        }
        warnings
            .iter()
            .for_each(|warning| output::warning(&warning.message));
        Ok(Report::lines(lines(&servers, env, today)))
    })
}

/// A server of a VO, and who says so.
struct Server<'a> {
    entry: &'a VomsesEntry,
    /// Without one, it is built in.
    file: Option<&'a Path>,
    /// When the file was changed, or the built-in entry compared with its sources.
    as_of: Option<NaiveDate>,
    /// Whether it is asked: built-in entries only count for VOs that no file names.
    is_used: bool,
}

fn servers<'a>(vomses: &'a Vomses, built_in: &'a Vomses) -> Vec<Server<'a>> {
    let named = vomses.origins().map(|(entry, file)| Server {
        entry,
        file: Some(file),
        as_of: changed(file),
        is_used: true,
    });
    let known = built_in.entries().iter().map(|entry| Server {
        entry,
        file: None,
        as_of: registration::built_in_date(&entry.vo),
        is_used: vomses.find(&entry.alias).is_empty(),
    });
    named.chain(known).collect()
}

fn changed(file: &Path) -> Option<NaiveDate> {
    let changed = file.metadata().ok()?.modified().ok()?;
    Some(DateTime::<Utc>::from(changed).date_naive())
}

impl Server<'_> {
    /// A file of the future has no age.
    fn days(&self, today: NaiveDate) -> Option<i64> {
        self.as_of.map(|date| (today - date).num_days().max(0))
    }

    fn name(&self) -> String {
        let VomsesEntry { alias, vo, .. } = self.entry;
        if alias == vo {
            vo.clone()
        } else {
            format!("{alias} ({vo})")
        }
    }

    fn address(&self) -> String {
        format!("{}:{}", self.entry.host, self.entry.port)
    }

    fn origin(&self, env: &Environment, today: NaiveDate) -> String {
        let age = match self.days(today) {
            None => String::new(),
            Some(0) => " today".to_owned(),
            Some(1) => " yesterday".to_owned(),
            Some(days) => format!(" {days} days ago"),
        };
        match self.file {
            Some(file) => format!("{} (changed{age})", below_home(file, env)),
            None if self.is_used => format!("built in (checked{age})"),
            None => format!("built in (checked{age}; not used, since a file names this VO)"),
        }
    }
}

fn below_home(file: &Path, env: &Environment) -> String {
    let below = env
        .home
        .as_ref()
        .and_then(|home| file.strip_prefix(home).ok());
    let shown = below.map_or_else(|| file.to_owned(), |below| PathBuf::from("~").join(below));
    shown.display().to_string()
}

/// A table: VO, server, origin.
fn lines(servers: &[Server<'_>], env: &Environment, today: NaiveDate) -> Vec<String> {
    let widest = |texts: Vec<String>| {
        let widths = texts.iter().map(|text| text.chars().count());
        widths.max().unwrap_or_default()
    };
    let names = widest(servers.iter().map(Server::name).collect());
    let addresses = widest(servers.iter().map(Server::address).collect());
    let line = |server: &Server<'_>| {
        let (name, address, origin) = (server.name(), server.address(), server.origin(env, today));
        format!("{name:<names$}  {address:<addresses$}  {origin}")
    };
    servers.iter().map(line).collect()
}

fn as_json(servers: &[Server<'_>], warnings: &[Warning], today: NaiveDate) -> Value {
    let server = |server: &Server<'_>| {
        let VomsesEntry {
            alias,
            host,
            port,
            dn,
            vo,
            ..
        } = server.entry;
        json!({
            "vo": vo,
            "alias": alias,
            "host": host,
            "port": port,
            "subject": dn,
            "built_in": server.file.is_none(),
            "file": server.file,
            "as_of": server.as_of.map(|date| date.to_string()),
            "age_days": server.days(today),
            "used": server.is_used,
        })
    };
    json!({
        "version": 1,
        "servers": servers.iter().map(server).collect::<Value>(),
        "warnings": warnings.iter().map(Warning::as_json).collect::<Value>(),
    })
}
