//! `ecp-curl`: GETs one page that requires a login.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use reqwest::header::{HeaderName, HeaderValue};
use saml_ecp::error::EcpError;
use saml_ecp::http::{Answer, Http, Message};
use saml_ecp::jar::Jar;
use serde_json::json;
use url::Url;
use voms::files;
use zeroize::Zeroizing;

use super::login::{LoginArgs, LoginPlan};
use super::providers::ProviderList;
use super::{address_of, cookie};
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::file;
use crate::cli::outcome::{CommandError, Format, Report};
use crate::cli::output::Diagnostic;

/// The most redirects to follow within one service.
const MAX_REDIRECTS: usize = 5;

/// Gets a page, logging in first if needed.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "ecp-curl [options] URL",
    after_help = "\
EXIT CODES
  0  the page was got
  1  it was not
  2  the command line is wrong

EXAMPLES
  ecp-curl -i LIGO -k https://service.example.org/private/data.txt -o data.txt"
)]
pub struct CurlArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// The address
    #[arg(required_unless_present = "list_idps")]
    url: Option<String>,
    /// The file of cookies (default /tmp/ecpcookie.u<uid>)
    #[arg(long, short = 'c', value_name = "FILE")]
    cookiefile: Option<PathBuf>,
    /// A header to send; repeatable
    #[arg(long, short = 'H', value_name = "NAME: VALUE", action = ArgAction::Append)]
    header: Vec<String>,
    /// Write the page to FILE
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    /// Keep cookies that end with the session, so that the next call needs no login
    #[arg(long, short = 's')]
    store_session_cookies: bool,
    /// Print the result as JSON (schema/page.json); requires --output
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for CurlArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// What the command does.
pub enum CurlPlan {
    List(ProviderList, bool, Format),
    Get(Box<PagePlan>),
}

/// How to get a page.
pub struct PagePlan {
    url: Url,
    cookies: PathBuf,
    headers: Vec<(HeaderName, Zeroizing<String>)>,
    login: LoginPlan,
    keep_session: bool,
    /// A file instead of stdout.
    output: Option<PathBuf>,
    format: Format,
}

impl CurlPlan {
    /// Combines options and environment.
    pub fn new(args: CurlArgs, env: &Environment) -> Result<Self, CommandError> {
        let (list, debug) = (args.login.list_idps, args.login.debug);
        let format = args.format();
        let login = LoginPlan::new(args.login, env);
        if list {
            return Ok(Self::List(login.list, debug, format));
        }
        if format == Format::Json && args.output.is_none() {
            return Err(CommandError::Usage(
                Diagnostic::usage("--json and the page would both go to standard output")
                    .help("name a file for the page with --output"),
            ));
        }
        Ok(Self::Get(Box::new(PagePlan {
            url: address_of(args.url.as_deref().unwrap_or_default())?,
            cookies: args.cookiefile.unwrap_or_else(|| cookie::usual(env)),
            headers: args
                .header
                .iter()
                .map(|text| header(text))
                .collect::<Result<Vec<_>, CommandError>>()?,
            login,
            keep_session: args.store_session_cookies,
            output: args.output,
            format,
        })))
    }
}

/// Runs the plan.
pub fn run(plan: CurlPlan) -> Result<Report, CommandError> {
    match plan {
        CurlPlan::List(list, debug, format) => list.report(debug, format),
        CurlPlan::Get(plan) => {
            let page = page(&plan)?;
            write(&page, plan.output.as_deref())?;
            Ok(match plan.format {
                Format::Text => Report::done(),
                Format::Json => Report::json(&json!({
                    "version": 1,
                    "url": plan.url.as_str(),
                    "path": plan.output,
                    "bytes": page.len(),
                })),
            })
        }
    }
}

