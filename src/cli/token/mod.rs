//! Bearer tokens: `htgettoken`, `htdestroytoken` and `htdecodetoken`, `voms-proxy status`,
//! `voms-proxy token show`, and tokens beside proxies.

mod agent;
mod beside;
mod decode;
mod destroy;
mod get;
mod held;
mod pretty;
mod show;
mod status;
mod store;
mod voice;
mod words;

use grid_token::error::TokenError;

pub use self::beside::{STEP, Source, get_beside, refresh, remember, remembered};
pub use self::decode::{DecodeArgs, main as decode};
pub use self::destroy::{DestroyArgs, Manner, everything, main as destroy};
pub use self::get::{GetArgs, main as get};
pub use self::show::{ShowArgs, describe_token, main as show};
pub use self::status::{StatusArgs, main as status};
use super::advice::Advice;
use super::outcome::CommandError;
use super::output::Diagnostic;

impl From<TokenError> for CommandError {
    fn from(error: TokenError) -> Self {
        Self::Failed(failed(None, &error))
    }
}

/// A failure, below what the original says of it.
fn failed(headline: Option<&str>, error: &TokenError) -> Diagnostic {
    let text = match headline {
        Some(headline) => format!("{headline}: {error}"),
        None => error.to_string(),
    };
    Diagnostic::from_remote(error.code(), text).maybe_help(error.next_step())
}
