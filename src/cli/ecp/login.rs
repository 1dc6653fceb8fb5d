//! Who logs in where: the identity provider, the user, and the password or ticket.

use std::path::Path;

use clap::Args;
use saml_ecp::error::EcpError;
use saml_ecp::gssapi::Gssapi;
use saml_ecp::http::{Http, host_of};
use saml_ecp::idp::{self, Idp};
use saml_ecp::jar::Jar;
use saml_ecp::session::{Login, Session};
use url::Url;
use zeroize::Zeroizing;

use super::address_of;
use super::providers::ProviderList;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::prompt::{self, PassphraseSource};
use crate::home::load::CredentialError;

/// Options of all commands that log in.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Your institution: a part of its name or address, or the whole ECP address (default ECP_IDP)
    #[arg(long, short = 'i', value_name = "NAME")]
    identity_provider: Option<String>,
    /// Log in with your Kerberos ticket
    #[arg(long, short = 'k')]
    kerberos: bool,
    /// Your user name there
    #[arg(long, short = 'u', value_name = "USER")]
    username: Option<String>,
    /// Read the password from standard input
    #[arg(long, alias = "password-stdin")]
    pwstdin: bool,
    /// Where the identity providers are listed: an https address or a file (default ECP_IDP_LIST,
    /// then CILogon's)
    #[arg(long, value_name = "WHERE")]
    idp_list: Option<String>,
    /// List the identity providers
    #[arg(long, short = 'l')]
    pub list_idps: bool,
    /// Log everything sent and received, except secrets
    #[arg(long, short = 'd')]
    pub debug: bool,
}

/// Everything known about a login before anything is sent or prompted for.
#[derive(Debug)]
pub struct LoginPlan {
    /// The identity provider named by the user; if none, the realm of the ticket is used.
    pub provider: Option<String>,
    /// Whether that identity provider has no fallback.
    pub alone: bool,
    pub list: ProviderList,
    pub proof: Proof,
    pub debug: bool,
}

/// How the user authenticates.
#[derive(Debug)]
pub enum Proof {
    Ticket,
    /// Prompts for the user name if none was given.
    Password {
        user: Option<String>,
        source: PassphraseSource,
    },
}

impl Proof {
    pub fn new(kerberos: bool, user: Option<String>, pwstdin: bool) -> Self {
        if kerberos {
            Self::Ticket
        } else {
            Self::Password {
                user,
                source: PassphraseSource::new(pwstdin),
            }
        }
    }
}

impl LoginPlan {
    /// Combines options and environment.
    pub fn new(args: LoginArgs, env: &Environment) -> Self {
        Self {
            provider: args.identity_provider.or_else(|| env.ecp_idp.clone()),
            alone: false,
            list: ProviderList::new(args.idp_list, env),
            proof: Proof::new(args.kerberos, args.username, args.pwstdin),
            debug: args.debug,
        }
    }

    /// Determines the identity providers, and prompts for the password, once.
    pub fn identify(&self, http: &Http) -> Result<Identity, CommandError> {
        let (login, idps) = match &self.proof {
            Proof::Ticket => {
                let gssapi = Gssapi::load().map_err(EcpError::from)?;
                let principal = gssapi.principal().map_err(EcpError::from)?;
                let realm = principal.rsplit_once('@').map(|(_, realm)| realm);
                (Login::Kerberos(gssapi), self.idps(http, realm)?)
            }
            Proof::Password { user, source } => {
                let idps = self.idps(http, None)?;
                (password(user.as_deref(), source, &idps[0])?, idps)
            }
        };
        Ok(Identity { idps, login })
    }

    /// The identity providers to try, in order.
    fn idps(&self, http: &Http, realm: Option<&str>) -> Result<Vec<Idp>, CommandError> {
        let name = self.provider.as_deref().or(realm).ok_or_else(|| {
            CommandError::Usage(
                Diagnostic::usage("no identity provider was named")
                    .help("name your institution with -i, or in ECP_IDP"),
            )
        })?;
        if name.contains("://") {
            address_of(name)?;
        }
        let mut idps = match idp::as_address(name) {
            Some(idp) => vec![idp],
            None => idp::choose(
                &self.list.load(http, self.debug)?,
                name,
                matches!(self.proof, Proof::Ticket),
            )?,
        };
        if self.alone {
            idps.truncate(1);
        }
        Ok(idps)
    }
}

fn password(
    user: Option<&str>,
    source: &PassphraseSource,
    idp: &Idp,
) -> Result<Login, CommandError> {
    let host = host_of(&idp.url)?;
    let user = match user {
        Some(user) => user.to_owned(),
        None => prompt::line(&format!("Enter username for {host}: "))?,
    };
    let prompt = format!("Enter password for '{user}' on {host}: ");
    let password: Zeroizing<String> =
        source
            .ask_for(&prompt, Path::new(&host))
            .map_err(|error| -> CommandError {
                match error {
                    CredentialError::NoPassphrase { why, .. } => {
                        let headline = format!("there is no password for {user} at {host}: {why}");
                        Diagnostic::new(codes::NO_PASSPHRASE, headline)
                            .help("run it on a terminal, give --pwstdin, or use --kerberos")
                            .into()
                    }
                    other => other.into(),
                }
            })?;
    Ok(Login::Basic(user, password))
}

/// The user who logs in, and the identity providers that vouch for that.
pub struct Identity {
    idps: Vec<Idp>,
    login: Login,
}

impl Identity {
    /// Logs in to a service with the first identity provider, or with a fallback if that one
    /// fails.
    pub fn log_in(&self, http: &Http, service: &Url, jar: &mut Jar) -> Result<(), EcpError> {
        let mut idps = self.idps.iter().peekable();
        while let Some(idp) = idps.next() {
            match Session::at(http, service).log_in(jar, idp, &self.login) {
                // Another identity provider does not help if the service itself fails.
                Err(error)
                    if error.is_trouble() && is_about(&error, idp) && idps.peek().is_some() =>
                {
                    output::warning(format!(
                        "{error}; trying the next identity provider of {}",
                        idp.name
                    ));
                }
                outcome => return outcome,
            }
        }
        Err(EcpError::UnknownIdp(String::new()))
    }
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
