//! `voms-proxy import`: turns the files sent by an institution into the pair in `~/.globus`.

mod report;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use voms::files;
use voms::pki::key::KeyError;
use voms::pki::pem;
use voms::trust::TrustAnchors;
use zeroize::Zeroizing;

use self::report::{Imported, describe, names, report_done, report_dry_run, report_next_step};
use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{CommandError, Format, Report, run_command};
use super::output::{self, Diagnostic};
use super::prompt::{PassphraseArgs, PassphraseSource, confirm};
use super::{input, places, signals};
use crate::home::bundle::{Chosen, Received};
use crate::home::globus_dir::{self, Pair, PairError, Replaced};

const STREAM: &str = "standard input";

/// Puts a certificate and its key, in whatever files they came, into ~/.globus.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy import FILE... [options]",
    after_help = "\
PKCS#12 (.p12, .pfx, with old ciphers too), PEM in any order, DER and PKCS#7 are recognized by their
contents. If a certificate comes without its key, the key in the directory is used.

EXIT CODES
  0  the pair was written, or would be with --dry-run
  1  nothing was changed
  130  interrupted; nothing was changed unless it says so

EXAMPLES
  voms-proxy import mycert.p12
  voms-proxy import usercert.cer privkey.pem
  voms-proxy import --dry-run mail-attachment.p7b ~/old/userkey.pem"
)]
pub struct ImportArgs {
    /// The files that came, in any order; - for standard input
    #[arg(required_unless_present = "finish")]
    files: Vec<PathBuf>,
    /// Where usercert.pem and userkey.pem go (default ~/.globus)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long, alias = "dry")]
    dry_run: bool,
    /// Replace an existing pair without asking; a backup is kept in any case
    #[arg(long)]
    force: bool,
    /// Read passwords from standard input, one a line: the file's if it has one, then the new
    /// passphrase
    #[arg(long)]
    pwstdin: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Write the key without a passphrase: anyone who can read the file then has your identity
    #[arg(long)]
    no_passphrase: bool,
    /// Only finish an import that was interrupted
    #[arg(long, conflicts_with = "files")]
    finish: bool,
    /// Print the result as JSON (schema/import.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for ImportArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        signals::watch();
        let plan = ImportPlan::new(args, &invocation.env)?;
        let imported = if plan.only_finish {
            Imported {
                finished: finish(&plan)?,
                ..Imported::default()
            }
        } else {
            run(&plan, (invocation.now)())?
        };
        Ok(match plan.json {
            true => Report::json(&imported.as_json(&plan)),
            false => Report::done(),
        })
    })
}

struct ImportPlan {
    files: Vec<PathBuf>,
    /// Where the pair goes.
    directory: PathBuf,
    /// Whether this is a default location, found without options.
    is_usual: bool,
    dry: bool,
    force: bool,
    only_finish: bool,
    source: PassphraseSource,
    /// Whether to encrypt the key with a passphrase.
    protect: bool,
    /// What to check the certificate against.
    anchors: Option<TrustAnchors>,
    /// Variables that name another credential, which takes precedence over the imported one.
    overrides: Vec<(&'static str, PathBuf)>,
    json: bool,
    time_zone: Option<String>,
}

impl ImportPlan {
    fn new(args: ImportArgs, env: &Environment) -> Result<Self, Diagnostic> {
        if args.pwstdin && args.files.iter().any(|file| input::is_stream(file)) {
            return Err(Diagnostic::usage(
                "passwords and the certificate cannot both come from standard input",
            )
            .help("leave out --pwstdin, and enter them on the terminal"));
        }
        let directory = args.dir.or_else(|| env.globus()).ok_or_else(|| {
            Diagnostic::new(
                codes::NO_HOME,
                "there is no home directory to import into: HOME is not set",
            )
            .help("name the directory with --dir")
        })?;
        Ok(Self {
            files: args.files,
            is_usual: env.globus().as_ref() == Some(&directory),
            dry: args.dry_run,
            force: args.force,
            only_finish: args.finish,
            source: PassphraseSource::chosen(args.pwstdin, &args.passphrase)?,
            protect: !args.no_passphrase,
            anchors: places::anchors(None, env).ok().flatten(),
            overrides: overrides(&directory, env),
            json: args.json,
            time_zone: env.time_zone.clone(),
            directory,
        })
    }

    /// Prints a line for people.
    fn line(&self, text: &str) {
        if !self.json {
            output::line(text);
        }
    }

