//! Keeps one proxy file fresh: looks at it and at the clock, and renews it in time.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration as Span, Instant};

use chrono::{DateTime, Duration, Utc};
use voms::pki::dn::Dn;

use super::pace;
use super::recipe::Recipe;
use super::source::{Sources, plan};
use crate::cli::env::Environment;
use crate::cli::init::needed::{self, Needed};
use crate::cli::init::{InitArgs, InitPlan};
use crate::cli::invocation::Clock;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::times;

/// So many lines about one outage.
const MAX_COMPLAINTS: u32 = 6;

/// A keeper of one file.
pub struct Keeper {
    init: InitArgs,
    from: Option<PathBuf>,
    sources: Sources,
    env: Environment,
    now: Clock,
    out: PathBuf,
    kept: Option<Kept>,
    /// How long a proxy lives.
    life: Span,
    /// The next attempt, after one that failed.
    next: Option<Instant>,
    outage: Outage,
}

/// The proxy that was written, or found.
struct Kept {
    file: (u64, u64, i64, i64),
    valid_from: DateTime<Utc>,
    due: DateTime<Utc>,
    until: DateTime<Utc>,
}

#[derive(Default)]
struct Outage {
    code: Option<&'static str>,
    complaints: u32,
    has_expired: bool,
}

impl Keeper {
    /// A keeper for the file of `init`, which is set.
    pub fn new(
        init: InitArgs,
        from: Option<PathBuf>,
        identity: Option<Dn>,
        env: &Environment,
        now: Clock,
    ) -> Self {
        let out = init.out.clone().unwrap_or_default();
        Self {
            sources: Sources::new(from.clone(), &out, identity),
            init,
            from,
            env: env.clone(),
            now,
            out,
            kept: None,
            life: Span::from_secs(60),
            next: None,
            outage: Outage::default(),
        }
    }

    /// Makes the first proxy, asking for a passphrase if need be.
    ///
    /// # Errors
    /// If that fails, and there is none that is good for now.
    pub fn start(&mut self) -> Result<(), CommandError> {
        let mut plan = self.plan()?;
        if plan.needed.is_some() && self.adopt(&plan) {
            return Ok(());
        }
        let failure = match self.sources.make(&mut plan, self.now) {
            Ok(_) => {
                // If somebody has removed it already, it is made again.
                let _ = self.keep();
                return Ok(());
            }
            Err(CommandError::Failed(failure)) if self.sources.can_go_on() => failure,
            Err(error) => return Err(error),
        };
        if self.adopt(&plan) {
            self.complain(&failure);
            self.next = Some(Instant::now() + pace::pause(self.left(), self.life));
            return Ok(());
        }
        Err(failure.into())
    }

    /// How long the proxy is good.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        self.kept.as_ref().map(|kept| kept.until)
    }

    /// Keeps the file fresh; never returns.
    pub fn run(mut self) -> ! {
        loop {
            std::thread::sleep(self.wait());
            self.look();
        }
    }

    fn wait(&self) -> Span {
        let tick = pace::tick(self.life);
        let next = self
            .next
            .map(|next| next.saturating_duration_since(Instant::now()));
        next.map_or(tick, |next| next.clamp(Span::from_millis(50), tick))
    }

    fn look(&mut self) {
        if self.is_fresh() || self.next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        if let Err(failure) = self.renew() {
            self.complain(&failure);
            self.next = Some(Instant::now() + pace::pause(self.left(), self.life));
        }
    }

    /// Whether the file is the one that was written, and the time is one at which it is good.
    fn is_fresh(&mut self) -> bool {
        let now = (self.now)();
        let is_good = |kept: &Kept| kept.valid_from <= now && now < kept.due;
        let found = self.found();
        match &self.kept {
            Some(kept) if found == Some(kept.file) => is_good(kept),
            // Somebody else may have made a good one.
            _ => {
                found.is_some()
                    && self.plan().is_ok_and(|plan| self.adopt(&plan))
                    && self.kept.as_ref().is_some_and(is_good)
            }
        }
    }

    fn renew(&mut self) -> Result<(), Diagnostic> {
        let mut plan = self.plan()?;
        plan.total = pace::limit(self.left(), self.life);
        plan.timeout = plan.timeout.min(plan.total);
        match self.sources.make(&mut plan, self.now) {
            Ok(_) => {}
            Err(CommandError::Failed(failure) | CommandError::Usage(failure)) => {
                return Err(failure);
            }
            Err(_) => return Err(Diagnostic::unexpected("interrupted")),
        }
        self.keep()?;
        if self.outage.complaints > 0 {
            self.say("the proxy is renewed again");
        }
        self.outage = Outage::default();
        self.next = None;
        Ok(())
    }

    fn plan(&self) -> Result<InitPlan, Diagnostic> {
        plan(&self.init, self.from.as_deref(), &self.env)
    }

    /// Takes the file as it is for the one to keep.
    fn keep(&mut self) -> Result<(), Diagnostic> {
        let proxy = Recipe::read(&self.out)?;
        let now = (self.now)();
        let life = (proxy.usable_until() - now).to_std().unwrap_or_default();
        let mut chance = [0];
        let _ = voms::crypto::random(&mut chance);
        let due = Duration::from_std(pace::due(life, chance[0])).unwrap_or_default();
        self.life = life;
        self.kept = self.found().map(|file| Kept {
            file,
            valid_from: proxy.valid_from().min(now),
            due: now + due,
            until: proxy.usable_until(),
        });
        Ok(())
    }

    /// The same, if it is what is wanted, and for a quarter of its life.
    fn adopt(&mut self, plan: &InitPlan) -> bool {
        let quarter = Needed::Quarter {
            proxy: plan.lifetime,
            attributes: plan.lifetime,
        };
        needed::good_until(plan, quarter, (self.now)()).is_some() && self.keep().is_ok()
    }

    fn found(&self) -> Option<(u64, u64, i64, i64)> {
        let found = self.out.symlink_metadata().ok()?;
        // That changes with the mode too, and nobody can set it.
        Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
    }

    /// How long the proxy in the file is still good.
    fn left(&self) -> Span {
        let kept = self
            .kept
            .as_ref()
            .filter(|kept| self.found() == Some(kept.file));
        let left = kept.map(|kept| kept.until - (self.now)());
        left.and_then(|left| left.to_std().ok()).unwrap_or_default()
    }

    /// Says that it failed, unless that is known.
    fn complain(&mut self, failure: &Diagnostic) {
        let has_expired = self.left().is_zero();
        let is_news =
            self.outage.code != Some(failure.code()) || has_expired && !self.outage.has_expired;
        if !is_news || self.outage.complaints >= MAX_COMPLAINTS {
            return;
        }
        self.outage = Outage {
            code: Some(failure.code()),
            complaints: self.outage.complaints + 1,
            has_expired,
        };
        let state = match has_expired {
            true => "there is no valid proxy now",
            false => "the present one is still good",
        };
        let why: Vec<&str> = [failure.headline()]
            .into_iter()
            .chain(failure.details().take(1))
            .collect();
        self.say(&format!(
            "the proxy cannot be renewed ({state}): {}",
            why.join("; ")
        ));
    }

    fn say(&self, text: &str) {
        let now = (self.now)();
        let until = self.until().filter(|_| !self.left().is_zero());
        let until = until.map(|until| {
            let zone = self.env.time_zone.as_deref();
            format!(" (until {})", times::moment(until, now, zone))
        });
        let until = until.unwrap_or_default();
        output::stderr(&format!(
            "voms-proxy: {}: {text}{until}",
            self.out.display()
        ));
    }
}
