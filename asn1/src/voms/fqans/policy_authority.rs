use std::fmt;
use std::str::FromStr;

/// The policy authority of an attribute certificate: the VO, and the server that speaks for it
/// (GFD.182).
///
/// ```text
/// vo "://" host [ ":" port ]
/// ```
///
/// The VO and the host name directories and files in a `vomsdir`. So they consist of ASCII
/// letters, digits, `.`, `_` and `-`, and do not begin with `.`; IPv6 addresses cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyAuthority {
    /// The name of the VO.
    pub vo: String,
    /// The name of the server.
    pub host: String,
    /// The port of the server.
    pub port: Option<u16>,
}

impl PolicyAuthority {
    /// Parses the URI.
    ///
    /// # Errors
    ///
    /// The first [`PolicyAuthorityError`] from the left.
    pub fn parse(uri: &str) -> Result<PolicyAuthority, PolicyAuthorityError> {
        let (vo, server) = uri
            .split_once("://")
            .ok_or(PolicyAuthorityError::NoSeparator)?;
        let (host, port) = match server.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (server, None),
        };
        Ok(PolicyAuthority {
            vo: name("VO", vo)?,
            host: name("host", host)?,
            port: port.map(number).transpose()?,
        })
    }
}

impl FromStr for PolicyAuthority {
    type Err = PolicyAuthorityError;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        PolicyAuthority::parse(uri)
    }
}

impl fmt::Display for PolicyAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.vo, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// The longest file name, since both become file names in a vomsdir.
const LONGEST_NAME: usize = 255;

fn name(part: &'static str, text: &str) -> Result<String, PolicyAuthorityError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() {
        return Err(PolicyAuthorityError::Empty { part });
    }
    if text.len() > LONGEST_NAME {
        return Err(PolicyAuthorityError::TooLong { part });
    }
    if let Some(character) = text.chars().find(|&c| !allowed(c)) {
        return Err(PolicyAuthorityError::Character { part, character });
    }
    if text.starts_with('.') {
        return Err(PolicyAuthorityError::LeadingDot { part });
    }
    Ok(text.to_owned())
}

fn number(port: &str) -> Result<u16, PolicyAuthorityError> {
    // `parse` alone would accept a sign.
    match port.bytes().all(|b| b.is_ascii_digit()) {
        true => port.parse().map_err(|_| PolicyAuthorityError::Port),
        false => Err(PolicyAuthorityError::Port),
    }
}

/// Why a URI is not a [`PolicyAuthority`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyAuthorityError {
    /// There is no `://`.
    NoSeparator,
    /// A part is too long for a file name.
    TooLong {
        /// Which part.
        part: &'static str,
    },
    /// The VO or the host is empty.
    Empty {
        /// `VO` or `host`.
        part: &'static str,
    },
    /// The VO or the host has a character that is not allowed.
    Character {
        /// `VO` or `host`.
        part: &'static str,
        /// The first such character.
        character: char,
    },
    /// The VO or the host begins with a dot.
    LeadingDot {
        /// `VO` or `host`.
        part: &'static str,
    },
    /// The port is not a number from 0 to 65535.
    Port,
}

impl fmt::Display for PolicyAuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyAuthorityError::TooLong { part } => {
                write!(f, "its {part} is longer than {LONGEST_NAME} characters")
            }
            PolicyAuthorityError::NoSeparator => write!(f, "policy authority has no '://'"),
            PolicyAuthorityError::Empty { part } => {
                write!(f, "policy authority has an empty {part}")
            }
            PolicyAuthorityError::Character { part, character } => {
                write!(f, "policy authority has {character:?} in the {part}")
            }
            PolicyAuthorityError::LeadingDot { part } => {
                write!(f, "policy authority has a {part} that begins with a dot")
            }
            PolicyAuthorityError::Port => write!(f, "policy authority has no valid port"),
        }
    }
}

impl std::error::Error for PolicyAuthorityError {}
