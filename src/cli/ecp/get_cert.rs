//! `ecp-get-cert`: a certificate from a web service, by the log-in of one's institution.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use clap::{ArgAction, Parser};
use saml_ecp::certificate::{self, KeyPlace};
use saml_ecp::http::host_of;
use saml_ecp::jar::Jar;
use voms::pki::credential::Credential;
use voms::pki::key::PrivateKey;
use voms::pki::pem;
use voms::proxy::ProxyRequest;
use voms::proxy::kind::{Generation, Policy};
use zeroize::Zeroizing;

use super::cert_info;
use super::login::{LoginArgs, address_of, at_once, log_in, remove};
use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::invocation::Clock;
use crate::cli::outcome::CommandError;
use crate::cli::output::Trouble;
use crate::cli::{file, trouble};
use crate::home::load::{self, CredentialError};
use crate::home::location::Location;

/// CILogon's service.
const SERVICE: &str = "https://ecp.cilogon.org/secure/getcert";
const BITS: u32 = 2048;

/// Gets a certificate by the log-in of your institution (SAML ECP).
#[derive(Debug, Parser, Default)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "ecp-get-cert -i INSTITUTION [options]",
    after_help = "\
CILogon, the default service, no longer issues certificates; --service-url names another one.

EXIT CODES
  0  a credential was written, or is still good (--reuse), or was removed (--destroy)
  1  it failed; an earlier file is as it was
  2  the command line is wrong
  130  interrupted

EXAMPLES
  ecp-get-cert -i LIGO -u albert.einstein
  ecp-get-cert -i LIGO -k --reuse 24 --proxy
  ecp-get-cert --destroy"
)]
pub struct GetCertArgs {
    #[command(flatten)]
    pub login: LoginArgs,
    /// Where the credential goes (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, short = 'f', value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How many hours it shall last
    #[arg(long, short = 'H', value_name = "N", default_value = "277")]
    pub hours: i64,
    /// Make a proxy of it
    #[arg(long, short = 'p')]
    pub proxy: bool,
    /// Do nothing if what is there lasts that many hours more (default 1)
    #[arg(long, short = 'r', value_name = "HOURS", value_parser = finite)]
    pub reuse: Option<f64>,
    /// Have the service make the key and send it as PKCS#12, for services that know nothing else
    #[arg(long)]
    pub pkcs12: bool,
    /// The service (default ECP_SERVICE_URL, then CILogon's)
    #[arg(long, value_name = "URL")]
    pub service_url: Option<String>,
    /// Tell what is done
    #[arg(long, short = 'v')]
    pub verbose: bool,
    /// Remove the credential
    #[arg(long, short = 'X')]
    pub destroy: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    pub help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    pub version: Option<bool>,
}

impl GetCertArgs {
    fn place(&self, env: &Environment) -> PathBuf {
        self.file.clone().unwrap_or_else(|| env.proxy())
    }

    fn is_verbose(&self) -> bool {
        self.verbose || self.login.debug
    }
}

fn finite(hours: &str) -> Result<f64, &'static str> {
    hours.parse().ok().filter(|hours: &f64| hours.is_finite()).ok_or("it is no number of hours")
}

impl Arguments for GetCertArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;
}

/// Runs the command.
pub(super) fn run(args: &GetCertArgs, env: &Environment, now: Clock) -> Result<(), CommandError> {
    let path = args.place(env);
    if args.login.list_idps {
        return args.login.print_list(env);
    }
    if args.destroy {
        return remove("credential", &path, args.is_verbose(), env);
    }
    if let Some(hours) = args.reuse {
        at_once(args.is_verbose(), "Validating existing certificate...");
        if is_good(&path, hours, args.proxy, now()) {
            at_once(args.is_verbose(), " OK\n");
            return tell(args, &path, now());
        }
        at_once(args.is_verbose(), " failed, will regenerate\n");
    }
    fetch(args, &path, env, now)?;
    tell(args, &path, now())
}

