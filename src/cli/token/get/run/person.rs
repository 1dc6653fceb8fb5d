//! The way by a person who logs in with a browser.

use std::time::Duration;

use grid_token::error::TokenError;
use grid_token::vault::{Granted, Login, Outcome};

use super::{End, Run};
use crate::cli::advice::Advice;
use crate::cli::codes;
use crate::cli::outcome::CommandError;
use crate::cli::output::Diagnostic;
use crate::cli::token::failed;
use crate::cli::token::get::plan::Person;

/// How long the person may take, in seconds.
const PATIENCE: u64 = 120;

impl Run<'_> {
    pub(super) fn by_person(&mut self, person: &Person) -> Result<End, CommandError> {
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
}