    fn pair(&self) -> Pair {
        Pair::in_directory(&self.directory)
    }
}

fn overrides(directory: &Path, env: &Environment) -> Vec<(&'static str, PathBuf)> {
    let named = [
        ("X509_USER_CERT", &env.user_cert),
        ("X509_USER_KEY", &env.user_key),
        ("PKCS12_USER_CERT", &env.pkcs12_user_cert),
    ];
    let named = named
        .into_iter()
        .filter_map(|(name, file)| Some((name, file.clone()?)));
    named
        .filter(|(_, file)| !file.starts_with(directory))
        .collect()
}

/// The key that goes with the certificate.
enum Key {
    /// From one of the imported files; has to be written.
    Received,
    /// The one already in place, with its contents as read.
    AtHome(Zeroizing<Vec<u8>>),
}

fn run(plan: &ImportPlan, now: DateTime<Utc>) -> Result<Imported, CommandError> {
    let pair = plan.pair();
    let mut imported = Imported {
        finished: pair.is_unfinished() && !plan.dry && finish(plan)?,
        ..Imported::default()
    };
    let (received, key) = receive(plan, &pair)?;
    let understood = received.understood();
    let understood = understood
        .iter()
        .map(|file| (file.path.clone(), file.form.to_string()));
    imported.files = understood.collect();
    let chosen = received.choose(now)?;
    imported.faults = describe(plan, &imported.files, &chosen, now);
    imported.replaced = will_be_replaced(&pair, &key);
    imported.written = match &key {
        Key::Received => vec![pair.certificate(), pair.key()],
        Key::AtHome(_) => vec![pair.certificate()],
    };
    if plan.dry {
        report_dry_run(plan, &imported);
        imported.chosen = Some(chosen);
        return Ok(imported);
    }
    if !imported.replaced.is_empty() && !plan.force {
        ask_to_replace(plan, &imported.replaced)?;
    }
    let key_pem = match &key {
        Key::AtHome(_) => None,
        Key::Received => Some(protect(plan, &chosen, &pair)?),
    };
    let stamp = now.format("backup-%Y%m%dT%H%M%SZ").to_string();
    let replaced = replace(
        plan,
        &chosen,
        (&key, key_pem.as_ref().map(|pem| pem.as_bytes())),
        &stamp,
    )?;
    report_next_step(plan, &chosen, now);
    imported.finished |= replaced.finished_earlier;
    imported.backups = replaced.backups;
    imported.chosen = Some(chosen);
    Ok(imported)
}

/// Installs the pair, and reports it before a signal can end the program. A key in place that
/// matched the certificate must still be there.
fn replace(
    plan: &ImportPlan,
    chosen: &Chosen,
    (key, new): (&Key, Option<&[u8]>),
    stamp: &str,
) -> Result<Replaced, PairError> {
    let pair = plan.pair();
    let locked = pair.lock()?;
    signals::uninterrupted(|| {
        let finished_earlier = locked.finish()?;
        if let Key::AtHome(read) = key {
            globus_dir::unchanged(&pair.key(), read)?;
        }
        let replaced = locked.replace(certificates(chosen).as_bytes(), new, stamp)?;
        let replaced = Replaced {
            finished_earlier,
            ..replaced
        };
        report_done(plan, new.is_some(), &replaced);
        Ok(replaced)
    })
}

/// Finishes an interrupted import; `true` if there was one.
fn finish(plan: &ImportPlan) -> Result<bool, CommandError> {
    let (pair, directory) = (plan.pair(), plan.directory.display());
    if plan.dry && pair.is_unfinished() {
        plan.line(&format!(
            "Would finish an import into {directory} that was interrupted."
        ));
        return Ok(false);
    }
    let finished = places::finish(&pair)?;
    let text = match finished {
        true => format!("note: finished an import into {directory} that was interrupted"),
        false => format!("note: no import into {directory} was interrupted"),
    };
    output::stderr(&text);
    Ok(finished)
}

/// Reads the files and, if they contain no key, the key already in the directory.
fn receive(plan: &ImportPlan, pair: &Pair) -> Result<(Received, Key), CommandError> {
    let mut received = Received::default();
    let mut ask = |path: &Path, wrong: u32| plan.source.password_of(path, wrong);
    for file in &plan.files {
        if input::is_stream(file) {
            let contents = input::read(file).map_err(|error| not_read(&error))?;
            received.add_contents(Path::new(STREAM), &contents, &mut ask)?;
        } else {
            received.add(file, &mut ask)?;
        }
    }
    let home = pair.key();
    if received.has_key() || !received.has_certificate() || !pair.existing().contains(&home) {
        return Ok((received, Key::Received));
    }
    // Read before it is parsed as a key, so that any later change is detected.
    let read = files::read_limited(&home, files::CONFIGURATION_LIMIT).unwrap_or_default();
    received.add(&home, &mut ask)?;
    Ok((received, Key::AtHome(read)))
}

fn not_read(error: &std::io::Error) -> Diagnostic {
    let reason = files::reason(error);
    Diagnostic::new(
        codes::FILE_UNREADABLE,
        format!("cannot read {STREAM}: {reason}"),
    )
    .help("send a certificate of at most 1 MiB, or name its file")
}

fn will_be_replaced(pair: &Pair, key: &Key) -> Vec<PathBuf> {
    let stays = |path: &PathBuf| matches!(key, Key::AtHome(_)) && *path == pair.key();
    pair.existing()
        .into_iter()
        .filter(|path| !stays(path))
        .collect()
}

fn ask_to_replace(plan: &ImportPlan, replaces: &[PathBuf]) -> Result<(), CommandError> {
    let there = names(replaces);
    let question = format!("Replace {there}? A backup is kept.");
    // If passwords are piped in, there is no user to ask.
    if plan.source == PassphraseSource::Terminal && confirm(&question)? {
        return Ok(());
    }
    Err(Diagnostic::new(
        codes::FILE_EXISTS,
        format!("{there} would be replaced; nothing was changed"),
    )
    .help("run it again with --force: a dated backup is kept")
    .into())
}

fn protect(
    plan: &ImportPlan,
    chosen: &Chosen,
    pair: &Pair,
) -> Result<Zeroizing<String>, CommandError> {
    let failed = |error: KeyError| {
        CommandError::Failed(
            Diagnostic::new(error.code(), &error).help("please report this as a bug"),
        )
    };
    if !plan.protect {
        return chosen.key.to_pkcs8_pem().map_err(failed);
    }
    let passphrase = plan.source.choose_for(&pair.key(), "passphrase")?;
    chosen.key.to_encrypted_pem(&passphrase).map_err(failed)
}

/// The contents of `usercert.pem`: the certificate and its intermediate CAs, without the root.
fn certificates(chosen: &Chosen) -> String {
    let all = std::iter::once(&chosen.certificate).chain(&chosen.issuers);
    all.map(|certificate| pem::encode("CERTIFICATE", certificate.der()).to_string())
        .collect()
}
