//! Issues proxy certificates (RFC 3820 section 3, the draft and legacy forms; spec 1.2 to 1.5).

mod error;
mod issuer;

use std::time::{Duration, SystemTime};

use der::Encode;
use der::asn1::ObjectIdentifier;
use voms_asn1::EncodedAc;
use voms_asn1::oid;
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo};
use voms_asn1::voms::ac_seq::AcSeq;
use zeroize::Zeroizing;

pub use self::error::{ProxyError, ProxyNote};
pub use self::issuer::{CarriedAc, VerifiedIssuer};
use crate::chain::{Chain, ChainFinding};
use crate::credential::Credential;
use crate::crypto::{self, CryptoError, Digest, Draft, Serial};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::key_usage::KeyUsage;
use crate::pki::pem;
use crate::pki::proxy_kind::{Generation, ProxyPolicy};
use crate::time::{LATEST, since_epoch};

/// How far a proxy is backdated, so that a service whose clock is slow accepts it immediately.
pub const BACKDATE: Duration = Duration::from_secs(300);

/// A request for a proxy.
#[derive(Debug, Clone)]
pub struct ProxyRequest {
    generation: Generation,
    policy: ProxyPolicy,
    path_length: Option<u32>,
    lifetime: Duration,
    attributes: Vec<EncodedAc>,
    included: Option<Vec<u8>>,
}

/// A proxy with its key and the chain that issued it.
#[derive(Debug)]
pub struct Proxy {
    certificate: Certificate,
    key: PrivateKey,
    issuers: Vec<Certificate>,
    notes: Vec<ProxyNote>,
}

