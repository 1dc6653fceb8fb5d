//! Whether a VO whose servers are unreachable has moved to IAM at CNAF.

use std::time::Duration;

use chrono::{DateTime, Utc};
use voms_client::net::tls::ServerTrust;
use voms_client::vomses::VomsesEntry;
use voms_client::{Probe, blocking::probe_server};

use crate::cli::codes;
use crate::cli::finding::Finding;
use crate::home::registration::usual_iam_host;

const VOMSES: &str = "vomses";
/// DNS servers may be slow to give a negative answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The common prefix of the subjects of CNAF's certificates since the end of 2025.
const CNAF_HOSTS: &str =
    "/DC=org/DC=terena/DC=tcs/C=IT/L=Roma/O=Istituto Nazionale di Fisica Nucleare/CN=";

/// Looks up the host name that CNAF would give the VO's endpoint, and if it exists, suggests the
/// vomses line to use. VOs kept their port when they moved.
pub fn candidate(
    servers: &[VomsesEntry],
    trust: ServerTrust,
    now: DateTime<Utc>,
    timeout: Duration,
) -> Option<Finding> {
    let known = servers.first()?;
    let host = usual_iam_host(&known.vo);
    if servers.iter().any(|server| server.host == host) {
        return None;
    }
    let dn = format!("{CNAF_HOSTS}{host}");
    let entry = VomsesEntry::new(&known.alias, &host, known.port, &dn, &known.vo);
    let probe = probe_server(&entry, trust, now.into(), timeout.min(PATIENCE)).ok()?;
    if probe.addresses.is_err() {
        return None;
    }
    let state = match (&probe.connection, &probe.certificate) {
        (Some(Ok(())), Some(Ok(_))) => "which answers".to_owned(),
        (Some(Ok(())), Some(Err(error))) => format!("though {error}"),
        (Some(Err(error)), _) => format!(
            "though it does not answer at port {} either ({error})",
            entry.port
        ),
        _ => "though it could not be checked".to_owned(),
    };
    let text = format!(
        "none of the servers of {} can be reached, but {host} exists in DNS, {state}: the VO may have moved there",
        known.vo
    );
    let fix = format!(
        "if the VO's page confirms this, add this line to ~/.voms/vomses (guessed from CNAF's naming pattern): {}",
        line(&entry, &probe)
    );
    Some(Finding::warning(VOMSES, codes::SERVER_MOVED, text, &fix))
}

/// The vomses line, with the subject of the server's certificate if it could be verified.
fn line(entry: &VomsesEntry, probe: &Probe) -> String {
    let shown = probe
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.as_ref().ok());
    let dn = shown.map_or_else(
        || entry.dn.clone(),
        |certificate| certificate.subject().to_string(),
    );
    let VomsesEntry {
        alias,
        host,
        port,
        vo,
        ..
    } = entry;
    format!("\"{alias}\" \"{host}\" \"{port}\" \"{dn}\" \"{vo}\"")
}
