//! Who logs in where: the identity provider, the user, the password or ticket.

use std::io::Write;
use std::path::Path;

use clap::Args;
use saml_ecp::error::EcpError;
use saml_ecp::gssapi::Gssapi;
use saml_ecp::http::{Http, Message, host_of};
use saml_ecp::idp::{self, Idp};
use saml_ecp::jar::Jar;
use saml_ecp::session::{Login, Session};
use url::Url;
use voms::files;
use zeroize::Zeroizing;

use crate::cli::env::Environment;
use crate::cli::file;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Trouble};
use crate::cli::prompt::{self, PassphraseSource};

/// Where the list of identity providers is.
const LIST: &str = "https://cilogon.org/include/ecpidps.txt";
const LIST_LIMIT: u64 = 1 << 20;

/// Options of all commands that log in.
#[derive(Debug, Args, Default)]
pub struct LoginArgs {
    /// Your institution: a part of its name or address, or the whole ECP address (default ECP_IDP)
    #[arg(long, short = 'i', value_name = "NAME")]
    pub identity_provider: Option<String>,
    /// Log in with your Kerberos ticket
    #[arg(long, short = 'k')]
    pub kerberos: bool,
    /// Your user name there
    #[arg(long, short = 'u', value_name = "USER")]
    pub username: Option<String>,
    /// Read the password from standard input
    #[arg(long, alias = "password-stdin")]
    pub pwstdin: bool,
    /// Where the identity providers are listed: an https address or a file (default ECP_IDP_LIST, then CILogon's)
    #[arg(long, value_name = "WHERE")]
    pub idp_list: Option<String>,
    /// List the identity providers
    #[arg(long, short = 'l')]
    pub list_idps: bool,
    /// Whether no other identity provider may stand in for the one that was named
    #[arg(skip)]
    pub alone: bool,
    /// Tell all that is sent and received, without secrets
    #[arg(long, short = 'd')]
    pub debug: bool,
}

impl LoginArgs {
    /// HTTP as these options want it.
    pub fn http(&self) -> Result<Http, CommandError> {
        Ok(Http::new(self.debug.then_some(output::stderr as fn(&str)))?)
    }

    /// The list, from where it was named; else CILogon's, or what is built in if that cannot be had.
    pub fn list(&self, http: &Http, env: &Environment) -> Result<Vec<Idp>, CommandError> {
        let Some(place) = self.idp_list.as_ref().or(env.ecp_idp_list.as_ref()) else {
            let fetched = fetch(http, LIST).ok().filter(|list| !list.is_empty());
            if fetched.is_none() && self.debug {
                output::stderr(&format!("note: {LIST} cannot be had; the built-in list is used"));
            }
            return Ok(fetched.unwrap_or_else(idp::built_in));
        };
        if place.starts_with("https://") {
            return Ok(fetch(http, place)?);
        }
        let unreadable = |why: String| {
            Trouble::new(format!("cannot read the list of identity providers {place}: {why}"))
                .help("name a file or an https address with --idp-list")
        };
        let text =
            files::read_limited(Path::new(place), LIST_LIMIT).map_err(|error| unreadable(files::reason(&error)))?;
        Ok(idp::parse(&String::from_utf8_lossy(&text)))
    }

    /// Prints the list, sorted by name.
    pub fn print_list(&self, env: &Environment) -> Result<(), CommandError> {
        let mut list = self.list(&self.http()?, env)?;
        list.sort_by(|one, other| one.name.cmp(&other.name));
        let label = |idp: &Idp| format!("'{}{}'", idp.name, if idp.kerberos { " (Kerberos)" } else { "" });
        let width = list.iter().map(|idp| label(idp).chars().count()).max().unwrap_or(0);
        list.iter().for_each(|idp| output::line(&format!("{:<width$} : {}", label(idp), idp.url)));
        Ok(())
    }

