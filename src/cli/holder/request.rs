//! What a holder needs to make the same proxy: the options, and what of the environment they
//! depend on.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::cli::env::Environment;
use crate::cli::file;
use crate::cli::init::InitArgs;
use crate::cli::input;
use crate::home::location::Location;

/// Options with absolute paths, and variables.
#[derive(Debug)]
pub struct Request {
    /// Where the holder would be.
    pub socket: PathBuf,
    words: Vec<OsString>,
    variables: Vec<OsString>,
}

impl Request {
    /// `None` if there is no place for holders, or if they cannot read what the options name.
    pub fn new(args: &InitArgs, env: &Environment) -> Option<Self> {
        let socket = super::socket::path(env)?;
        let files = [&args.includeac, &args.include, &args.policy];
        if files
            .into_iter()
            .flatten()
            .any(|file| input::is_stream(file))
        {
            return None;
        }
        Some(Self {
            socket,
            words: words(args),
            variables: variables(env),
        })
    }

    /// As fields of a message: the number of variables, these, and the options.
    pub fn fields(&self, location: &Location) -> Vec<OsString> {
        let mut fields = vec![self.variables.len().to_string().into()];
        fields.extend(self.variables.iter().cloned());
        fields.extend(self.words.iter().cloned());
        fields.push(option("cert", location.certificate().as_os_str()));
        if location.key() != location.certificate() {
            fields.push(option("key", location.key().as_os_str()));
        }
        fields
    }
}

/// The environment and the options in fields.
pub fn read(fields: &[&[u8]]) -> Option<(Environment, Vec<OsString>)> {
    let (count, rest) = fields.split_first()?;
    let count = std::str::from_utf8(count).ok()?.parse().ok()?;
    let (variables, words) = rest.split_at_checked(count)?;
    let mut env = Environment {
        uid: rustix::process::geteuid().as_raw(),
        ..Environment::default()
    };
    for variable in variables {
        let (name, value) = variable.split_first()?;
        let path = || PathBuf::from(OsString::from_vec(value.to_vec()));
        match name {
            b'h' => env.home = Some(path()),
            b'c' => env.cert_dir = Some(path()),
            b'v' => env.voms_dir = Some(path()),
            b's' => env.vomses.push(path()),
            b'p' => env.conda_prefix = Some(path()),
            b'a' => env.arc_location = Some(path()),
            b'n' => env.init_dont_verify_ac = true,
            b'z' => env.time_zone = path().to_str().map(str::to_owned),
            _ => return None,
        }
    }
    let words = words.iter().map(|word| OsString::from_vec(word.to_vec()));
    Some((env, words.collect()))
}

fn variables(env: &Environment) -> Vec<OsString> {
    let paths = [
        ("h", &env.home),
        ("c", &env.cert_dir),
        ("v", &env.voms_dir),
        ("p", &env.conda_prefix),
        ("a", &env.arc_location),
    ];
    let paths = paths
        .into_iter()
        .filter_map(|(name, path)| Some((name, path.as_ref()?)));
    let servers = env.vomses.iter().map(|path| ("s", path));
    let absolute = |(name, path): (&str, &PathBuf)| joined(name, file::absolute(path).as_os_str());
    let mut variables: Vec<OsString> = paths.chain(servers).map(absolute).collect();
    variables.extend(env.init_dont_verify_ac.then(|| "n".into()));
    let zone = env.time_zone.as_ref();
    variables.extend(zone.map(|zone| joined("z", OsStr::new(zone))));
    variables
}

