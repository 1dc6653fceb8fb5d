//! Passphrases: from standard input if requested, else from the terminal.

use std::fs::File;
use std::io::{BufRead, Read};
use std::os::fd::AsFd;
use std::path::Path;

use rustix::io::Errno;
use voms::credential::Credential;
use voms::pki::key::{KeyError, LONGEST_PASSPHRASE};
use zeroize::Zeroizing;

use super::codes;
use super::outcome::CommandError;
use super::output::{self, Diagnostic};
pub use super::unattended::PassphraseArgs;
use super::unattended::{self, Unattended};
use super::{signals, style};
use crate::home::load::{self, CredentialError, Locked, PassphraseProblem};
use crate::home::location::Location;

/// What Virgo's scripts wait for.
const PASSPHRASE: &str = "Enter GRID pass phrase:";
pub const LONGEST: usize = 64 << 10;
const SHORTEST_NEW: usize = 8;
const ATTEMPTS: u32 = 3;

/// Where passphrases come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// Standard input, one per line.
    StandardInput,
    /// The terminal, never standard input or output.
    Terminal,
    /// Elsewhere, for commands that run without a user.
    Unattended(Box<Unattended>),
}

impl PassphraseSource {
    /// The source that `--pwstdin` selects.
    pub fn new(pwstdin: bool) -> Self {
        if pwstdin {
            Self::StandardInput
        } else {
            Self::Terminal
        }
    }

    /// The source that the options select.
    ///
    /// # Errors
    /// If they select several.
    pub fn chosen(pwstdin: bool, args: &PassphraseArgs) -> Result<Self, Diagnostic> {
        match args.source()? {
            Some(_) if pwstdin => Err(unattended::several()),
            source => Ok(source.unwrap_or(Self::new(pwstdin))),
        }
    }

    /// Gets the passphrase for a file, once.
    pub fn ask(&self, path: &Path) -> Result<Zeroizing<String>, CredentialError> {
        self.ask_for(PASSPHRASE, path)
    }

    /// The same with another prompt.
    pub fn ask_for(&self, prompt: &str, path: &Path) -> Result<Zeroizing<String>, CredentialError> {
        self.ask_with(&standing_out(prompt), path)
    }

