//! Signs what the plan says, whether or not a service would accept it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::credential::Credential;
use voms::pki::certificate::Certificate;
use voms::pki::key::PrivateKey;
use voms::pki::proxy_kind::{Generation, ProxyType};
use voms::proxy::{BACKDATE, ProxyError, proxy_file, random_number};
use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::{EncodedAc, oid};
use voms_authority::extra::Extra;
use voms_authority::forge::{
    EncodedName, ForgeError, Forgery, SerialNumber, authority_key_identifier, own_key_identifiers,
};
use voms_authority::sign::AcDraft;

use super::plan::{AttributePlan, FakePlan, Output, ProxyPlan};
use crate::cli::output::{self, Diagnostic};
use crate::cli::prompt::PassphraseSource;
use crate::cli::{failure, file, init};
use crate::home::load;
use crate::home::location::Location;
use crate::time::utc;

/// `BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, … }`
const NO_CA: [u8; 2] = [0x30, 0];
const CA: [u8; 5] = [0x30, 3, 1, 1, 0xff];

/// What was written, and where.
pub enum Made {
    /// A proxy or certificate, with its last second of validity.
    Certificate(PathBuf, DateTime<Utc>),
    /// Attribute certificates.
    Attributes(PathBuf),
}

/// Executes the plan.
pub fn run(plan: &FakePlan, now: DateTime<Utc>) -> Result<Made, Diagnostic> {
    let load = |place: &Location| load(place, &plan.passphrase);
    let user = plan.user.as_ref().map(load).transpose()?;
    let acs = user.as_ref().map(|user| attributes(plan, user, now));
    let acs = acs.transpose()?.unwrap_or_default();
    let out = match &plan.output {
        Output::Proxy(out) => out,
        Output::Attributes(file) => {
            init::write_separate(file, &acs)?;
            return Ok(Made::Attributes(file.clone()));
        }
    };
    let key = PrivateKey::generate_rsa(plan.proxy.bits).map_err(Diagnostic::unexpected)?;
    let above = user.as_ref().filter(|_| !plan.proxy.self_signed);
    let validity = Validity::new(&plan.proxy, above.map(Credential::chain), now)?;
    let number = random_number().map_err(Diagnostic::unexpected)?;
    let forgery = match above {
        None => self_signed(&plan.proxy, &acs, &key, validity),
        Some(user) => below(&plan.proxy, user.chain().leaf(), &acs, number, validity),
    };
    let forgery = forgery.map_err(Diagnostic::unexpected)?;
    let signer = above.map_or(&key, Credential::key);
    let certificate = forgery
        .sign(&key, signer, above.map(|user| user.chain().leaf()))
        .map_err(Diagnostic::unexpected)?;
    let issuers = above.map_or(&[][..], |user| user.chain().certificates());
    let issuers = issuers.iter().filter(|issuer| !issuer.is_self_issued());
    let pem = proxy_file(&certificate, &key, issuers).map_err(Diagnostic::unexpected)?;
    file::replace(out, &pem).map_err(|error| failure::not_written(out, &error))?;
    Ok(Made::Certificate(out.clone(), forgery.not_after))
}

fn load(location: &Location, passphrase: &PassphraseSource) -> Result<Credential, Diagnostic> {
    let loaded = load::load(location, |locked| passphrase.ask(locked.path));
    loaded.map_err(Diagnostic::from)
}

/// The attribute certificate of each VO.
fn attributes(
    plan: &FakePlan,
    user: &Credential,
    now: DateTime<Utc>,
) -> Result<Vec<EncodedAc>, Diagnostic> {
    let mut acs = Vec::new();
    for vo in &plan.attributes {
        let signer = load(&vo.host, &plan.passphrase)?;
        // Whether services notice this may be what is tested.
        for finding in signer.chain().local_findings(now) {
            output::warning(format!("the certificate that signs: {finding}"));
        }
        if plan.debug {
            output::stderr(&format!(
                "signed by {}: {}",
                signer.chain().leaf().subject(),
                vo.fqans.join(", ")
            ));
        }
        let ac = draft(vo, now)
            .sign_with(user.chain().holder(), plan.holder, &vo.extensions, &signer)
            .map_err(Diagnostic::unexpected)?;
        acs.push(ac);
    }
    Ok(acs)
}

