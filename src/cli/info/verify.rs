//! Whether the attributes of a proxy can be trusted, as far as this machine can tell.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use voms::ac::finding::AcFinding;
use voms::policy::Policy;
use voms::trust::TrustAnchors;
use voms::verifier::{Finding, VerifiedCredential, VomsVerifier};
use voms::vo::vomsdir::VomsDir;

use super::plan::{Attributes, Trust, TrustDirectory};
use super::proxy::{Ac, Proxy};
use crate::cli::codes;
use crate::cli::finding::Warning;
use crate::cli::output::{self, Diagnostic};
use crate::time::utc;

/// The codes for what has expired.
const EXPIRED: [&str; 2] = ["ac-expired", "expired"];

/// A reason why a proxy or its attributes cannot be trusted, or cannot be verified at all.
pub struct Doubt {
    /// The VO whose attributes it concerns.
    pub vo: Option<String>,
    pub warning: Warning,
}

impl Doubt {
    fn new(code: &'static str, text: impl Display) -> Self {
        Self {
            vo: None,
            warning: Warning::new(code, text),
        }
    }

    /// A proxy in the usual place that others could have put there.
    pub fn planted(proxy: &Proxy) -> Self {
        let path = proxy.path.display();
        let text =
            format!("{path} is not yours alone to change: another user may have put it there");
        Self::new(codes::PROXY_OF_ANOTHER, text)
    }

    fn of(finding: &Finding) -> Self {
        let vo = match finding {
            Finding::Ac { vo, .. } => Some(vo.clone()),
            _ => None,
        };
        Self {
            vo,
            ..Self::new(finding.code(), finding)
        }
    }

    /// Whether it only says that something has expired.
    pub fn is_expiry(&self) -> bool {
        EXPIRED.contains(&self.warning.code)
    }
}

/// What is known about a proxy: `None` where it was not verified.
#[derive(Default)]
pub struct Verdict {
    pub chain: Option<bool>,
    /// How long everything that was verified lasts.
    pub usable_until: Option<DateTime<Utc>>,
    /// One for each attribute certificate; empty if none was verified.
    pub acs: Vec<bool>,
    pub doubts: Vec<Doubt>,
    /// Why nothing was verified, if so.
    pub unverified: Option<Unverified>,
}

/// Why nothing was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// The user did not want it.
    NotWanted,
    NoAnchors,
    NoVomsDir,
}

impl Unverified {
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotWanted => {
                "--dont-verify-ac or VOMS_PROXY_INFO_DONT_VERIFY_AC says not to verify"
            }
            Self::NoAnchors => "there is no directory of CAs on this machine",
            Self::NoVomsDir => {
                "there is no vomsdir on this machine, so nothing says who may sign them"
            }
        }
    }
}

impl Verdict {
    /// Prints every doubt.
    pub fn warn(&self) {
        let texts = self.doubts.iter().map(|doubt| &doubt.warning.message);
        texts.for_each(output::warning);
    }

    /// Why the attributes of a VO cannot be relied on, but for what has expired, which shows.
    pub fn doubt_of(&self, vo: &str) -> Option<&str> {
        let concerns = |of: Option<&str>| {
            self.doubts.iter().find(move |doubt| {
                let summary = doubt.warning.code == codes::AC_UNVERIFIED;
                doubt.vo.as_deref() == of && !doubt.is_expiry() && !summary
            })
        };
        let found = concerns(Some(vo)).or_else(|| concerns(None));
        found.map(|doubt| doubt.warning.message.as_str())
    }
}

