//! The home directory, and the directory of the user's credential in it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::bounded;
use crate::cli::env::Environment;
use crate::cli::finding::Finding;
use crate::credential::pair::Pair;

const HOME: &str = "home";
const RIGHT_HOME: &str = "run: export HOME=$(getent passwd \"$(id -un)\" | cut -d: -f6)";

pub fn examine(env: &Environment) -> Vec<Finding> {
    let Some(home) = &env.home else {
        return vec![Finding::failed(HOME, "HOME is not set", Some(RIGHT_HOME.to_owned()))];
    };
    let mut findings = vec![match home.metadata() {
        Ok(found) if found.is_dir() => Finding::ok(HOME, home.display()),
        Ok(_) => unusable(home, "is not a directory"),
        Err(error) => unusable(home, &bounded::reason(&error)),
    }];
    let globus = home.join(".globus");
    if let Ok(found) = globus.metadata() {
        findings.extend(directory(&globus, &found, env.uid));
    }
    if Pair::in_directory(&globus).is_unfinished() {
        let text = format!("an import into {} was interrupted", globus.display());
        findings.push(Finding::failed(HOME, text, Some("run: voms-proxy import --finish".to_owned())));
    }
    findings
}

fn unusable(home: &Path, why: &str) -> Finding {
    Finding::failed(HOME, format!("the home directory {}: {why}", home.display()), Some(RIGHT_HOME.to_owned()))
}

fn directory(globus: &Path, found: &Metadata, uid: u32) -> Option<Finding> {
    let path = globus.display();
    if found.uid() != uid {
        let text = format!("{path} belongs to user id {}, not to you ({uid})", found.uid());
        let fix = format!("run as its owner or as root: chown -R {uid} {path}");
        return Some(Finding::failed(HOME, text, Some(fix)));
    }
    let mode = found.mode() & 0o7777;
    (mode & 0o022 != 0).then(|| {
        let text = format!("others can replace the files in {path} (mode {mode:04o})");
        Finding::warning(HOME, text, Some(format!("run: chmod 700 {path}")))
    })
}
