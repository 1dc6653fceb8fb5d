//! `ecp-get-cert`: gets a certificate from a web service with the user's institutional login.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use clap::{ArgAction, Parser};
use saml_ecp::certificate::{self, KeyPlace};
use saml_ecp::http::host_of;
use saml_ecp::jar::Jar;
use url::Url;
use voms::credential::Credential;
use voms::pki::key::PrivateKey;
use voms::pki::pem;
use voms::proxy::{ProxyRequest, VerifiedIssuer};
use zeroize::Zeroizing;

use super::address_of;
use super::cert_info;
use super::login::{LoginArgs, LoginPlan};
use super::progress::Progress;
use super::providers::ProviderList;
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::invocation::Clock;
use crate::cli::outcome::{CommandError, Format, Report};
use crate::cli::output::{self, Diagnostic};
use crate::cli::removal::{self, Expected};
use crate::cli::token::STEP;
use crate::cli::{failure, file, info};
use crate::home::load::{self, PassphraseProblem};
use crate::home::location::Location;
use crate::time::{span, utc};

/// CILogon's service.
const SERVICE: &str = "https://ecp.cilogon.org/secure/getcert";
const RETIRED: &str =
    "note: CILogon no longer issues certificates; IGWN services take bearer tokens";
const BITS: u32 = 2048;

/// Gets a certificate with your institution's login (SAML ECP).
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
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
    login: LoginArgs,
    /// Where the credential goes (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, short = 'f', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Its lifetime in hours
    #[arg(long, short = 'H', value_name = "N", default_value = "277")]
    hours: i64,
    /// Make a proxy from it
    #[arg(long, short = 'p')]
    proxy: bool,
    /// Keep the existing one if it is valid for at least this many more hours (default 1)
    #[arg(long, short = 'r', value_name = "HOURS", value_parser = finite)]
    reuse: Option<f64>,
    /// Have the service make the key and send it as PKCS#12, for services that know nothing else
    #[arg(long)]
    pkcs12: bool,
    /// The service (default ECP_SERVICE_URL, then CILogon's)
    #[arg(long, value_name = "URL")]
    service_url: Option<String>,
    /// Get a bearer token instead, which has taken the place of certificates at IGWN
    #[arg(long)]
    pub token: bool,
    /// Report each step
    #[arg(long, short = 'v')]
    verbose: bool,
    /// Remove the credential
    #[arg(long, short = 'X')]
    destroy: bool,
    /// Print the result as JSON (schema/certificate.json)
    #[arg(long)]
    pub json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for GetCertArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

fn finite(hours: &str) -> Result<f64, &'static str> {
    hours
        .parse()
        .ok()
        .filter(|hours: &f64| hours.is_finite())
        .ok_or("not a number of hours")
}

/// What the command does.
pub struct GetCertPlan {
    /// The credential file.
    pub path: PathBuf,
    pub uid: u32,
    pub progress: Progress,
    pub format: Format,
    pub task: Task,
}

pub enum Task {
    List(ProviderList, bool),
    Remove,
    Get {
        reuse: Option<Reuse>,
        /// An error here only matters if something has to be fetched.
        fetch: Result<FetchPlan, CommandError>,
    },
}

/// When an existing credential can be reused.
pub struct Reuse {
    hours: f64,
    proxy: bool,
}

/// The certificate requested.
pub struct Wanted {
    pub hours: i64,
    pub proxy: bool,
    pub pkcs12: bool,
    pub service: Option<String>,
    /// Whether the user has been told what stands in its place today.
    pub is_announced: bool,
}

/// How to get a certificate.
pub struct FetchPlan {
    hours: u32,
    service: Url,
    key: KeyPlace,
    proxy: bool,
    login: LoginPlan,
}

impl GetCertPlan {
    /// Combines options and environment.
    pub fn new(args: GetCertArgs, env: &Environment) -> Self {
        let format = args.format();
        let path = args.file.unwrap_or_else(|| env.proxy());
        let progress = Progress::new(args.verbose || args.login.debug, format);
        let (list, debug) = (args.login.list_idps, args.login.debug);
        let login = LoginPlan::new(args.login, env);
        let task = if list {
            Task::List(login.list, debug)
        } else if args.destroy {
            Task::Remove
        } else {
            let (hours, proxy, pkcs12) = (args.hours, args.proxy, args.pkcs12);
            let reuse = args.reuse.map(|hours| Reuse { hours, proxy });
            let wanted = Wanted {
                hours,
                proxy,
                pkcs12,
                service: args.service_url,
                is_announced: false,
            };
            Task::Get {
                reuse,
                fetch: FetchPlan::new(wanted, login, &path, env),
            }
        };
        Self {
            path,
            uid: env.uid,
            progress,
            format,
            task,
        }
    }
}