impl ProxyRequest {
    /// An RFC 3820 proxy with all rights of its issuer, valid for this long from now, in whole
    /// seconds.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        let (generation, policy) = (Generation::Rfc, ProxyPolicy::InheritAll);
        Self {
            generation,
            policy,
            path_length: None,
            lifetime,
            attributes: Vec::new(),
            included: None,
        }
    }

    /// Sets the generation, for old services.
    #[must_use]
    pub fn with_generation(self, generation: Generation) -> Self {
        Self { generation, ..self }
    }

    /// Sets the policy: what the proxy may do.
    #[must_use]
    pub fn with_policy(self, policy: ProxyPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Sets how many proxies may follow; `None` for any number.
    #[must_use]
    pub fn with_path_length(self, path_length: Option<u32>) -> Self {
        Self {
            path_length,
            ..self
        }
    }

    /// Adds attribute certificates, byte for byte.
    #[must_use]
    pub fn carrying(self, acs: impl IntoIterator<Item = CarriedAc>) -> Self {
        Self {
            attributes: acs.into_iter().map(|ac| ac.0).collect(),
            ..self
        }
    }

    /// Includes a file, in the VOMS extension for it.
    #[must_use]
    pub fn including(self, included: Option<Vec<u8>>) -> Self {
        Self { included, ..self }
    }

    /// Issues the proxy for `key`, signed by `issuer`. Serial number and common name are a random
    /// 31-bit number; notBefore lies 300 s in the past; the proxy never outlives a certificate in
    /// the chain; the digest is never weaker than SHA-256.
    ///
    /// A proxy issues proxies of its own generation, limited if it is limited (noted in
    /// [`Proxy::notes`]).
    ///
    /// # Errors
    /// [`ProxyError`].
    pub fn issue(
        mut self,
        issuer: &VerifiedIssuer<'_>,
        key: PrivateKey,
        now: impl Into<SystemTime>,
    ) -> Result<Proxy, ProxyError> {
        let now = now.into();
        let (latest, issuer) = (issuer.usable_until, issuer.credential);
        let chain = issuer.chain();
        let mut notes = self.adapt_to(chain, now)?;
        let backdated = now.checked_sub(BACKDATE).unwrap_or(now);
        let wanted = now.checked_add(self.lifetime);
        let wanted = wanted.unwrap_or(since_epoch(LATEST));
        let latest = latest.min(chain.not_after());
        let not_after = wanted.min(latest);
        if not_after <= now {
            return Err(ProxyError::Expired(latest));
        }
        if not_after < wanted {
            notes.push(ProxyNote::LifetimeCut);
        }
        let number = random_number()?;
        let draft = Draft {
            issuer: chain.leaf().encoded(),
            common_name: &self.common_name(number),
            serial: match self.generation {
                Generation::Legacy => Serial::OfIssuer,
                _ => Serial::Number(number),
            },
            not_before: backdated.max(chain.not_before()),
            not_after,
            key: key.secret(),
            extensions: &self.extensions(chain, &key)?,
        };
        let der = draft.sign(issuer.key().secret(), digest(issuer))?;
        let certificate = Certificate::from_der(&der)?;
        let issuers = chain.certificates().iter();
        Ok(Proxy {
            certificate,
            key,
            issuers: issuers.filter(|c| !c.is_self_issued()).cloned().collect(),
            notes,
        })
    }

    /// Keeps the chain homogeneous, and limited if it already is (spec 1.8 rules 6 to 8).
    fn adapt_to(&mut self, chain: &Chain, now: SystemTime) -> Result<Vec<ProxyNote>, ProxyError> {
        let mut notes = Vec::new();
        if chain
            .leaf()
            .key_usage()
            .is_some_and(|usage| !usage.may_sign())
        {
            return Err(ProxyError::MayNotSign);
        }
        let mixed = |finding: &ChainFinding| matches!(finding, ChainFinding::MixedTypes(_));
        if chain.proxy_findings(now).iter().any(mixed) {
            return Err(ProxyError::MixedChain);
        }
        let exhausted = |(at, proxy): (usize, &Certificate)| {
            proxy
                .proxy_path_length()
                .is_some_and(|allowed| usize::try_from(allowed).is_ok_and(|a| a <= at))
        };
        if chain.proxies().iter().enumerate().any(exhausted) {
            return Err(ProxyError::PathLength);
        }
        if let Some(above) = chain.leaf().proxy_type() {
            if above.generation() != self.generation {
                self.generation = above.generation();
                notes.push(ProxyNote::TypeForced(self.generation));
            }
            // An independent proxy inherits nothing, so there is nothing to limit.
            if above.is_limited()
                && !matches!(self.policy, ProxyPolicy::Limited | ProxyPolicy::Independent)
            {
                self.policy = ProxyPolicy::Limited;
                notes.push(ProxyNote::LimitedForced);
            }
        }
        let plain = matches!(self.policy, ProxyPolicy::InheritAll | ProxyPolicy::Limited)
            && self.path_length.is_none();
        if self.generation == Generation::Legacy && !plain {
            return Err(ProxyError::LegacyCannot);
        }
        Ok(notes)
    }

    fn common_name(&self, number: u32) -> String {
        match (self.generation, &self.policy) {
            (Generation::Legacy, ProxyPolicy::Limited) => "limited proxy".to_owned(),
            (Generation::Legacy, _) => "proxy".to_owned(),
            _ => number.to_string(),
        }
    }

    fn extensions(
        &self,
        chain: &Chain,
        key: &PrivateKey,
    ) -> Result<Vec<(ObjectIdentifier, bool, Vec<u8>)>, ProxyError> {
        let mut extensions = Vec::new();
        if !self.attributes.is_empty() {
            let value = AcSeq {
                acs: self.attributes.clone(),
            }
            .to_der()
            .map_err(|error| ProxyError::Attributes(error.to_string()))?;
            extensions.push((oid::VOMS_AC_SEQ, false, value));
        }
        if let Some(included) = &self.included {
            extensions.push((oid::VOMS_INCLUDED_FILE, false, included.clone()));
        }
        let usage = chain
            .leaf()
            .key_usage()
            .map_or(KeyUsage::FOR_PROXY, KeyUsage::for_proxy);
        let usage = if key.secret().is_ec() {
            usage.without_encipherment()
        } else {
            usage
        };
        extensions.push((oid::KEY_USAGE, true, usage.to_der()?));
        let proxy_policy = self.policy.to_info()?;
        let info = ProxyCertInfo {
            path_len_constraint: self.path_length,
            proxy_policy,
        };
        match self.generation {
            Generation::Rfc => extensions.push((oid::PROXY_CERT_INFO, true, info.to_der()?)),
            Generation::Draft => {
                let draft = DraftProxyCertInfo::from(info);
                extensions.push((oid::DRAFT_PROXY_CERT_INFO, true, draft.to_der()?));
            }
            Generation::Legacy => {}
        }
        Ok(extensions)
    }
}

