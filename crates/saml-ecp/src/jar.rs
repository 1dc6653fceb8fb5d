//! Cookies (RFC 6265), in memory and in the Netscape file format that curl reads.

use std::fmt::Write;

use chrono::DateTime;
use cookie_store::{CookieDomain, CookieExpiration, CookieStore, RawCookie};
use reqwest::header::{HeaderMap, SET_COOKIE};
use url::{Host, Url};

use crate::public_suffix::is_public_suffix;

/// Cookies for any number of hosts.
#[derive(Default)]
pub struct Jar {
    store: CookieStore,
    /// The cookies loaded from a file.
    loaded: Vec<Label>,
}

/// A cookie, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Label {
    /// The host or domain.
    pub domain: String,
    /// The path.
    pub path: String,
    /// Whether it is sent over https only.
    pub secure: bool,
    /// Its name.
    pub name: String,
}

impl Jar {
    /// The cookies for a URL, each as a name-value pair for the `Cookie` header.
    #[must_use]
    pub fn pairs(&self, url: &Url) -> Vec<String> {
        self.store
            .get_request_values(url)
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }

    /// Stores the cookies set by an answer.
    pub fn take(&mut self, headers: &HeaderMap, url: &Url) {
        for value in headers.get_all(SET_COOKIE) {
            if let Ok(text) = value.to_str() {
                self.put(text, url);
            }
        }
    }

    /// Stores a cookie. One that is malformed, for another host or for a public suffix is ignored;
    /// if the suffix is the host itself, the cookie is for that alone (RFC 6265 section 5.3).
    fn put(&mut self, text: &str, url: &Url) {
        let Ok(mut cookie) = RawCookie::parse(text) else {
            return;
        };
        let domain = cookie.domain().and_then(|domain| Host::parse(domain).ok());
        if let Some(Host::Domain(domain)) = domain
            && is_public_suffix(&domain)
        {
            if url.host_str() != Some(&domain) {
                return;
            }
            cookie.unset_domain();
        }
        let _ = self.store.insert_raw(&cookie, url);
    }

    /// The cookies in the jar.
    #[must_use]
    pub fn labels(&self) -> Vec<Label> {
        self.store.iter_unexpired().map(label).collect()
    }

    /// Whether there is a Shibboleth session for a host.
    #[must_use]
    pub fn has_session(&self, host: &str) -> bool {
        self.labels().iter().any(|label| label.is_session(host))
    }

    /// Removes the Shibboleth sessions for a host.
    pub fn forget_session(&mut self, host: &str) {
        for label in self.labels().iter().filter(|label| label.is_session(host)) {
            self.store.remove(&label.domain, &label.path, &label.name);
        }
    }

    /// The jar in Netscape format. Session cookies have an expiry of 0; those not loaded from a
    /// file are included only if `with_session` is set.
    #[must_use]
    pub fn to_netscape(&self, with_session: bool) -> String {
        let mut text = "# Netscape HTTP Cookie File\n".to_owned();
        for cookie in self.store.iter_unexpired() {
            let end = match &cookie.expires {
                CookieExpiration::AtUtc(end) => end.unix_timestamp(),
                CookieExpiration::SessionEnd
                    if with_session || self.loaded.contains(&label(cookie)) =>
                {
                    0
                }
                CookieExpiration::SessionEnd => continue,
            };
            let (sub, domain) = domain(&cookie.domain);
            let flag = |is: bool| if is { "TRUE" } else { "FALSE" };
            let only = if cookie.http_only().unwrap_or(false) {
                "#HttpOnly_"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "{only}{domain}\t{}\t{}\t{}\t{end}\t{}\t{}",
                flag(sub),
                cookie.path().unwrap_or("/"),
                flag(cookie.secure().unwrap_or(false)),
                cookie.name(),
                cookie.value()
            );
        }
        text
    }

    /// Parses the Netscape format; malformed lines are ignored.
    #[must_use]
    pub fn from_netscape(text: &str) -> Self {
        let mut jar = Self::default();
        for (cookie, url) in text.lines().filter_map(netscape_line) {
            jar.put(&cookie, &url);
        }
        jar.loaded = jar.labels();
        jar
    }
}

impl Label {
    fn is_session(&self, host: &str) -> bool {
        self.domain == host && self.name.starts_with("_shibsession_")
    }
}

