//! A bearer token that is kept fresh beside a proxy, without ever asking anybody.

use std::path::PathBuf;
use std::time::{Duration as Span, Instant};

use chrono::{DateTime, Duration, Utc};
use grid_token::discovery;
use grid_token::jwt::Parts;

use super::pace;
use crate::cli::env::Environment;
use crate::cli::invocation::Clock;
use crate::cli::outcome::CommandError;
use crate::cli::output;
use crate::cli::token::{Source, refresh};

/// For tokens that do not say when they end.
const UNKNOWN: Duration = Duration::minutes(10);
/// So many lines about outages.
const MAX_COMPLAINTS: u32 = 6;

/// A keeper of one token.
pub struct TokenKeeper {
    source: Source,
    env: Environment,
    file: PathBuf,
    now: Clock,
    /// When the last one came, and for how long it was good then.
    begun: DateTime<Utc>,
    life: Span,
    is_failing: bool,
    complaints: u32,
}

impl TokenKeeper {
    /// Gets the first one. `own` is where it goes, if not where programs look for tokens.
    ///
    /// # Errors
    /// If there is none to be had.
    pub fn start(
        source: Source,
        own: Option<PathBuf>,
        env: &Environment,
        now: Clock,
    ) -> Result<Self, CommandError> {
        let mut keeper = Self {
            source,
            env: env.clone(),
            file: PathBuf::new(),
            begun: now(),
            life: Span::ZERO,
            is_failing: false,
            complaints: 0,
            now,
        };
        if own.is_some() {
            keeper.env.tokens.around.bearer_token_file = own;
        }
        keeper.get(0)?;
        Ok(keeper)
    }

    /// Keeps it fresh; never returns.
    pub fn run(mut self) -> ! {
        loop {
            std::thread::sleep(self.look());
        }
    }

    /// Renews it at half of its life; how long to wait then.
    fn look(&mut self) -> Span {
        let left = self.left();
        if left > self.life / 2 {
            return pace::tick(self.life).max(Span::from_secs(1));
        }
        let start = Instant::now();
        match self.get(left.as_secs() + 1) {
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                self.say("is renewed again");
            }
            Ok(()) => {}
            Err(error) => self.complain(&error),
        }
        pace::pause(left, self.life).saturating_sub(start.elapsed())
    }

    fn get(&mut self, least: u64) -> Result<(), CommandError> {
        self.file = refresh(&self.source, least, &self.env)?;
        self.begun = (self.now)();
        self.life = self.left();
        Ok(())
    }

    /// How long the token in the file is good.
    fn left(&self) -> Span {
        let now = (self.now)();
        let Ok(token) = discovery::read_own(&self.file) else {
            return Span::ZERO;
        };
        let end = match Parts::of(&token) {
            Some(parts) => parts.claims().expires,
            None => Some(self.begun + UNKNOWN),
        };
        let left = end.and_then(|end| (end - now).to_std().ok());
        left.unwrap_or_default()
    }

    fn complain(&mut self, error: &CommandError) {
        let was_failing = std::mem::replace(&mut self.is_failing, true);
        if let CommandError::Failed(failure) | CommandError::Usage(failure) = error
            && !was_failing
        {
            self.say(&format!("cannot be renewed: {}", failure.headline()));
        }
    }

    fn say(&mut self, text: &str) {
        self.complaints += 1;
        if self.complaints <= MAX_COMPLAINTS {
            let file = self.file.display();
            output::stderr(&format!("voms-proxy: the token in {file} {text}"));
        }
    }
}
