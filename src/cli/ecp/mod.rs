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
use saml_ecp::error::EcpError;

pub use self::cert_info::InfoArgs;
pub use self::cookie::CookieArgs;
pub use self::curl::CurlArgs;
pub use self::get_cert::GetCertArgs;
pub use self::ligo::LigoArgs;
use super::advice::Advice;
use super::args;
use super::env::Environment;
use super::exit::Exit;
use super::output::Trouble;
use super::trouble::{Stop, exit_of};

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
        Command::CertInfo => parse(name, words).and_then(|args| {
            let words = args::normalised::<InfoArgs>(&spelled_out::<InfoArgs>(words));
            told(cert_info::run(&args, &words, env))
        }),
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
        Self::Stop(Trouble::of_stranger(&error).maybe_help(error.next_step()).into())
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
    let single: Vec<OsString> = words.iter().flat_map(|word| apart(&definition, word)).collect();
    let hours = definition.get_arguments().find(|arg| arg.get_long() == Some("reuse"));
    match hours.filter(|arg| arg.get_action().takes_values()) {
        Some(_) => with_hours(&single),
        None => single,
    }
}

/// The short options of one word, if it is made of them and is not the name of an option, or the beginning of one.
fn apart(definition: &clap::Command, word: &OsString) -> Vec<OsString> {
    let whole = || vec![word.clone()];
    let text = word.to_str().and_then(|text| text.strip_prefix('-')).filter(|text| !text.starts_with('-'));
    let Some(cluster) = text.filter(|text| text.chars().count() > 1) else { return whole() };
    let is_flag = |short: char| {
        let found = definition.get_arguments().find(|arg| arg.get_short() == Some(short));
        found.map(|arg| !arg.get_action().takes_values())
    };
    let named = |matches: fn(&str, &str) -> bool| {
        let longs = definition.get_arguments().flat_map(|arg| {
            arg.get_long_and_visible_aliases().into_iter().chain(arg.get_all_aliases()).flatten().collect::<Vec<_>>()
        });
        longs.into_iter().any(|long| matches(long, cluster))
    };
    // All but the last have to be flags: what follows another is its value.
    let mut letters = cluster.chars().rev();
    let plain = letters.next().and_then(is_flag).is_some() && letters.all(|short| is_flag(short) == Some(true));
    let begins = cluster.chars().next().and_then(is_flag).is_some() && !named(|long, word| long.starts_with(word));
    if named(|long, word| long == word) || !(plain || begins) {
        return whole();
    }
    let mut out = Vec::new();
    for (at, short) in cluster.char_indices() {
        out.push(format!("-{short}").into());
        let after = &cluster[at + short.len_utf8()..];
        if is_flag(short) == Some(false) && !after.is_empty() {
            out.push(after.into());
            break;
        }
    }
    out
}

/// `--reuse` without hours means one.
fn with_hours(words: &[OsString]) -> Vec<OsString> {
    let mut rest = words.iter().peekable();
    let mut out = Vec::new();
    while let Some(word) = rest.next() {
        if word != "-r" && word != "--reuse" {
            out.push(word.clone());
            continue;
        }
        let hours = rest.next_if(|next| next.to_str().is_some_and(|next| next.parse::<f64>().is_ok()));
        let mut joined = OsString::from("--reuse=");
        joined.push(hours.map_or("1".as_ref(), OsString::as_os_str));
        out.push(joined);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled<P: Parser>(words: &str) -> String {
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let out: Vec<_> = spelled_out::<P>(&words).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        out.join(" ")
    }

    #[test]
    fn short_options_in_one_word_are_what_they_are_apart() {
        assert_eq!(spelled::<GetCertArgs>("-pk -lk"), "-p -k -l -k");
        assert_eq!(spelled::<GetCertArgs>("-pi LIGO -iLIGO -kH24"), "-p -i LIGO -i LIGO -k -H 24");
        assert_eq!(spelled::<GetCertArgs>("-vr -u x"), "-v --reuse=1 -u x");
        assert_eq!(
            spelled::<GetCertArgs>("-pr 24 -r5 -r 0.5 --reuse"),
            "-p --reuse=24 --reuse=5 --reuse=0.5 --reuse=1"
        );
        assert_eq!(spelled::<CookieArgs>("-vr"), "-v -r");
        assert_eq!(spelled::<InfoArgs>("-st -type -sub"), "-s -t -type -sub");
        assert_eq!(spelled::<GetCertArgs>("-pkc -hours 2 -verb"), "-pkc -hours 2 -verb");
    }
}
