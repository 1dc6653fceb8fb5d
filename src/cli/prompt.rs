//! The passphrase: from standard input when told so, else from the terminal.

use std::io::{BufRead, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::signals;
use crate::credential::user::CredentialError;

const PROMPT: &str = "Enter GRID pass phrase:";
const LONGEST: u64 = 64 << 10;

/// Where the passphrase comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// The first line of standard input.
    StandardInput,
    /// The terminal, never standard input or output.
    Terminal,
}

impl PassphraseSource {
    /// Gets the passphrase for a file, once.
    pub fn ask(self, path: &Path) -> Result<Zeroizing<String>, CredentialError> {
        let none = |reason: &str| CredentialError::NoPassphrase { path: path.to_owned(), reason: reason.to_owned() };
        match self {
            Self::StandardInput => {
                let mut line = Zeroizing::new(Vec::with_capacity(1024));
                let read = std::io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line);
                if !matches!(read, Ok(1..)) {
                    return Err(none("there is no passphrase on standard input"));
                }
                let text =
                    std::str::from_utf8(&line).map_err(|_| none("its passphrase on standard input is not UTF-8"))?;
                Ok(Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned()))
            }
            Self::Terminal => match signals::with_terminal(|| rpassword::prompt_password(PROMPT)) {
                Ok(passphrase) => Ok(Zeroizing::new(passphrase)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(CredentialError::Interrupted),
                Err(_) => Err(none("there is no terminal to ask for its passphrase on")),
            },
        }
    }
}