/// 31 random bits, never zero: some readers print the number as signed, others reject zero. The
/// serial number of a proxy, and its common name.
///
/// # Errors
/// [`CryptoError`] if there is no randomness.
pub fn random_number() -> Result<u32, CryptoError> {
    let mut bytes = [0; 4];
    loop {
        crypto::random(&mut bytes)?;
        let number = u32::from_be_bytes(bytes) & 0x7fff_ffff;
        if number != 0 {
            return Ok(number);
        }
    }
}

/// The digest of the issuer's own signature if that is SHA-2, else SHA-256.
fn digest(issuer: &Credential) -> Digest {
    let key = issuer.key().secret();
    let own = issuer.chain().leaf().signature_algorithm().oid;
    match key.bits() {
        385.. if key.is_ec() => Digest::Sha512,
        257.. if key.is_ec() => Digest::Sha384,
        _ if key.is_rsa() && own == oid::SHA512_WITH_RSA => Digest::Sha512,
        _ if key.is_rsa() && own == oid::SHA384_WITH_RSA => Digest::Sha384,
        _ => Digest::Sha256,
    }
}

impl Proxy {
    /// A proxy that another process has made, and how it differs from what was asked for.
    #[must_use]
    pub fn made_elsewhere(credential: Credential, notes: Vec<ProxyNote>) -> Self {
        let (chain, key) = credential.into_parts();
        Self {
            certificate: chain.leaf().clone(),
            issuers: chain.certificates()[1..].to_vec(),
            key,
            notes,
        }
    }

    /// The proxy certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The deviations from the request.
    #[must_use]
    pub fn notes(&self) -> &[ProxyNote] {
        &self.notes
    }

    /// The notAfter time, the last second of validity.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.certificate.not_after()
    }

    /// The chain: the proxy, then its issuers, without roots.
    ///
    /// # Errors
    /// Never in practice: the chain contains at least the proxy.
    pub fn chain(&self) -> Result<Chain, crate::chain::ChainError> {
        Chain::new(
            std::iter::once(&self.certificate)
                .chain(&self.issuers)
                .cloned()
                .collect(),
        )
    }

    /// The contents of a proxy file: certificate, key, issuers (spec 1.9).
    ///
    /// # Errors
    /// [`CryptoError`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        proxy_file(self.certificate.der(), &self.key, &self.issuers)
    }
}

/// The contents of a proxy file: certificate, key, issuers (spec 1.9).
///
/// # Errors
/// [`CryptoError`] if the key cannot be encoded.
pub fn proxy_file<'a>(
    certificate: &[u8],
    key: &PrivateKey,
    issuers: impl IntoIterator<Item = &'a Certificate>,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let encode = |der: &[u8]| pem::encode("CERTIFICATE", der);
    let (certificate, key) = (encode(certificate), key.to_pem()?);
    let issuers: Vec<_> = issuers.into_iter().map(|one| encode(one.der())).collect();
    // Never moved while it grows, which would leave copies of the key behind.
    let length = certificate.len() + key.len() + issuers.iter().map(|one| one.len()).sum::<usize>();
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    out.extend_from_slice(certificate.as_bytes());
    out.extend_from_slice(&key);
    for issuer in issuers {
        out.extend_from_slice(issuer.as_bytes());
    }
    Ok(out)
}