/// Gets the page, logging in if required.
fn page(plan: &PagePlan) -> Result<Vec<u8>, CommandError> {
    let PagePlan { url, headers, .. } = plan;
    let http = super::http(plan.login.debug)?;
    let mut jar = cookie::load(&plan.cookies)?;
    let mut answer = get(&http, url, &mut jar, headers)?;
    if let Some(place) = wants_login(url, &answer) {
        plan.login
            .identify(&http)?
            .log_in(&http, &place, &mut jar)?;
        answer = get(&http, url, &mut jar, headers)?;
    }
    cookie::save(&jar, &plan.cookies, plan.keep_session)?;
    if answer.status >= 300 {
        let text = format!("{} answered with status {}", answer.host, answer.status);
        return Err(Diagnostic::new(codes::HTTP_STATUS, text)
            .help("check the address, and whether you may see it")
            .into());
    }
    Ok(answer.body.to_vec())
}

fn write(body: &[u8], output: Option<&Path>) -> Result<(), Diagnostic> {
    let written = match output {
        Some(file) => {
            file::replace(file, body).map_err(|error| (file.display().to_string(), error))
        }
        None => print(body).map_err(|error| ("stdout".to_owned(), error)),
    };
    written.map_err(|(place, error)| {
        Diagnostic::new(
            codes::NOT_WRITTEN,
            format!("cannot write to {place}: {}", files::reason(&error)),
        )
        .help("name another file with --output")
    })
}

/// Writes to stdout and flushes, since an error such as a full disk would go unnoticed at exit.
fn print(body: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(body)?;
    out.flush()
}

/// Parses a header in curl's syntax.
fn header(text: &str) -> Result<(HeaderName, Zeroizing<String>), CommandError> {
    let wrong = || {
        CommandError::Usage(
            Diagnostic::usage(format!("invalid header: {text:?}")).help("write -H 'Name: value'"),
        )
    };
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    let value = value.trim();
    HeaderValue::from_str(value).map_err(|_| wrong())?;
    Ok((name, value.to_owned().into()))
}

/// Follows redirects within the service.
fn get(
    http: &Http,
    url: &Url,
    jar: &mut Jar,
    headers: &[(HeaderName, Zeroizing<String>)],
) -> Result<Answer, CommandError> {
    let mut at = url.clone();
    for _ in 0..MAX_REDIRECTS {
        let mut message = Message::default();
        message.headers = headers.to_vec();
        message.jar = Some(&mut *jar);
        message.page = true;
        let answer = http
            .send(&at, message)
            .map_err(|error| too_large(error, url))?;
        let next = answer.redirect().and_then(|to| at.join(to).ok());
        match next {
            Some(next) if next.origin() == url.origin() && wants_login(&at, &answer).is_none() => {
                at = next
            }
            _ => return Ok(answer),
        }
    }
    Err(
        Diagnostic::new(codes::REDIRECT_LOOP, format!("{url} redirects in a loop"))
            .help("check the address")
            .into(),
    )
}

/// Refers to curl, with our cookies, for pages too large to hold in memory.
fn too_large(error: EcpError, url: &Url) -> CommandError {
    match &error {
        EcpError::TooLarge { .. } => Diagnostic::from_remote(error.code(), &error)
            .help(&format!(
                "run: ecp-get-cookie -c FILE '{url}', then curl -b FILE -O '{url}'"
            ))
            .into(),
        _ => error.into(),
    }
}

/// Where to log in, if a redirect asks for it.
fn wants_login(url: &Url, answer: &Answer) -> Option<Url> {
    let target = url.join(answer.redirect()?).ok()?;
    let asks = target.query_pairs().any(|(name, _)| name == "SAMLRequest")
        || target.path().contains("/Shibboleth.sso");
    if asks {
        return Some(url.clone());
    }
    // GitLab's login page.
    let gitlab = target.origin() == url.origin() && target.path() == "/users/sign_in";
    gitlab
        .then(|| url.join("/users/auth/shibboleth/callback").ok())
        .flatten()
}
