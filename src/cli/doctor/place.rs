//! The location for the proxy, and the proxy that is there now.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chrono::{DateTime, Utc};
use rustix::fs::{StatVfs, statvfs};
use voms::ac::embedded;
use voms::ac::verify::validity;
use voms::chain::Chain;
use voms::files;
use voms::pki::pem;

use super::credential::Known;
use super::plan::DoctorPlan;
use crate::cli::codes;
use crate::cli::finding::Finding;
use crate::cli::fitness::Dates;
use crate::cli::{failure, file};
use crate::time::utc;

const OUTPUT: &str = "output";
const DISK: &str = "disk";
const PROXY: &str = "proxy";
/// More than a proxy with many attributes needs, in bytes.
const NEEDED: u64 = 256 << 10;
const COMFORTABLE: u64 = 16 << 20;

pub fn examine(plan: &DoctorPlan, known: &Known, now: DateTime<Utc>) -> Vec<Finding> {
    let out = &plan.out;
    let directory = file::directory(out);
    if !directory.is_dir() {
        return vec![Finding::of_diagnostic(
            OUTPUT,
            &failure::of_output(failure::no_directory(out, directory), plan.out_by_variable),
        )];
    }
    let mut findings = vec![writable(out, directory)];
    findings.extend(
        statvfs(directory)
            .ok()
            .map(|found| space(directory, &found)),
    );
    findings.extend(proxy(out, plan, known, now));
    findings
}

fn writable(out: &Path, directory: &Path) -> Finding {
    let obstacle = file::may_be_replaced(out).map_err(|error| {
        let directory = directory.display();
        let text = match error.kind() {
            ErrorKind::ReadOnlyFilesystem => format!("{directory} is on a read-only file system"),
            // Of the file, it is said in words.
            ErrorKind::PermissionDenied if error.raw_os_error().is_some() => {
                format!("you may not write to {directory}")
            }
            _ => return error,
        };
        io::Error::new(error.kind(), text)
    });
    match obstacle {
        Ok(()) => Finding::ok(OUTPUT, format!("{} can be written", out.display())),
        Err(error) => Finding::of_diagnostic(OUTPUT, &failure::not_written(out, &error)),
    }
}

fn space(directory: &Path, found: &StatVfs) -> Finding {
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let path = directory.display();
    let fix =
        format!("free some space (run: df -h {path}), or set X509_USER_PROXY to a file elsewhere");
    // Some file systems do not count inodes.
    if found.f_files > 0 && found.f_favail == 0 {
        return Finding::failed(
            DISK,
            codes::DISK_FULL,
            format!("no further file can be made in {path}"),
            &fix,
        );
    }
    match free {
        ..NEEDED => Finding::failed(DISK, codes::DISK_FULL, format!("{path} is full"), &fix),
        NEEDED..COMFORTABLE => Finding::warning(
            DISK,
            codes::DISK_NEARLY_FULL,
            format!("{path} has only {} KiB left", free >> 10),
            &fix,
        ),
        _ => Finding::ok(DISK, format!("{path} has {} MiB left", free >> 20)),
    }
}

fn proxy(out: &Path, plan: &DoctorPlan, known: &Known, now: DateTime<Utc>) -> Vec<Finding> {
    let again = format!("run: {}", plan.next_command());
    let path = out.display();
    let Ok(found) = out.metadata() else {
        return vec![Finding::ok(
            PROXY,
            format!("there is no proxy in {path} yet"),
        )];
    };
    let mut findings = Vec::new();
    let mode = found.mode() & 0o7777;
    if found.is_file() && mode & 0o177 != 0 {
        let text = format!("the proxy {path} is readable by others (mode {mode:04o})");
        findings.push(Finding::failed(
            PROXY,
            codes::PROXY_PERMISSIONS,
            text,
            &format!("run: chmod 600 {path}"),
        ));
    }
    let contents =
        files::read_limited(out, files::CONFIGURATION_LIMIT).map_err(|error| files::reason(&error));
    let has_key = contents
        .as_ref()
        .is_ok_and(|file| pem::blocks(file).iter().any(pem::Block::is_private_key));
    let chain = contents.and_then(|contents| {
        Chain::parse_in_any_order(&contents).map_err(|error| error.to_string())
    });
    let no_proxy = |why: String| {
        let text = format!("{path} cannot be read as a proxy: {why}");
        Finding::warning(PROXY, codes::PROXY_UNREADABLE, text, &again)
    };
    findings.push(match chain {
        Err(why) => no_proxy(why),
        Ok(chain) if chain.proxies().is_empty() => {
            no_proxy(format!("it is the certificate of {}", chain.identity()))
        }
        Ok(_) if !has_key => no_proxy("it holds no private key".to_owned()),
        Ok(chain) => lasting(out, &chain, known, &again, plan.dates(now)),
    });
    findings
}

/// Who the proxy belongs to, and how long it and its attributes remain valid.
fn lasting(out: &Path, chain: &Chain, known: &Known, again: &str, dates: Dates<'_>) -> Finding {
    let path = out.display();
    if let Some(own) = known
        .chain
        .as_ref()
        .filter(|own| !own.identity().matches(chain.identity()))
    {
        let text = format!(
            "the proxy {path} belongs to {}, not to {}",
            chain.identity(),
            own.identity()
        );
        return Finding::warning(PROXY, codes::PROXY_OF_ANOTHER, text, again);
    }
    if let Some(finding) = chain.local_findings(dates.now).first() {
        return Finding::warning(PROXY, finding.code(), finding, again);
    }
    let acs = embedded::attribute_certificates(chain);
    let ends = acs
        .iter()
        .flatten()
        .map(|ac| utc(validity(&ac.certificate().acinfo).1));
    match ends.min() {
        Some(end) if end < dates.now => {
            let text = format!("the attributes in {path} expired {}", dates.moment(end));
            Finding::warning(PROXY, codes::AC_EXPIRED, text, again)
        }
        _ => Finding::ok(PROXY, format!("{path}: {}", dates.validity(chain.leaf()))),
    }
}
