//! `ecp-get-cert`, `ecp-cert-info`, `ligo-proxy-init`, `ecp-get-cookie`, `ecp-curl`: identities of
//! LIGO.ORG and other institutions through SAML ECP (ECP spec section 5).

mod cert_info;
mod cookie;
mod curl;
mod get_cert;
mod ligo;
mod login;
mod progress;
mod providers;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;
use saml_ecp::error::EcpError;
use saml_ecp::http::{Http, host_of};
use serde_json::json;
use url::Url;

pub use self::cert_info::InfoArgs;
use self::cert_info::InfoPlan;
pub use self::cookie::CookieArgs;
use self::cookie::CookiePlan;
pub use self::curl::CurlArgs;
use self::curl::CurlPlan;
pub use self::get_cert::GetCertArgs;
use self::get_cert::GetCertPlan;
pub use self::ligo::LigoArgs;
use self::progress::Progress;
use super::args::{self, Arguments};
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{CommandError, Format, Report, run_command};
use super::output::{self, Diagnostic};
use super::removal::{self, Expected};
use super::signals;
use super::token::{Source, describe_token, get_beside};

/// The exit status for an invalid command line, the same as in the original tools.
const WRONG_USAGE: Exit = Exit::Code(2);

/// Runs `ecp-get-cert`.
pub fn get_cert(invocation: &Invocation) -> Exit {
    run_spelled(invocation, |args: GetCertArgs| {
        if args.token {
            return instead(args.json, invocation);
        }
        get_cert::run(GetCertPlan::new(args, &invocation.env), invocation.now)
    })
}

/// Runs `ecp-cert-info`.
pub fn cert_info(invocation: &Invocation) -> Exit {
    let words = args::normalised::<InfoArgs>(&spelled_out::<InfoArgs>(&invocation.words));
    run_spelled(invocation, |args| {
        cert_info::run(
            &InfoPlan::new(args, &words, &invocation.env)?,
            (invocation.now)(),
        )
    })
}

/// Runs `ecp-get-cookie`.
pub fn get_cookie(invocation: &Invocation) -> Exit {
    run_spelled(invocation, |args| {
        cookie::run(CookiePlan::new(args, &invocation.env)?)
    })
}

/// Runs `ecp-curl`.
pub fn curl(invocation: &Invocation) -> Exit {
    run_spelled(invocation, |args| {
        curl::run(CurlPlan::new(args, &invocation.env)?)
    })
}

/// Runs `ligo-proxy-init`.
pub fn ligo(invocation: &Invocation) -> Exit {
    run_spelled(invocation, |args: LigoArgs| {
        if args.token {
            return instead(args.json, invocation);
        }
        get_cert::run(ligo::plan(args, &invocation.env)?, invocation.now)
    })
}

/// Gets a token instead of a certificate; a ticket serves for either.
fn instead(json: bool, invocation: &Invocation) -> Result<Report, CommandError> {
    get_beside(&Source::Vault, json, &invocation.env)?;
    Ok(if json {
        Report::json(&describe_token(&invocation.env, (invocation.now)())?)
    } else {
        Report::done()
    })
}

/// Runs a command whose arguments follow the syntax of its Python predecessor.
fn run_spelled<A: Arguments>(
    invocation: &Invocation,
    run: impl FnOnce(A) -> Result<Report, CommandError>,
) -> Exit {
    let spelled = invocation.with_words(spelled_out::<A>(&invocation.words));
    run_command(&spelled, |args| {
        signals::watch();
        run(args)
    })
}

/// An HTTP client that logs to stderr if `debug` is set.
fn http(debug: bool) -> Result<Http, EcpError> {
    Http::new(debug.then_some(output::stderr as fn(&str)))
}

/// An https URL given by the user.
fn address_of(text: &str) -> Result<Url, EcpError> {
    let url = Url::parse(text).map_err(|_| EcpError::insecure(text))?;
    host_of(&url).map(|_| url)
}

/// Removes one of the user's files for `--destroy`, and says whether there was one.
fn remove(
    what: &str,
    expected: Expected,
    path: &Path,
    uid: u32,
    progress: Progress,
) -> Result<bool, Diagnostic> {
    progress.say(&format!("Removing {what} file '{}'...", path.display()));
    if path.symlink_metadata().is_err() {
        progress.say(" not found\n");
        return Ok(false);
    }
    let instead = "name the right file, or remove this one with rm";
    let removed = removal::destroy(path, uid, expected)
        .map_err(|refusal| removal::not_removed(path, &refusal, instead))?;
    progress.say(" done\n");
    removal::report(path, removed);
    Ok(true)
}

