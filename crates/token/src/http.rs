//! HTTP to a vault: https only, no redirects, no proxy, limits on size and time, and no secret in
//! traces.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Method};
use saml_ecp::error::EcpError;
use saml_ecp::http::{self, MESSAGE_LIMIT, WHOLE};
use serde_json::Value;
use tokio::runtime::Runtime;
use url::Url;
use voms::files;
use voms::pki::pem;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::error::{TokenError, excerpt};
use crate::secret::Secret;

/// Maximum time without receiving data.
const SILENCE: Duration = Duration::from_secs(10);
/// The most CA files of a directory that are read.
const MOST_CAS: usize = 4096;

/// Who may vouch for a vault.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// A file with CAs, instead of the system's.
    pub file: Option<PathBuf>,
    /// A directory with CAs under hashed names, beside those.
    pub directory: Option<PathBuf>,
}

/// How a request says who sends it.
pub(crate) enum Proof<'a> {
    Nobody,
    VaultToken(&'a Secret),
    /// The value of the Authorization header (RFC 4559).
    Negotiate(Zeroizing<String>),
}

/// An answer, which may hold secrets.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Zeroizing<Vec<u8>>,
}

/// Makes requests to one host, one at a time.
pub(crate) struct Http {
    client: Client,
    runtime: Runtime,
    host: String,
    trace: Option<fn(&str)>,
}

impl Http {
    /// With `certificate_name`, URLs have that host, and go to the address all the same.
    pub fn new(
        address: &Address,
        certificate_name: Option<&str>,
        trust: &Trust,
        trace: Option<fn(&str)>,
    ) -> Result<Self, TokenError> {
        let mut builder = http::strict().no_proxy().read_timeout(SILENCE);
        if let Some(name) = certificate_name {
            builder = builder.resolve_to_addrs(name, &resolved(address)?);
        }
        let client = trusting(builder, trust)?.build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        let internal = |error: &dyn std::fmt::Display| {
            TokenError::Internal(format!("HTTP cannot be set up: {error}"))
        };
        Ok(Self {
            client: client.map_err(|error| internal(&error))?,
            runtime: runtime.map_err(|error| internal(&error))?,
            host: address.host().to_owned(),
            trace,
        })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// Sends a request; the body is JSON.
    pub fn send(
        &self,
        method: Method,
        url: Url,
        proof: &Proof<'_>,
        body: Option<&Value>,
    ) -> Result<Answer, TokenError> {
        self.say(&format!("> {method} {url}"));
        let mut request = self
            .client
            .request(method, url)
            .headers(headers(proof)?)
            .timeout(WHOLE);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let received = http::receive(request, &self.host, MESSAGE_LIMIT);
        let answer = self.runtime.block_on(received).map_err(of_ecp)?;
        self.say(&format!(
            "< {} ({} bytes not shown)",
            answer.status,
            answer.body.len()
        ));
        if let Some(to) = answer.redirect() {
            return Err(TokenError::Redirect {
                host: self.host.clone(),
                to: excerpt(to.split('?').next().unwrap_or_default()),
            });
        }
        Ok(Answer {
            status: answer.status,
            body: Zeroizing::new(answer.body),
        })
    }

    fn say(&self, text: &str) {
        if let Some(trace) = self.trace {
            trace(text);
        }
    }
}

fn headers(proof: &Proof<'_>) -> Result<HeaderMap, TokenError> {
    let (name, value) = match proof {
        Proof::Nobody => return Ok(HeaderMap::new()),
        Proof::VaultToken(token) => (HeaderName::from_static("x-vault-token"), token.expose()),
        Proof::Negotiate(value) => (AUTHORIZATION, value.as_str()),
    };
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| TokenError::Internal(format!("the header {name} cannot be written")))?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::from_iter([(name, value)]);
    if matches!(proof, Proof::Negotiate(_)) {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
    }
    Ok(headers)
}

fn of_ecp(error: EcpError) -> TokenError {
    match error {
        EcpError::Untrusted { host, reason } => TokenError::Untrusted { host, reason },
        EcpError::Connect { host, reason } => TokenError::Connect { host, reason },
        EcpError::Timeout(host) => TokenError::Timeout(host),
        EcpError::TooLarge { host, mebibytes } => TokenError::TooLarge { host, mebibytes },
        other => TokenError::Internal(other.to_string()),
    }
}

/// The addresses of a host: of IPv4 only, if there are any.
fn resolved(address: &Address) -> Result<Vec<SocketAddr>, TokenError> {
    let host = address.host().trim_matches(['[', ']']);
    let found = (host, address.port()).to_socket_addrs();
    let all: Vec<SocketAddr> = found
        .map_err(|error| TokenError::Connect {
            host: host.to_owned(),
            reason: error.to_string(),
        })?
        .collect();
    let old: Vec<SocketAddr> = all.iter().copied().filter(SocketAddr::is_ipv4).collect();
    Ok(if old.is_empty() { all } else { old })
}

fn trusting(builder: ClientBuilder, trust: &Trust) -> Result<ClientBuilder, TokenError> {
    let beside = trust.directory.as_deref().map(of_directory);
    let beside = beside.unwrap_or_default();
    let Some(file) = &trust.file else {
        return Ok(builder.tls_certs_merge(beside));
    };
    let unreadable = |reason: String| TokenError::Cas {
        path: file.clone(),
        reason,
    };
    let mut all = of_file(file).map_err(|error| unreadable(files::reason(&error)))?;
    if all.is_empty() {
        return Err(unreadable("there is no certificate in it".to_owned()));
    }
    all.extend(beside);
    Ok(builder.tls_certs_only(all))
}

fn of_file(path: &Path) -> std::io::Result<Vec<Certificate>> {
    let file = files::read_limited(path, files::CONFIGURATION_LIMIT)?;
    let blocks = pem::blocks(&file);
    // A TRUSTED CERTIFICATE may also be one that is rejected, which reqwest would not know.
    let certificates = blocks
        .iter()
        .filter(|block| block.is_certificate() && !block.label().starts_with("TRUSTED"));
    Ok(certificates
        .filter_map(|block| Certificate::from_der(&block.der()?).ok())
        .collect())
}

/// The CAs under names such as `a1b2c3d4.0`, as OpenSSL looks for them; what cannot be read vouches
/// for nobody.
fn of_directory(path: &Path) -> Vec<Certificate> {
    let is_hashed = |name: &str| {
        name.split_once('.').is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && number.len() == 1
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_hashed))
        .take(MOST_CAS)
        .filter_map(|entry| of_file(&entry.path()).ok())
        .flatten()
        .collect()
}
