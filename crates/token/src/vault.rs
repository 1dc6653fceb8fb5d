//! What is asked of a vault (HashiCorp Vault or OpenBao, as htvault-config sets it
//! up; spec, tokens section 2).

mod answer;
mod login;

use reqwest::Method;
use saml_ecp::gssapi::Gssapi;
use serde_json::{Value, json};
use url::Url;
use voms::crypto::base64_encode;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::error::TokenError;
use crate::http::{Answer, Http, Proof, Trust};
use crate::path;
use crate::secret::Secret;

pub use self::login::{Login, Outcome};

/// What a bearer token is to be like.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Wanted {
    /// The seconds that it must last at least.
    pub seconds: u64,
    /// Fewer scopes than the user has, separated by blanks or commas.
    pub scopes: Option<String>,
    /// The services that it is for.
    pub audience: Option<String>,
}

impl Wanted {
    /// A token with all scopes that lasts so many seconds.
    #[must_use]
    pub fn lasting(seconds: u64) -> Self {
        Self {
            seconds,
            ..Self::default()
        }
    }

    /// Whether the issuer has to make another token than the usual one.
    #[must_use]
    pub fn is_special(&self) -> bool {
        self.scopes.is_some() || self.audience.is_some()
    }

    /// Where to read it: a token that is exchanged has a path of its own.
    #[must_use]
    pub fn path(&self, secret: &str) -> String {
        if self.is_special() {
            secret.replace("/creds/", "/sts/")
        } else {
            secret.to_owned()
        }
    }
}

/// What a login gave.
#[derive(Debug)]
#[non_exhaustive]
pub struct Granted {
    /// The vault token.
    pub token: Secret,
    /// The seconds that it lasts, if the vault says so.
    pub lease: Option<u64>,
    /// What it permits.
    pub policies: Vec<String>,
    /// Under which name the user's tokens are kept.
    pub credkey: Option<String>,
    /// The refresh token, which only the vault is to keep.
    pub refresh: Option<Secret>,
}

impl Granted {
    /// A vault token of which nothing is known.
    #[must_use]
    pub fn unknown(token: Secret) -> Self {
        Self {
            token,
            lease: None,
            policies: Vec::new(),
            credkey: None,
            refresh: None,
        }
    }
}

/// Registers keys of ssh agents; a token to keep must not be able to.
const REGISTERS_KEYS: &str = "sshregister";

/// A vault that is spoken to.
pub struct Vault {
    http: Http,
    address: Address,
    certificate_name: Option<String>,
}

impl Vault {
    /// `certificate_name` is the host that its certificate names, if it is another than the
    /// address's; `trace` receives the traffic line by line, without secrets.
    ///
    /// # Errors
    /// [`TokenError::Cas`], [`TokenError::Connect`] if the host has no address,
    /// [`TokenError::Internal`].
    pub fn new(
        address: Address,
        certificate_name: Option<String>,
        trust: &Trust,
        trace: Option<fn(&str)>,
    ) -> Result<Self, TokenError> {
        // An address that has that name already is found as usual.
        let certificate_name = certificate_name.filter(|name| name != address.host());
        Ok(Self {
            http: Http::new(&address, certificate_name.as_deref(), trust, trace)?,
            address,
            certificate_name,
        })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Options for users, which a server may offer at a path of its own.
    ///
    /// # Errors
    /// As [`Vault::bearer`].
    pub fn options(&self, path: &str) -> Result<String, TokenError> {
        let mut url = self.url("")?;
        url.set_path(path);
        let answer = self.http.send(Method::GET, url, &Proof::Nobody, None)?;
        let answer = answer::accepted(self.http.host(), answer)?;
        String::from_utf8(answer.body.to_vec())
            .map_err(|_| answer::unreadable(self.http.host(), "it is not text"))
    }

    /// Reads a bearer token.
    ///
    /// # Errors
    /// [`TokenError::Refused`], [`TokenError::Unreadable`], and those of the connection.
    pub fn bearer(
        &self,
        token: &Secret,
        secret_path: &str,
        wanted: &Wanted,
    ) -> Result<Secret, TokenError> {
        let mut url = self.url(&wanted.path(secret_path))?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("minimum_seconds", &wanted.seconds.to_string());
            let texts = [("scopes", &wanted.scopes), ("audiences", &wanted.audience)];
            for (name, text) in texts {
                if let Some(text) = text {
                    query.append_pair(name, text);
                }
            }
        }
        let mut answer = self.ask(Method::GET, url, &Proof::VaultToken(token), None)?;
        self.secret(&mut answer, "/data/access_token")
    }

