//! What `voms-proxy import` says of what it found and did.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::ImportPlan;
use crate::cli::finding::Finding;
use crate::cli::fitness;
use crate::cli::output;
use crate::home::bundle::Chosen;
use crate::home::globus_dir::Replaced;
use crate::time::utc;

/// What was done, or would be.
#[derive(Default)]
pub(super) struct Imported {
    /// The files and what they are.
    pub files: Vec<(PathBuf, String)>,
    pub chosen: Option<Chosen>,
    pub faults: Vec<Finding>,
    pub written: Vec<PathBuf>,
    pub replaced: Vec<PathBuf>,
    pub backups: Vec<PathBuf>,
    /// Whether an earlier import was finished.
    pub finished: bool,
}

impl Imported {
    pub fn as_json(&self, plan: &ImportPlan) -> Value {
        let files = self.files.iter();
        let files = files.map(|(path, form)| json!({ "path": path, "form": form }));
        let certificate = self.chosen.as_ref().map(|chosen| &chosen.certificate);
        let certificate = certificate.map(|certificate| {
            json!({
                "subject": certificate.subject().as_written(),
                "issuer": certificate.issuer().as_written(),
                "not_before": output::rfc3339(utc(certificate.not_before())),
                "not_after": output::rfc3339(utc(certificate.not_after())),
            })
        });
        json!({
            "version": 1,
            "dry_run": plan.dry,
            "directory": plan.directory,
            "files": files.collect::<Value>(),
            "certificate": certificate,
            "written": self.written,
            "replaced": self.replaced,
            "backups": self.backups,
            "finished": self.finished,
            "findings": self.faults.iter().map(Finding::as_json).collect::<Value>(),
        })
    }
}

/// Says what was found; returns what is wrong with it.
pub(super) fn describe(
    plan: &ImportPlan,
    files: &[(PathBuf, String)],
    chosen: &Chosen,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    let certificate = &chosen.certificate;
    let dates = fitness::Dates::new(now, plan.time_zone.as_deref());
    if !plan.json {
        let files = files.iter();
        let files = files.map(|(path, form)| format!("{} ({form})", path.display()));
        output::line(&format!(
            "Found in {}:",
            files.collect::<Vec<_>>().join(", ")
        ));
        output::field("subject", certificate.subject());
        output::field("issuer", certificate.issuer());
        output::field("valid", dates.validity(certificate));
        if !chosen.issuers.is_empty() {
            let names: Vec<String> = chosen
                .issuers
                .iter()
                .map(|issuer| issuer.subject().to_string())
                .collect();
            output::field("with", names.join(", "));
        }
    }
    for other in &chosen.passed_over {
        output::warning(format!(
            "another certificate in that file was skipped: {}, {}",
            other.subject(),
            dates.validity(other)
        ));
    }
    let faults = fitness::faults(certificate, &chosen.issuers, plan.anchors.as_ref(), dates);
    for fault in &faults {
        output::warning(&fault.fact);
        if let Some(fix) = &fault.fix {
            output::stderr(&format!("  help: {fix}"));
        }
    }
    faults
}

pub(super) fn names(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(" and ")
}

pub(super) fn report_dry_run(plan: &ImportPlan, would: &Imported) {
    plan.line(&format!("Would write {}.", names(&would.written)));
    if !would.replaced.is_empty() {
        plan.line(&format!(
            "Would keep a backup of {}.",
            names(&would.replaced)
        ));
    }
}

pub(super) fn report_done(plan: &ImportPlan, with_key: bool, replaced: &Replaced) {
    let pair = plan.pair();
    if replaced.finished_earlier {
        output::stderr("note: finished an earlier import that was interrupted");
    }
    let key = if with_key {
        ""
    } else {
        " (the key stays as it is)"
    };
    plan.line(&format!(
        "Wrote {}{key}.",
        names(&[pair.certificate(), pair.key()])
    ));
    if !replaced.backups.is_empty() {
        plan.line(&format!(
            "The previous files are kept as {}.",
            names(&replaced.backups)
        ));
    }
}

pub(super) fn report_next_step(plan: &ImportPlan, chosen: &Chosen, now: DateTime<Utc>) {
    for (name, file) in &plan.overrides {
        output::warning(format!(
            "{name} is set: voms-proxy-init uses {} and not what was imported",
            file.display()
        ));
    }
    if now > utc(chosen.certificate.not_after()) {
        return plan.line("\nNext: ask your CA for a new certificate; this one has expired.");
    }
    if !plan.is_usual {
        let (certificate, key) = (
            plan.directory.join("usercert.pem"),
            plan.directory.join("userkey.pem"),
        );
        return plan.line(&format!(
            "\nNext: voms-proxy-init --cert {} --key {} --voms VO",
            certificate.display(),
            key.display()
        ));
    }
    plan.line(
        "\nNext: voms-proxy-init --voms virgo\nNot yet a member of the VO? See: voms-proxy register --voms virgo",
    );
}
