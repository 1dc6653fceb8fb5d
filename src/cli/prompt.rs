//! The passphrase: from standard input when told so, else from the terminal.

use std::io::{BufRead, Read};
use std::path::Path;

use zeroize::Zeroizing;

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
                let mut line = Zeroizing::new(String::with_capacity(1024));
                let read = std::io::stdin().lock().take(LONGEST).read_line(&mut line);
                match read {
                    Ok(0) | Err(_) => return Err(none("there is no passphrase on standard input")),
                    Ok(_) => {}
                }
                Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
            }
            Self::Terminal => match rpassword::prompt_password(PROMPT) {
                Ok(passphrase) => Ok(Zeroizing::new(passphrase)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(CredentialError::Interrupted),
                Err(_) => Err(none("there is no terminal to ask for its passphrase on")),
            },
        }
    }
}
