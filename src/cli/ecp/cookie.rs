//! `ecp-get-cookie`: gets a session with a web service, for curl and similar tools.

use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use saml_ecp::error::EcpError;
use saml_ecp::http::{Message, host_of};
use saml_ecp::jar::Jar;
use serde_json::{Value, json};
use url::Url;
use voms::files;

use super::address_of;
use super::login::{LoginArgs, LoginPlan};
use super::progress::Progress;
use super::providers::ProviderList;
use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::file;
use crate::cli::outcome::{CommandError, Format, Report};
use crate::cli::output::Diagnostic;
use crate::cli::removal::Expected;

const JAR_LIMIT: u64 = 1 << 20;

/// Logs in at a web service, and keeps its cookies in a file.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "ecp-get-cookie [options] URL",
    after_help = "\
EXIT CODES
  0  the file holds a session
  1  it failed
  2  the command line is wrong

EXAMPLES
  ecp-get-cookie -i LIGO -k https://service.example.org/private/"
)]
pub struct CookieArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// The address to log in at
    url: Option<String>,
    /// The file of cookies (default /tmp/ecpcookie.u<uid>)
    #[arg(long, short = 'c', value_name = "FILE")]
    cookiefile: Option<PathBuf>,
    /// Do nothing if the file holds a session that the service knows
    #[arg(long, short = 'r')]
    reuse: bool,
    /// Report each step
    #[arg(long, short = 'v')]
    verbose: bool,
    /// Remove the file
    #[arg(long, short = 'X')]
    destroy: bool,
    /// Print the result as JSON (schema/cookies.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

/// The default cookie file.
pub fn usual(env: &Environment) -> PathBuf {
    format!("/tmp/ecpcookie.u{}", env.uid).into()
}

/// Reads a cookie file, which may be absent but must belong to the user.
pub fn load(path: &Path) -> Result<Jar, EcpError> {
    let bad = |reason: String| EcpError::Cookies {
        path: path.to_owned(),
        reason,
    };
    match files::read_own(path, JAR_LIMIT) {
        Ok((_, text)) => Ok(Jar::from_netscape(&String::from_utf8_lossy(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Jar::default()),
        Err(error) => Err(bad(files::reason(&error))),
    }
}

/// Writes the cookie file, readable by the user only.
pub fn save(jar: &Jar, path: &Path, with_session: bool) -> Result<(), EcpError> {
    file::replace(path, jar.to_netscape(with_session).as_bytes()).map_err(|error| {
        EcpError::Cookies {
            path: path.to_owned(),
            reason: files::reason(&error),
        }
    })
}

impl Arguments for CookieArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// What the command does.
pub enum CookiePlan {
    List(ProviderList, bool, Format),
    Remove {
        path: PathBuf,
        uid: u32,
        progress: Progress,
        format: Format,
    },
    Get(SessionPlan),
}

/// How to get a session.
pub struct SessionPlan {
    path: PathBuf,
    url: Url,
    reuse: bool,
    login: LoginPlan,
    progress: Progress,
    format: Format,
}

impl CookiePlan {
    /// Combines options and environment.
    pub fn new(args: CookieArgs, env: &Environment) -> Result<Self, CommandError> {
        let format = args.format();
        let path = args.cookiefile.unwrap_or_else(|| usual(env));
        let progress = Progress::new(args.verbose || args.login.debug, format);
        let (list, debug) = (args.login.list_idps, args.login.debug);
        let login = LoginPlan::new(args.login, env);
        if list {
            return Ok(Self::List(login.list, debug, format));
        }
        if args.destroy {
            return Ok(Self::Remove {
                path,
                uid: env.uid,
                progress,
                format,
            });
        }
        let Some(url) = &args.url else {
            return Err(CommandError::Usage(
                Diagnostic::usage("URL is missing").help("run: ecp-get-cookie --help"),
            ));
        };
        Ok(Self::Get(SessionPlan {
            path,
            url: address_of(url)?,
            reuse: args.reuse,
            login,
            progress,
            format,
        }))
    }
}

/// Runs the plan.
pub fn run(plan: CookiePlan) -> Result<Report, CommandError> {
    match plan {
        CookiePlan::List(list, debug, format) => list.report(debug, format),
        CookiePlan::Remove {
            path,
            uid,
            progress,
            format,
        } => {
            let removed = super::remove("cookie", Expected::Cookies, &path, uid, progress)?;
            Ok(super::removal_report(&path, removed, format))
        }
        CookiePlan::Get(plan) => get(&plan),
    }
}

fn get(plan: &SessionPlan) -> Result<Report, CommandError> {
    let SessionPlan {
        path,
        url,
        reuse,
        login,
        progress,
        ..
    } = plan;
    let http = super::http(login.debug)?;
    let mut jar = load(path)?;
    let host = host_of(url)?;
    if *reuse && jar.has_session(&host) {
        progress.say("Validating existing cookies...");
        let mut message = Message::default();
        message.jar = Some(&mut jar);
        let answer = http.send(url, message)?;
        if answer.status == 200 {
            progress.say(" OK\n");
            return Ok(match plan.format {
                Format::Json => Report::json(&describe(&jar, plan)),
                Format::Text => Report::done(),
            });
        }
        progress.say(" failed, will log in again\n");
    }
    jar.forget_session(&host);
    login.identify(&http)?.log_in(&http, url, &mut jar)?;
    save(&jar, path, true)?;
    Ok(match plan.format {
        Format::Json => Report::json(&describe(&jar, plan)),
        Format::Text if progress.is_shown() => Report::lines(table(&jar, url)),
        Format::Text => Report::done(),
    })
}

/// What the file holds, without the values (`schema/cookies.json`).
fn describe(jar: &Jar, plan: &SessionPlan) -> Value {
    let cookies = jar.labels().into_iter().map(|label| {
        json!({
            "domain": label.domain,
            "path": label.path,
            "secure": label.secure,
            "name": label.name,
        })
    });
    json!({
        "version": 1,
        "path": plan.path,
        "url": plan.url.as_str(),
        "cookies": cookies.collect::<Value>(),
    })
}

fn table(jar: &Jar, url: &Url) -> Vec<String> {
    let rule = "-".repeat(70);
    let mut lines = vec![format!("Cookies for {url}\n{rule}")];
    lines.push(format!(
        "{:<24} {:<10} {:<8} NAME\n{rule}",
        "DOMAIN", "PATH", "SECURE?"
    ));
    lines.extend(jar.labels().into_iter().map(|label| {
        format!(
            "{:<24} {:<10} {:<8} {}",
            label.domain, label.path, label.secure, label.name
        )
    }));
    lines.push(rule);
    lines
}
