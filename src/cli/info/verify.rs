//! Whether the attributes of a proxy can be trusted, as far as this machine can tell.

use chrono::{DateTime, Utc};
use voms::ac::finding::AcFinding;
use voms::chain::Chain;
use voms::policy::Policy;
use voms::trust::TrustAnchors;
use voms::verifier::{Finding, VomsVerifier};
use voms::vo::vomsdir::VomsDir;

use super::plan::{Attributes, Trust, TrustDirectory};
use super::proxy::Proxy;
use crate::cli::output::{self, Diagnostic};

/// The code for expired attributes.
const EXPIRED_ATTRIBUTES: &str = "ac-expired";

/// A reason why a proxy or its attributes cannot be trusted, or cannot be verified at all.
pub struct Warning {
    /// The VO whose attributes it concerns.
    pub vo: Option<String>,
    /// Its stable code.
    code: &'static str,
    /// The text for people.
    pub text: String,
}

impl Warning {
    fn new(code: &'static str, text: String) -> Self {
        Self {
            vo: None,
            code,
            text,
        }
    }

    fn of(finding: &Finding) -> Self {
        let vo = match finding {
            Finding::Ac { vo, .. } => Some(vo.clone()),
            _ => None,
        };
        Self {
            vo,
            code: finding.code(),
            text: finding.to_string(),
        }
    }

    /// Whether it only says that attributes have expired.
    pub fn is_expiry(&self) -> bool {
        self.code == EXPIRED_ATTRIBUTES
    }
}

/// Verifies the attributes as planned.
pub fn warnings(
    attributes: Attributes,
    proxy: &Proxy,
    debug: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, Diagnostic> {
    let unreadable = proxy.unreadable.iter();
    let mut warnings: Vec<Warning> = unreadable
        .map(|reason| Warning::new("ac-encoding", reason.clone()))
        .collect();
    match attributes {
        Attributes::Ignored => return Ok(Vec::new()),
        Attributes::Verified(trust) if !proxy.acs.is_empty() => {
            if let Some((anchors, vomsdir)) = open(*trust, &mut warnings)? {
                if debug {
                    report_directories(&anchors, &vomsdir);
                }
                warnings.extend(verify(anchors, vomsdir, &proxy.chain, now));
            }
        }
        Attributes::Read | Attributes::Verified(_) => {}
    }
    Ok(warnings)
}

fn open(
    trust: Trust,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(TrustAnchors, VomsDir)>, Diagnostic> {
    let anchors = trust.anchors.open(warnings)?;
    let vomsdir = trust.vomsdir.open(warnings)?;
    Ok(anchors.zip(vomsdir))
}

impl<T> TrustDirectory<T> {
    /// Scripts read values on hosts whose environment names missing directories, so only options
    /// are strict.
    fn open(self, warnings: &mut Vec<Warning>) -> Result<Option<T>, Diagnostic> {
        match self.found {
            Err(error) if !self.by_option => {
                let text = error.headline().to_owned();
                warnings.push(Warning::new("no-trust-directory", text));
                Ok(None)
            }
            found => found,
        }
    }
}

fn report_directories(anchors: &TrustAnchors, vomsdir: &VomsDir) {
    output::stderr(&format!(
        "Looking for CAs in {}, for LSC information in {}",
        anchors.directory().display(),
        vomsdir.directory().display()
    ));
}

fn verify(
    anchors: TrustAnchors,
    vomsdir: VomsDir,
    chain: &Chain,
    now: DateTime<Utc>,
) -> Vec<Warning> {
    let verifier =
        VomsVerifier::new(anchors, vomsdir).with_policy(Policy::default().ignore_targets());
    let Err(rejection) = verifier.verify_chain(chain, now) else {
        return Vec::new();
    };
    let findings = rejection.findings();
    let unverified = findings.iter().any(is_unverified).then(|| {
        let text = "Unable to verify signature! Server certificate possibly not installed.";
        Warning::new("ac-unverified", text.to_owned())
    });
    unverified
        .into_iter()
        .chain(findings.iter().map(Warning::of))
        .collect()
}

/// Whether attributes were rejected for more than their dates.
fn is_unverified(finding: &Finding) -> bool {
    match finding {
        Finding::Ac { finding, .. } => {
            !matches!(finding, AcFinding::Expired(_) | AcFinding::NotYetValid(_))
        }
        _ => false,
    }
}
