//! The proxy as read from its file, and the values it holds.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use openssl::nid::Nid;
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::{AcAttributes, validity};
use voms::chain::{Chain, ChainError};
use voms::files;
use voms::openssl_types;
use voms::pki::certificate::{Certificate, minimal_integer};
use voms::pki::dn::Dn;
use voms::pki::pem;
use voms::pki::proxy_kind::ProxyType;
use voms_asn1::targets::Targets;
use voms_asn1::{EncodedAc, oid};
use zeroize::Zeroizing;

use crate::cli::codes;
use crate::cli::file;
use crate::cli::input;
use crate::cli::output::Diagnostic;
use crate::home::bundle::foreign;
use crate::time::utc;

/// A proxy and its attribute certificates.
pub struct Proxy {
    /// Whether the file is the user's own, and others cannot change it. In the default place,
    /// anyone could have put one.
    pub is_own: bool,
    /// The mode of the file; that of a private one for standard input.
    pub mode: u32,
    /// Whether its private key is in the file.
    pub has_key: bool,
    /// Absolute path of its file.
    pub path: PathBuf,
    pub chain: Chain,
    pub acs: Vec<Ac>,
    /// Why the other attribute certificates cannot be read.
    pub unreadable: Vec<String>,
}

impl Proxy {
    pub fn load(path: &Path) -> Result<Self, Diagnostic> {
        let lost = |reason: String| {
            Diagnostic::new(
                codes::PROXY_NOT_FOUND,
                format!("Proxy not found: {} ({reason})", path.display()),
            )
            .detail("Couldn't find a valid proxy.")
            .help("make one with voms-proxy-init, or name its file with --file")
        };
        let (mode, is_own, contents) = read(path).map_err(|error| lost(files::reason(&error)))?;
        let chain = Chain::parse_in_any_order(&contents).map_err(|error| match error {
            ChainError::Empty => lost(format!("it {}", foreign::in_words(&contents))),
            other => lost(other.to_string()),
        })?;
        let has_key = pem::blocks(&contents)
            .iter()
            .any(pem::Block::is_private_key);
        Ok(Self {
            mode,
            has_key,
            ..Self::new(path, chain, is_own)
        })
    }

    fn new(path: &Path, chain: Chain, is_own: bool) -> Self {
        let (mut acs, mut unreadable) = (Vec::new(), Vec::new());
        for ac in attribute_certificates(&chain) {
            match ac.map_err(|error| error.to_string()).and_then(Ac::read) {
                Ok(ac) => acs.push(ac),
                Err(reason) => unreadable.push(reason),
            }
        }
        Self {
            is_own,
            mode: 0,
            has_key: false,
            path: match input::is_stream(path) {
                true => path.to_owned(),
                false => file::absolute(path),
            },
            chain,
            acs,
            unreadable,
        }
    }

    pub fn type_name(&self) -> String {
        ProxyType::name(self.chain.leaf().proxy_type())
    }

    /// The size of its key.
    pub fn bits(&self) -> u32 {
        let key = self.chain.leaf().public_key();
        key.map(|key| key.bits()).unwrap_or_default()
    }

    /// The CA that issued the user's certificate, if that is in the file.
    pub fn ca(&self) -> Option<&Dn> {
        self.chain.end_entity().map(Certificate::issuer)
    }

    /// When the first of certificates and attributes ends.
    pub fn usable_until(&self) -> DateTime<Utc> {
        let certificates = self.chain.certificates().iter();
        let ends = certificates.map(|certificate| utc(certificate.not_after()));
        let all = ends.chain(self.acs.iter().map(|ac| ac.validity().1));
        all.min().unwrap_or_else(|| utc(self.chain.not_after()))
    }

    pub fn key_usage(&self) -> Option<String> {
        let usage = self.chain.leaf().key_usage()?;
        Some(usage.names().join(", "))
    }

    pub fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        seconds_left(utc(self.chain.not_after()), now)
    }

    /// The file embedded by `voms-proxy-init --include`.
    pub fn included(&self) -> Option<String> {
        let (_, contents) = self.chain.leaf().extension(oid::VOMS_INCLUDED_FILE)?;
        Some(String::from_utf8_lossy(contents).into_owned())
    }
}

/// The mode of a proxy file, whether it is the user's own, and its contents.
fn read(path: &Path) -> io::Result<(u32, bool, Zeroizing<Vec<u8>>)> {
    if input::is_stream(path) {
        // The user has opened it, so nobody else can have put it there.
        return input::read(path).map(|contents| (0o600, true, contents));
    }
    let own = files::read_own(path, files::CONFIGURATION_LIMIT);
    let is_own = own.is_ok();
    let (found, contents) =
        own.or_else(|_| files::read_with_metadata(path, files::CONFIGURATION_LIMIT))?;
    Ok((found.mode(), is_own, contents))
}

/// An attribute certificate and its contents.
pub struct Ac {
    pub encoded: EncodedAc,
    pub attributes: AcAttributes,
}

impl Ac {
    fn read(encoded: EncodedAc) -> Result<Self, String> {
        let attributes =
            AcAttributes::read(&encoded.certificate().acinfo).map_err(|error| error.to_string())?;
        Ok(Self {
            encoded,
            attributes,
        })
    }

    pub fn issuer(&self) -> Dn {
        let issuer = &self.encoded.certificate().acinfo.issuer;
        let name = issuer.directory_name().map(Dn::from_name);
        name.unwrap_or_default()
    }

    pub fn targets(&self) -> Vec<String> {
        let extension = self.encoded.certificate().acinfo.extension(oid::TARGETS);
        let targets =
            extension.and_then(|found| Targets::from_extension(found.extn_value.as_bytes()).ok());
        targets.map(|targets| targets.hosts).unwrap_or_default()
    }

    /// When it becomes valid, and when it expires.
    pub fn validity(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let (not_before, not_after) = validity(&self.encoded.certificate().acinfo);
        (utc(not_before), utc(not_after))
    }

    pub fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        seconds_left(self.validity().1, now)
    }

    /// As the C++ client prints it: the octets in upper-case hexadecimal.
    pub fn serial(&self) -> String {
        let octets = self.encoded.certificate().acinfo.serial_number.as_bytes();
        let octets = minimal_integer(octets)
            .strip_prefix(&[0])
            .filter(|rest| !rest.is_empty())
            .unwrap_or(octets);
        hex::encode_upper(octets)
    }
}

/// The algorithm that a certificate is signed with, by its usual name.
pub fn signature_algorithm(certificate: &Certificate) -> String {
    let nid = signature_nid(certificate);
    let name = nid.and_then(|nid| nid.long_name().ok()).map(str::to_owned);
    name.unwrap_or_else(|| certificate.signature_algorithm().oid.to_string())
}

/// The hash in it, as arcproxy names it; for an algorithm that has none, the algorithm.
pub fn signature_digest(certificate: &Certificate) -> String {
    let algorithms = signature_nid(certificate).and_then(|nid| nid.signature_algorithms());
    let digest = algorithms.and_then(|found| found.digest.short_name().ok());
    match digest.filter(|name| *name != "UNDEF") {
        Some(name) => name.to_ascii_lowercase(),
        None => signature_algorithm(certificate),
    }
}

fn signature_nid(certificate: &Certificate) -> Option<Nid> {
    let x509 = openssl_types::x509(certificate).ok()?;
    let nid = x509.signature_algorithm().object().nid();
    (nid != Nid::UNDEF).then_some(nid)
}

pub fn seconds_left(until: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (until - now).num_seconds().max(0)
}
