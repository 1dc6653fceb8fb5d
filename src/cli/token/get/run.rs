//! The ways to a token, one after the other, in the order of htgettoken (spec, tokens section 1).

use std::time::Duration;

use grid_token::discovery;
use grid_token::error::TokenError;
use grid_token::secret::Secret;
use grid_token::vault::{Granted, Login, Outcome, Vault};

use super::plan::{Absent, GetPlan, Kerberos, Person};
use crate::cli::advice::Advice;
use crate::cli::codes;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::token::{failed, store};

/// How long a person is waited for, in seconds.
const PATIENCE: u64 = 120;

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
        // Whoever only asks for the address gets no new vault token either.
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

    fn by_person(&mut self, person: &Person) -> Result<End, CommandError> {
        let (plan, address) = (self.plan, self.address().to_owned());
        plan.voice
            .say(&format!("Attempting OIDC authentication with {address}"));
        let alias = plan.alias.as_str();
        let started = self.vault.start_login(&person.mount, &plan.role, alias);
        let mut login = started.map_err(|error| {
            let headline = format!("Initiating authentication to {address} failed");
            failed(Some(&headline), &error)
        })?;
        self.announce(&login, person);
        let granted = self.await_person(&mut login)?;
        let token = self.shortened(&granted)?;
        self.keep(&token)?;
        if plan.no_bearer {
            return Ok(End::NoBearer);
        }
        let secret = plan.secret(&self.learnt_credkey(&granted)?)?;
        plan.voice.begin("Saving refresh token ...");
        let refresh = granted
            .refresh
            .as_ref()
            .ok_or_else(|| self.lacks("refresh token"))?;
        let stored = self.vault.store(&token, &secret, &plan.issuer, refresh);
        if let Err(error) = stored {
            plan.voice.end(" failed");
            let headline = format!("Refresh token storage to {address} failed");
            return Err(failed(Some(&headline), &error).into());
        }
        plan.voice.end(" done");
        match self.bearer(&token, &secret)? {
            Some(bearer) => Ok(End::Bearer(bearer)),
            None => Err(self.nothing_worked().into()),
        }
    }

    fn announce(&self, login: &Login, person: &Person) {
        let voice = self.plan.voice;
        voice.line("");
        voice.line("Complete the authentication at:");
        voice.line(&format!("    {}", login.url));
        if let Some(code) = &login.user_code {
            voice.line(&format!("When prompted, enter code {code}"));
        }
        match &person.opener {
            None => voice.line(
                "No web open command defined, please copy/paste the above to any web browser",
            ),
            Some(opener) => {
                let command = &opener.command;
                voice.say(&format!("Running '{command}' on the URL"));
                if !opener.open(&login.url) {
                    voice.line(&format!(
                        "Couldn't open web browser with '{command}', please open URL manually"
                    ));
                }
            }
        }
        voice.say("Waiting for response in web browser");
    }

    fn await_person(&self, login: &mut Login) -> Result<Granted, CommandError> {
        let voice = self.plan.voice;
        let mut waited = 0;
        let outcome = loop {
            if waited > PATIENCE {
                let headline = "Polling for response took longer than 2 minutes";
                break Err(Diagnostic::new(codes::TOKEN_NOT_OBTAINED, headline)
                    .help("run it again, and log in at the address shown")
                    .into());
            }
            for _ in 0..login.interval.as_secs() {
                std::thread::sleep(Duration::from_secs(1));
                waited += 1;
                voice.waited(waited, PATIENCE);
            }
            match self.vault.poll(login) {
                Ok(Outcome::Pending) => {}
                Ok(Outcome::Granted(granted)) => break Ok(granted),
                Err(error) => break Err(self.login_failed(&error)),
            }
        };
        voice.waited_enough();
        outcome
    }

    fn login_failed(&self, error: &TokenError) -> CommandError {
        let address = self.address();
        let TokenError::Login { reason, .. } = error else {
            let headline = format!("Authentication to {address} failed");
            return failed(Some(&headline), error).into();
        };
        let headline = format!("error in response from {address}: authorization failed: {reason}");
        Diagnostic::from_remote(error.code(), headline)
            .maybe_help(error.next_step())
            .into()
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
