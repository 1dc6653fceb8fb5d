//! The home directory, and the directory in it that holds the user's credential.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use voms::files;

use super::plan::DoctorPlan;
use crate::cli::codes;
use crate::cli::finding::Finding;
use crate::home::globus_dir::Pair;

const HOME: &str = "home";
const RIGHT_HOME: &str = "run: export HOME=$(getent passwd \"$(id -un)\" | cut -d: -f6)";

pub fn examine(plan: &DoctorPlan) -> Vec<Finding> {
    let Some(home) = &plan.home else {
        return vec![Finding::failed(
            HOME,
            codes::NO_HOME,
            "HOME is not set",
            RIGHT_HOME,
        )];
    };
    let mut findings = vec![match home.metadata() {
        Ok(found) if found.is_dir() => Finding::ok(HOME, home.display()),
        Ok(_) => unusable(home, "is not a directory"),
        Err(error) => unusable(home, &files::reason(&error)),
    }];
    let globus = home.join(".globus");
    if let Ok(found) = globus.metadata() {
        findings.extend(directory(&globus, &found, plan.uid));
    }
    findings
}

/// Interrupted imports, which the next command will finish.
pub fn interrupted(plan: &DoctorPlan) -> Vec<Finding> {
    let report = |pair: &Pair| {
        let directory = pair.directory();
        let fix = match plan.globus().is_some_and(|globus| globus == directory) {
            true => "run: voms-proxy import --finish".to_owned(),
            false => format!(
                "run: voms-proxy import --finish --dir {}",
                directory.display()
            ),
        };
        Finding::failed(
            HOME,
            codes::IMPORT_UNFINISHED,
            format!("an import into {} was interrupted", directory.display()),
            &fix,
        )
    };
    plan.pairs
        .iter()
        .filter(|pair| pair.is_unfinished())
        .map(report)
        .collect()
}

fn unusable(home: &Path, why: &str) -> Finding {
    Finding::failed(
        HOME,
        codes::HOME_UNUSABLE,
        format!("the home directory {}: {why}", home.display()),
        RIGHT_HOME,
    )
}

fn directory(globus: &Path, found: &Metadata, uid: u32) -> Option<Finding> {
    let path = globus.display();
    if found.uid() != uid {
        let text = format!(
            "{path} belongs to user id {}, not to you ({uid})",
            found.uid()
        );
        let fix = format!("run as its owner or as root: chown -R {uid} {path}");
        return Some(Finding::failed(HOME, codes::DIRECTORY_OWNER, text, &fix));
    }
    let mode = found.mode() & 0o7777;
    (mode & 0o022 != 0).then(|| {
        let text = format!("others can replace the files in {path} (mode {mode:04o})");
        let fix = format!("run: chmod 700 {path}");
        Finding::warning(HOME, codes::DIRECTORY_PERMISSIONS, text, &fix)
    })
}