    /// Whom to ask, in turn, and how the user proves who it is; the password is asked for once.
    pub fn resolve(&self, http: &Http, env: &Environment) -> Result<(Vec<Idp>, Login), CommandError> {
        let ticket = if self.kerberos {
            let gssapi = Gssapi::load().map_err(EcpError::from)?;
            let principal = gssapi.principal().map_err(EcpError::from)?;
            Some((gssapi, principal))
        } else {
            None
        };
        let realm = ticket.as_ref().and_then(|(_, principal)| Some(principal.rsplit_once('@')?.1.to_owned()));
        let value = self.identity_provider.clone().or_else(|| env.ecp_idp.clone()).or(realm);
        let value = value.ok_or_else(|| {
            CommandError::Usage(
                Trouble::new("no identity provider was named").help("name your institution with -i, or in ECP_IDP"),
            )
        })?;
        if value.contains("://") {
            address_of(&value)?;
        }
        let mut idps = match idp::as_address(&value) {
            Some(idp) => vec![idp],
            None => idp::choose(&self.list(http, env)?, &value, self.kerberos)?,
        };
        if self.alone {
            idps.truncate(1);
        }
        let login = match ticket {
            Some((gssapi, _)) => Login::Kerberos(gssapi),
            None => self.basic(&idps[0])?,
        };
        Ok((idps, login))
    }

    fn basic(&self, idp: &Idp) -> Result<Login, CommandError> {
        let host = host_of(&idp.url)?;
        let user = match &self.username {
            Some(user) => user.clone(),
            None => prompt::line(&format!("Enter username for {host}: "))?,
        };
        let prompt = format!("Enter password for '{user}' on {host}: ");
        let source = PassphraseSource::new(self.pwstdin);
        let password: Zeroizing<String> =
            source.ask_for(&prompt, Path::new(&host)).map_err(|error| -> CommandError {
                use crate::home::load::CredentialError;
                match error {
                    CredentialError::NoPassphrase { reason, .. } => {
                        let headline = format!("there is no password for {user} at {host}: {reason}");
                        Trouble::new(headline).help("run it on a terminal, give --pwstdin, or use --kerberos").into()
                    }
                    other => other.into(),
                }
            })?;
        Ok(Login::Basic(user, password))
    }
}

fn fetch(http: &Http, address: &str) -> Result<Vec<Idp>, EcpError> {
    let url = address_of(address)?;
    let answer = http.send(&url, Message::default())?;
    match answer.status {
        200 => Ok(idp::parse(&String::from_utf8_lossy(&answer.body))),
        status => Err(EcpError::Status { host: answer.host, status }),
    }
}

/// An https address that somebody wrote.
pub fn address_of(text: &str) -> Result<Url, EcpError> {
    let url = Url::parse(text).map_err(|_| EcpError::insecure(text))?;
    host_of(&url).map(|_| url)
}

/// Logs in at a service with the first identity provider, or, if that has trouble, with one that stands in for it.
pub fn log_in(http: &Http, service: &Url, jar: &mut Jar, (idps, login): (&[Idp], &Login)) -> Result<(), EcpError> {
    let mut idps = idps.iter().peekable();
    while let Some(idp) = idps.next() {
        match Session::at(http, service).log_in(jar, idp, login) {
            // Trouble of the service is not mended by another identity provider.
            Err(error) if error.is_trouble() && is_about(&error, idp) && idps.peek().is_some() => {
                output::warning(format!("{error}; trying the next identity provider of {}", idp.name));
            }
            outcome => return outcome,
        }
    }
    Err(EcpError::UnknownIdp(String::new()))
}

fn is_about(error: &EcpError, idp: &Idp) -> bool {
    match error {
        EcpError::Connect { host, .. }
        | EcpError::Untrusted { host, .. }
        | EcpError::Status { host, .. }
        | EcpError::Fault { host, .. }
        | EcpError::Timeout(host) => idp.url.host_str() == Some(host),
        _ => false,
    }
}

/// Removes a file of one's own, as `--destroy` wants it; what is not there is no failure.
pub fn remove(what: &str, path: &Path, verbose: bool, env: &Environment) -> Result<(), CommandError> {
    at_once(verbose, &format!("Removing {what} file '{}'...", path.display()));
    if path.symlink_metadata().is_err() {
        at_once(verbose, " not found\n");
        return Ok(());
    }
    file::destroy(path, env.uid).map_err(|error| {
        Trouble::new(format!("cannot remove {}: {}", path.display(), files::reason(&error))).help("check who owns it")
    })?;
    at_once(verbose, " done\n");
    Ok(())
}

/// What a program that runs for long has to say at once.
pub fn at_once(verbose: bool, text: &str) {
    if verbose {
        let mut out = std::io::stdout();
        let _ = write!(out, "{}", output::harmless(text));
        let _ = out.flush();
    }
}
