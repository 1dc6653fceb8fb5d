//! `ecp-get-cert`, `ecp-cert-info`, `ligo-proxy-init`, `ecp-get-cookie`, `ecp-curl`: LIGO.ORG's and other institutions'
//! identities by SAML ECP (ECP spec section 5).

mod cert_info;
mod cookie;
mod curl;
mod get_cert;
mod ligo;
mod login;

use std::ffi::OsString;

use clap::Parser;

pub use self::cert_info::InfoArgs;
pub use self::cookie::CookieArgs;
pub use self::curl::CurlArgs;
pub use self::get_cert::GetCertArgs;
pub use self::ligo::LigoArgs;
use super::args;
use super::env::Environment;
use super::exit::Exit;
use super::output::Trouble;
use super::trouble::{Stop, exit_of};
use crate::ecp::error::EcpError;

/// One of the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    GetCert,
    CertInfo,
    Ligo,
    GetCookie,
    Curl,
}

/// Runs a command; a wrong command line ends with 2, as it always did.
pub fn main(command: Command, name: &str, words: &[OsString], env: &Environment) -> Exit {
    let outcome = match command {
        Command::GetCert => parse(name, words).and_then(|args| told(get_cert::run(&args, env))),
        Command::CertInfo => parse(name, words).and_then(|args| told(cert_info::run(&args, words, env))),
        Command::Ligo => parse(name, words).and_then(|args| told(ligo::run(&args, env))),
        Command::GetCookie => parse(name, words).and_then(|args| told(cookie::run(&args, env))),
        Command::Curl => parse(name, words).and_then(|args| told(curl::run(&args, env))),
    };
    match outcome {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

/// What ends a command early.
pub enum End {
    /// The command line is wrong.
    Usage(Trouble),
    Stop(Stop),
    /// All was said; only the exit code is left.
    Exit(Exit),
}

impl From<EcpError> for End {
    fn from(error: EcpError) -> Self {
        Self::Stop(Trouble::of_stranger(&error).maybe_help(error.help()).into())
    }
}

impl<E: Into<Stop>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Stop(error.into())
    }
}

fn told(outcome: Result<(), End>) -> Result<(), Exit> {
    outcome.map_err(|end| match end {
        End::Usage(trouble) => {
            trouble.print();
            Exit::Code(2)
        }
        End::Stop(stop) => exit_of(Err(stop)),
        End::Exit(exit) => exit,
    })
}

fn parse<P: Parser>(name: &str, words: &[OsString]) -> Result<P, Exit> {
    super::signals::watch();
    args::parse(name, &spelled_out::<P>(words)).map_err(|exit| if exit == Exit::Failure { Exit::Code(2) } else { exit })
}

/// Words as Python's argparse takes them: several short options in one word, and `--reuse` with or without hours.
fn spelled_out<P: Parser>(words: &[OsString]) -> Vec<OsString> {
    let definition = args::definition::<P>();
    let known = |name: &str| {
        let longs = definition.get_arguments().flat_map(|arg| {
            arg.get_long_and_visible_aliases().into_iter().chain(arg.get_all_aliases()).flatten().collect::<Vec<_>>()
        });
        longs.into_iter().any(|long| long.starts_with(name))
    };
    let flag = |short: char| {
        let found = definition.get_arguments().find(|arg| arg.get_short() == Some(short));
        found.map(|arg| !arg.get_action().takes_values())
    };
    let reuse_has_hours =
        definition.get_arguments().any(|arg| arg.get_long() == Some("reuse") && arg.get_action().takes_values());
    let mut out: Vec<OsString> = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let text = word.to_str().unwrap_or_default();
        if reuse_has_hours && (text == "-r" || text == "--reuse") {
            let hours = rest.next_if(|next| next.to_str().is_some_and(|next| next.parse::<f64>().is_ok()));
            let hours = hours.map_or_else(|| "1".into(), |hours| hours.to_string_lossy().into_owned());
            out.push(format!("--reuse={hours}").into());
            continue;
        }
        let cluster = text.strip_prefix('-').filter(|rest| rest.len() > 1 && !rest.starts_with('-') && !known(rest));
        match cluster {
            Some(cluster) if cluster.chars().next().and_then(flag).is_some() => {
                for (at, short) in cluster.char_indices() {
                    out.push(format!("-{short}").into());
                    let after = &cluster[at + short.len_utf8()..];
                    if flag(short) == Some(false) && !after.is_empty() {
                        out.push(after.into());
                        break;
                    }
                }
            }
            _ => out.push(word.clone()),
        }
    }
    out
}
