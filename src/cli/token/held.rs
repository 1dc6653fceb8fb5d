//! What the user holds, and what is wrong with it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use grid_token::discovery::{self, Place};
use grid_token::jwt::{Claims, Parts};
use grid_token::secret::Secret;
use saml_ecp::gssapi::Gssapi;
use voms::chain::Chain;
use voms::files;

use crate::cli::codes;
use crate::cli::ending;
use crate::cli::env::Environment;
use crate::cli::info::Proxy;
use crate::cli::output;
use crate::home::location::Places;
use crate::time::utc;

/// igwn-auth-utils takes no token that ends sooner, in seconds.
const ENOUGH: i64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Proxy,
    Token,
    VaultToken,
    Ticket,
    Certificate,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Token => "token",
            Self::VaultToken => "vault-token",
            Self::Ticket => "ticket",
            Self::Certificate => "certificate",
        }
    }
}

/// What is wrong, and what to do.
#[derive(Debug)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub help: &'static str,
}

/// One thing that the user holds. What does not apply is empty.
#[derive(Debug)]
pub struct Holding {
    pub kind: Kind,
    /// A file, or the variable that holds it.
    pub place: String,
    /// The variable that leads there.
    pub named_by: Option<&'static str>,
    pub identity: Option<String>,
    pub issuer: Option<String>,
    pub audience: Vec<String>,
    pub scopes: Vec<String>,
    /// Groups and roles, of VOs or of a token.
    pub groups: Vec<String>,
    pub begins: Option<DateTime<Utc>>,
    pub ends: Option<DateTime<Utc>>,
    /// When a file was written that does not say when it ends.
    pub written: Option<DateTime<Utc>>,
    /// The kinds of program that would take it.
    pub taken_by: Vec<&'static str>,
    pub problems: Vec<Problem>,
}

