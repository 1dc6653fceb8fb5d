//! A token beside a proxy, or in its place.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use voms::files;

use super::{agent, get};
use crate::cli::env::Environment;
use crate::cli::outcome::CommandError;
use crate::cli::output::Diagnostic;
use crate::cli::{failure, file};

/// What members of IGWN type.
pub const STEP: &str = "htgettoken -a vault.ligo.org -i igwn";

const LONGEST_NOTE: u64 = 1024;

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The vault of HTGETTOKENOPTS, or else IGWN's.
    Vault,
    /// An account of oidc-agent.
    Agent(String),
}

impl Source {
    /// The value of `--token`, which may be left out.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        match text.split_once(':') {
            None if text.is_empty() || text == "vault" => Ok(Self::Vault),
            Some(("oidc", account)) if !account.is_empty() => Ok(Self::Agent(account.to_owned())),
            _ => Err(Diagnostic::usage(format!("no tokens come from '{text}'"))
                .help("write --token alone, or --token oidc:ACCOUNT for an account of oidc-agent")),
        }
    }
}

/// Gets a token and writes it where programs look for it.
pub fn get_beside(source: &Source, quiet: bool, env: &Environment) -> Result<(), CommandError> {
    match source {
        Source::Agent(account) => agent::get(account, quiet, env),
        Source::Vault => {
            let quiet = quiet.then(|| OsString::from("--quiet"));
            get::run(&get::parsed(&with_usual(quiet, env), env)?)
        }
    }
}

/// The same without asking anybody, for a token that is good for more than `least` seconds. Where it
/// is then.
pub fn refresh(source: &Source, least: u64, env: &Environment) -> Result<PathBuf, CommandError> {
    let around = &env.tokens.around;
    if let Source::Agent(account) = source {
        agent::get(account, true, env)?;
        return Ok(around.bearer_file());
    }
    let mut more = vec![OsString::from("--quiet"), OsString::from("--nooidc")];
    if least > 60 {
        more.push(format!("--minsecs={least}").into());
    }
    if let Some(file) = &around.bearer_token_file {
        let mut word = OsString::from("--outfile=");
        word.push(file);
        more.push(word);
    }
    let plan = get::parsed(&with_usual(more, env), env)?;
    get::run(&plan).map_err(|error| match error {
        CommandError::Failed(failure) => {
            CommandError::Failed(failure.also_help("log in once with htgettoken"))
        }
        other => other,
    })?;
    Ok(plan.bearer_file)
}

fn with_usual(more: impl IntoIterator<Item = OsString>, env: &Environment) -> Vec<OsString> {
    let usual = STEP.split(' ').skip(1).map(OsString::from);
    let is_set = env.tokens.options.is_some();
    usual.filter(|_| !is_set).chain(more).collect()
}

/// Remembers beside a proxy where the token with it came from, so that both are renewed; or forgets
/// it.
pub fn remember(proxy: &Path, source: Option<&str>) -> Result<(), Diagnostic> {
    let note = note(proxy);
    let written = match source {
        Some(source) => file::replace(&note, source.as_bytes()),
        None if files::read_own(&note, LONGEST_NOTE).is_ok() => std::fs::remove_file(&note),
        None => Ok(()),
    };
    written.map_err(|error| failure::cannot_write(&note, &files::reason(&error)))
}

/// What is remembered.
pub fn remembered(proxy: &Path) -> Option<String> {
    let (_, text) = files::read_own(&note(proxy), LONGEST_NOTE).ok()?;
    let text = std::str::from_utf8(&text).ok()?.to_owned();
    Source::parse(&text).is_ok().then_some(text)
}

fn note(proxy: &Path) -> PathBuf {
    let mut name = proxy.as_os_str().to_owned();
    name.push(".token");
    name.into()
}
