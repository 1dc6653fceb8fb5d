//! Where renewed proxies come from.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::credential::Credential;
use voms::pki::dn::Dn;
use voms::proxy::Proxy;
use zeroize::Zeroizing;

use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::holder::fingerprint;
use crate::cli::init::{self, InitArgs, InitPlan, Warnings, plain_beside};
use crate::cli::invocation::Clock;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::prompt::PassphraseSource;
use crate::home::load::{self, CredentialError, Locked, PassphraseProblem};
use crate::home::location::Location;
use crate::time::utc;

/// The least time for another attempt.
const SHORTEST: Duration = Duration::from_secs(1);

/// The sources, in the order in which they are tried: a plain proxy that the user named or that
/// lies beside the proxy, then the user's key.
pub struct Sources {
    from: Option<PathBuf>,
    beside: PathBuf,
    /// The user's own credential, once its passphrase was asked for.
    own: Option<Credential>,
    /// The same for a plain proxy with a passphrase, as long as its file is the same.
    locked: Option<(String, Credential)>,
    /// Whether another process holds the user's key.
    is_held: bool,
    /// Whether the first proxy was tried: from then on, nobody is there to be asked.
    has_begun: bool,
    /// Who the proxies are for, if that is known.
    identity: Option<Dn>,
}

impl Sources {
    pub fn new(from: Option<PathBuf>, out: &Path, identity: Option<Dn>) -> Self {
        Self {
            from,
            beside: plain_beside(out),
            own: None,
            locked: None,
            is_held: false,
            has_begun: false,
            identity,
        }
    }

    /// Makes a proxy from the first source that works.
    ///
    /// # Errors
    /// That of the last source that was tried.
    pub fn make(&mut self, plan: &mut InitPlan, now: Clock) -> Result<Proxy, CommandError> {
        let made = self.made(plan, now);
        self.has_begun = true;
        made
    }

    fn made(&mut self, plan: &mut InitPlan, now: Clock) -> Result<Proxy, CommandError> {
        if let Some(plain) = self.from.clone() {
            return self.made_from(Location::single(plain), plan, now);
        }
        let failure = match self.made_from_beside(plan, now) {
            Some(Err(CommandError::Failed(failure))) if plan.total >= SHORTEST => Some(failure),
            Some(done) => return done,
            None => None,
        };
        let path = plan.credential.certificate();
        if self.own.is_none()
            && let Some(proxy) = init::make_held(plan, now, |chain| self.check(chain, path))?
        {
            self.is_held = true;
            return Ok(proxy);
        }
        let own = match self.own.take() {
            Some(own) => own,
            None => {
                let own = match (self.open(plan, &plan.credential), failure) {
                    // What is wrong with the plain proxy, or the server, is the news.
                    (Err(CredentialError::NoPassphrase { .. }), Some(failure)) => {
                        return Err(failure.into());
                    }
                    (own, _) => own?,
                };
                self.check(own.chain(), path)?;
                own
            }
        };
        init::make_with(plan, self.own.insert(own), now)
    }

    /// From the plain proxy beside the proxy, if there is one; what time that takes is no longer
    /// there for another source.
    fn made_from_beside(
        &self,
        plan: &mut InitPlan,
        now: Clock,
    ) -> Option<Result<Proxy, CommandError>> {
        let credential = load::load(&Location::single(self.beside.clone()), no_one).ok()?;
        self.check(credential.chain(), &self.beside).ok()?;
        if !outlives(&credential, now()) {
            return None;
        }
        let started = Instant::now();
        let made = init::make_with(plan, &credential, now);
        plan.total = plan.total.saturating_sub(started.elapsed());
        plan.timeout = plan.timeout.min(plan.total);
        Some(made)
    }

    /// The file is read each time, for others may refresh it.
    fn made_from(
        &mut self,
        plain: Location,
        plan: &InitPlan,
        now: Clock,
    ) -> Result<Proxy, CommandError> {
        let file = fingerprint(&plain);
        if let Some((known, credential)) = &self.locked
            && *known == file
        {
            return init::make_with(plan, credential, now);
        }
        let mut is_locked = false;
        let credential = match load::load(&plain, |locked| {
            is_locked = true;
            no_one(locked)
        }) {
            Err(_) if is_locked => self.open(plan, &plain)?,
            other => other?,
        };
        self.check(credential.chain(), plain.certificate())?;
        let proxy = init::make_with(plan, &credential, now)?;
        self.locked = is_locked.then_some((file, credential));
        Ok(proxy)
    }

    /// Asks for the passphrase, where somebody or something can be asked.
    fn open(&self, plan: &InitPlan, location: &Location) -> Result<Credential, CredentialError> {
        match &plan.passphrase {
            source if !self.has_begun => source.load(location),
            PassphraseSource::Unattended(source) => {
                let source = source.as_ref().clone().within(plan.total);
                PassphraseSource::Unattended(Box::new(source)).load(location)
            }
            _ => load::load(location, no_one),
        }
    }

    /// Whether renewals are possible without asking for anything.
    pub fn can_go_on(&self) -> bool {
        self.own.is_some() || self.is_held || self.from.is_some() || self.beside.exists()
    }

    fn check(&self, chain: &Chain, path: &Path) -> Result<(), Diagnostic> {
        let found = chain.identity();
        let Some(wanted) = self.identity.as_ref().filter(|wanted| *wanted != found) else {
            return Ok(());
        };
        let text = format!("{} is of {found}, the proxy of {wanted}", path.display());
        Err(Diagnostic::new(codes::OTHER_IDENTITY, text)
            .help("name the certificate or the plain proxy of the same user"))
    }
}

/// For keys that have a passphrase when nobody is asked.
fn no_one(locked: Locked<'_>) -> Result<Zeroizing<String>, CredentialError> {
    load::asking_nobody(PassphraseProblem::NoTerminal)(locked)
}

fn outlives(credential: &Credential, now: DateTime<Utc>) -> bool {
    utc(credential.chain().not_after()) > now
}

/// The plan for a proxy that is made without a word.
pub fn plan(
    args: &InitArgs,
    from: Option<&Path>,
    env: &Environment,
) -> Result<InitPlan, Diagnostic> {
    let mut args = args.clone();
    args.cert = from.map(Path::to_owned).or(args.cert);
    if args.debug {
        output::stderr(&format!("VOs: {}", args.voms.join(", ")));
    }
    let beside = plain_beside(args.out.as_deref().unwrap_or(Path::new("")));
    // A worker node may have nothing but the plain proxy.
    let plan = InitPlan::new(args.clone(), env).or_else(|error| {
        if from.is_some() || !beside.exists() {
            return Err(error);
        }
        args.cert = Some(beside);
        InitPlan::new(args, env)
    })?;
    Ok(InitPlan {
        quiet: true,
        warnings: match plan.warnings {
            Warnings::Fatal => Warnings::Fatal,
            _ => Warnings::Ignored,
        },
        ..plan
    })
}
