//! `ecp-get-cookie`: the session of a web service, for curl and the like.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use saml_ecp::error::EcpError;
use saml_ecp::http::{Message, host_of};
use saml_ecp::jar::Jar;
use url::Url;
use voms::files;

use super::login::{LoginArgs, address_of, at_once, log_in, remove};
use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::file;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Trouble};

const JAR_LIMIT: u64 = 1 << 20;

/// Logs in at a web service, and keeps its cookies in a file.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
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
    /// Tell what is done
    #[arg(long, short = 'v')]
    verbose: bool,
    /// Remove the file
    #[arg(long, short = 'X')]
    destroy: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

/// Where cookies are kept unless a file is named.
pub fn usual(env: &Environment) -> PathBuf {
    format!("/tmp/ecpcookie.u{}", env.uid).into()
}

/// Reads a file of cookies that may be absent, and has to be one's own.
pub fn load(path: &Path) -> Result<Jar, EcpError> {
    use std::os::unix::fs::MetadataExt;
    let bad = |reason: String| EcpError::Cookies { path: path.to_owned(), reason };
    match path.symlink_metadata() {
        Err(_) => return Ok(Jar::default()),
        Ok(found) if found.uid() != rustix::process::geteuid().as_raw() => {
            return Err(bad("it belongs to another user".to_owned()));
        }
        Ok(_) => {}
    }
    let text = files::read_limited(path, JAR_LIMIT).map_err(|error| bad(files::reason(&error)))?;
    Ok(Jar::from_netscape(&String::from_utf8_lossy(&text)))
}

/// Writes it, for oneself alone.
pub fn save(jar: &Jar, path: &Path, with_session: bool) -> Result<(), EcpError> {
    file::replace(path, jar.to_netscape(with_session).as_bytes())
        .map_err(|error| EcpError::Cookies { path: path.to_owned(), reason: files::reason(&error) })
}

impl Arguments for CookieArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;
}

/// Runs the command.
pub(super) fn run(args: &CookieArgs, env: &Environment) -> Result<(), CommandError> {
    let path = args.cookiefile.clone().unwrap_or_else(|| usual(env));
    let verbose = args.verbose || args.login.debug;
    if args.login.list_idps {
        return args.login.print_list(env);
    }
    if args.destroy {
        return remove("cookie", &path, verbose, env);
    }
    let Some(url) = &args.url else {
        return Err(CommandError::Usage(Trouble::new("URL is missing").help("run: ecp-get-cookie --help")));
    };
    let url = address_of(url)?;
    let http = args.login.http()?;
    let mut jar = load(&path)?;
    let host = host_of(&url)?;
    if args.reuse && jar.has_session(&host) {
        at_once(verbose, "Validating existing cookies...");
        let answer = http.send(&url, Message { jar: Some(&mut jar), ..Message::default() })?;
        if answer.status == 200 {
            at_once(verbose, " OK\n");
            return Ok(());
        }
        at_once(verbose, " failed, will log in again\n");
    }
    jar.forget_session(&host);
    let (idps, login) = args.login.resolve(&http, env)?;
    log_in(&http, &url, &mut jar, (&idps, &login))?;
    save(&jar, &path, true)?;
    if verbose {
        table(&jar, &url);
    }
    Ok(())
}

fn table(jar: &Jar, url: &Url) {
    let rule = "-".repeat(70);
    output::line(&format!("Cookies for {url}\n{rule}"));
    output::line(&format!("{:<24} {:<10} {:<8} NAME\n{rule}", "DOMAIN", "PATH", "SECURE?"));
    for label in jar.labels() {
        output::line(&format!("{:<24} {:<10} {:<8} {}", label.domain, label.path, label.secure, label.name));
    }
    output::line(&rule);
}
