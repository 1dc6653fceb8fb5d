//! The ways to a token, one after the other, in the order of htgettoken (spec, tokens section 1).

mod person;

use grid_token::discovery;
use grid_token::error::TokenError;
use grid_token::secret::Secret;
use grid_token::vault::{Granted, Vault};

use super::plan::{Absent, GetPlan, Kerberos};
use crate::cli::advice::Advice;
use crate::cli::codes;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::token::{failed, store};

/// Gets the token and writes it; on any failure, the one that is there stays.
pub fn run(plan: &GetPlan) -> Result<(), CommandError> {
    if !plan.no_bearer {
        store::check(&plan.bearer_file)?;
    }
    let mut run = Run {
        plan,
        vault: plan.open()?,
        tried: Tried::default(),
    };
    let End::Bearer(token) = run.any_way()? else {
        return Ok(());
    };
    plan.voice.say(&format!(
        "Storing bearer token in {}",
        plan.bearer_file.display()
    ));
    Ok(store::write(&plan.bearer_file, &token)?)
}

/// How it ended.
enum End {
    Bearer(Secret),
    /// Nobody wanted one.
    NoBearer,
}

struct Run<'a> {
    plan: &'a GetPlan,
    vault: Vault,
    tried: Tried,
}

/// What did not work, for the user who gets no token.
#[derive(Default)]
struct Tried {
    details: Vec<String>,
    code: Option<&'static str>,
    helps: Vec<String>,
}

impl Tried {
    fn failed(&mut self, what: &str, error: &TokenError) {
        self.note(what, error, error.next_step());
        self.code = Some(error.code());
    }

    fn note(&mut self, what: &str, why: impl std::fmt::Display, help: Option<String>) {
        self.details.push(format!("{what}: {why}"));
        self.helps.extend(help);
    }
}

