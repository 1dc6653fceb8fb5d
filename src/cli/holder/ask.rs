//! Has a proxy made by the holder, if there is one for this key.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use voms::chain::Chain;
use voms::credential::Credential;
use voms::pki::key::{KeyError, PrivateKey};
use voms::pki::pem;
use voms::proxy::{Proxy, ProxyNote};
use voms_asn1::EncodedAc;

use super::socket;
use super::wire::Message;
use crate::cli::codes;
use crate::cli::init::{InitPlan, Reporter, Warnings};
use crate::cli::output::Diagnostic;
use crate::home::load;
use crate::home::location::Location;

/// For making keys, behind the time that servers have.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a holder has made.
pub enum Made {
    /// The proxy, and that of `--keep-plain`.
    Proxy(Proxy, Option<Proxy>),
    Attributes(Vec<EncodedAc>),
}

/// Has the plan carried out, as far as the files that are written in the end. `None` if there is no
/// holder, if it holds another key, or if it ends meanwhile.
///
/// # Errors
/// What went wrong there.
pub fn ask(plan: &InitPlan, report: &mut Reporter) -> Result<Option<Made>, Diagnostic> {
    let Some(request) = &plan.held else {
        return Ok(None);
    };
    let Some(mut wire) = socket::connect(&request.socket) else {
        return Ok(None);
    };
    let Some(process) = wire.receive().ok().and_then(|hello| greeted(plan, &hello)) else {
        return Ok(None);
    };
    report.debug(|| format!("The key is held by process {process}, from voms-proxy unlock."));
    let settings = settings(plan, report);
    let fields = request.fields(&plan.credential);
    let mut all: Vec<&[u8]> = vec![b"make"];
    all.extend(settings.iter().chain(&fields).map(|field| field.as_bytes()));
    wire.wait_for(plan.total + PATIENCE);
    if wire.send(&all).is_err() {
        return Ok(None);
    }
    while let Ok(message) = wire.receive() {
        match message.fields().as_slice() {
            [b"said", kind, code, text] => report.replay(kind, &text_of(code), &text_of(text)),
            [b"failed", rest @ ..] => return Err(failure(rest)),
            [b"proxy", is_cut, pem, plain] => {
                let plain = Some(*plain).filter(|plain| !plain.is_empty());
                let plain = plain.map(|plain| proxy(plain, b""));
                let made = Made::Proxy(proxy(pem, is_cut)?, plain.transpose()?);
                return Ok(Some(made));
            }
            [b"attributes", acs @ ..] => {
                let acs = acs.iter().map(|der| EncodedAc::from_der(der));
                let acs = acs
                    .collect::<Result<_, _>>()
                    .map_err(Diagnostic::unexpected)?;
                return Ok(Some(Made::Attributes(acs)));
            }
            _ => break,
        }
    }
    report.debug(|| "The process that held the key is gone.".to_owned());
    Ok(None)
}

/// The number of the process, if it holds the key of this plan.
fn greeted(plan: &InitPlan, hello: &Message) -> Option<String> {
    let fields = hello.fields();
    let [b"held", leaf, file, process] = fields.as_slice() else {
        return None;
    };
    let is_same = match load::certificates(&plan.credential) {
        Some(chain) => chain.leaf().der() == *leaf,
        None => fingerprint(&plan.credential).as_bytes() == *file,
    };
    is_same.then(|| text_of(process))
}

/// What tells a file from another, and from itself after a change: the certificates in PKCS#12
/// files are encrypted.
pub fn fingerprint(location: &Location) -> String {
    let found = location.certificate().metadata().ok();
    found.map_or_else(String::new, |file| {
        let (time, part) = (file.mtime(), file.mtime_nsec());
        format!(
            "{}:{}:{}:{time}:{part}",
            file.dev(),
            file.ino(),
            file.size()
        )
    })
}

/// What callers set in a plan beside the options: limits of time in milliseconds, and letters.
fn settings(plan: &InitPlan, report: &Reporter) -> [OsString; 3] {
    let letters = [
        ('q', plan.quiet),
        ('d', plan.debug),
        ('i', plan.warnings == Warnings::Ignored),
        ('f', plan.warnings == Warnings::Fatal),
        ('p', report.is_for_people()),
    ];
    let given = letters.into_iter().filter(|(_, is_given)| *is_given);
    let letters: String = given.map(|(letter, _)| letter).collect();
    let milliseconds = |time: Duration| time.as_millis().to_string();
    [
        letters.into(),
        milliseconds(plan.total).into(),
        milliseconds(plan.timeout).into(),
    ]
}

fn text_of(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

fn failure(fields: &[&[u8]]) -> Diagnostic {
    let texts: Vec<String> = fields.iter().map(|field| text_of(field)).collect();
    let [code, headline, lines @ ..] = texts.as_slice() else {
        return Diagnostic::unexpected("the process that holds the key gave no reason");
    };
    Diagnostic::new(codes::interned(code), headline).with_lines(lines)
}

fn proxy(file: &[u8], is_cut: &[u8]) -> Result<Proxy, Diagnostic> {
    let unusable = || Diagnostic::unexpected("the process that holds the key made no proxy");
    let chain = Chain::parse(file).map_err(|_| unusable())?;
    let blocks = pem::blocks(file);
    let key = blocks.iter().find(|block| block.is_private_key());
    let key = key.and_then(|block| {
        PrivateKey::from_pem(block, || Err::<_, KeyError>(KeyError::Passphrase)).ok()
    });
    let credential = key.and_then(|key| Credential::new(chain, key).ok());
    let cut = (!is_cut.is_empty()).then_some(ProxyNote::LifetimeCut);
    let credential = credential.ok_or_else(unusable)?;
    Ok(Proxy::made_elsewhere(credential, cut.into_iter().collect()))
}
