//! oidc-agent, which gets tokens for accounts that the user has loaded: one JSON document to its
//! socket, and one back (spec, tokens section 6).

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::{TokenError, excerpt};
use crate::secret::Secret;

/// The agent may have to ask the issuer.
const SILENCE: Duration = Duration::from_secs(30);
const LIMIT: u64 = 1 << 20;

/// A token for an account, which lasts so many seconds at least; for an audience, if one is named.
///
/// # Errors
/// [`TokenError::NoAgent`], [`TokenError::Agent`].
pub fn token(
    socket: &Path,
    account: &str,
    seconds: u64,
    audience: Option<&str>,
) -> Result<Secret, TokenError> {
    let mut request = json!({
        "request": "access_token",
        "account": account,
        "min_valid_period": seconds,
        "application_hint": "voms-proxy",
    });
    if let Some(audience) = audience {
        request["audience"] = json!(audience);
    }
    let answer = asked(socket, &request.to_string())
        .map_err(|error| TokenError::NoAgent(voms::files::reason(&error)))?;
    let mut document: Value = serde_json::from_slice(&answer).unwrap_or_default();
    if !document.is_object() {
        return Err(TokenError::NoAgent("it does not answer in JSON".to_owned()));
    }
    let token = match document["access_token"].take() {
        Value::String(text) => Secret::taken(Zeroizing::new(text)),
        _ => None,
    };
    token.ok_or_else(|| TokenError::Agent {
        account: excerpt(account),
        reason: excerpt(document["error"].as_str().unwrap_or("no reason was given")),
    })
}

fn asked(socket: &Path, request: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Zeroizing::new(Vec::new());
    let mut chunk = Zeroizing::new([0; 4096]);
    // The agent does not always close: a whole document is the end.
    while (answer.len() as u64) < LIMIT {
        let count = stream.read(chunk.as_mut_slice())?;
        answer.extend_from_slice(&chunk[..count]);
        let is_whole = serde_json::from_slice::<Value>(&answer).is_ok();
        if count == 0 || is_whole {
            break;
        }
    }
    Ok(answer)
}