impl FetchPlan {
    /// Combines the request with the environment, and checks that the result can be written to
    /// `path`.
    pub fn new(
        wanted: Wanted,
        login: LoginPlan,
        path: &Path,
        env: &Environment,
    ) -> Result<Self, CommandError> {
        let hours = u32::try_from(wanted.hours)
            .ok()
            .filter(|hours| *hours > 0)
            .ok_or_else(|| {
                CommandError::Usage(
                    Diagnostic::usage("the number of hours must be positive")
                        .help("write for example --hours 24"),
                )
            })?;
        let named = wanted.service.or_else(|| env.ecp_service_url.clone());
        if named.is_none() && !wanted.is_announced && std::io::stderr().is_terminal() {
            output::stderr(&format!("{RETIRED}; add --token, or type: {STEP}"));
        }
        let service = address_of(named.as_deref().unwrap_or(SERVICE))?;
        let directory = file::directory(path);
        if !directory.is_dir() {
            return Err(failure::no_directory(path, directory).into());
        }
        file::may_be_replaced(path).map_err(|error| failure::not_written(path, &error))?;
        let key = if wanted.pkcs12 {
            KeyPlace::Service
        } else {
            KeyPlace::Local
        };
        Ok(Self {
            hours,
            service,
            key,
            proxy: wanted.proxy,
            login,
        })
    }
}

/// Runs the plan.
pub fn run(plan: GetCertPlan, now: Clock) -> Result<Report, CommandError> {
    let GetCertPlan {
        path,
        uid,
        progress,
        format,
        task,
    } = plan;
    match task {
        Task::List(list, debug) => return list.report(debug, format),
        Task::Remove => {
            let removed = super::remove("credential", Expected::Credential, &path, uid, progress)?;
            return Ok(super::removal_report(&path, removed, format));
        }
        Task::Get { reuse, fetch } => {
            if !reuse.is_some_and(|reuse| may_be_reused(&path, &reuse, progress, now())) {
                let contents = fetch_with(&fetch?, progress, now)?;
                removal::clear_leftovers(&path, uid, now());
                file::replace(&path, &contents)
                    .map_err(|error| failure::not_written(&path, &error))?;
                progress.say("X.509 credential stored\n");
            }
        }
    }
    report(&path, progress, format, now())
}

fn may_be_reused(path: &Path, reuse: &Reuse, progress: Progress, now: DateTime<Utc>) -> bool {
    progress.say("Validating existing certificate...");
    let good = is_good(path, reuse.hours, reuse.proxy, now);
    progress.say(if good {
        " OK\n"
    } else {
        " failed, will regenerate\n"
    });
    good
}

/// Whether a file holds what would be fetched, valid for that many more hours and with equally
/// strict permissions: anyone could have put a file in the default location.
fn is_good(path: &Path, hours: f64, proxy: bool, now: DateTime<Utc>) -> bool {
    // Fetched keys are never encrypted.
    let nobody = load::asking_nobody(PassphraseProblem::NotGiven);
    let there = load::load(&Location::single(path.to_owned()), nobody);
    let Ok(there) = there else { return false };
    let chain = there.chain();
    let left = (utc(chain.not_after()) - now).num_seconds();
    // Beyond the lifetime of any certificate, the exact value does not matter.
    #[allow(clippy::cast_possible_truncation)]
    let wanted = (hours * 3600.0).clamp(0.0, 1e12).ceil() as i64;
    chain.leaf().is_proxy() == proxy && left > 0 && left >= wanted
}

/// The contents of the file to be written.
fn fetch_with(
    plan: &FetchPlan,
    progress: Progress,
    now: Clock,
) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let http = super::http(plan.login.debug)?;
    let user = plan.login.identify(&http)?;
    progress.say("Fetching certificate...\n");
    let mut jar = Jar::default();
    let host = host_of(&plan.service)?;
    user.log_in(&http, &plan.service, &mut jar)
        .map_err(|error| error.of_service(&host))?;
    let credential = certificate::request(
        &http,
        &plan.service,
        &mut jar,
        (plan.hours, plan.key),
        now(),
    )?;
    progress.say("Storing certificate...\n");
    Ok(match plan.proxy {
        true => proxy_of(&credential, plan.hours, now())?,
        false => plain(&credential)?,
    })
}

/// Certificate and key, when no proxy is made.
fn plain(credential: &Credential) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
    let certificate = pem::encode("CERTIFICATE", credential.chain().leaf().der());
    let key = credential
        .key()
        .to_pkcs8_pem()
        .map_err(Diagnostic::unexpected)?;
    Ok(Zeroizing::new(
        [certificate.as_bytes(), key.as_bytes()].concat(),
    ))
}

fn proxy_of(
    credential: &Credential,
    hours: u32,
    now: DateTime<Utc>,
) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
    let request = ProxyRequest::new(span(Duration::hours(hours.into())));
    let key = PrivateKey::generate_rsa(BITS).map_err(Diagnostic::unexpected)?;
    let proxy = request
        .issue(&VerifiedIssuer::assume(credential), key, now)
        .map_err(Diagnostic::from)?;
    proxy.to_pem().map_err(|error| {
        Diagnostic::new(
            codes::PROXY_NOT_ISSUED,
            format!("the proxy cannot be encoded: {error}"),
        )
    })
}

fn report(
    path: &Path,
    progress: Progress,
    format: Format,
    now: DateTime<Utc>,
) -> Result<Report, CommandError> {
    if format == Format::Json {
        let chain = cert_info::load(path)?;
        return Ok(Report::json(&info::describe_certificate(
            path,
            chain.leaf(),
            now,
        )));
    }
    if !progress.is_shown() {
        return Ok(Report::done());
    }
    Ok(Report::lines(cert_info::block(
        cert_info::load(path)?.leaf(),
        path,
        now,
        true,
    )))
}
