//! The environment, read once.

use std::ffi::OsString;
use std::path::PathBuf;

use grid_token::discovery::Surroundings;
use grid_token::secret::Secret;

use super::style::{self, Style};

/// Every variable that any command reads; an empty one counts as unset.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub home: Option<PathBuf>,
    pub user_proxy: Option<PathBuf>,
    pub user_cert: Option<PathBuf>,
    pub user_key: Option<PathBuf>,
    pub pkcs12_user_cert: Option<PathBuf>,
    pub cert_dir: Option<PathBuf>,
    pub voms_dir: Option<PathBuf>,
    pub vomses: Vec<PathBuf>,
    pub conda_prefix: Option<PathBuf>,
    pub arc_location: Option<PathBuf>,
    /// The identity provider: from `ECP_IDP`, or from `CIGETCERTOPTS`.
    pub ecp_idp: Option<String>,
    pub ecp_idp_list: Option<String>,
    pub ecp_service_url: Option<String>,
    pub tokens: Tokens,
    pub init_dont_verify_ac: bool,
    pub info_dont_verify_ac: bool,
    pub time_zone: Option<String>,
    /// `XDG_RUNTIME_DIR`, the user's own.
    pub runtime_dir: Option<PathBuf>,
    /// `TMPDIR`.
    pub temporary_dir: Option<PathBuf>,
    /// What terminals may be sent (`NO_COLOR`, `TERM`, and the locale).
    pub style: Style,
    pub uid: u32,
    pub shell: OsString,
    /// Where to look for programs.
    pub search_path: OsString,
}

impl Environment {
    /// Reads the environment.
    pub fn read() -> Self {
        Self {
            home: path("HOME"),
            user_proxy: path("X509_USER_PROXY"),
            user_cert: path("X509_USER_CERT"),
            user_key: path("X509_USER_KEY"),
            pkcs12_user_cert: path("PKCS12_USER_CERT"),
            cert_dir: path("X509_CERT_DIR"),
            voms_dir: path("X509_VOMS_DIR"),
            vomses: ["X509_VOMSES", "X509_VOMS_FILE", "VOMS_USERCONF"]
                .into_iter()
                .filter_map(path)
                .collect(),
            conda_prefix: path("CONDA_PREFIX"),
            arc_location: path("ARC_LOCATION"),
            ecp_idp: text("ECP_IDP").or_else(|| institution(&text("CIGETCERTOPTS")?)),
            ecp_idp_list: text("ECP_IDP_LIST"),
            ecp_service_url: text("ECP_SERVICE_URL"),
            tokens: Tokens::read(),
            init_dont_verify_ac: path("VOMS_PROXY_INIT_DONT_VERIFY_AC").is_some(),
            info_dont_verify_ac: path("VOMS_PROXY_INFO_DONT_VERIFY_AC").is_some(),
            runtime_dir: path("XDG_RUNTIME_DIR"),
            temporary_dir: path("TMPDIR"),
            time_zone: path("TZ").map(|zone| zone.to_string_lossy().into_owned()),
            style: Style {
                colours: path("NO_COLOR").is_none() && !is_dumb(),
                unicode: style::is_utf8(locale().as_deref()) && !is_dumb(),
                moves: !is_dumb(),
            },
            uid: rustix::process::geteuid().as_raw(),
            shell: path("SHELL")
                .unwrap_or_else(|| "/bin/sh".into())
                .into_os_string(),
            search_path: path("PATH").unwrap_or_default().into_os_string(),
        }
    }

    /// The variables that a service of the user needs, too.
    pub fn for_units(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let variables = [
            ("X509_USER_CERT", &self.user_cert),
            ("X509_USER_KEY", &self.user_key),
            ("PKCS12_USER_CERT", &self.pkcs12_user_cert),
            ("X509_CERT_DIR", &self.cert_dir),
            ("X509_VOMS_DIR", &self.voms_dir),
            ("CONDA_PREFIX", &self.conda_prefix),
        ];
        let set = variables.map(|(name, value)| Some((name, value.clone()?)));
        let vomses = self.vomses.first().cloned();
        set.into_iter()
            .flatten()
            .chain(vomses.map(|path| ("X509_VOMSES", path)))
    }

    /// The directory with the user's credential, if there is a home directory.
    pub fn globus(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".globus"))
    }

    /// The proxy's default location: `X509_USER_PROXY`, else `/tmp/x509up_u<uid>`.
    pub fn proxy(&self) -> PathBuf {
        self.user_proxy
            .clone()
            .unwrap_or_else(|| format!("/tmp/x509up_u{}", self.uid).into())
    }
}

/// What of the environment is about bearer tokens.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    pub around: Surroundings,
    /// Options of `htgettoken`, as a shell would split them.
    pub options: Option<String>,
    pub vault_token_file: Option<PathBuf>,
    /// The socket of oidc-agent.
    pub agent: Option<PathBuf>,
    /// Whether the user sits elsewhere.
    pub is_remote: bool,
    /// Whether the user has named a browser.
    pub has_browser: bool,
    pub has_display: bool,
}

impl Tokens {
    fn read() -> Self {
        let secret = |name| text(name).and_then(|text| Secret::new(&text));
        Self {
            around: Surroundings {
                bearer_token: secret("BEARER_TOKEN"),
                bearer_token_file: path("BEARER_TOKEN_FILE"),
                runtime_dir: path("XDG_RUNTIME_DIR"),
                scitoken: secret("SCITOKEN"),
                scitoken_file: path("SCITOKEN_FILE"),
                condor_creds: path("_CONDOR_CREDS"),
                uid: rustix::process::geteuid().as_raw(),
            },
            options: text("HTGETTOKENOPTS"),
            vault_token_file: path("VAULT_TOKEN_FILE"),
            agent: path("OIDC_SOCK"),
            is_remote: path("SSH_CLIENT").is_some(),
            has_browser: path("BROWSER").is_some(),
            has_display: path("DISPLAY").is_some(),
        }
    }

    /// Where the vault token is, unless the user says otherwise.
    pub fn vault_file(&self) -> PathBuf {
        let usual = || format!("/tmp/vt_u{}", self.around.uid).into();
        self.vault_token_file.clone().unwrap_or_else(usual)
    }
}

#[allow(clippy::disallowed_methods)]
fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn text(name: &str) -> Option<String> {
    path(name).map(|value| value.to_string_lossy().into_owned())
}

/// Whether the terminal shows plain text only.
fn is_dumb() -> bool {
    path("TERM").is_some_and(|term| term.as_os_str() == "dumb")
}

/// The locale that decides about characters (POSIX, 8.2).
fn locale() -> Option<String> {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text)
}

/// The value of `-i` or `--institution` among the options of `cigetcert`.
fn institution(options: &str) -> Option<String> {
    let mut words = options.split_whitespace();
    while let Some(word) = words.next() {
        if word == "-i" || word == "--institution" {
            return words.next().map(str::to_owned);
        }
        if let Some(value) = word.strip_prefix("--institution=") {
            return Some(value.to_owned());
        }
    }
    None
}

/// Variables of the user's own configuration that must not leak into a sandbox.
pub const LEAKS: [&str; 5] = [
    "X509_VOMS_FILE",
    "PKCS12_USER_CERT",
    "VOMS_PROXY_INIT_DONT_VERIFY_AC",
    "VOMS_PROXY_INFO_DONT_VERIFY_AC",
    "ARC_LOCATION",
];
