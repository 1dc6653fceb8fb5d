//! Verdicts, and where they differ in a way that nobody has explained.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use chrono::{DateTime, Utc};
use voms::verifier::VomsVerifier;

use crate::peers::{NAMES, Question};

/// What we say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ours {
    /// With these attributes.
    Accepted(Vec<String>),
    /// For the reasons with these codes.
    Refused(BTreeSet<&'static str>),
    Panicked(String),
}

pub fn ours(question: &Question, root: &Path, at: DateTime<Utc>) -> Ours {
    let judge = || {
        let Ok(verifier) =
            VomsVerifier::open(&root.join(&question.certdir), &root.join(&question.vomsdir))
        else {
            return Ours::Refused(BTreeSet::from(["no-directory"]));
        };
        let file = std::fs::read(root.join(&question.file)).unwrap_or_default();
        match verifier.verify(&file, at) {
            Ok(verified) => Ours::Accepted(verified.fqans().map(str::to_owned).collect()),
            Err(rejection) => Ours::Refused(
                rejection
                    .findings()
                    .iter()
                    .map(|finding| finding.code())
                    .collect(),
            ),
        }
    };
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|panic| Ours::Panicked(said(&*panic)))
}

fn said(panic: &dyn Any) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// A peer's refusal to believe what we do: its reason.
pub fn refusal(peer: &str, said: &str, fqans: &[String]) -> Option<String> {
    let short = |text: &str| {
        text.replace("/Role=NULL", "")
            .replace("/Capability=NULL", "")
    };
    match said.split_once(' ').unwrap_or((said, "")) {
        ("accept", _) if peer == "openssl" => None,
        ("accept", granted) => {
            let granted = format!(" {} ", short(granted));
            let all = fqans
                .iter()
                .all(|fqan| granted.contains(&format!(" {} ", short(fqan))));
            (!all).then(|| "other attributes".into())
        }
        ("none", _) => (!fqans.is_empty()).then(|| "none".into()),
        ("reject", reason) => Some(reason.into()),
        (failure, _) => Some(failure.into()),
    }
}

/// The refusals of a credential that we believe, one for each of [`NAMES`].
pub type Refusals = [Option<String>; 3];

pub fn refusals(said: &[String; 3], fqans: &[String]) -> Refusals {
    std::array::from_fn(|at| refusal(NAMES[at], &said[at], fqans))
}

/// Whether we are alone, or against two. libvomsapi has no opinion where there are no attributes.
pub fn is_suspicious(refusals: &Refusals) -> bool {
    refusals.iter().flatten().count() >= 2
}

/// Differences that are explained, from a table in Markdown: peer, refusals, mutations, reason.
pub struct Ledger(Vec<Row>);

struct Row {
    peers: Vec<String>,
    refusals: Vec<String>,
    mutations: Vec<String>,
}

impl Ledger {
    pub fn parse(text: &str) -> Self {
        let quoted = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let rows = text.lines().filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(quoted);
            let (peers, refusals, mutations) = (cells.next()?, cells.next()?, cells.next()?);
            Some(Row {
                peers,
                refusals,
                mutations,
            })
        });
        Self(rows.collect())
    }

    /// Whether every refusal is that of a vector that this was made of, or has a row.
    pub fn explains(&self, refusals: &Refusals, before: &[Refusals], mutations: &[String]) -> bool {
        NAMES
            .iter()
            .zip(refusals)
            .enumerate()
            .all(|(at, (peer, refusal))| {
                let Some(refusal) = refusal else { return true };
                let fits = |row: &Row| {
                    row.peers.iter().any(|of| of == peer)
                        && row.refusals.iter().any(|pattern| matches(pattern, refusal))
                        && row.mutations.iter().any(|pattern| {
                            mutations.iter().any(|mutation| matches(pattern, mutation))
                        })
                };
                before
                    .iter()
                    .any(|before| before[at].as_ref() == Some(refusal))
                    || self.0.iter().any(fits)
            })
    }
}

/// Whether a text is a pattern's, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(tail, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_everything_else_for_itself() {
        assert!(matches("proxy.*dropped", "proxy.key-usage dropped"));
        assert!(matches("*", ""));
        assert!(!matches("proxy.* dropped", "proxy.key-usage swapped"));
        assert!(!matches("user", "user.subject"));
    }

    #[test]
    fn a_refusal_that_has_no_row_leaves_the_whole_unexplained() {
        let ledger = Ledger::parse(
            "| peer | refusal | mutation | why |\n| `java` | `EXCEPTION*` | `ac.*` | x |\n",
        );
        let refusals = |cpp: Option<&str>| {
            [
                cpp.map(str::to_owned),
                Some("EXCEPTION VOMSError".to_owned()),
                None,
            ]
        };
        let mutations = ["ac.serial dropped".to_owned()];
        assert!(ledger.explains(&refusals(None), &[], &mutations));
        assert!(!ledger.explains(&refusals(Some("FORMAT")), &[], &mutations));
        assert!(ledger.explains(
            &refusals(Some("FORMAT")),
            &[refusals(Some("FORMAT"))],
            &mutations
        ));
        assert!(!ledger.explains(&refusals(None), &[], &["proxy.serial dropped".to_owned()]));
    }
}