/// The options that say what to make, but neither where to write it nor what to print.
fn words(args: &InitArgs) -> Vec<OsString> {
    let several = [
        ("voms", &args.voms),
        ("order", &args.order),
        ("target", &args.target),
    ];
    let texts = [
        ("hours", &args.hours),
        ("valid", &args.valid),
        ("vomslife", &args.vomslife),
        ("bits", &args.bits),
        ("key-type", &args.key_type),
        ("policy-language", &args.policy_language),
        ("proxyver", &args.proxyver),
    ];
    let files = [
        ("includeac", &args.includeac),
        ("include", &args.include),
        ("certdir", &args.certdir),
        ("vomsdir", &args.vomsdir),
        ("policy", &args.policy),
        ("separate", &args.separate),
        // Only its directory is looked at.
        ("out", &args.out),
    ];
    let flags = [
        ("--list", args.list),
        ("--limited", args.limited),
        ("--independent", args.independent),
        ("--rfc", args.rfc),
        ("--draft", args.draft),
        ("--old", args.old),
        ("--keep-plain", args.keep_plain),
        (
            "--skip-chain-integrity-checks",
            args.skip_chain_integrity_checks,
        ),
        ("--skip-hostname-checks", args.skip_hostname_checks),
        ("--dont-verify-ac", args.dont_verify_ac),
    ];
    let path = |name: &str, path: &Path| match input::is_stream(path) {
        true => option(name, path.as_os_str()),
        false => option(name, file::absolute(path).as_os_str()),
    };
    let mut words = Vec::new();
    for (name, values) in several {
        words.extend(values.iter().map(|value| option(name, OsStr::new(value))));
    }
    for (name, value) in texts {
        words.extend(value.as_ref().map(|value| option(name, OsStr::new(value))));
    }
    for (name, value) in files {
        words.extend(value.as_ref().map(|value| path(name, value)));
    }
    words.extend(args.vomses.iter().map(|value| path("vomses", value)));
    let limit = args.path_length.map(|limit| limit.to_string());
    words.extend(limit.map(|limit| option("path-length", OsStr::new(&limit))));
    let given = flags.into_iter().filter(|(_, is_given)| *is_given);
    words.extend(given.map(|(name, _)| name.into()));
    words
}

fn option(name: &str, value: &OsStr) -> OsString {
    joined(&format!("--{name}="), value)
}

fn joined(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn options_survive_the_way() {
        let line = "--voms=a:/a/b --voms=c --order=/a --target=h --hours=3 --valid=1:00 --vomslife=2:00 \
            --bits=3072 --key-type=rsa --policy-language=1.2 --proxyver=4 --includeac=/i --include=/j --certdir=/k \
            --vomsdir=/l --policy=/m --separate=/s --out=/o --vomses=/n --path-length=2 --list --limited \
            --independent --rfc --draft --old --keep-plain --skip-chain-integrity-checks \
            --skip-hostname-checks --dont-verify-ac";
        let mut typed: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let args = crate::cli::args::parse::<InitArgs>("voms-proxy-init", &typed).unwrap();
        let mut kept = words(&args);
        typed.sort();
        kept.sort();
        assert_eq!(kept, typed);
    }

    #[test]
    fn every_option_is_sent_or_known_to_be_none_of_the_holders_business() {
        let elsewhere = [
            "conf",
            "debug",
            "enable-legacy-protocol",
            "failonwarn",
            "globus",
            "help",
            "if-needed",
            "ignorewarn",
            "json",
            "noregen",
            "passphrase-command",
            "passphrase-fd",
            "passphrase-file",
            "pwstdin",
            "quiet",
            "timeout",
            "token",
            "verify",
            "version",
        ];
        let source = include_str!("request.rs");
        for arg in crate::cli::args::definition::<InitArgs>().get_arguments() {
            let name = arg.get_long().unwrap();
            let is_sent = source.contains(&format!("(\"{name}\""))
                || source.contains(&format!("\"--{name}\","));
            assert_ne!(is_sent, elsewhere.contains(&name), "{name}");
        }
    }

    #[test]
    fn variables_survive_the_way() {
        let path = |text: &str| Some(PathBuf::from(text));
        let env = Environment {
            home: path("/h"),
            cert_dir: path("/c"),
            voms_dir: path("/v"),
            vomses: vec!["/s".into(), "/t".into()],
            conda_prefix: path("/p"),
            arc_location: path("/a"),
            init_dont_verify_ac: true,
            time_zone: Some("CET-1".to_owned()),
            ..Environment::default()
        };
        let sent = variables(&env);
        let mut fields = vec![sent.len().to_string().into()];
        fields.extend(sent.iter().cloned());
        fields.push(OsString::from("--list"));
        let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
        let (read, words) = read(&fields).unwrap();
        assert_eq!(variables(&read), sent);
        assert_eq!(words, ["--list"]);
        assert!(super::read(&[b"9", b"n"]).is_none());
    }
}