    /// The same with a prompt that is shown as it is.
    fn ask_with(&self, prompt: &str, path: &Path) -> Result<Zeroizing<String>, CredentialError> {
        let none = |why| CredentialError::NoPassphrase {
            path: path.to_owned(),
            is_new: false,
            why,
        };
        let passphrase = match self {
            Self::StandardInput => {
                let line = line_of(std::io::stdin())
                    .ok()
                    .filter(|line| !line.is_empty())
                    .ok_or_else(|| none(PassphraseProblem::StandardInput))?;
                let text = std::str::from_utf8(&line)
                    .map_err(|_| none(PassphraseProblem::Encoding("standard input".to_owned())))?;
                Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned())
            }
            Self::Unattended(source) => source.get().map_err(none)?,
            Self::Terminal => match signals::with_terminal(|| rpassword::prompt_password(prompt)) {
                Ok(passphrase) => Zeroizing::new(passphrase),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                    return Err(CredentialError::Interrupted);
                }
                // Ctrl-D.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(none(PassphraseProblem::NotGiven));
                }
                Err(_) => return Err(none(PassphraseProblem::NoTerminal)),
            },
        };
        // C string APIs would truncate it there.
        if passphrase.contains('\0') {
            Err(none(PassphraseProblem::Nul))
        } else {
            Ok(passphrase)
        }
    }

    /// Loads a credential. On a terminal, first says whose it is, and asks again for a passphrase
    /// that was wrong.
    pub fn load(&self, location: &Location) -> Result<Credential, CredentialError> {
        self.load_asking(location, None)
    }

    /// The same with the prompt of a caller who has said whose it is, shown as it is.
    pub fn load_asking(
        &self,
        location: &Location,
        prompt: Option<&str>,
    ) -> Result<Credential, CredentialError> {
        self.retrying(location, prompt, |ask| load::load(location, ask))
    }

    /// The same for a file that others may read or change.
    pub fn load_ignoring_permissions(
        &self,
        location: &Location,
    ) -> Result<Credential, CredentialError> {
        self.retrying(location, None, |ask| {
            load::load_ignoring_permissions(location, ask)
        })
    }

    fn retrying(
        &self,
        location: &Location,
        prompt: Option<&str>,
        load: impl Fn(&mut Asking<'_>) -> Result<Credential, CredentialError>,
    ) -> Result<Credential, CredentialError> {
        let mut wrong = 0;
        loop {
            let loaded = load(&mut |locked| {
                if *self == Self::Terminal && wrong == 0 && prompt.is_none() {
                    introduce(locked);
                }
                match prompt {
                    Some(prompt) => self.ask_with(prompt, locked.path),
                    None => self.ask(locked.path),
                }
            });
            let is_wrong = matches!(
                loaded,
                Err(CredentialError::Key {
                    source: KeyError::Passphrase,
                    ..
                })
            );
            wrong += 1;
            if !is_wrong || *self != Self::Terminal || wrong >= ATTEMPTS {
                return loaded;
            }
            output::stderr(&format!(
                "Wrong passphrase for {}; try again.",
                location.key().display()
            ));
        }
    }

    /// Gets the password of a file to open. On a terminal, retries if it was wrong.
    pub fn password_of(
        &self,
        path: &Path,
        wrong: u32,
    ) -> Result<Option<Zeroizing<String>>, CredentialError> {
        if wrong > 0 {
            if *self != Self::Terminal || wrong >= ATTEMPTS {
                return Ok(None);
            }
            output::stderr(&format!(
                "Wrong password for {}; try again.",
                path.display()
            ));
        }
        self.ask_for(&format!("Enter the password of {}:", path.display()), path)
            .map(Some)
    }

    /// Gets a new passphrase to protect a file. On a terminal, asks twice, and retries if it is too
    /// short, too long or mistyped.
    pub fn choose_for(&self, path: &Path, what: &str) -> Result<Zeroizing<String>, CommandError> {
        let mut attempts = 1;
        let question = format!(
            "Enter a new {what} for {} (at least {SHORTEST_NEW} characters):",
            path.display()
        );
        let ask = |question: &str| {
            self.ask_for(question, path).map_err(|error| match error {
                CredentialError::NoPassphrase { path, why, .. } => CredentialError::NoPassphrase {
                    path,
                    is_new: true,
                    why,
                },
                other => other,
            })
        };
        loop {
            let chosen = ask(&question)?;
            let fault = if chosen.chars().count() < SHORTEST_NEW {
                format!(
                    "the new {what} is too short: at least {SHORTEST_NEW} characters are needed"
                )
            } else if chosen.len() > LONGEST_PASSPHRASE {
                format!("the new {what} is too long: at most {LONGEST_PASSPHRASE} bytes")
            } else if *self == Self::Terminal && *ask("Enter it again:")? != *chosen {
                format!("the two entries of the new {what} differ")
            } else {
                return Ok(chosen);
            };
            if *self != Self::Terminal || attempts >= ATTEMPTS {
                return Err(Diagnostic::new(codes::PASSPHRASE_UNSUITABLE, fault)
                    .help("choose a few words that you can remember")
                    .into());
            }
            output::stderr(&fault);
            attempts += 1;
        }
    }
}

/// A question that stands out, where that is possible.
fn standing_out(question: &str) -> String {
    style::on_terminal(true).bold(&output::harmless(question))
}

/// Gets the passphrase of a key.
type Asking<'a> = dyn FnMut(Locked<'_>) -> Result<Zeroizing<String>, CredentialError> + 'a;

/// A line with its end, byte by byte: a buffer would keep the passphrase in memory, and take what
/// is meant for the next reader.
pub fn line_of(input: impl AsFd) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST && line.last() != Some(&b'\n') {
        match rustix::io::read(&input, byte.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) => line.push(byte[0]),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(line)
}

/// Says whose key the passphrase is for, if anybody is there to read it.
fn introduce(locked: Locked<'_>) {
    let Some(owner) = locked.owner.filter(|_| File::open("/dev/tty").is_ok()) else {
        return;
    };
    let owner = match style::of_stderr().unicode {
        true => owner.as_written(),
        false => owner.to_string(),
    };
    output::stderr(&format!("identity: {owner}"));
}

/// Prompts for a line on the terminal, with echo.
pub fn line(question: &str) -> Result<String, CommandError> {
    let none = |_| {
        Diagnostic::new(
            codes::NO_TERMINAL,
            "there is no terminal to prompt for your user name on",
        )
        .help("give it with --username")
    };
    Ok(on_terminal(question).map_err(none)?.trim().to_owned())
}

fn on_terminal(question: &str) -> std::io::Result<String> {
    use std::io::Write;
    let mut tty = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")?;
    write!(tty, "{}", standing_out(question))?;
    let mut line = String::new();
    std::io::BufReader::new(tty.take(LONGEST as u64)).read_line(&mut line)?;
    Ok(line)
}

/// Asks for confirmation on the terminal; without a terminal, the answer is no.
pub fn confirm(question: &str) -> Result<bool, CommandError> {
    match on_terminal(&format!("{question} [y/N] ")) {
        Ok(line) => Ok(["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str())),
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
            Err(CommandError::Interrupted)
        }
        Err(_) => Ok(false),
    }
}
