//! The services an attribute certificate is targeted at (RFC 5755 section 4.3.2).

use der::asn1::{ContextSpecific, Ia5String};
use der::{Decode, Encode, ErrorKind, SliceReader, Tag, TagMode, TagNumber};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;

use crate::error::{DecodeError, EncodeError};
use crate::{oid, wire};

/// The most targets accepted in one attribute certificate.
pub const MAX_TARGETS: usize = 1024;

const WHAT: &str = "list of targets";
const TARGET_NAME: TagNumber = TagNumber(0);

/// The value of the AC extension [`TARGETS`](crate::oid::TARGETS) (RFC 5755 section 4.3.2), as far
/// as VOMS uses it.
///
/// ```text
/// Targets ::= SEQUENCE OF SEQUENCE OF Target
/// Target  ::= CHOICE { targetName [0] GeneralName, … }              -- RFC 5755
/// Target  ::= SEQUENCE { targetName [0] GeneralName OPTIONAL, … }   -- VOMS
/// ```
///
/// The VOMS form wraps each target once more. Decoding accepts both, even mixed; encoding writes
/// the VOMS form, the only one VOMS software reads. Targets that are groups or certificates are
/// rejected: the extension is critical, and skipping one would lift a restriction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The host names, each written as a URI without a scheme.
    pub hosts: Vec<String>,
}

impl Targets {
    /// Decodes the value of the extension.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Malformed`] if it has neither form or a target is not a URI,
    /// [`DecodeError::Empty`] without a target, [`DecodeError::TooMany`] beyond [`MAX_TARGETS`].
    pub fn from_extension(value: &[u8]) -> Result<Targets, DecodeError> {
        let targets = wire::nested_elements(value, WHAT, MAX_TARGETS)?;
        if targets.is_empty() {
            return Err(DecodeError::Empty { what: WHAT });
        }
        let hosts = targets.into_iter().map(host).collect::<Result<_, _>>();
        Ok(Targets {
            hosts: hosts.map_err(|error| DecodeError::malformed(WHAT, error, value))?,
        })
    }

    /// Encodes the extension, critical, in the VOMS form.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Empty`] without a host, [`EncodeError::TooMany`] beyond [`MAX_TARGETS`],
    /// [`EncodeError::Der`] if one is not IA5.
    pub fn to_extension(&self) -> Result<Extension, EncodeError> {
        wire::check_count(self.hosts.len(), WHAT, MAX_TARGETS)?;
        let targets = self.hosts.iter().map(|host| target(host));
        let targets = targets.collect::<der::Result<Vec<_>>>()?;
        wire::extension(oid::TARGETS, true, vec![targets].to_der()?)
    }
}

type TargetName = ContextSpecific<GeneralName>;

fn host(target: &[u8]) -> der::Result<String> {
    let name = match SliceReader::new(target).and_then(|reader| Tag::peek(&reader))? {
        Tag::Sequence => wire::sequence_content(target)?,
        _ => target,
    };
    let name = TargetName::from_der(name)?;
    match (name.tag_number, name.value) {
        (TARGET_NAME, GeneralName::UniformResourceIdentifier(uri)) => Ok(uri.as_str().to_owned()),
        _ => Err(ErrorKind::Value { tag: Tag::Sequence }.to_error()),
    }
}

fn target(host: &str) -> der::Result<Vec<TargetName>> {
    let host = Ia5String::new(host)?;
    Ok(vec![ContextSpecific {
        tag_number: TARGET_NAME,
        tag_mode: TagMode::Explicit,
        value: GeneralName::UniformResourceIdentifier(host),
    }])
}