impl Holding {
    fn new(kind: Kind, place: impl Into<String>) -> Self {
        Self {
            kind,
            place: place.into(),
            named_by: None,
            identity: None,
            issuer: None,
            audience: Vec::new(),
            scopes: Vec::new(),
            groups: Vec::new(),
            begins: None,
            ends: None,
            written: None,
            taken_by: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn at(kind: Kind, path: &Path) -> Self {
        Self::new(kind, path.display().to_string())
    }

    pub fn seconds_left(&self, now: DateTime<Utc>) -> Option<i64> {
        self.ends.map(|end| (end - now).num_seconds().max(0))
    }

    /// Whether it is valid, as far as can be seen.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        let begun = self.begins.is_none_or(|begin| begin <= now);
        begun && self.seconds_left(now).is_some_and(|left| left > 0)
    }

    fn problem(&mut self, code: &'static str, message: String, help: &'static str) {
        self.problems.push(Problem {
            code,
            message,
            help,
        });
    }

    fn judge_end(&mut self, code: &'static str, help: &'static str, now: DateTime<Utc>) {
        if self.seconds_left(now) == Some(0) {
            let text = format!("the {} in {} has expired", self.kind.word(), self.place);
            self.problem(code, text, help);
        }
    }

    /// What is wrong with a file that others could have put there, or can read.
    fn judge_file(&mut self, owner: u32, mode: u32, uid: u32) {
        let place = self.place.clone();
        if owner != uid {
            self.problem(
                codes::TOKEN_OF_ANOTHER,
                format!("{place} belongs to user id {owner}"),
                "do not use it: have it removed, or name another file",
            );
        } else if mode & 0o077 != 0 {
            let help = if mode & 0o022 == 0 {
                "others could have taken it: chmod 600, or get another"
            } else {
                "it may be another user's by now: remove it, and get another"
            };
            let text = format!("{place} is open to others (mode {mode:04o})");
            self.problem(codes::TOKEN_PERMISSIONS, text, help);
        }
    }
}

/// Everything, in the order in which it is shown.
pub fn everything(env: &Environment, now: DateTime<Utc>) -> Vec<Holding> {
    let mut all: Vec<Holding> = proxy(env, now).into_iter().collect();
    all.extend(tokens(env, now));
    all.extend(vault_token(env));
    all.extend(ticket(now));
    all.extend(certificate(env, now));
    all
}

fn proxy(env: &Environment, now: DateTime<Utc>) -> Option<Holding> {
    let path = env.proxy();
    path.symlink_metadata().ok()?;
    let mut held = Holding::at(Kind::Proxy, &path);
    held.named_by = env.user_proxy.is_some().then_some("X509_USER_PROXY");
    let proxy = match Proxy::load(&path) {
        Ok(proxy) => proxy,
        Err(error) => {
            let help = "make another with voms-proxy-init";
            held.problem(error.code(), error.headline().to_owned(), help);
            return Some(held);
        }
    };
    held.identity = Some(proxy.chain.identity().to_string());
    held.begins = Some(utc(proxy.chain.not_before()));
    held.ends = Some(utc(proxy.chain.not_after()));
    let fqans = proxy.acs.iter().flat_map(|ac| &ac.attributes.fqans);
    held.groups = fqans
        .map(|fqan| output::short_fqan(fqan).to_owned())
        .collect();
    if !proxy.is_own {
        let text = format!("{} is not yours alone to change", held.place);
        let help = "remove it, and make another with voms-proxy-init";
        held.problem(codes::PROXY_OF_ANOTHER, text, help);
    } else if proxy.mode & 0o077 != 0 {
        let text = format!("{} is open to others", held.place);
        held.problem(
            codes::PROXY_PERMISSIONS,
            text,
            "make another with voms-proxy-init",
        );
    }
    held.judge_end(codes::EXPIRED, "make another with voms-proxy-init", now);
    Some(held)
}

/// The tokens that are there, and who would take which.
fn tokens(env: &Environment, now: DateTime<Utc>) -> Vec<Holding> {
    let around = &env.tokens.around;
    let is_there = |place: &Place| match place {
        Place::Variable(..) => true,
        Place::File(path, _) => path.symlink_metadata().is_ok(),
    };
    let mut places: Vec<Place> = Vec::new();
    for place in around.igwn() {
        if is_there(&place) && !places.contains(&place) {
            places.push(place);
        }
    }
    let mut held: Vec<Holding> = places
        .iter()
        .map(|place| token(place, env.uid, now))
        .collect();
    // The first place of WLCG's counts, good or bad.
    let wlcg = around.wlcg();
    let first = places.iter().position(|place| wlcg.contains(place));
    if let Some(first) = first {
        held[first].taken_by.push("wlcg");
    }
    // igwn-auth-utils passes over what is bad, but has only that one from WLCG's.
    let candidates = first.map_or(held.len(), |first| first + 1);
    let enough = |held: &&mut Holding| {
        held.is_good(now) && held.seconds_left(now).is_some_and(|left| left >= ENOUGH)
    };
    if let Some(taken) = held[..candidates].iter_mut().find(enough) {
        taken.taken_by.push("igwn");
    }
    if let Some(first) = first {
        report_hidden(&mut held, first, now);
    }
    held
}

/// A bad token that keeps programs from a good one behind it.
fn report_hidden(held: &mut [Holding], first: usize, now: DateTime<Utc>) {
    if held[first].is_good(now) {
        return;
    }
    let Some(good) = held[first + 1..].iter().find(|held| held.is_good(now)) else {
        return;
    };
    let text = format!(
        "{} hides the good token in {}",
        held[first].place, good.place
    );
    let help = match held[first].named_by {
        Some("BEARER_TOKEN_FILE") => "unset BEARER_TOKEN_FILE",
        Some(_) => "remove it: htdestroytoken",
        None => "unset BEARER_TOKEN",
    };
    held[first].problem(codes::TOKEN_HIDDEN, text, help);
}

fn token(place: &Place, uid: u32, now: DateTime<Utc>) -> Holding {
    match place {
        Place::Variable(name, token) => {
            let mut held = Holding::new(Kind::Token, *name);
            held.describe(Some(token), now);
            held
        }
        Place::File(path, named_by) => {
            let mut held = Holding::at(Kind::Token, path);
            held.named_by = *named_by;
            match discovery::read(path) {
                Ok(found) => {
                    held.describe(found.token.as_ref(), now);
                    held.judge_file(found.owner, found.mode, uid);
                }
                Err(error) => held.unreadable(&error),
            }
            held
        }
    }
}

impl Holding {
    /// A token on its own.
    pub fn of_token(place: &str, claims: Claims) -> Self {
        let mut held = Self::new(Kind::Token, place);
        held.take(claims);
        held
    }

