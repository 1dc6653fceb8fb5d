//! The arguments combined with the environment and the defaults: everything that can be determined
//! before prompting for a passphrase or sending a packet.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration as Span;

use chrono::Duration;
use voms::pki::key::KeyKind;
use voms::pki::proxy_kind::{Generation, ProxyPolicy};
use voms::trust::TrustAnchors;
use voms::vo::vomsdir::VomsDir;
use voms_asn1::EncodedAc;

use super::args::{self, InitArgs, Lifetimes};
use super::files;
use super::needed::Needed;
use super::vo::{self, VoPlan};
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::failure;
use crate::cli::file;
use crate::cli::holder;
use crate::cli::input;
use crate::cli::output::Diagnostic;
use crate::cli::places;
use crate::cli::prompt::PassphraseSource;
use crate::home::load::{self, CredentialError};
use crate::home::location::Location;

const DEFAULT_TIMEOUT: Span = Span::from_secs(10);

/// Time limit for all servers together.
const TOTAL: Span = Span::from_secs(60);

/// How to treat a server's warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    Printed,
    Ignored,
    Fatal,
}

/// Everything that `run` needs.
#[derive(Debug)]
pub struct InitPlan {
    pub credential: Location,
    pub passphrase: PassphraseSource,
    /// What to ask a process that holds the key, if there is one.
    pub held: Option<holder::Request>,
    /// If the present proxy is good for as long, it stays; the second is for attributes.
    pub needed: Option<Needed>,
    /// Whether to write a plain proxy, too.
    pub keep_plain: bool,
    /// Time limit for all servers together.
    pub total: Span,
    /// What to ask for it with, if not as usual.
    pub prompt: Option<&'static str>,
    pub anchors: Option<TrustAnchors>,
    pub vomsdir: Option<VomsDir>,
    pub vos: Vec<VoPlan>,
    /// Only list what the VO grants.
    pub list: bool,
    /// Attribute certificates read from a file.
    pub acs: Vec<EncodedAc>,
    /// Where to write the attribute certificates instead of a proxy.
    pub separate: Option<PathBuf>,
    /// The contents of a file to embed in the proxy.
    pub included: Option<Vec<u8>>,
    pub warnings: Warnings,
    pub judge_chain: bool,
    pub any_host: bool,
    pub generation: Generation,
    pub policy: ProxyPolicy,
    pub path_length: Option<u32>,
    pub lifetime: Duration,
    pub key: KeyKind,
    /// Where to write the proxy: `-` is standard output.
    pub out: PathBuf,
    pub uid: u32,
    pub timeout: Span,
    pub verify_ac: bool,
    pub say_verified: bool,
    pub quiet: bool,
    pub debug: bool,
    pub json: bool,
    pub time_zone: Option<String>,
    pub home: Option<PathBuf>,
}

impl InitPlan {
    /// Combines arguments and environment.
    pub fn new(args: InitArgs, env: &Environment) -> Result<Self, Diagnostic> {
        check_combinations(&args)?;
        let to_stdout = args.out.as_deref().is_some_and(input::is_stream);
        let lifetimes = Lifetimes::new(
            args.valid.as_deref(),
            args.hours.as_deref(),
            args.vomslife.as_deref(),
        )?;
        if lifetimes.proxy <= Duration::zero() {
            return Err(Diagnostic::usage("the lifetime of a proxy cannot be zero")
                .help("write for example --valid 12:00"));
        }
        Ok(Self {
            held: holder::Request::new(&args, env),
            key: args::key_kind(args.key_type.as_deref(), args.bits.as_deref())?,
            vos: vo::plans(&args, lifetimes.ac, env)?,
            anchors: places::anchors(args.certdir.as_deref(), env)?,
            vomsdir: places::vomsdir(args.vomsdir.as_deref(), env)?,
            out: output_file(&args, env)?,
            uid: env.uid,
            credential: location(&args, env)?,
            passphrase: PassphraseSource::chosen(args.pwstdin, &args.passphrase)?,
            needed: needed(&args, &lifetimes)?,
            keep_plain: args.keep_plain,
            total: TOTAL,
            prompt: None,
            generation: generation(&args)?,
            policy: files::policy(&args)?,
            list: args.list,
            acs: args
                .includeac
                .as_deref()
                .map_or(Ok(Vec::new()), files::attribute_certificates)?,
            included: args.include.as_deref().map(files::included).transpose()?,
            warnings: Warnings::new(&args),
            judge_chain: !args.skip_chain_integrity_checks,
            any_host: args.skip_hostname_checks,
            path_length: args.path_length,
            lifetime: lifetimes.proxy,
            timeout: timeout(args.timeout),
            verify_ac: !args.dont_verify_ac && !env.init_dont_verify_ac,
            say_verified: args.verify,
            quiet: args.quiet || args.json || args.list || to_stdout,
            debug: args.debug,
            json: args.json,
            separate: args.separate,
            time_zone: env.time_zone.clone(),
            home: env.home.clone(),
        })
    }
}

impl InitPlan {
    /// Whether a passphrase has to come from the user.
    pub fn needs_user(&self) -> bool {
        let asked = |_: load::Locked<'_>| Err(CredentialError::Interrupted);
        let loaded = load::load(&self.credential, asked);
        let is_locked = matches!(loaded, Err(CredentialError::Interrupted));
        is_locked && !matches!(self.passphrase, PassphraseSource::Unattended(_))
    }
}

