//! Which certificate must have signed an attribute certificate (spec 6, 7.8).

use std::path::PathBuf;

use voms_asn1::EncodedAc;

use crate::ac::attributes::AcAttributes;
use crate::ac::finding::AcFinding;
use crate::ac::structure::is_named_issuer;
use crate::ac::verify::{AcVerifier, SignerTrust};
use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;
use crate::vo::lsc::Lsc;
use crate::vo::vomsdir::{Trusted, VomsDir};

/// A signer that the configuration names, its path not yet verified.
pub(super) struct NamedSigner {
    pub certificate: Certificate,
    /// The LSC file that names it.
    pub lsc: Option<PathBuf>,
}

impl NamedSigner {
    fn without_lsc(certificate: Certificate) -> Self {
        let lsc = None;
        Self { certificate, lsc }
    }
}

impl AcVerifier<'_> {
    /// The certificate that must have signed, if it is trusted to.
    pub(super) fn find_signer(
        &self,
        ac: &EncodedAc,
        carried: &[Certificate],
        attributes: &AcAttributes,
    ) -> Result<NamedSigner, AcFinding> {
        match &self.trust {
            SignerTrust::Server { server, anchors } => {
                let signer = carried.first().unwrap_or(server);
                // The names an LSC file would list; the path is verified below.
                if anchors.is_some() && signer.has_names_of(server) {
                    Ok(NamedSigner::without_lsc(signer.clone()))
                } else {
                    only_server(NamedSigner::without_lsc(signer.clone()), server)
                }
            }
            SignerTrust::VomsDirAndServer(vomsdir, server) => {
                let signer = self.find_in(vomsdir, ac, carried, attributes)?;
                only_server(signer, server)
            }
            SignerTrust::VomsDir(vomsdir, _) => self.find_in(vomsdir, ac, carried, attributes),
        }
    }

    fn find_in(
        &self,
        vomsdir: &VomsDir,
        ac: &EncodedAc,
        carried: &[Certificate],
        attributes: &AcAttributes,
    ) -> Result<NamedSigner, AcFinding> {
        let own = |carried: &[Certificate]| carried.first().cloned().ok_or(AcFinding::NoSigner);
        match vomsdir.find(&attributes.vo, &attributes.host, self.now) {
            Trusted::Lsc(file, lsc) => match lsc.as_ref() {
                Ok(lsc) if lsc.matches(carried) => Ok(NamedSigner {
                    certificate: own(carried)?,
                    lsc: Some(file),
                }),
                Ok(lsc) => {
                    let found = own(carried)?;
                    let (signer, issuer) = (found.subject().clone(), found.issuer().clone());
                    match lsc_of_former_ca(lsc, &found) {
                        Some(former) => Err(AcFinding::LscFormerCa {
                            file,
                            former,
                            signer,
                            issuer,
                        }),
                        None => Err(AcFinding::LscMismatch {
                            file,
                            signer,
                            issuer,
                        }),
                    }
                }
                Err(why) => Err(AcFinding::LscUnusable {
                    file,
                    why: why.clone(),
                }),
            },
            // Only certificates of the name, as trying a signature is dear.
            Trusted::Certificates(trusted) => trusted
                .into_iter()
                .filter(|candidate| is_named_issuer(&ac.certificate().acinfo, candidate))
                .find(|candidate| self.is_signed_by(ac, candidate))
                .map(NamedSigner::without_lsc)
                .ok_or_else(|| AcFinding::NotTrusted {
                    vo: attributes.vo.clone(),
                    host: attributes.host.clone(),
                    vomsdir: vomsdir.directory().to_owned(),
                }),
        }
    }
}

/// Host CAs that sites had to replace, old and new, by common name: GEANT's service moved from
/// Sectigo to HARICA, and CNAF's hosts followed at the end of 2025.
const CHANGED_CAS: &[(&str, &str)] = &[
    ("GEANT eScience SSL CA 4", "GEANT TLS RSA 1"),
    ("GEANT eScience SSL CA 4", "GEANT TLS ECC 1"),
];

/// The issuer the LSC file names for this host from before such a change.
fn lsc_of_former_ca(lsc: &Lsc, signer: &Certificate) -> Option<Dn> {
    let host = signer.subject().common_name()?;
    let issuer = signer.issuer().common_name()?;
    let (former, _) = CHANGED_CAS.iter().find(|(_, new)| *new == issuer)?;
    let mut named = lsc
        .named()
        .filter(|(subject, _)| subject.common_name() == Some(host));
    named
        .find(|(_, issuer)| issuer.common_name() == Some(former))
        .map(|(_, issuer)| issuer.clone())
}

fn only_server(signer: NamedSigner, server: &Certificate) -> Result<NamedSigner, AcFinding> {
    if signer.certificate == *server {
        return Ok(signer);
    }
    Err(AcFinding::NotTheServer {
        signer: signer.certificate.subject().clone(),
    })
}
