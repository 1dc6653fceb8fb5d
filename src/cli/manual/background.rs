//! Variables, files and words that several pages share.

use clap::Command;

/// A variable or a file.
pub struct Fact {
    pub name: &'static str,
    pub text: &'static str,
    /// The options and commands that it matters to.
    with: &'static [&'static str],
}

impl Fact {
    const fn new(name: &'static str, text: &'static str, with: &'static [&'static str]) -> Self {
        Self { name, text, with }
    }

    /// Whether it matters to a command.
    pub fn concerns(&self, command: &Command) -> bool {
        let has = |name: &str| {
            command
                .get_arguments()
                .any(|arg| !arg.is_hide_set() && arg.get_long() == Some(name))
        };
        let mentions = || {
            let mut helps = command.get_arguments().filter_map(clap::Arg::get_help);
            helps.any(|help| help.to_string().contains(self.name))
        };
        self.with
            .iter()
            .any(|name| *name == command.get_name() || has(name))
            || mentions()
    }
}

pub const ENVIRONMENT: &[Fact] = &[
    Fact::new(
        "XDG_RUNTIME_DIR, TMPDIR",
        "Where the directory with the proxy is made; otherwise in /tmp.",
        &["voms-proxy-run"],
    ),
    Fact::new(
        "XDG_RUNTIME_DIR",
        "Where the process that holds your key listens, in voms-proxy/holder; it has to be yours alone.",
        &["voms-proxy-unlock", "voms-proxy-lock", "keep-plain"],
    ),
    Fact::new("X509_USER_PROXY", "The proxy file.", &[]),
    Fact::new(
        "X509_USER_CERT, X509_USER_KEY",
        "Your certificate and private key. Options come before them, the usual files behind them.",
        &[
            "cert",
            "X509_USER_CERT",
            "voms-proxy-import",
            "voms-proxy-passwd",
        ],
    ),
    Fact::new(
        "PKCS12_USER_CERT",
        "A PKCS#12 file with both, if X509_USER_CERT is not set.",
        &["cert", "voms-proxy-import"],
    ),
    Fact::new(
        "X509_CERT_DIR",
        "The directory of trusted CAs.",
        &["certdir", "voms-proxy-import"],
    ),
    Fact::new(
        "X509_VOMS_DIR",
        "The only directory that says whose attribute certificates are trusted.",
        &["vomsdir", "voms-proxy-vo-add"],
    ),
    Fact::new(
        "X509_VOMSES, X509_VOMS_FILE, VOMS_USERCONF",
        "Files or directories with VOMS servers, searched before the usual places.",
        &["vomses", "voms-proxy-vo-list"],
    ),
    Fact::new(
        "VOMS_PROXY_INIT_DONT_VERIFY_AC",
        "If set, voms-proxy-init does not verify the attributes it receives.",
        &["voms-proxy-init", "grid-proxy-init"],
    ),
    Fact::new(
        "VOMS_PROXY_INFO_DONT_VERIFY_AC",
        "If set, voms-proxy-info does not verify the attributes it shows.",
        &["voms-proxy-info", "grid-proxy-info"],
    ),
    Fact::new(
        "ECP_IDP, CIGETCERTOPTS",
        "Your identity provider: its name, or the options -i or --institution of cigetcert.",
        &["identity-provider", "ligo-proxy-init"],
    ),
    Fact::new(
        "ECP_IDP_LIST",
        "Where identity providers are listed.",
        &["idp-list", "ligo-proxy-init"],
    ),
    Fact::new(
        "ECP_SERVICE_URL",
        "The service that issues certificates.",
        &["service-url"],
    ),
    Fact::new(
        "HTGETTOKENOPTS",
        "Options of htgettoken, before those typed.",
        &["htgettoken", "htdestroytoken", "token", "forget"],
    ),
    Fact::new(
        "BEARER_TOKEN, BEARER_TOKEN_FILE, XDG_RUNTIME_DIR",
        "The bearer token itself, its file, or the directory of that file.",
        &[
            "htgettoken",
            "htdestroytoken",
            "htdecodetoken",
            "voms-proxy-token-show",
            "voms-proxy-status",
            "token",
        ],
    ),
    Fact::new(
        "SCITOKEN, SCITOKEN_FILE, _CONDOR_CREDS",
        "A token, its file, or HTCondor's directory of tokens, which programs of IGWN take first.",
        &["voms-proxy-status"],
    ),
    Fact::new(
        "VAULT_TOKEN_FILE",
        "The file of the vault token, instead of /tmp/vt_u<uid>.",
        &["htdestroytoken", "voms-proxy-status", "forget"],
    ),
    Fact::new(
        "SSH_CLIENT, BROWSER, DISPLAY",
        "Whether and how a web browser is opened.",
        &["htgettoken"],
    ),
    Fact::new("OIDC_SOCK", "The socket of oidc-agent.", &["token"]),
    Fact::new(
        "HOME, CONDA_PREFIX, ARC_LOCATION",
        "Directories below which files are looked for.",
        &[
            "vomses",
            "certdir",
            "voms-proxy-import",
            "voms-proxy-vo-add",
            "voms-proxy-vo-list",
        ],
    ),
    Fact::new(
        "NO_COLOR, TERM",
        "No colours if NO_COLOR is set or TERM is dumb.",
        &["voms-proxy-info", "voms-proxy-doctor"],
    ),
    Fact::new(
        "LC_ALL, LC_CTYPE, LANG",
        "On terminals, nothing but ASCII if the first that is set is not of UTF-8.",
        &["voms-proxy-info"],
    ),
    Fact::new(
        "TZ",
        "The time zone of the times shown.",
        &["voms-proxy-init", "voms-proxy-info"],
    ),
    Fact::new(
        "SHELL, PATH",
        "The shell that is started, and where programs are found.",
        &["voms-proxy-sandbox", "voms-proxy-links"],
    ),
];

