//! Whether a user's certificate is fit for purpose: its dates, key usage and strength, and the CA
//! that issued it.

use chrono::{DateTime, Duration, Utc};
use voms::chain::{Chain, ChainFinding};
use voms::pki::certificate::Certificate;
use voms::pki::key_usage::KeyUsage;
use voms::pki::strength::StrengthPolicy;
use voms::proxy::ProxyError;
use voms::trust::{PathNote, PathProblem, TrustAnchors};

use super::codes;
use super::finding::Finding;
use super::{platform, times};
use crate::cli::places;
use crate::time::utc;

pub const CERTIFICATE: &str = "certificate";
pub const CA: &str = "CA";
pub const REVOCATION: &str = "revocation";
/// Enough time to get a new certificate from most CAs.
const RENEWAL: Duration = Duration::days(30);
/// Enough time for the next run of fetch-crl.
const LIST_RENEWAL: Duration = Duration::hours(12);

/// The time now, and the zone that times are shown in.
#[derive(Clone, Copy, Debug)]
pub struct Dates<'a> {
    pub now: DateTime<Utc>,
    pub zone: Option<&'a str>,
}

impl<'a> Dates<'a> {
    pub fn new(now: DateTime<Utc>, zone: Option<&'a str>) -> Self {
        Self { now, zone }
    }

    /// A moment, and how far away it is.
    pub fn moment(self, time: DateTime<Utc>) -> String {
        times::moment(time, self.now, self.zone)
    }

    /// Until when a certificate is valid.
    pub fn validity(self, certificate: &Certificate) -> String {
        let (start, end) = (utc(certificate.not_before()), utc(certificate.not_after()));
        if self.now < start {
            format!("not valid before {}", self.moment(start))
        } else if self.now > end {
            format!("expired {}", self.moment(end))
        } else {
            format!("until {}", self.moment(end))
        }
    }
}

/// All problems with a certificate that can be found on this machine; fewer without a CA directory.
pub fn faults(
    certificate: &Certificate,
    issuers: &[Certificate],
    anchors: Option<&TrustAnchors>,
    dates: Dates<'_>,
) -> Vec<Finding> {
    let mut all = own(certificate, dates);
    all.extend(
        anchors
            .iter()
            .flat_map(|anchors| vouched(certificate, issuers, anchors, dates)),
    );
    all.retain(Finding::is_fault);
    all
}

/// What the certificate itself shows.
pub fn own(certificate: &Certificate, dates: Dates<'_>) -> Vec<Finding> {
    let alone = Chain::new(vec![certificate.clone()]);
    let findings: Vec<ChainFinding> = alone
        .map(|chain| chain.local_findings(dates.now))
        .unwrap_or_default();
    let mut all: Vec<Finding> = findings
        .iter()
        .map(|finding| of_certificate(CERTIFICATE, finding))
        .collect();
    if all.is_empty() {
        let text = format!("{}: {}", certificate.subject(), dates.validity(certificate));
        all.push(if utc(certificate.not_after()) - dates.now < RENEWAL {
            let fix = "ask your CA for the next one now, and import it when it comes: voms-proxy import FILE";
            Finding::warning(CERTIFICATE, codes::EXPIRES_SOON, text, fix)
        } else {
            Finding::ok(CERTIFICATE, text)
        });
    }
    if certificate
        .key_usage()
        .is_some_and(|usage| !KeyUsage::may_sign(usage))
    {
        all.push(Finding::of(CERTIFICATE, &ProxyError::MayNotSign));
    } else if let Some(usage) = certificate.key_usage() {
        all.push(Finding::ok(
            CERTIFICATE,
            format!("its key may be used for: {}", usage.names().join(", ")),
        ));
    }
    let strength = StrengthPolicy::default();
    let weak = strength.judge_key(certificate);
    if let Some(weakness) =
        weak.or_else(|| strength.judge_signature(certificate.signature_algorithm()))
    {
        let problem = PathProblem::Weak(weakness);
        let fix = "ask its CA for a certificate with SHA-256 and a key of 2048 bits or more";
        all.push(Finding::failed(CERTIFICATE, problem.code(), &problem, fix));
    }
    all
}

