//! What a `voms` says, before it gets the form of C or C++.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use der::Encode;
use voms::ac::judgement::Judgement;
use voms::ac::verify::{AcAttributes, targets, validity};
use voms::pki::certificate::minimal_integer;
use voms_asn1::EncodedAc;
use voms_asn1::voms::generic_attributes::GrantedAttributes;

use crate::handed::Handed;
use crate::names::{self, Names};

/// Stands for the signer's issuer where nobody looked for the signer.
const NO_CA: &[u8] = b"Unable to determine CA";

/// One attribute certificate that was accepted.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub signature: Vec<u8>,
    pub user: Vec<u8>,
    pub userca: Vec<u8>,
    pub server: Vec<u8>,
    pub serverca: Vec<u8>,
    pub vo: String,
    pub uri: String,
    pub date1: String,
    pub date2: String,
    pub fqans: Vec<String>,
    pub serial: String,
    pub generic: Vec<GrantedAttributes>,
    pub targets: Vec<String>,
    pub ac: Vec<u8>,
}

/// The parts of an FQAN as it is written.
pub struct Parts<'a> {
    pub group: &'a str,
    pub role: &'a str,
    pub capability: &'a str,
}

impl<'a> Parts<'a> {
    pub fn of(fqan: &'a str) -> Self {
        let (before, capability) = fqan.split_once("/Capability=").unwrap_or((fqan, ""));
        let (group, role) = before.split_once("/Role=").unwrap_or((before, ""));
        Self {
            group,
            role,
            capability,
        }
    }
}

impl Found {
    /// What a certificate says that was accepted, of the given holder.
    pub fn new(
        ac: &EncodedAc,
        judged: &Judgement,
        attributes: &AcAttributes,
        holder: Handed,
    ) -> Self {
        let info = &ac.certificate().acinfo;
        let user = names::of_handed(holder);
        let server = match &judged.signer {
            Some(signer) => names::of_signer(signer),
            None => {
                let name = info
                    .issuer
                    .directory_name()
                    .and_then(|name| name.to_der().ok());
                Names {
                    subject: name.map(|name| names::of_der(&name)).unwrap_or_default(),
                    issuer: NO_CA.to_vec(),
                }
            }
        };
        let (begins, ends) = validity(info);
        Self {
            signature: ac.certificate().signature_value.raw_bytes().to_vec(),
            user: user.subject,
            userca: user.issuer,
            server: server.subject,
            serverca: server.issuer,
            vo: attributes.vo.clone(),
            uri: attributes.uri.clone(),
            date1: generalized(begins),
            date2: generalized(ends),
            fqans: attributes.fqans.clone(),
            serial: serial(info.serial_number.as_bytes()),
            generic: attributes.generic.clone(),
            targets: targets(info).ok().flatten().unwrap_or_default(),
            ac: ac.as_der().to_vec(),
        }
    }
}

/// A time as attribute certificates have it.
fn generalized(time: SystemTime) -> String {
    DateTime::<Utc>::from(time)
        .format("%Y%m%d%H%M%SZ")
        .to_string()
}

/// A number as OpenSSL prints it: upper-case hexadecimal, in whole bytes.
fn serial(number: &[u8]) -> String {
    let number = minimal_integer(number);
    let negative = number.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = number.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (sum, more) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, more);
        }
    }
    let first = magnitude.iter().position(|byte| *byte != 0);
    let Some(first) = first else {
        return "0".to_owned();
    };
    let sign = if negative { "-" } else { "" };
    let digits: String = magnitude[first..]
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("{sign}{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fqans_are_split_as_they_are_written() {
        let parts = |text| {
            let Parts {
                group,
                role,
                capability,
            } = Parts::of(text);
            (group, role, capability)
        };
        assert_eq!(parts("/virgo/a"), ("/virgo/a", "", ""));
        assert_eq!(
            parts("/virgo/Role=NULL/Capability=NULL"),
            ("/virgo", "NULL", "NULL")
        );
        assert_eq!(parts("/virgo/Role=pilot"), ("/virgo", "pilot", ""));
        assert_eq!(parts("/virgo/Capability=x"), ("/virgo", "", "x"));
    }

    #[test]
    fn serial_numbers_are_printed_in_whole_bytes() {
        for (bytes, printed) in [
            (&[0][..], "0"),
            (&[], "0"),
            (&[7], "07"),
            (&[0, 0x9d, 0x19], "9D19"),
            (&[0xff], "-01"),
            (&[0x80, 0], "-8000"),
        ] {
            assert_eq!(serial(bytes), printed);
        }
    }
}
