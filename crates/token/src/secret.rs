//! Tokens and what else nobody may see.

use std::fmt;

use zeroize::Zeroizing;

/// The longest token that is taken, in bytes: it has to fit into a header.
pub const LONGEST: usize = 64 << 10;

/// A secret word of printable ASCII, so that it can stand in a header; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A word without the blanks around it; none if it is empty, too long, or has other characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::taken(Zeroizing::new(text.trim().to_owned()))
    }

    pub(crate) fn taken(text: Zeroizing<String>) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then_some(Self(text))
    }

    /// The word itself, for a header or a file.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_printable_word_and_is_not_shown() {
        let secret = Secret::new(" s.abc-123\n").unwrap();
        assert_eq!(secret.expose(), "s.abc-123");
        assert!(!format!("{secret:?}").contains("abc"));
        for text in ["", " \n", "a b", "a\r\nX-Other: b", "ä", "\u{1b}[2J"] {
            assert!(Secret::new(text).is_none(), "{text:?}");
        }
        assert!(Secret::new(&"a".repeat(LONGEST + 1)).is_none());
    }
}