    /// The seconds that a vault token has left.
    ///
    /// # Errors
    /// As [`Vault::bearer`].
    pub fn seconds_left(&self, token: &Secret) -> Result<u64, TokenError> {
        let url = self.url("auth/token/lookup-self")?;
        let answer = self.ask(Method::GET, url, &Proof::VaultToken(token), None)?;
        answer["data"]["ttl"]
            .as_u64()
            .ok_or_else(|| self.lacks("ttl"))
    }

    /// Logs in with a Kerberos ticket: that of `principal`, or else the default one. `host` is the
    /// vault's name in its realm. Without a ticket, nothing is sent.
    ///
    /// # Errors
    /// [`TokenError::Kerberos`], and as [`Vault::bearer`].
    pub fn log_in_by_kerberos(
        &self,
        mount: &str,
        host: &str,
        principal: Option<&str>,
    ) -> Result<Granted, TokenError> {
        let gssapi = Gssapi::load()?;
        // One leg: that the vault is who it says is for TLS to show.
        let (_, token) = gssapi.begin_as(principal, "host", host)?;
        let encoded = Zeroizing::new(base64_encode(&token));
        let proof = Proof::Negotiate(Zeroizing::new(["Negotiate ", &encoded].concat()));
        let url = self.url(&format!("{mount}/login"))?;
        let mut answer = self.ask(Method::POST, url, &proof, None)?;
        self.granted(&mut answer)
    }

    /// A vault token that lasts no longer than `seconds` and cannot register keys: the one granted,
    /// or another for it.
    ///
    /// # Errors
    /// As [`Vault::bearer`].
    pub fn shortened(&self, granted: &Granted, seconds: u64) -> Result<Secret, TokenError> {
        let registers = |policy: &&String| policy.starts_with(REGISTERS_KEYS);
        let harmless: Vec<&String> = granted
            .policies
            .iter()
            .filter(|policy| !registers(policy))
            .collect();
        let is_harmless = harmless.len() == granted.policies.len();
        if is_harmless && granted.lease.is_some_and(|lease| lease <= seconds) {
            return Ok(granted.token.clone());
        }
        let mut wanted = json!({ "ttl": format!("{seconds}s"), "renewable": "false" });
        if !is_harmless {
            wanted["policies"] = json!(harmless);
        }
        let url = self.url("auth/token/create")?;
        let proof = Proof::VaultToken(&granted.token);
        let mut answer = self.ask(Method::POST, url, &proof, Some(&wanted))?;
        self.secret(&mut answer, "/auth/client_token")
    }

    /// Has the vault keep a refresh token.
    ///
    /// # Errors
    /// As [`Vault::bearer`].
    pub fn store(
        &self,
        token: &Secret,
        secret_path: &str,
        issuer: &str,
        refresh: &Secret,
    ) -> Result<(), TokenError> {
        let body = json!({ "server": issuer, "refresh_token": refresh.expose() });
        let url = self.url(secret_path)?;
        self.ask(Method::POST, url, &Proof::VaultToken(token), Some(&body))
            .map(drop)
    }

    /// Has the vault forget the refresh token.
    ///
    /// # Errors
    /// As [`Vault::bearer`].
    pub fn forget(&self, token: &Secret, secret_path: &str) -> Result<(), TokenError> {
        let url = self.url(secret_path)?;
        self.ask(Method::DELETE, url, &Proof::VaultToken(token), None)
            .map(drop)
    }

    fn url(&self, path: &str) -> Result<Url, TokenError> {
        if !path.is_empty() {
            path::check(path)?;
        }
        self.address.api(path, self.certificate_name.as_deref())
    }

    fn ask(
        &self,
        method: Method,
        url: Url,
        proof: &Proof<'_>,
        body: Option<&Value>,
    ) -> Result<Value, TokenError> {
        let answer = self.http.send(method, url, proof, body)?;
        answer::json(
            self.http.host(),
            &answer::accepted(self.http.host(), answer)?,
        )
    }

    fn ask_whatever_it_answers(&self, url: Url, body: &Value) -> Result<Answer, TokenError> {
        self.http
            .send(Method::POST, url, &Proof::Nobody, Some(body))
    }

    fn granted(&self, answer: &mut Value) -> Result<Granted, TokenError> {
        let token = self.secret(answer, "/auth/client_token")?;
        let refresh = answer::secret(answer, "/auth/metadata/oauth2_refresh_token");
        let auth = &answer["auth"];
        let policies = auth["policies"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Granted {
            token,
            lease: auth["lease_duration"].as_u64(),
            policies: policies.filter_map(text).collect(),
            credkey: text(&auth["metadata"]["credkey"]),
            refresh,
        })
    }

    fn secret(&self, answer: &mut Value, pointer: &str) -> Result<Secret, TokenError> {
        answer::secret(answer, pointer).ok_or_else(|| self.lacks(pointer.trim_start_matches('/')))
    }

    fn lacks(&self, what: &str) -> TokenError {
        answer::unreadable(self.http.host(), &format!("there is no {what} in it"))
    }
}
