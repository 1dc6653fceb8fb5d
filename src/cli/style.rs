//! Colours, and characters beyond ASCII, as far as the terminal has them.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;

/// What may be written to a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Escape sequences for colours (<https://no-color.org>).
    pub colours: bool,
    /// Characters beyond ASCII, in UTF-8.
    pub unicode: bool,
    /// Whether a line can be taken back.
    pub moves: bool,
}

/// What the environment allows; chosen once, since every line asks.
static ALLOWED: OnceLock<Style> = OnceLock::new();

/// Remembers what the environment allows.
pub fn allow(style: Style) {
    let _ = ALLOWED.set(style);
}

/// The style of stderr: nothing special unless it is a terminal.
pub fn of_stderr() -> Style {
    on_terminal(stderr().is_terminal())
}

/// The style of a stream.
pub fn on_terminal(is_terminal: bool) -> Style {
    let allowed = ALLOWED.get().filter(|_| is_terminal);
    allowed.copied().unwrap_or_default()
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }
}

/// Whether a locale has UTF-8, by its name. Without one, nothing speaks against it.
pub fn is_utf8(locale: Option<&str>) -> bool {
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8") || locale.contains("utf-8@")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_utf8_if_its_name_says_so_or_there_is_none() {
        for locale in [
            None,
            Some("C.UTF-8"),
            Some("de_DE.utf8"),
            Some("ca_ES.UTF-8@valencia"),
        ] {
            assert!(is_utf8(locale), "{locale:?}");
        }
        for locale in ["C", "POSIX", "de_DE.ISO-8859-1", "de_DE@euro"] {
            assert!(!is_utf8(Some(locale)), "{locale}");
        }
    }
}