fn draft(vo: &AttributePlan, now: DateTime<Utc>) -> AcDraft {
    let not_before = now - vo.past;
    AcDraft {
        vo: vo.vo.clone(),
        uri: vo.uri.clone(),
        fqans: vo.fqans.clone(),
        attributes: vo.attributes.clone(),
        targets: vo.targets.clone(),
        not_before,
        not_after: not_before + vo.lifetime,
    }
}

/// The first and last second of validity.
struct Validity(DateTime<Utc>, DateTime<Utc>);

impl Validity {
    fn new(
        plan: &ProxyPlan,
        above: Option<&Chain>,
        now: DateTime<Utc>,
    ) -> Result<Self, Diagnostic> {
        let start = now - plan.past;
        let (first, wanted) = (start - BACKDATE, start + plan.lifetime);
        match above.map(Chain::not_after) {
            Some(end) if utc(end) <= first => Err(failure::issuing(&ProxyError::Expired(end))),
            Some(end) => Ok(Self(first, wanted.min(utc(end)))),
            None => Ok(Self(first, wanted)),
        }
    }
}

/// A proxy below the user's certificate.
fn below(
    plan: &ProxyPlan,
    issuer: &Certificate,
    acs: &[EncodedAc],
    number: u32,
    Validity(not_before, not_after): Validity,
) -> Result<Forgery, ForgeError> {
    let above = issuer.proxy_type().map(ProxyType::generation);
    let generation = plan.generation.or(above).unwrap_or(Generation::Rfc);
    let (common_name, serial) = match generation {
        Generation::Legacy if plan.limited => ("limited proxy".into(), SerialNumber::of(issuer)),
        Generation::Legacy => ("proxy".into(), SerialNumber::of(issuer)),
        _ => (number.to_string(), number.into()),
    };
    let own = EncodedName::subject_of(issuer);
    let subject = match &plan.subject {
        Some(subject) => subject.clone(),
        None => own.with_common_name(&common_name)?,
    };
    let usage = match (&plan.key_usage, issuer.key_usage()) {
        (Some(usage), _) => Some(usage.clone()),
        (None, Some(above)) => Some(Extra::critical(oid::KEY_USAGE, above.for_proxy().to_der()?)),
        (None, None) => None,
    };
    let mut extensions = extensions(plan, acs, usage, &NO_CA)?;
    extensions.extend(authority_key_identifier(issuer)?);
    extensions.extend(plan.info(generation)?);
    Ok(Forgery {
        subject,
        issuer: plan.issuer.clone().unwrap_or(own),
        serial: plan.serial.clone().unwrap_or(serial),
        not_before,
        not_after,
        extensions,
    })
}

/// A self-signed CA with the name in the plan.
fn self_signed(
    plan: &ProxyPlan,
    acs: &[EncodedAc],
    key: &PrivateKey,
    Validity(not_before, not_after): Validity,
) -> Result<Forgery, ForgeError> {
    let usage = plan.key_usage.clone();
    let usage = usage.map_or_else(
        || Extra::key_usage("digitalSignature,keyCertSign,cRLSign"),
        Ok,
    );
    let mut extensions = extensions(plan, acs, Some(usage?), &CA)?;
    extensions.extend(own_key_identifiers(key)?);
    let unnamed = || ForgeError::Name(String::new());
    let name = plan.subject.clone().ok_or_else(unnamed)?;
    Ok(Forgery {
        subject: name.clone(),
        issuer: name,
        serial: plan.serial.clone().unwrap_or_else(|| 1.into()),
        not_before,
        not_after,
        extensions,
    })
}

/// The extensions that both have, in the order of the C++ client.
fn extensions(
    plan: &ProxyPlan,
    acs: &[EncodedAc],
    usage: Option<Extra>,
    constraints: &[u8],
) -> Result<Vec<Extra>, ForgeError> {
    let mut extensions = plan.first.clone();
    if !acs.is_empty() {
        let sequence = AcSeq { acs: acs.to_vec() };
        extensions.push(Extra::plain(oid::VOMS_AC_SEQ, sequence.to_der()?));
    }
    extensions.extend(usage);
    extensions.extend(plan.purposes.iter().cloned());
    extensions.push(Extra::critical(
        oid::BASIC_CONSTRAINTS,
        constraints.to_vec(),
    ));
    Ok(extensions)
}
