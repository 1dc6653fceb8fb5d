//! The user's certificate and key: where they are, whose they are, whether they can be opened and
//! match, and what they can be used for.

use chrono::{DateTime, Utc};
use voms::chain::{Chain, ChainFinding};
use voms::credential::Credential;

use super::plan::DoctorPlan;
use crate::cli::advice::Advice;
use crate::cli::finding::Finding;
use crate::cli::fitness;
use crate::cli::outcome::CommandError;
use crate::home::load::{self, CredentialError, PassphraseProblem};
use crate::home::location::Location;

const FILES: &str = "credential";
const KEY: &str = "key";
const PROXY: &str = "proxy";

/// What is known about the user from here on.
#[derive(Default)]
pub struct Known {
    /// The certificate, even if its key could not be opened.
    pub chain: Option<Chain>,
    pub credential: Option<Credential>,
}

pub fn examine(
    plan: &DoctorPlan,
    now: DateTime<Utc>,
) -> Result<(Vec<Finding>, Known), CommandError> {
    let location = match plan.credential.find() {
        Ok(location) => location,
        Err(error) => return Ok((vec![failed(FILES, &error)], Known::default())),
    };
    let mut findings = vec![Finding::ok(FILES, files(&location))];
    findings.extend(
        load::file_faults(&location)
            .iter()
            .map(|fault| failed(FILES, fault)),
    );
    let (opened, known) = open(plan, &location)?;
    findings.push(opened);
    findings.extend(known.chain.iter().flat_map(|chain| proxies(chain, now)));
    if let Some(certificate) = known.chain.as_ref().and_then(Chain::end_entity) {
        findings.extend(fitness::own(certificate, plan.dates(now)));
    }
    Ok((findings, known))
}

/// What is wrong with proxies that are to issue new ones.
fn proxies(chain: &Chain, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = chain.proxy_findings(now);
    if chain.end_entity().is_none() {
        findings.push(ChainFinding::NoEndEntity(chain.identity().clone()));
    }
    let fix = |finding: &ChainFinding| {
        finding
            .next_step()
            .or_else(|| Some("make a new proxy".to_owned()))
    };
    findings
        .iter()
        .map(|finding| Finding::of(PROXY, finding).with_fix(fix(finding)))
        .collect()
}

fn failed(area: &'static str, error: &CredentialError) -> Finding {
    // An error lists what was tried over several lines; here it is one line.
    let fact = error
        .to_string()
        .replace(":\n    ", ": ")
        .replace("\n    ", "; ");
    Finding::of(area, error).with_fact(fact)
}

fn files(location: &Location) -> String {
    match location.certificate() == location.key() {
        true => location.certificate().display().to_string(),
        false => format!(
            "{} and {}",
            location.certificate().display(),
            location.key().display()
        ),
    }
}

fn open(plan: &DoctorPlan, location: &Location) -> Result<(Finding, Known), CommandError> {
    let asked = plan.passphrase.is_some();
    let credential = match &plan.passphrase {
        Some(source) => source.load_ignoring_permissions(location),
        None => {
            let nobody = load::asking_nobody(PassphraseProblem::NotGiven);
            load::load_ignoring_permissions(location, nobody)
        }
    };
    match credential {
        Ok(credential) => {
            let text = format!(
                "{} opens and matches the certificate",
                location.key().display()
            );
            let known = Known {
                chain: Some(credential.chain().clone()),
                credential: Some(credential),
            };
            Ok((Finding::ok(KEY, text), known))
        }
        Err(CredentialError::Interrupted) => Err(CommandError::Interrupted),
        Err(error) => Ok((not_open(&error, asked), locked(location))),
    }
}

/// The key stays closed because of this error.
fn not_open(error: &CredentialError, asked: bool) -> Finding {
    match error {
        CredentialError::NoPassphrase { path, .. } if !asked => Finding::skipped(
            KEY,
            format!(
                "{} is encrypted: give its passphrase on a terminal, or with --pwstdin",
                path.display()
            ),
        ),
        _ => failed(KEY, error),
    }
}

fn locked(location: &Location) -> Known {
    Known {
        chain: load::certificates(location),
        credential: None,
    }
}