impl Run<'_> {
    fn address(&self) -> &str {
        self.vault.address().as_str()
    }

    fn any_way(&mut self) -> Result<End, CommandError> {
        let plan = self.plan;
        let credkey = plan.known_credkey();
        if credkey.is_none() && plan.no_bearer && plan.show_url {
            return Err(Diagnostic::new(
                codes::TOKEN_NOT_OBTAINED,
                "cannot do --showbearerurl because credkey is not known",
            )
            .help("give --credkey, or log in once without --nobearertoken")
            .into());
        }
        if credkey.is_some() || plan.no_bearer {
            let secret = credkey.map(|credkey| plan.secret(&credkey)).transpose()?;
            if let Some(end) = self.by_stored_token(secret.as_deref())? {
                return Ok(end);
            }
            if let Some(kerberos) = &plan.kerberos
                && let Some(end) = self.by_kerberos(kerberos, secret.as_deref())?
            {
                return Ok(end);
            }
        } else if plan.kerberos.is_some() {
            let why = "not tried, for it is not known which of the vault's tokens are yours";
            let help = "log in in a web browser once, on a terminal, or give --credkey";
            self.tried.note("Kerberos", why, Some(help.to_owned()));
        }
        match &plan.person {
            Ok(person) => return self.by_person(person),
            Err(Absent::NoTerminal) => {
                let why = "there is no terminal to show the address on";
                let help = "run it on a terminal, or kinit first";
                self.tried.note("web browser", why, Some(help.to_owned()));
            }
            Err(Absent::Unwanted) => {}
        }
        Err(self.nothing_worked().into())
    }

    fn by_stored_token(&mut self, secret: Option<&str>) -> Result<Option<End>, CommandError> {
        let plan = self.plan;
        // Asking for the address alone gets no new vault token either.
        let only_url = plan.no_bearer && plan.show_url;
        let is_there = || plan.stored.as_ref().is_some_and(|file| file.exists());
        if only_url && (plan.only_stored || is_there()) {
            self.show_url(secret);
            return Ok(Some(End::NoBearer));
        }
        let Some(token) = self.stored_token()? else {
            return Ok(None);
        };
        let Some(secret) = secret.filter(|_| !plan.no_bearer) else {
            return Ok(None);
        };
        self.bearer(&token, secret)
            .map(|token| token.map(End::Bearer))
    }

    /// The vault token that is there, if it is to be used.
    fn stored_token(&mut self) -> Result<Option<Secret>, CommandError> {
        let plan = self.plan;
        let Some(file) = &plan.stored else {
            return Ok(None);
        };
        if store::is_stream(file) {
            let token = store::read_stream(file).ok().flatten();
            let Some(token) = token else {
                self.tried.note("vault token", "none came in", None);
                return Ok(None);
            };
            let token = self.shortened(&Granted::unknown(token))?;
            self.keep(&token)?;
            return Ok(Some(token));
        }
        if plan.no_bearer || file.symlink_metadata().is_err() {
            return Ok(None);
        }
        let token = match discovery::read_own(file) {
            Ok(token) => token,
            Err(error) => {
                let reason = format!("{}: {}", file.display(), voms::files::reason(&error));
                plan.voice.explain(&format!("Could not load {reason}"));
                self.tried.note("vault token", reason, None);
                return Ok(None);
            }
        };
        if plan.least_life > 0 && !self.lasts_long_enough(&token)? {
            return Ok(None);
        }
        Ok(Some(token))
    }

    fn lasts_long_enough(&mut self, token: &Secret) -> Result<bool, CommandError> {
        match self.vault.seconds_left(token) {
            Ok(left) => {
                self.plan
                    .voice
                    .explain(&format!("  {left} seconds remaining"));
                if left < self.plan.least_life {
                    let why = format!("it lasts {left} seconds more");
                    self.tried.note("vault token", why, None);
                }
                Ok(left >= self.plan.least_life)
            }
            Err(error) => {
                self.go_on("vault token", &error)?;
                Ok(false)
            }
        }
    }

    fn by_kerberos(
        &mut self,
        kerberos: &Kerberos,
        secret: Option<&str>,
    ) -> Result<Option<End>, CommandError> {
        let plan = self.plan;
        let begin = format!("Attempting kerberos auth with {} ...", self.address());
        plan.voice.begin(&begin);
        let principal = kerberos.principal.as_deref();
        let host = plan.alias.host();
        let logged_in = self
            .vault
            .log_in_by_kerberos(&kerberos.mount, host, principal);
        let granted = match logged_in {
            Ok(granted) => granted,
            Err(error @ TokenError::Kerberos(_)) => {
                plan.voice.end(" failed");
                self.tried.failed("Kerberos", &error);
                return Ok(None);
            }
            Err(error) => {
                plan.voice.end(" failed");
                let url = format!("{}/v1/{}/login", self.address(), kerberos.mount);
                let headline = format!("Kerberos negotiate with {url} failed");
                return Err(failed(Some(&headline), &error).into());
            }
        };
        plan.voice.end(" succeeded");
        let token = self.shortened(&granted)?;
        let Some(secret) = secret.filter(|_| !plan.no_bearer) else {
            self.show_url(secret);
            self.keep(&token)?;
            return Ok(Some(End::NoBearer));
        };
        let Some(bearer) = self.bearer(&token, secret)? else {
            return Ok(None);
        };
        self.keep(&token)?;
        Ok(Some(End::Bearer(bearer)))
    }

    /// The name under which the vault keeps the user's tokens, remembered for the next time.
    fn learnt_credkey(&self, granted: &Granted) -> Result<String, CommandError> {
        let known = &self.plan.credkey;
        if let Some(given) = &known.given {
            return Ok(given.clone());
        }
        let learnt = granted.credkey.clone();
        let learnt = learnt.ok_or_else(|| self.lacks("credkey"))?;
        grid_token::path::check(&learnt)?;
        self.plan
            .voice
            .say(&format!("Saving credkey to {}", known.file.display()));
        store::write_note(&known.file, &learnt)?;
        Ok(learnt)
    }

    fn lacks(&self, what: &str) -> Diagnostic {
        Diagnostic::new(
            codes::TOKEN_NOT_OBTAINED,
            format!("no {what} in response from {}", self.address()),
        )
        .help("report it to the vault's operators")
    }

    fn shortened(&self, granted: &Granted) -> Result<Secret, CommandError> {
        self.vault
            .shortened(granted, self.plan.life)
            .map_err(|error| {
                let url = format!("{}/v1/auth/token/create", self.address());
                failed(
                    Some(&format!("getting vault token from {url} failed")),
                    &error,
                )
                .into()
            })
    }

    fn keep(&self, token: &Secret) -> Result<(), CommandError> {
        let file = &self.plan.vault_file;
        store::check(file)?;
        if !store::is_stream(file) {
            let line = format!("Storing vault token in {}", file.display());
            self.plan.voice.say(&line);
        }
        Ok(store::write(file, token)?)
    }

    fn show_url(&self, secret: Option<&str>) {
        if let Some(secret) = secret.filter(|_| self.plan.show_url) {
            let path = self.plan.wanted.path(secret);
            output::line(&format!("{}/v1/{path}", self.address()));
        }
    }

    /// Reads the bearer token; none if the vault refuses, for another way may help then.
    fn bearer(&mut self, token: &Secret, secret: &str) -> Result<Option<Secret>, CommandError> {
        let (plan, voice) = (self.plan, self.plan.voice);
        self.show_url(Some(secret));
        voice.begin(&format!(
            "Attempting to get token from {} ...",
            self.address()
        ));
        match self.vault.bearer(token, secret, &plan.wanted) {
            Ok(bearer) => {
                voice.end(" succeeded");
                Ok(Some(bearer))
            }
            Err(error) => {
                voice.end(" failed");
                self.go_on("bearer token", &error)?;
                Ok(None)
            }
        }
    }

    /// Remembers a refusal; fails if there is no vault that could be asked in another way.
    fn go_on(&mut self, what: &str, error: &TokenError) -> Result<(), CommandError> {
        self.tried.failed(what, error);
        match error {
            TokenError::Unreadable { .. } | TokenError::TooLarge { .. } => {
                let headline = format!("decoding response from {} failed", self.address());
                Err(failed(Some(&headline), error).into())
            }
            _ if error.is_about_the_connection() => Err(self.nothing_worked().into()),
            _ => Ok(()),
        }
    }

    fn nothing_worked(&self) -> Diagnostic {
        let tried = &self.tried;
        let headline = format!("Failure getting token from {}", self.address());
        let code = tried.code.unwrap_or(codes::TOKEN_NOT_OBTAINED);
        let diagnostic = Diagnostic::from_remote(code, headline);
        let diagnostic = tried.details.iter().fold(diagnostic, Diagnostic::detail);
        let helps = tried.helps.iter();
        helps.fold(diagnostic, |diagnostic, help| diagnostic.also_help(help))
    }
}