    fn take(&mut self, claims: Claims) {
        self.issuer = claims.issuer;
        self.identity = claims.subject;
        self.audience = claims.audience;
        self.scopes = claims.scopes;
        self.groups = claims.groups;
        self.begins = claims.not_before;
        self.ends = claims.expires;
    }

    fn describe(&mut self, token: Option<&Secret>, now: DateTime<Utc>) {
        match token.and_then(Parts::of) {
            Some(parts) => {
                self.take(parts.claims());
                self.judge_end(codes::TOKEN_EXPIRED, "get another with htgettoken", now);
            }
            None => {
                let text = format!("there is no JSON Web Token in {}", self.place);
                self.problem(codes::TOKEN_UNREADABLE, text, "get another with htgettoken");
            }
        }
    }

    fn unreadable(&mut self, error: &std::io::Error) {
        let text = format!("{}: {}", self.place, files::reason(error));
        let help = "remove it, or name another file";
        self.problem(codes::TOKEN_UNREADABLE, text, help);
    }
}

fn vault_token(env: &Environment) -> Option<Holding> {
    let path = env.tokens.vault_file();
    path.symlink_metadata().ok()?;
    let mut held = Holding::at(Kind::VaultToken, &path);
    let is_named = env.tokens.vault_token_file.is_some();
    held.named_by = is_named.then_some("VAULT_TOKEN_FILE");
    match discovery::read(&path) {
        Ok(found) => {
            held.written = DateTime::from_timestamp(found.written, 0);
            held.judge_file(found.owner, found.mode, env.uid);
        }
        Err(error) => held.unreadable(&error),
    }
    Some(held)
}

fn ticket(now: DateTime<Utc>) -> Option<Holding> {
    let (principal, left) = Gssapi::load().ok()?.ticket().ok()?;
    let mut held = Holding::new(Kind::Ticket, "Kerberos");
    held.identity = Some(principal);
    held.ends = Some(now + chrono::Duration::seconds(left.into()));
    Some(held)
}

fn certificate(env: &Environment, now: DateTime<Utc>) -> Option<Holding> {
    let places = Places {
        environment_certificate: env.user_cert.clone(),
        environment_key: env.user_key.clone(),
        environment_pkcs12: env.pkcs12_user_cert.clone(),
        globus: env.globus(),
        ..Places::default()
    };
    let path: PathBuf = places.find().ok()?.certificate().to_owned();
    let mut held = Holding::at(Kind::Certificate, &path);
    let contents = files::read_limited(&path, files::CONFIGURATION_LIMIT).ok()?;
    // What is in a PKCS#12 file cannot be seen without its passphrase.
    if let Ok(chain) = Chain::parse_in_any_order(&contents) {
        held.identity = Some(chain.identity().to_string());
        held.begins = Some(utc(chain.not_before()));
        held.ends = Some(utc(chain.not_after()));
        held.judge_end(codes::EXPIRED, "get another from your CA", now);
        if held.ends.is_some_and(|end| ending::is_near(end, now)) {
            let text = "your certificate expires soon".to_owned();
            held.problem(codes::EXPIRES_SOON, text, ending::HELP);
        }
    }
    Some(held)
}
