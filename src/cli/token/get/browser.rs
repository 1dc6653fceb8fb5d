//! Opening the address to log in at.

use std::process::{Command, Stdio};

use crate::cli::env::Tokens;

/// The graphical browsers that a machine may have: one in the terminal would hang.
const BROWSERS: &str =
    "x-www-browser:firefox:seamonkey:mozilla:epiphany:konqueror:chromium-browser:google-chrome";

/// What opens an address.
#[derive(Debug)]
pub struct Opener {
    pub command: String,
    /// The value of BROWSER for it, if the user has not set one.
    browser: Option<&'static str>,
}

impl Opener {
    /// What the user named, or what the machine has; an empty name is nothing.
    pub fn new(named: Option<String>, env: &Tokens) -> Option<Self> {
        let usual = || {
            let command = if cfg!(target_os = "macos") {
                "open"
            } else {
                "xdg-open"
            };
            (!env.is_remote).then(|| command.to_owned())
        };
        let browser = match (env.has_browser, env.has_display) {
            (true, _) => None,
            (false, true) => Some(BROWSERS),
            (false, false) => Some("no-browser"),
        };
        let command = named.or_else(usual).filter(|command| !command.is_empty())?;
        Some(Self { command, browser })
    }

    /// Runs it with the address as its only argument; whether that went well.
    pub fn open(&self, url: &str) -> bool {
        let mut command = Command::new(&self.command);
        command.arg(url).stderr(Stdio::null());
        if let Some(browser) = self.browser {
            command.env("BROWSER", browser);
        }
        command.status().is_ok_and(|status| status.success())
    }
}