/// Whether a file holds what would be fetched, for that many hours yet, and is as closed to others as that would be:
/// anybody may have put one at the usual place.
fn is_good(path: &Path, hours: f64, proxy: bool, now: DateTime<Utc>) -> bool {
    // A key that has to be opened is none that was fetched.
    let sealed = |path: &Path| {
        Err(CredentialError::NoPassphrase { path: path.to_owned(), reason: "it was not fetched so".to_owned() })
    };
    let there = load::load(&Location::single(path.to_owned()), sealed);
    let Ok(there) = there else { return false };
    let chain = there.chain();
    let left = (chain.not_after() - now).num_seconds();
    // Longer than any certificate lasts is as good as for ever.
    #[allow(clippy::cast_possible_truncation)]
    let wanted = (hours * 3600.0).clamp(0.0, 1e12).ceil() as i64;
    chain.leaf().is_proxy() == proxy && left > 0 && left >= wanted
}

fn fetch(args: &GetCertArgs, path: &Path, env: &Environment, now: Clock) -> Result<(), CommandError> {
    let hours = u32::try_from(args.hours).ok().filter(|hours| *hours > 0).ok_or_else(|| {
        CommandError::Usage(Trouble::new("the hours have to be a positive number").help("write for example --hours 24"))
    })?;
    let service = args.service_url.clone().or_else(|| env.ecp_service_url.clone());
    let service = address_of(service.as_deref().unwrap_or(SERVICE))?;
    let directory = file::directory(path);
    if !directory.is_dir() {
        return Err(trouble::no_directory(path, directory).into());
    }
    file::may_be_replaced(path).map_err(|error| trouble::not_written(path, &error))?;
    let http = args.login.http()?;
    let (idps, login) = args.login.resolve(&http, env)?;
    at_once(args.is_verbose(), "Fetching certificate...\n");
    let mut jar = Jar::default();
    let host = host_of(&service)?;
    log_in(&http, &service, &mut jar, (&idps, &login)).map_err(|error| error.of_service(&host))?;
    let place = if args.pkcs12 { KeyPlace::Service } else { KeyPlace::Local };
    let credential = certificate::request(&http, &service, &mut jar, (hours, place), now())?;
    at_once(args.is_verbose(), "Storing certificate...\n");
    let contents = match args.proxy {
        true => proxy_of(&credential, hours, now())?,
        false => plain(&credential)?,
    };
    file::replace(path, &contents).map_err(|error| trouble::not_written(path, &error))?;
    at_once(args.is_verbose(), "X.509 credential stored\n");
    Ok(())
}

/// Certificate and key, as it is no proxy.
fn plain(credential: &Credential) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let certificate = pem::encode("CERTIFICATE", credential.chain().leaf().der());
    let key = credential.key().to_pkcs8_pem().map_err(Trouble::new)?;
    Ok(Zeroizing::new([certificate.as_bytes(), key.as_bytes()].concat()))
}

fn proxy_of(credential: &Credential, hours: u32, now: DateTime<Utc>) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let request = ProxyRequest {
        generation: Generation::Rfc,
        policy: Policy::InheritAll,
        path_length: None,
        lifetime: Duration::hours(hours.into()),
        latest: credential.chain().not_after(),
        attributes: None,
        included: None,
    };
    let key = PrivateKey::generate_rsa(BITS).map_err(Trouble::new)?;
    let proxy = request.issue(credential, key, now).map_err(Trouble::from)?;
    proxy.to_pem().map_err(|error| Trouble::new(format!("the proxy cannot be encoded: {error}")))
}

fn tell(args: &GetCertArgs, path: &Path, now: DateTime<Utc>) -> Result<(), CommandError> {
    if !args.is_verbose() {
        return Ok(());
    }
    cert_info::block(cert_info::load(path)?.leaf(), path, now, true);
    Ok(())
}
