//! `--fix-permissions`: the only way the doctor changes anything.

use std::fs::{File, FileType, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use voms::files;

use super::plan::DoctorPlan;
use crate::cli::codes;
use crate::cli::finding::Finding;
use crate::home::load::{self, CredentialError};

const AREA: &str = "permissions";

/// Sets the modes that the user's own files and directory should have, and reports each change.
pub fn fix(plan: &DoctorPlan) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(globus) = plan.globus() {
        findings.extend(tighten(&globus, FileType::is_dir, 0o022, 0o700, plan.uid));
    }
    if let Ok(location) = plan.credential.find() {
        for fault in load::file_faults(&location) {
            findings.extend(match fault {
                CredentialError::KeyMode { path, .. } => {
                    tighten(&path, FileType::is_file, 0o177, 0o400, plan.uid)
                }
                CredentialError::CertificateMode { path, .. } => {
                    tighten(&path, FileType::is_file, 0o022, 0o644, plan.uid)
                }
                _ => None,
            });
        }
    }
    findings.extend(tighten(
        &plan.out,
        FileType::is_file,
        0o177,
        0o600,
        plan.uid,
    ));
    findings
}

/// Sets a mode if one of the `wrong` bits is set. Leaves links, other users' files and anything of
/// another type alone.
fn tighten(
    path: &Path,
    kind: fn(&FileType) -> bool,
    wrong: u32,
    right: u32,
    uid: u32,
) -> Option<Finding> {
    // Judged and changed through one descriptor, so that the file cannot be exchanged in between.
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let found = file.metadata().ok()?;
    let mode = found.mode() & 0o7777;
    if !kind(&found.file_type()) || found.uid() != uid || mode & wrong == 0 {
        return None;
    }
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    Some(
        match std::fs::set_permissions(opened, Permissions::from_mode(right)) {
            Ok(()) => Finding::ok(
                AREA,
                format!(
                    "{}: mode changed from {mode:04o} to {right:04o}",
                    path.display()
                ),
            ),
            Err(error) => {
                let text = format!(
                    "the mode of {} cannot be set: {}",
                    path.display(),
                    files::reason(&error)
                );
                Finding::failed(
                    AREA,
                    codes::NOT_CHANGED,
                    text,
                    &format!("run as its owner: chmod {right:o} {}", path.display()),
                )
            }
        },
    )
}
