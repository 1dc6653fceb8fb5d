//! Fully qualified attribute names: `/virgo/virgo/Role=production` (spec 3.1).

use std::fmt;
use std::str::FromStr;

/// Why a text is not an FQAN that can be requested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FqanError {
    /// It does not begin with a slash and a group.
    #[error("{0:?} does not begin with a group such as /virgo")]
    NoGroup(String),
    /// It names no VO.
    #[error("{0:?} does not name a VO")]
    NoVo(String),
    /// A slash has no name behind it.
    #[error("{0:?} has a slash without a name behind it")]
    Slash(String),
    /// The name of the role is missing.
    #[error("{0:?} does not name the role")]
    NoRole(String),
    /// It has a character that servers reject.
    #[error(
        "{fqan:?} has {character:?}, but only letters, digits, '_', '-' and '.' may stand in group and role names"
    )]
    Character {
        /// The text.
        fqan: String,
        /// The first such character.
        character: char,
    },
    /// Capabilities were never used in practice; servers close the connection when one is
    /// requested.
    #[error("{0:?} asks for a capability, which VOMS servers do not grant")]
    Capability(String),
    /// It is longer than servers can store.
    #[error("{0:?} is longer than 255 characters")]
    TooLong(String),
}

/// A group, or a role in a group, in the short form servers accept: without `Role=NULL` and
/// `Capability=NULL`.
///
/// Comparison is case-sensitive, as in VOMS.
///
/// ```
/// use voms::vo::fqan::Fqan;
///
/// let granted: Fqan = "/virgo/virgo/Role=NULL/Capability=NULL".parse()?;
/// assert_eq!(granted, "/virgo/virgo".parse()?);
/// assert!("/virgo/Role=a b;c".parse::<Fqan>().is_err());
/// # Ok::<(), voms::vo::fqan::FqanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fqan {
    group: String,
    role: Option<String>,
}

impl Fqan {
    /// A VO's top group.
    ///
    /// # Errors
    /// [`FqanError`] if the VO's name cannot be a group name.
    pub fn top_group(vo: &str) -> Result<Self, FqanError> {
        format!("/{vo}").parse()
    }

    /// Whether a text has the form of a granted FQAN. Unlike a requested one, it may contain a
    /// capability.
    #[must_use]
    pub fn is_granted_form(text: &str) -> bool {
        let (rest, capability) = text.split_once("/Capability=").unwrap_or((text, ""));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
        text.len() <= 255 && capability.chars().all(fits) && rest.parse::<Self>().is_ok()
    }

    /// The group, with its leading slash.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The role, if any.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Whether it belongs to the VO: its first group is the VO's name.
    #[must_use]
    pub fn is_of(&self, vo: &str) -> bool {
        self.group.split('/').nth(1) == Some(vo)
    }
}

impl FromStr for Fqan {
    type Err = FqanError;

    fn from_str(text: &str) -> Result<Self, FqanError> {
        if text.len() > 255 {
            return Err(FqanError::TooLong(text.chars().take(64).collect()));
        }
        let (rest, capability) = text.split_once("/Capability=").unwrap_or((text, "NULL"));
        if capability != "NULL" {
            return Err(FqanError::Capability(text.to_owned()));
        }
        let (group, role) = match rest.split_once("/Role=") {
            Some((group, role)) => (group, Some(role)),
            None => (rest, None),
        };
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let bad = group.chars().find(|c| *c != '/' && !name(*c));
        if let Some(character) =
            bad.or_else(|| role.and_then(|role| role.chars().find(|c| !name(*c))))
        {
            return Err(FqanError::Character {
                fqan: text.to_owned(),
                character,
            });
        }
        if !group.starts_with('/') || group == "/" {
            return Err(FqanError::NoGroup(text.to_owned()));
        }
        if group[1..].split('/').any(str::is_empty) {
            return Err(FqanError::Slash(text.to_owned()));
        }
        if role == Some("") {
            return Err(FqanError::NoRole(text.to_owned()));
        }
        Ok(Self {
            group: group.to_owned(),
            role: role.filter(|role| *role != "NULL").map(str::to_owned),
        })
    }
}

impl fmt::Display for Fqan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.group)?;
        self.role
            .as_ref()
            .map_or(Ok(()), |role| write!(f, "/Role={role}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_form_is_the_short_form() {
        let long: Fqan = "/virgo/Role=NULL/Capability=NULL".parse().unwrap();
        assert_eq!(long, "/virgo".parse().unwrap());
        let role: Fqan = "/virgo/virgo/Role=production/Capability=NULL"
            .parse()
            .unwrap();
        assert_eq!(role.to_string(), "/virgo/virgo/Role=production");
        assert_eq!(
            (role.group(), role.role()),
            ("/virgo/virgo", Some("production"))
        );
    }

    #[test]
    fn a_vo_is_a_whole_component() {
        let fqan: Fqan = "/virgo2/x".parse().unwrap();
        assert!(!fqan.is_of("virgo") && fqan.is_of("virgo2"));
    }

    #[test]
    fn what_a_server_would_choke_on_is_refused() {
        let refused = |text: &str| text.parse::<Fqan>().unwrap_err();
        assert!(matches!(
            refused("/virgo/Capability=x"),
            FqanError::Capability(_)
        ));
        assert!(matches!(
            refused("/vir&go"),
            FqanError::Character { character: '&', .. }
        ));
        assert!(matches!(
            refused("/virgo/Role=a b"),
            FqanError::Character { character: ' ', .. }
        ));
        assert!(matches!(refused("virgo"), FqanError::NoGroup(_)));
        assert!(matches!(refused("/virgo//x"), FqanError::Slash(_)));
        assert!(matches!(refused("/virgo/"), FqanError::Slash(_)));
        assert!(matches!(refused("/virgo/Role="), FqanError::NoRole(_)));
        assert!(matches!(refused("/"), FqanError::NoGroup(_)));
        assert!(matches!(
            refused(&format!("/{}", "v".repeat(255))),
            FqanError::TooLong(_)
        ));
    }
}