/// Rejects options that do not make sense together.
fn check_combinations(args: &InitArgs) -> Result<(), Diagnostic> {
    if args.quiet && args.debug {
        return Err(
            Diagnostic::usage("--quiet and --debug contradict each other").help("give one of them"),
        );
    }
    if args.separate.is_some() && args.voms.is_empty() {
        return Err(Diagnostic::usage("--separate requires --voms").help("name the VO with --voms"));
    }
    if args.out.as_deref().is_some_and(input::is_stream) {
        check_stdout(args)?;
    }
    if args.list && args.voms.is_empty() {
        return Err(Diagnostic::usage("no VO was named")
            .help("name one with --voms, for example: voms-proxy list --voms virgo"));
    }
    if args.list && args.voms.len() != 1 {
        return Err(Diagnostic::usage("--list takes one VO only").help("give --voms once"));
    }
    Ok(())
}

/// Rejects a proxy on standard output where that does not make sense.
fn check_stdout(args: &InitArgs) -> Result<(), Diagnostic> {
    if args.json {
        return Err(Diagnostic::usage(
            "the proxy and the report cannot both go to standard output",
        )
        .help("leave out --json, or name a file with --out"));
    }
    let about_a_file = [
        (args.keep_plain, "--keep-plain writes beside the proxy"),
        (args.if_needed.is_some(), "--if-needed looks at the proxy"),
    ];
    if let Some((_, what)) = about_a_file.iter().find(|(given, _)| *given) {
        return Err(
            Diagnostic::usage(format!("{what}, so it needs a file")).help("name a file with --out")
        );
    }
    if std::io::stdout().is_terminal() {
        return Err(
            Diagnostic::usage("a proxy has a private key: it is not shown on a terminal")
                .help("redirect standard output, or name a file with --out"),
        );
    }
    Ok(())
}

impl Warnings {
    fn new(args: &InitArgs) -> Self {
        match (args.failonwarn, args.ignorewarn) {
            (true, _) => Self::Fatal,
            (false, true) => Self::Ignored,
            (false, false) => Self::Printed,
        }
    }
}

fn needed(args: &InitArgs, lifetimes: &Lifetimes) -> Result<Option<Needed>, Diagnostic> {
    let life = match args.if_needed.as_deref() {
        None => return Ok(None),
        Some("") => {
            return Ok(Some(Needed::Quarter {
                proxy: lifetimes.proxy,
                attributes: lifetimes.ac,
            }));
        }
        Some(text) => args::lifetime("--if-needed", text)?,
    };
    Ok(Some(Needed::For(life)))
}

fn timeout(seconds: Option<u64>) -> Span {
    let seconds = seconds.filter(|seconds| *seconds > 0);
    seconds.map_or(DEFAULT_TIMEOUT, Span::from_secs)
}

/// Where the proxy goes; its directory must exist if one is written.
fn output_file(args: &InitArgs, env: &Environment) -> Result<PathBuf, Diagnostic> {
    if let Some(stream) = args.out.as_ref().filter(|out| input::is_stream(out)) {
        return Ok(stream.clone());
    }
    let out = file::absolute(&args.out.clone().unwrap_or_else(|| env.proxy()));
    let directory = file::directory(&out);
    if args.list || args.separate.is_some() {
        return Ok(out);
    }
    let by_variable = args.out.is_none() && env.user_proxy.is_some();
    let explain = |diagnostic: Diagnostic| failure::of_output(diagnostic, by_variable);
    if !directory.is_dir() {
        return Err(explain(failure::no_directory(&out, directory)));
    }
    // Before anybody is asked for anything.
    file::may_be_replaced(&out).map_err(|error| explain(failure::not_written(&out, &error)))?;
    Ok(out)
}

fn generation(args: &InitArgs) -> Result<Generation, Diagnostic> {
    match &args.proxyver {
        Some(version) => proxy_version(version),
        None if args.old && !args.rfc => Ok(Generation::Legacy),
        None if args.draft && !args.rfc => Ok(Generation::Draft),
        None => Ok(Generation::Rfc),
    }
}

/// Parses the value of `--proxyver`.
pub fn proxy_version(text: &str) -> Result<Generation, Diagnostic> {
    match text {
        "2" => Ok(Generation::Legacy),
        "3" => Ok(Generation::Draft),
        "4" => Ok(Generation::Rfc),
        other => Err(Diagnostic::usage(format!("unknown proxy version: {other}"))
            .help("write --proxyver 2 (legacy), 3 (draft) or 4 (RFC 3820, the default)")),
    }
}

fn location(args: &InitArgs, env: &Environment) -> Result<Location, Diagnostic> {
    if args.noregen && args.cert.is_none() {
        let proxy = env.proxy();
        if !proxy.exists() {
            let text = format!("there is no proxy to start from: {}", proxy.display());
            return Err(Diagnostic::new(codes::PROXY_NOT_FOUND, text)
                .help("leave out --noregen to start from your certificate"));
        }
        return Ok(Location::single(proxy));
    }
    places::location(args.cert.as_deref(), args.key.as_deref(), env)
}