/// Verifies chain and attributes as planned.
pub fn verdict(
    attributes: Attributes,
    proxy: &Proxy,
    debug: bool,
    now: DateTime<Utc>,
) -> Result<Verdict, Diagnostic> {
    let unreadable = proxy.unreadable.iter();
    let mut doubts: Vec<Doubt> = unreadable
        .map(|reason| Doubt::new(codes::AC_ENCODING, reason))
        .collect();
    let must_verify = matches!(attributes, Attributes::MustVerify(_));
    let (anchors, vomsdir) = match directories(attributes, &mut doubts)? {
        Ok(found) => found,
        Err(None) => return Ok(Verdict::default()),
        Err(unverified) => {
            return Ok(Verdict {
                doubts,
                unverified,
                ..Verdict::default()
            });
        }
    };
    if debug {
        report_directories(&anchors, &vomsdir);
    }
    let verifier = VomsVerifier::new(anchors, vomsdir)
        .with_policy(Policy::default().ignore_targets())
        .skip_invalid_acs();
    let (verified, found) = match verifier.verify_chain(&proxy.chain, now) {
        Ok(verified) => (Some(verified), Vec::new()),
        Err(rejection) => (None, rejection.into_findings()),
    };
    let valid = verified
        .as_ref()
        .map(VerifiedCredential::attribute_certificates);
    let is_valid = |ac: &Ac| {
        let mut valid = valid.into_iter().flatten();
        valid.any(|verified| verified.encoded().as_der() == ac.encoded.as_der())
    };
    let acs = proxy.acs.iter().map(is_valid).collect();
    let skipped = verified.as_ref().map(VerifiedCredential::rejected_acs);
    // A plain proxy is shown as it is, as both old clients do.
    if must_verify || !proxy.acs.is_empty() {
        let all = found.iter().chain(skipped.into_iter().flatten());
        doubts.extend(as_doubts(&all.collect::<Vec<_>>()));
    }
    Ok(Verdict {
        chain: Some(verified.is_some()),
        usable_until: verified.as_ref().map(|found| utc(found.usable_until())),
        acs,
        doubts,
        unverified: None,
    })
}

/// What to verify with; else why nothing is verified, if there is something to verify.
fn directories(
    attributes: Attributes,
    doubts: &mut Vec<Doubt>,
) -> Result<Result<(TrustAnchors, VomsDir), Option<Unverified>>, Diagnostic> {
    let found = match attributes {
        Attributes::Ignored => return Ok(Err(None)),
        Attributes::Read => Err(Unverified::NotWanted),
        Attributes::Verified(trust) => open(*trust, doubts)?,
        Attributes::MustVerify(trust) => {
            let found = open(*trust, doubts)?;
            if found.is_err() {
                let text = "the proxy was not verified: there is no directory of CAs or no vomsdir";
                doubts.push(Doubt::new(codes::NOT_VERIFIED, text));
            }
            found
        }
    };
    Ok(found.map_err(Some))
}

fn open(
    trust: Trust,
    doubts: &mut Vec<Doubt>,
) -> Result<Result<(TrustAnchors, VomsDir), Unverified>, Diagnostic> {
    let anchors = trust.anchors.open(doubts)?;
    let vomsdir = trust.vomsdir.open(doubts)?;
    Ok(match (anchors, vomsdir) {
        (None, _) => Err(Unverified::NoAnchors),
        (_, None) => Err(Unverified::NoVomsDir),
        (Some(anchors), Some(vomsdir)) => Ok((anchors, vomsdir)),
    })
}

impl<T> TrustDirectory<T> {
    /// Scripts read values on hosts whose environment names missing directories, so only options
    /// are strict.
    fn open(self, doubts: &mut Vec<Doubt>) -> Result<Option<T>, Diagnostic> {
        match self.found {
            Err(error) if !self.by_option => {
                doubts.push(Doubt::new(codes::NO_TRUST_DIRECTORY, error.headline()));
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

fn as_doubts(findings: &[&Finding]) -> Vec<Doubt> {
    let unverified = findings
        .iter()
        .any(|finding| is_unverified(finding))
        .then(|| {
            let text = "Unable to verify signature! Server certificate possibly not installed.";
            Doubt::new(codes::AC_UNVERIFIED, text)
        });
    let each = findings.iter().map(|finding| Doubt::of(finding));
    unverified.into_iter().chain(each).collect()
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
