//! A token beside a proxy, or in its place.

use std::ffi::OsString;

use super::{agent, get};
use crate::cli::env::Environment;
use crate::cli::outcome::CommandError;
use crate::cli::output::Diagnostic;

/// What members of IGWN type.
pub const STEP: &str = "htgettoken -a vault.ligo.org -i igwn";

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
            let usual = STEP.split(' ').skip(1).map(OsString::from);
            let is_set = env.tokens.options.is_some();
            let quiet = quiet.then(|| OsString::from("--quiet"));
            let words: Vec<OsString> = usual.filter(|_| !is_set).chain(quiet).collect();
            get::run(&get::parsed(&words, env)?)
        }
    }
}
