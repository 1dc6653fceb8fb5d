//! Where renewed proxies come from.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use voms::credential::Credential;
use voms::pki::dn::Dn;
use voms::proxy::Proxy;

use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::init::{self, InitArgs, InitPlan, Warnings, plain_beside};
use crate::cli::invocation::Clock;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::prompt::PassphraseSource;
use crate::home::location::Location;
use crate::time::utc;

/// The sources, in the order in which they are tried: a plain proxy that the user named or that
/// lies beside the proxy, then the user's key.
pub struct Sources {
    from: Option<PathBuf>,
    beside: PathBuf,
    /// The user's own credential, once its passphrase was asked for.
    own: Option<Credential>,
    /// Who the proxies are for, if that is known.
    identity: Option<Dn>,
}

impl Sources {
    pub fn new(from: Option<PathBuf>, out: &Path, identity: Option<Dn>) -> Self {
        Self {
            from,
            beside: plain_beside(out),
            own: None,
            identity,
        }
    }

    /// Makes a proxy from the first source that works.
    ///
    /// # Errors
    /// That of the last source that was tried.
    pub fn make(&mut self, plan: &InitPlan, now: Clock) -> Result<Proxy, CommandError> {
        if let Some(plain) = &self.from {
            let credential = self.plain(plain)?;
            return init::make_with(plan, &credential, now);
        }
        if let Ok(credential) = self.plain(&self.beside)
            && outlives(&credential, now())
            && let Ok(proxy) = init::make_with(plan, &credential, now)
        {
            return Ok(proxy);
        }
        let own = match self.own.take() {
            Some(own) => own,
            None => {
                let own = plan.passphrase.load(&plan.credential)?;
                self.check(&own, plan.credential.certificate())?;
                own
            }
        };
        init::make_with(plan, self.own.insert(own), now)
    }

    /// Whether renewals are possible without asking for anything.
    pub fn can_go_on(&self) -> bool {
        self.own.is_some() || self.from.is_some() || self.beside.exists()
    }

    fn plain(&self, path: &Path) -> Result<Credential, CommandError> {
        let location = Location::single(path.to_owned());
        let credential = PassphraseSource::Terminal.load(&location)?;
        self.check(&credential, path)?;
        Ok(credential)
    }

    fn check(&self, credential: &Credential, path: &Path) -> Result<(), Diagnostic> {
        let found = credential.chain().identity();
        let Some(wanted) = self.identity.as_ref().filter(|wanted| *wanted != found) else {
            return Ok(());
        };
        let text = format!("{} is of {found}, the proxy of {wanted}", path.display());
        Err(Diagnostic::new(codes::OTHER_IDENTITY, text)
            .help("name the certificate or the plain proxy of the same user"))
    }
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