/// A line as a `Set-Cookie` value, and the URL that sets it.
fn netscape_line(line: &str) -> Option<(String, Url)> {
    let http_only = line.strip_prefix("#HttpOnly_");
    let fields: Vec<&str> = http_only.unwrap_or(line).split('\t').collect();
    let [domain, subdomains, path, secure, end, name, value] = fields.as_slice() else {
        return None;
    };
    let host = domain.trim_start_matches('.');
    let url = Url::parse(&format!("https://{host}{path}")).ok()?;
    let mut cookie = format!("{name}={value}; Path={path}");
    if *secure == "TRUE" {
        cookie.push_str("; Secure");
    }
    if http_only.is_some() {
        cookie.push_str("; HttpOnly");
    }
    if *subdomains == "TRUE" {
        let _ = write!(cookie, "; Domain={host}");
    }
    let end = end.parse().ok().filter(|end| *end > 0);
    if let Some(end) = end.and_then(|end| DateTime::from_timestamp(end, 0)) {
        let _ = write!(
            cookie,
            "; Expires={}",
            end.format("%a, %d %b %Y %H:%M:%S GMT")
        );
    }
    Some((cookie, url))
}

fn label(cookie: &cookie_store::Cookie<'_>) -> Label {
    Label {
        domain: domain(&cookie.domain).1,
        path: cookie.path().unwrap_or("/").to_owned(),
        secure: cookie.secure().unwrap_or(false),
        name: cookie.name().to_owned(),
    }
}

/// Whether subdomains receive the cookie as well, and the domain.
fn domain(domain: &CookieDomain) -> (bool, String) {
    match domain {
        CookieDomain::HostOnly(host) => (false, host.clone()),
        CookieDomain::Suffix(domain) => (true, format!(".{domain}")),
        CookieDomain::NotPresent | CookieDomain::Empty => (false, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn set(url: &str, cookie: &'static str) -> Jar {
        let mut jar = Jar::default();
        let headers = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(cookie))]);
        jar.take(&headers, &Url::parse(url).unwrap());
        jar
    }

    #[test]
    fn cookies_for_public_suffixes_are_dropped() {
        let sent = |jar: &Jar, url: &str| !jar.pairs(&Url::parse(url).unwrap()).is_empty();
        let evil = "https://evil.ac.uk/";
        for cookie in [
            "a=1; Domain=ac.uk",
            "a=1; Domain=.ac.uk",
            "a=1; Domain=AC.UK",
            "a=1; Domain=uk",
        ] {
            let jar = set(evil, cookie);
            assert!(jar.labels().is_empty(), "{cookie}");
        }
        let shared = set("https://sp.cf.ac.uk/", "a=1; Domain=cf.ac.uk");
        assert!(sent(&shared, "https://other.cf.ac.uk/") && !sent(&shared, evil));
        let own = set("https://github.io/", "a=1; Domain=github.io");
        assert!(sent(&own, "https://github.io/") && !sent(&own, "https://x.github.io/"));
        let file = Jar::from_netscape(".ac.uk\tTRUE\t/\tTRUE\t0\ta\t1\n");
        assert!(!sent(&file, evil));
    }

    #[test]
    fn a_jar_survives_the_netscape_format() {
        let text = "# Netscape HTTP Cookie File\n\
            #HttpOnly_sp.example\tFALSE\t/\tTRUE\t0\t_shibsession_6162\t_x%3A1\n\
            .sp.example\tTRUE\t/a\tTRUE\t4102444800\tlong\t1\nnonsense\n";
        let mut jar = Jar::from_netscape(text);
        assert!(jar.has_session("sp.example") && !jar.has_session("other.example"));
        let url = Url::parse("https://sp.example/a/b").unwrap();
        let mut pairs = jar.pairs(&url);
        pairs.sort();
        assert_eq!(pairs, ["_shibsession_6162=_x%3A1", "long=1"]);
        assert!(
            jar.to_netscape(true)
                .contains("#HttpOnly_sp.example\tFALSE\t/\tTRUE\t0\t_shibsession_6162\t_x%3A1\n")
        );
        jar.store
            .parse("_shibsession_new=1; Path=/; Secure", &url)
            .unwrap();
        let kept = jar.to_netscape(false);
        assert!(
            kept.contains("_shibsession_6162\t_x%3A1\n") && !kept.contains("_shibsession_new"),
            "{kept}"
        );
        assert!(
            jar.to_netscape(false)
                .contains(".sp.example\tTRUE\t/a\tTRUE\t4102444800\tlong\t1\n")
        );
        assert!(
            jar.pairs(&Url::parse("https://elsewhere.example/").unwrap())
                .is_empty()
        );
        jar.forget_session("sp.example");
        assert_eq!(jar.pairs(&url), ["long=1"]);
    }
}
