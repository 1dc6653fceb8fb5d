//! Logging in with a person in a web browser (OAuth device flow, RFC 8628, which the vault runs).

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use voms::crypto::{self, base64_encode};
use zeroize::Zeroizing;

use super::{Granted, Vault, answer};
use crate::error::{LoginFailure, TokenError};

/// RFC 8628 section 3.5: by how much the interval grows when told to slow down.
const SLOWER: u64 = 5;
const LONGEST_INTERVAL: u64 = 60;

/// A login that waits for a person.
pub struct Login {
    /// Where the person logs in; https.
    pub url: String,
    /// The code to enter there, if it is not in the address.
    pub user_code: Option<String>,
    /// How long to wait before the next [`Vault::poll`].
    pub interval: Duration,
    path: String,
    /// A bearer secret: anyone who has it can collect the vault token.
    body: Value,
}

impl Drop for Login {
    fn drop(&mut self) {
        for name in ["client_nonce", "state"] {
            if let Value::String(text) = self.body[name].take() {
                drop(Zeroizing::new(text));
            }
        }
    }
}

/// How far a login is.
#[derive(Debug)]
pub enum Outcome {
    /// Nobody has logged in yet.
    Pending,
    /// Somebody has.
    Granted(Granted),
}

impl Vault {
    /// Starts a login at `mount`; the browser comes back to the vault's address, or to `alias`.
    ///
    /// # Errors
    /// [`TokenError::InsecureLogin`], [`TokenError::Internal`], and as [`Vault::bearer`].
    pub fn start_login(&self, mount: &str, role: &str, alias: &str) -> Result<Login, TokenError> {
        let nonce = nonce()?;
        let request = json!({
            "role": role,
            "client_nonce": nonce.as_str(),
            "redirect_uri": format!("{alias}/v1/{mount}/callback"),
        });
        let url = self.url(&format!("{mount}/auth_url"))?;
        let answer = self.ask_whatever_it_answers(url, &request)?;
        let host = self.http.host();
        let mut document = answer::json(host, &answer::accepted(host, answer)?)?;
        let mut body = document["data"].take();
        let Some(data) = body.as_object_mut() else {
            return Err(self.lacks("data"));
        };
        let url = text(data.remove("auth_url")).ok_or_else(|| self.lacks("auth_url"))?;
        // It is handed to a browser.
        let is_safe = Url::parse(&url).is_ok_and(|url| url.scheme() == "https")
            && url.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_safe {
            return Err(TokenError::InsecureLogin(host.to_owned()));
        }
        let user_code = text(data.remove("user_code"));
        let seconds = data.remove("poll_interval").and_then(|value| {
            let text = value.as_str().and_then(|text| text.parse().ok());
            text.or_else(|| value.as_u64())
        });
        let interval = Duration::from_secs(seconds.unwrap_or(1).clamp(1, LONGEST_INTERVAL));
        data.insert("client_nonce".to_owned(), json!(nonce.as_str()));
        // Old servers wait for the person themselves.
        let step = if data.contains_key("state") {
            "poll"
        } else {
            data.insert("role".to_owned(), json!(role));
            "device_wait"
        };
        Ok(Login {
            url,
            user_code,
            interval,
            path: format!("{mount}/{step}"),
            body,
        })
    }

    /// Asks once whether the person has logged in.
    ///
    /// # Errors
    /// [`TokenError::Login`], and as [`Vault::bearer`].
    pub fn poll(&self, login: &mut Login) -> Result<Outcome, TokenError> {
        let answer = self.ask_whatever_it_answers(self.url(&login.path)?, &login.body)?;
        let host = self.http.host();
        if answer.status == 400 {
            let reason = answer::reasons(&answer).into_iter().next();
            match reason.as_deref() {
                Some("authorization_pending") => return Ok(Outcome::Pending),
                Some("slow_down") => {
                    let slower = login.interval.as_secs() + SLOWER;
                    login.interval = Duration::from_secs(slower.min(LONGEST_INTERVAL));
                    return Ok(Outcome::Pending);
                }
                _ => return Err(failed(host, reason)),
            }
        }
        let mut document = answer::json(host, &answer::accepted(host, answer)?)?;
        self.granted(&mut document).map(Outcome::Granted)
    }
}

fn failed(host: &str, reason: Option<String>) -> TokenError {
    let reason = reason.unwrap_or_else(|| "no reason was given".to_owned());
    let bare = reason
        .strip_prefix("authorization failed: ")
        .unwrap_or(&reason);
    TokenError::Login {
        host: host.to_owned(),
        reason: LoginFailure::of(bare),
    }
}

fn text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// 43 characters, as Python's `token_urlsafe` makes them.
fn nonce() -> Result<Zeroizing<String>, TokenError> {
    let mut bytes = Zeroizing::new([0; 32]);
    crypto::random(bytes.as_mut_slice())
        .map_err(|error| TokenError::Internal(error.to_string()))?;
    let encoded = Zeroizing::new(base64_encode(bytes.as_slice()));
    Ok(Zeroizing::new(
        encoded
            .trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_as_the_vault_knows_them_and_never_the_same() {
        let (one, other) = (nonce().unwrap(), nonce().unwrap());
        assert_eq!(one.len(), 43);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_ne!(*one, *other);
    }
}
