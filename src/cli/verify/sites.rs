//! `voms-proxy verify --map FILE --ban FILE`: the account that a site's files lead to.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use voms::mapping::{Mapped, Site, Unmapped};
use voms::verifier::VerifiedCredential;

use crate::cli::advice::Advice;
use crate::cli::codes;
use crate::cli::output::{self, Diagnostic};

/// The files of a site; none, if nobody asked about accounts.
#[derive(Default)]
pub struct Sites(Option<Site>);

impl Sites {
    pub fn new(maps: &[PathBuf], bans: &[PathBuf]) -> Self {
        Self((!maps.is_empty()).then(|| Site::new(maps, bans)))
    }

    /// Where the files lead this user; `None` without files.
    pub fn decide(
        &self,
        verified: &VerifiedCredential,
        now: DateTime<Utc>,
    ) -> Option<Result<Mapped, Unmapped>> {
        Some(self.0.as_ref()?.decide(&verified.into(), now.into()))
    }

    /// Adds `mapping` to a verdict, and `reason` if there is no account.
    pub fn describe(
        &self,
        verified: Option<&VerifiedCredential>,
        now: DateTime<Utc>,
        verdict: &mut Value,
    ) {
        if self.0.is_none() {
            return;
        }
        let because = |code: &str, message: String| json!({ "code": code, "message": message });
        let (mapping, reason) = match verified.and_then(|verified| self.decide(verified, now)) {
            None => {
                let text = "the credential was not verified".to_owned();
                (Value::Null, Some(because(codes::NOT_VERIFIED, text)))
            }
            Some(Ok(found)) => (as_json(&found), None),
            Some(Err(none)) => (Value::Null, Some(because(none.code(), none.to_string()))),
        };
        verdict["mapping"] = mapping;
        if let Some(reason) = reason {
            verdict["reason"] = reason;
        }
    }
}

fn as_json(found: &Mapped) -> Value {
    json!({
        "account": found.account,
        "file": found.place.file.display().to_string(),
        "line": found.place.line,
        "name": found.name,
        "kind": found.kind.name(),
    })
}

/// The account, and what decided.
pub fn print(found: &Mapped) {
    let account = match found.account.strip_prefix('.') {
        Some(pool) => format!("{} (one of the pool {pool})", found.account),
        None => found.account.clone(),
    };
    output::field("account", account);
    output::field("decided", format!("{}, by {}", found.place, found.name));
    if found.is_only_for_lcmaps {
        output::warning("Globus alone does not know the wildcard on that line, only LCMAPS does");
    }
}

/// No account, for the user.
pub fn diagnostic(none: &Unmapped) -> Diagnostic {
    Diagnostic::new(none.code(), "the site's files lead to no account")
        .detail(none)
        .maybe_help(none.next_step())
}
