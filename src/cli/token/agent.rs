//! A bearer token from oidc-agent.

use grid_token::oidc_agent;

use super::store;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};

/// The seconds that a token lasts at least, as for htgettoken.
const LEAST: u64 = 60;

/// Asks for a token and writes it where programs look for it.
pub fn get(account: &str, quiet: bool, env: &Environment) -> Result<(), CommandError> {
    let socket = env.tokens.agent.as_ref().ok_or_else(|| {
        Diagnostic::new(
            codes::NO_AGENT,
            "OIDC_SOCK does not name oidc-agent's socket",
        )
        .help("start it with: eval $(oidc-agent), and load your account with oidc-add")
    })?;
    let file = env.tokens.around.bearer_file();
    store::check(&file)?;
    let token = oidc_agent::token(socket, account, LEAST, None)?;
    if !quiet {
        output::line(&format!("Storing bearer token in {}", file.display()));
    }
    Ok(store::write(&file, &token)?)
}