/// What the CA directory says about it.
pub fn vouched(
    certificate: &Certificate,
    issuers: &[Certificate],
    anchors: &TrustAnchors,
    dates: Dates<'_>,
) -> Vec<Finding> {
    let all = std::iter::once(certificate)
        .chain(issuers)
        .cloned()
        .collect();
    let Ok(chain) = Chain::new(all) else {
        return Vec::new();
    };
    match chain.verify(anchors, &places::own_policy(), dates.now) {
        Ok(verified) => {
            let text = format!(
                "{} is trusted by {}",
                certificate.issuer(),
                anchors.directory().display()
            );
            let mut all = vec![Finding::ok(CA, text)];
            all.extend(verified.notes().iter().filter_map(noted));
            all.extend(lists(certificate, anchors, dates));
            all
        }
        Err(findings) => findings
            .iter()
            .filter(|finding| !is_own(finding, certificate))
            .map(fault)
            .collect(),
    }
}

/// Trust cannot be checked on this machine.
pub fn no_anchors() -> Finding {
    let text = "there is no CA directory: whether grids trust its CA cannot be checked here";
    let fix = format!(
        "install the grid CAs ({}), or set X509_CERT_DIR",
        platform::install_cas()
    );
    Finding::advice(CA, codes::CA_DIRECTORY_MISSING, text, &fix)
}

/// What the administrators of this machine can mend.
fn noted(note: &PathNote) -> Option<Finding> {
    let fix = "update the CA's files (IGTF packages); if it is still so, tell the CA";
    matches!(note, PathNote::SilentPolicy { .. })
        .then(|| Finding::warning(CA, note.code(), note, fix))
}

/// Whether [`own`] already reports it.
fn is_own(finding: &ChainFinding, certificate: &Certificate) -> bool {
    let ChainFinding::Path(path) = finding else {
        return matches!(finding, ChainFinding::Nameless);
    };
    let own = matches!(
        path.problem,
        PathProblem::Expired(_) | PathProblem::NotYetValid(_) | PathProblem::Weak(_)
    );
    own && path.subject == *certificate.subject()
}

fn fault(finding: &ChainFinding) -> Finding {
    use PathProblem::{CrlExpired, CrlMissing, CrlUnusable, Revoked};
    let area = match finding {
        ChainFinding::Path(path) => match path.problem {
            CrlExpired { .. } | CrlMissing(_) | CrlUnusable { .. } | Revoked { .. } => REVOCATION,
            _ => CA,
        },
        _ => CERTIFICATE,
    };
    of_certificate(area, finding)
}

/// A finding without the word that the area says.
fn of_certificate(area: &'static str, finding: &ChainFinding) -> Finding {
    let found = Finding::of(area, finding);
    match finding {
        ChainFinding::Path(path) => found.with_fact(format!("{}: {}", path.subject, path.problem)),
        _ => found,
    }
}

/// How long the CA's revocation lists remain valid.
fn lists(certificate: &Certificate, anchors: &TrustAnchors, dates: Dates<'_>) -> Vec<Finding> {
    let lists = anchors.revocation_lists_of(certificate, dates.now);
    let dated = lists.iter().filter_map(|(file, end)| Some((file, (*end)?)));
    let Some((file, end)) = dated.max_by_key(|(_, end)| *end) else {
        let text = format!("there is no revocation list of {}", certificate.issuer());
        return vec![Finding::advice(
            REVOCATION,
            codes::CRL_MISSING,
            text,
            "install fetch-crl and run it: fetch-crl",
        )];
    };
    let text = format!(
        "not revoked; the list {} is valid until {}",
        file.display(),
        dates.moment(utc(end))
    );
    if utc(end) - dates.now < LIST_RENEWAL {
        return vec![Finding::warning(
            REVOCATION,
            codes::CRL_ENDS_SOON,
            text,
            "run: fetch-crl",
        )];
    }
    vec![Finding::ok(REVOCATION, text)]
}
