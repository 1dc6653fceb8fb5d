//! `voms-proxy passwd`, also `grid-change-pass-phrase`: changes the passphrase of the private key.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use serde_json::json;
use voms::files;
use voms::pki::key::{KeyError, PrivateKey};
use voms::pki::pem::{self, Block};
use zeroize::Zeroizing;

use super::args::Arguments;
use super::codes::{self, Coded};
use super::env::Environment;
use super::exit::Exit;
use super::failure;
use super::invocation::Invocation;
use super::outcome::{CommandError, Format, Report, run_command};
use super::output::Diagnostic;
use super::prompt::{PassphraseArgs, PassphraseSource};
use super::{file, places, signals};
use crate::home::globus_dir::{self, Pair, PairError};
use crate::home::load::{self, CredentialError};

/// Changes the passphrase of your private key.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy passwd [options]",
    after_help = "\
The key is written anew in one step, as PKCS#8 under AES-256; what else is in its file stays.

EXIT CODES
  0  the passphrase was changed
  1  nothing was changed
  130  interrupted; nothing was changed

EXAMPLES
  voms-proxy passwd
  voms-proxy passwd --file otherkey.pem"
)]
pub struct PasswdArgs {
    /// The file with the key (default X509_USER_KEY or ~/.globus/userkey.pem)
    #[arg(long, short = 'f', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Read the passphrases from standard input, one a line: the old one if there is one, then the
    /// new one
    #[arg(long)]
    pwstdin: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Remove the passphrase: anyone who can read the file then has your identity
    #[arg(long)]
    no_passphrase: bool,
    /// Print the result as JSON (schema/passwd.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for PasswdArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        signals::watch();
        let plan = PasswdPlan::new(&args, &invocation.env)?;
        run(&plan)?;
        Ok(report(&plan))
    })
}

struct PasswdPlan {
    /// The key file.
    path: PathBuf,
    /// Of the present passphrase.
    source: PassphraseSource,
    /// Of the new one.
    new: PassphraseSource,
    /// Whether the new file is protected by a passphrase.
    protect: bool,
    json: bool,
}

impl PasswdPlan {
    fn new(args: &PasswdArgs, env: &Environment) -> Result<Self, Diagnostic> {
        let new = PassphraseSource::new(args.pwstdin);
        Ok(Self {
            path: key_file(args, env)?,
            source: args.passphrase.source()?.unwrap_or(new.clone()),
            new,
            protect: !args.no_passphrase,
            json: args.json,
        })
    }
}

fn run(plan: &PasswdPlan) -> Result<(), CommandError> {
    let contents = load::own_key_file(&plan.path)?;
    let blocks = pem::blocks(&contents);
    let block = one_key(&plan.path, &contents, &blocks)?;
    let key = open(&plan.path, block, &plan.source)?;
    let sealed = seal(&key, plan)?;
    let range = block.range();
    let new = Zeroizing::new(
        [
            &contents[..range.start],
            sealed.trim_end().as_bytes(),
            &contents[range.end..],
        ]
        .concat(),
    );
    replace(&plan.path, &contents, &new)
}

fn report(plan: &PasswdPlan) -> Report {
    if plan.json {
        return Report::json(&json!({
            "version": 1,
            "path": plan.path,
            "encrypted": plan.protect,
        }));
    }
    let what = if plan.protect {
        "has the new passphrase"
    } else {
        "no longer has a passphrase"
    };
    Report::lines(vec![format!("{} {what}.", plan.path.display())])
}

/// Replaces the file that was read, unless it has changed in the meantime.
fn replace(path: &Path, read: &[u8], new: &[u8]) -> Result<(), CommandError> {
    let not_written = |reason: String| {
        failure::cannot_write(path, &reason)
            .detail("the old file is as it was")
            .help("check who owns its directory, its permissions and the free space")
    };
    let pair = Pair::of_file(path);
    let locked = pair
        .as_ref()
        .map(Pair::lock)
        .transpose()
        .map_err(|error| match error {
            PairError::Write { reason, .. } => not_written(reason).into(),
            error => CommandError::from(error),
        })?;
    locked
        .as_ref()
        .map(|locked| signals::uninterrupted(|| locked.finish()))
        .transpose()?;
    globus_dir::unchanged(path, read)?;
    file::replace_with_mode(path, new, 0o400)
        .map_err(|error| not_written(files::reason(&error)))?;
    Ok(())
}

/// The file itself, so that links to it keep working.
fn key_file(args: &PasswdArgs, env: &Environment) -> Result<PathBuf, Diagnostic> {
    let named = args.file.clone().or_else(|| env.user_key.clone());
    let usual = || env.globus().map(|globus| globus.join("userkey.pem"));
    let path = named.or_else(usual).ok_or_else(|| {
        Diagnostic::new(
            codes::NO_HOME,
            "there is no home directory to look for a key in: HOME is not set",
        )
        .help("name it with --file")
    })?;
    places::finish_import(&path)?;
    Ok(path.canonicalize().unwrap_or(path))
}

fn one_key<'a>(
    path: &Path,
    contents: &[u8],
    blocks: &'a [Block<'a>],
) -> Result<&'a Block<'a>, Diagnostic> {
    let mut keys = blocks.iter().filter(|block| block.is_private_key());
    match (keys.next(), keys.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(Diagnostic::new(
            codes::SEVERAL_KEYS,
            format!("{} holds several private keys", path.display()),
        )
        .help("put each into its own file")),
        (None, _) if contents.first() == Some(&0x30) => Err(Diagnostic::new(
            codes::NOT_PEM,
            format!("{} is not a PEM file", path.display()),
        )
        .help(&format!("run: voms-proxy import {}", path.display()))),
        (None, _) => {
            let error = CredentialError::NoKey {
                path: path.to_owned(),
            };
            Err(Diagnostic::new(error.code(), &error)
                .help("name the file with your private key by --file"))
        }
    }
}

fn open(
    path: &Path,
    block: &Block<'_>,
    source: &PassphraseSource,
) -> Result<PrivateKey, CommandError> {
    enum Failed {
        Key(KeyError),
        Prompt(CredentialError),
        GivenUp,
    }
    impl From<KeyError> for Failed {
        fn from(error: KeyError) -> Self {
            Self::Key(error)
        }
    }
    let mut wrong = 0;
    loop {
        let opened = PrivateKey::from_pem(block, || {
            let given = source.password_of(path, wrong).map_err(Failed::Prompt)?;
            given.ok_or(Failed::GivenUp)
        });
        let source = match opened {
            Ok(key) => return Ok(key),
            Err(Failed::Key(KeyError::Passphrase)) => {
                wrong += 1;
                continue;
            }
            Err(Failed::Prompt(error)) => return Err(error.into()),
            Err(Failed::Key(error)) => error,
            Err(Failed::GivenUp) => KeyError::Passphrase,
        };
        let error = CredentialError::Key {
            path: path.to_owned(),
            certificate: path.to_owned(),
            source,
        };
        return Err(Diagnostic::of(&error).into());
    }
}

fn seal(key: &PrivateKey, plan: &PasswdPlan) -> Result<Zeroizing<String>, CommandError> {
    let failed = |error: KeyError| {
        CommandError::Failed(
            Diagnostic::new(error.code(), &error).help("please report this as a bug"),
        )
    };
    if !plan.protect {
        return key.to_pkcs8_pem().map_err(failed);
    }
    // Scripts wait for the spelling of grid-change-pass-phrase.
    let passphrase = plan.new.choose_for(&plan.path, "pass phrase")?;
    key.to_encrypted_pem(&passphrase).map_err(failed)
}
