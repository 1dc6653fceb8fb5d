//! The arguments of `htgettoken`.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

use crate::cli::args::Arguments;
use crate::cli::exit::Exit;
use crate::cli::headings;

/// Gets a bearer token from a vault: with the vault token that is there, with a Kerberos ticket, or after a login in a
/// web browser.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "htgettoken -a VAULT [options]",
    after_help = "\
Options in HTGETTOKENOPTS come before those typed. In paths, %issuer, %role, %credkey and %uid stand for their values.

EXIT CODES
  0  the token was written
  1  it failed; an earlier token is as it was
  2  the command line is wrong

EXAMPLES
  htgettoken -a vault.ligo.org -i igwn
  htgettoken -a vault.ligo.org -i igwn --scopes gracedb.read --audience https://gracedb.ligo.org"
)]
pub struct GetArgs {
    /// The vault (required)
    #[arg(long, short = 'a', value_name = "HOST|URL")]
    pub vaultserver: Option<String>,
    /// The issuer of tokens, as the vault calls it
    #[arg(long, short = 'i', value_name = "NAME", default_value = "default")]
    pub issuer: String,
    /// The role at the issuer
    #[arg(long, short = 'r', value_name = "NAME", default_value = "default")]
    pub role: String,
    /// Fewer scopes than you have, separated by blanks or commas
    #[arg(long, value_name = "SCOPES")]
    pub scopes: Option<String>,
    /// The services that may take the token
    #[arg(long, value_name = "AUDIENCES")]
    pub audience: Option<String>,
    /// Seconds that it lasts at least
    #[arg(long, value_name = "N", default_value = "60")]
    pub minsecs: u64,
    /// Where it goes (default BEARER_TOKEN_FILE, XDG_RUNTIME_DIR/bt_u<uid> or /tmp/bt_u<uid>)
    #[arg(long, short = 'o', value_name = "FILE")]
    pub outfile: Option<PathBuf>,
    /// Report each step
    #[arg(long, short = 'v')]
    pub verbose: bool,
    /// Also log what is sent and received, except secrets
    #[arg(long, short = 'd')]
    pub debug: bool,
    /// Print neither progress nor errors
    #[arg(long, short = 'q')]
    pub quiet: bool,
    /// Take more options from this server
    #[arg(long, short = 's', value_name = "HOST|URL")]
    pub optserver: Option<String>,
    /// The vault's name for Kerberos, and for the browser to return to
    #[arg(long, value_name = "HOST|URL", help_heading = headings::LOGIN)]
    pub vaultalias: Option<String>,
    /// Do not log in by Kerberos
    #[arg(long, help_heading = headings::LOGIN)]
    pub nokerberos: bool,
    /// Where the vault takes Kerberos
    #[arg(long, value_name = "PATH", default_value = "auth/kerberos-%issuer_%role", help_heading = headings::LOGIN)]
    pub kerbpath: String,
    /// Whose ticket, if there are several
    #[arg(long, value_name = "PRINCIPAL", help_heading = headings::LOGIN)]
    pub kerbprincipal: Option<String>,
    /// Do not log in in a web browser
    #[arg(long, help_heading = headings::LOGIN)]
    pub nooidc: bool,
    /// Where the vault starts such a login
    #[arg(long, value_name = "PATH", default_value = "auth/oidc-%issuer/oidc", help_heading = headings::LOGIN)]
    pub oidcpath: String,
    /// What opens the browser (default xdg-open; nothing if SSH_CLIENT is set)
    #[arg(long, value_name = "COMMAND", help_heading = headings::LOGIN)]
    pub web_open_command: Option<String>,
    /// Where the name of your tokens is kept (default ~/.config/htgettoken)
    #[arg(long, short = 'c', value_name = "DIR", help_heading = headings::LOGIN)]
    pub configdir: Option<PathBuf>,
    /// The name of your tokens in the vault (default: as last time)
    #[arg(long, value_name = "KEY", help_heading = headings::LOGIN)]
    pub credkey: Option<String>,
    /// Where the vault has them (default as htvault-config has it)
    #[arg(
        long,
        value_name = "PATH",
        default_value = "secret/oauth/creds/%issuer/%credkey:%role",
        hide_default_value = true,
        help_heading = headings::LOGIN
    )]
    pub secretpath: String,
    /// Life of a new vault token: a number and s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "7d", help_heading = headings::LOGIN)]
    pub vaulttokenttl: String,
    /// Life that the present one must have left
    #[arg(long, value_name = "TIME", default_value = "0s", help_heading = headings::LOGIN)]
    pub vaulttokenminttl: String,
    /// Where the vault token goes (default /tmp/vt_u<uid>)
    #[arg(long, value_name = "FILE", help_heading = headings::LOGIN)]
    pub vaulttokenfile: Option<PathBuf>,
    /// Where it is read from (default: the same file)
    #[arg(long, value_name = "FILE", help_heading = headings::LOGIN)]
    pub vaulttokeninfile: Option<PathBuf>,
    /// Get no new vault token
    #[arg(long, help_heading = headings::LOGIN)]
    pub novaulttoken: bool,
    /// Get a new vault token only
    #[arg(long, help_heading = headings::LOGIN)]
    pub nobearertoken: bool,
    /// Print the address of the bearer token in the vault
    #[arg(long, help_heading = headings::LOGIN)]
    pub showbearerurl: bool,
    /// CAs that vouch for the vault, instead of the system's
    #[arg(long, value_name = "FILE", help_heading = headings::TRUST)]
    pub cafile: Option<PathBuf>,
    /// Directory with more CAs (default X509_CERT_DIR, or the usual one)
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    pub capath: Option<PathBuf>,
    /// The host that the vault's certificate names
    #[arg(long, value_name = "HOST", help_heading = headings::TRUST)]
    pub vaultcertname: Option<String>,
    /// Accepted for compatibility: keys of ssh-agent are not used
    #[arg(long, help_heading = headings::COMPATIBILITY)]
    nossh: bool,
    /// The same
    #[arg(long, value_name = "PATH", help_heading = headings::COMPATIBILITY)]
    sshpath: Option<String>,
    /// Refused, for the same reason
    #[arg(long, help_heading = headings::COMPATIBILITY)]
    pub registerssh: bool,
    /// Show this help
    #[arg(long, short = 'h', action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for GetArgs {
    const WRONG_USAGE: Exit = Exit::Code(2);
}
