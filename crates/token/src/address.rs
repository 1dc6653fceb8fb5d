//! Addresses of vaults.

use url::Url;

use crate::error::TokenError;

/// The port of a vault that does not say another.
const PORT: u16 = 8200;

/// The address of a vault: `https://HOST:PORT`, as it was written.
///
/// The text counts: a vault compares addresses to return to with those it knows, letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    url: Url,
}

impl Address {
    /// Reads a host name, with or without a port, or a URL. Whatever its scheme, the vault is spoken
    /// to with TLS.
    ///
    /// # Errors
    /// [`TokenError::Address`].
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let wrong = || TokenError::Address(without_user(text));
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(is_plain) {
            return Err(wrong());
        }
        let after_host = authority
            .rsplit_once(']')
            .map_or(authority, |(_, after)| after);
        let text = if after_host.contains(':') {
            format!("https://{authority}")
        } else {
            format!("https://{authority}:{PORT}")
        };
        let url = Url::parse(&text).map_err(|_| wrong())?;
        Ok(Self { text, url })
    }

    /// `https://HOST:PORT`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(PORT)
    }

    /// The URL of a path below `/v1/`, on that host or on the one with another name.
    pub(crate) fn api(&self, path: &str, host: Option<&str>) -> Result<Url, TokenError> {
        let mut url = self.url.clone();
        if let Some(host) = host {
            url.set_host(Some(host))
                .map_err(|_| TokenError::Address(host.to_owned()))?;
        }
        url.set_path(&format!("/v1/{path}"));
        Ok(url)
    }
}

/// An address for a message, without what may be a password.
fn without_user(text: &str) -> String {
    text.rsplit_once('@')
        .map_or(text, |(_, rest)| rest)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_a_url_and_a_port_name_a_vault_and_tls_is_spoken_always() {
        let read = |text| Address::parse(text).unwrap();
        for (text, address) in [
            ("vault.ligo.org", "https://vault.ligo.org:8200"),
            ("https://vault.ligo.org", "https://vault.ligo.org:8200"),
            ("https://localhost:15500/", "https://localhost:15500"),
            ("http://localhost:15500", "https://localhost:15500"),
            ("vault.ligo.org:443", "https://vault.ligo.org:443"),
            ("[::1]", "https://[::1]:8200"),
        ] {
            assert_eq!(read(text).as_str(), address);
        }
        assert_eq!(read("vault.ligo.org:443").port(), 443);
        let url = read("vault.ligo.org").api("secret/a:b", Some("other.example"));
        assert_eq!(
            url.unwrap().as_str(),
            "https://other.example:8200/v1/secret/a:b"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_and_its_password_not_repeated() {
        for text in [
            "",
            "https://",
            "a b",
            "user:pass@host",
            "host:port",
            "ho\nst",
            "host:99999",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(!error.to_string().contains("pass"), "{error}");
        }
    }
}