pub const FILES: &[Fact] = &[
    Fact::new(
        "/tmp/x509up_u<uid>",
        "The proxy, unless X509_USER_PROXY names another file.",
        &[],
    ),
    Fact::new(
        "~/.globus/usercert.pem, ~/.globus/userkey.pem",
        "Your certificate and private key.",
        &["cert", "voms-proxy-import", "voms-proxy-passwd"],
    ),
    Fact::new(
        "~/.globus/usercred.p12, ~/.globus/usercert.p12",
        "Both in one PKCS#12 file, if there is no such pair.",
        &["cert"],
    ),
    Fact::new(
        "/tmp/vt_u<uid>, ~/.config/htgettoken/credkey-<issuer>-<role>",
        "The vault token, and the name under which the vault keeps your tokens.",
        &["htgettoken", "htdestroytoken", "voms-proxy-status"],
    ),
    Fact::new(
        "~/.globus/certificates, /etc/grid-security/certificates, \
         $CONDA_PREFIX/etc/grid-security/certificates",
        "Trusted CAs: the first directory that exists.",
        &["certdir", "voms-proxy-import"],
    ),
    Fact::new(
        "~/.voms/vomsdir, /etc/grid-security/vomsdir, $CONDA_PREFIX/etc/grid-security/vomsdir",
        "Whose attribute certificates are trusted: yours, and the first of the others that exists.",
        &["vomsdir", "voms-proxy-vo-add"],
    ),
    Fact::new(
        "~/.voms/vomses, ~/.glite/vomses, ~/.arc/vomses, ~/.globus/vomses, /etc/vomses, \
         /etc/grid-security/vomses",
        "VOMS servers: files or directories, all of them; also etc/vomses and \
         etc/grid-security/vomses below CONDA_PREFIX and ARC_LOCATION. For a VO in none of them, \
         the built-in list.",
        &["vomses", "voms-proxy-vo-add", "voms-proxy-vo-list"],
    ),
];

pub const DESCRIPTION: [&str; 3] = [
    "voms-proxy makes, shows, verifies and destroys proxy certificates (RFC 3820) with the \
     attributes of a virtual organisation (VO), and helps on the way there: from the certificate \
     that a CA sends to membership of the VO.",
    "Options have one dash or two, and a hyphen or an underscore inside, as in the older clients; \
     --option=value is the same as --option value.",
    "Nothing is written until everything has been verified. A command that fails leaves the \
     earlier proxy in place, and says what is wrong and what to do next.",
];

pub const OTHER_NAMES: &str = "Started by one of these names, the program is that command. \
    voms-proxy links creates links with these names:";

pub const EXIT_CODES: [&str; 4] = [
    "0    done, or the answer is yes",
    "1    it failed, or the answer is no; nothing was changed",
    "130  interrupted",
    "The page of each command has its own.",
];

pub const EXAMPLES: [&str; 5] = [
    "voms-proxy import mycert.p12",
    "voms-proxy register --voms virgo",
    "voms-proxy doctor --voms virgo",
    "voms-proxy-init --voms virgo",
    "voms-proxy-info --all",
];
