//! The attribute certificates that a proxy carries (spec 2.2, 7.7).

use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::{DecodeError, EncodedAc, oid};

use crate::chain::Chain;
use crate::pki::certificate::Certificate;

/// The attribute certificates of the proxy nearest the leaf that has any; they override those of
/// the proxies above it. Each is decoded separately, so that a malformed one does not hide the
/// others.
#[must_use]
pub fn attribute_certificates(chain: &Chain) -> Vec<Result<EncodedAc, DecodeError>> {
    attribute_certificates_or(chain, |_| None)
}

/// The same; those that are known by their DER are not decoded again.
pub(crate) fn attribute_certificates_or(
    chain: &Chain,
    known: impl Fn(&[u8]) -> Option<EncodedAc>,
) -> Vec<Result<EncodedAc, DecodeError>> {
    // An independent proxy inherits nothing from the proxies above it (RFC 3820 section 3.8.2).
    let independent =
        |proxy: &Certificate| proxy.proxy_type().is_some_and(|kind| kind.is_independent());
    let inherits = chain.proxies().iter().position(independent);
    let asked = inherits.map_or(usize::MAX, |at| at + 1);
    let mut own = chain.proxies().iter().take(asked);
    let Some((_, value)) = own.find_map(|certificate| certificate.extension(oid::VOMS_AC_SEQ))
    else {
        return Vec::new();
    };
    decoded(value, known)
}

/// Those that one certificate carries; `None` if it has none, not even broken ones.
#[must_use]
pub fn carried_by(certificate: &Certificate) -> Option<Vec<Result<EncodedAc, DecodeError>>> {
    let (_, value) = certificate.extension(oid::VOMS_AC_SEQ)?;
    Some(decoded(value, |_| None))
}

fn decoded(
    value: &[u8],
    known: impl Fn(&[u8]) -> Option<EncodedAc>,
) -> Vec<Result<EncodedAc, DecodeError>> {
    match AcSeq::raw(value) {
        Ok(all) => all
            .into_iter()
            .map(|der| known(der).map_or_else(|| EncodedAc::from_der(der), Ok))
            .collect(),
        Err(error) => vec![Err(error)],
    }
}