/// What `--destroy` did (`schema/grid-destroy.json`).
fn removal_report(path: &Path, removed: bool, format: Format) -> Report {
    match format {
        Format::Text => Report::done(),
        Format::Json => Report::json(&json!({
            "version": 1,
            "dry_run": false,
            "removed": if removed { vec![path] } else { Vec::new() },
            "failures": [],
        })),
    }
}

/// Arguments in the syntax of Python's argparse: combined short options, and `--reuse` with or
/// without hours.
pub fn spelled_out<P: Parser>(words: &[OsString]) -> Vec<OsString> {
    let definition = args::definition::<P>();
    let single: Vec<OsString> = words
        .iter()
        .flat_map(|word| apart(&definition, word))
        .collect();
    let hours = definition
        .get_arguments()
        .find(|arg| arg.get_long() == Some("reuse"));
    match hours.filter(|arg| arg.get_action().takes_values()) {
        Some(_) => with_hours(&single),
        None => single,
    }
}

/// Splits combined short options, unless the word is an option name or a prefix of one.
fn apart(definition: &clap::Command, word: &OsString) -> Vec<OsString> {
    let whole = || vec![word.clone()];
    let text = word
        .to_str()
        .and_then(|text| text.strip_prefix('-'))
        .filter(|text| !text.starts_with('-'));
    let Some(cluster) = text.filter(|text| text.chars().count() > 1) else {
        return whole();
    };
    let is_flag = |short: char| {
        let found = definition
            .get_arguments()
            .find(|arg| arg.get_short() == Some(short));
        found.map(|arg| !arg.get_action().takes_values())
    };
    let named = |matches: fn(&str, &str) -> bool| {
        long_names(definition)
            .iter()
            .any(|long| matches(long, cluster))
    };
    // All but the last must be flags: anything after an option that takes a value is that value.
    let mut letters = cluster.chars().rev();
    let plain = letters.next().and_then(is_flag).is_some()
        && letters.all(|short| is_flag(short) == Some(true));
    let begins = cluster.chars().next().and_then(is_flag).is_some()
        && !named(|long, word| long.starts_with(word));
    if named(|long, word| long == word) || !(plain || begins) {
        return whole();
    }
    separated(cluster, |short| is_flag(short) == Some(false))
}

fn long_names(definition: &clap::Command) -> Vec<&str> {
    let longs = definition.get_arguments().flat_map(|arg| {
        arg.get_long_and_visible_aliases()
            .into_iter()
            .chain(arg.get_all_aliases())
            .flatten()
    });
    longs.collect()
}

/// Each letter as an option; what follows an option that takes a value is that value.
fn separated(cluster: &str, takes_value: impl Fn(char) -> bool) -> Vec<OsString> {
    let mut out = Vec::new();
    for (at, short) in cluster.char_indices() {
        out.push(format!("-{short}").into());
        let after = &cluster[at + short.len_utf8()..];
        if takes_value(short) && !after.is_empty() {
            out.push(after.into());
            break;
        }
    }
    out
}

/// `--reuse` without hours means one hour.
fn with_hours(words: &[OsString]) -> Vec<OsString> {
    let mut rest = words.iter().peekable();
    let mut out = Vec::new();
    while let Some(word) = rest.next() {
        if word != "-r" && word != "--reuse" {
            out.push(word.clone());
            continue;
        }
        let hours = rest.next_if(|next| {
            next.to_str()
                .is_some_and(|next| next.parse::<f64>().is_ok())
        });
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
        let out: Vec<_> = spelled_out::<P>(&words)
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        out.join(" ")
    }

    #[test]
    fn short_options_in_one_word_are_what_they_are_apart() {
        assert_eq!(spelled::<GetCertArgs>("-pk -lk"), "-p -k -l -k");
        assert_eq!(
            spelled::<GetCertArgs>("-pi LIGO -iLIGO -kH24"),
            "-p -i LIGO -i LIGO -k -H 24"
        );
        assert_eq!(spelled::<GetCertArgs>("-vr -u x"), "-v --reuse=1 -u x");
        assert_eq!(
            spelled::<GetCertArgs>("-pr 24 -r5 -r 0.5 --reuse"),
            "-p --reuse=24 --reuse=5 --reuse=0.5 --reuse=1"
        );
        assert_eq!(spelled::<CookieArgs>("-vr"), "-v -r");
        assert_eq!(spelled::<InfoArgs>("-st -type -sub"), "-s -t -type -sub");
        assert_eq!(
            spelled::<GetCertArgs>("-pkc -hours 2 -verb"),
            "-pkc -hours 2 -verb"
        );
    }
}
