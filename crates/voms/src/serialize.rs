//! The verdict for logs and other programs: the object that `voms-proxy verify --json` prints
//! (`schema/verify.json`), without its `version`, `verified` and `findings`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use voms_asn1::voms::generic_attributes::GenericAttribute;

use crate::ac::verify::{AcAttributes, VerifiedAc};
use crate::pki::proxy_kind::ProxyType;
use crate::time::rfc3339;
use crate::trust::PathNote;
use crate::verifier::{Finding, VerifiedCredential};

impl Serialize for VerifiedCredential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let chain = self.chain();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("identity", &self.identity().to_string())?;
        map.serialize_entry("type", &ProxyType::name(chain.proxy_type()))?;
        map.serialize_entry("limited", &chain.is_limited())?;
        map.serialize_entry("delegation_depth", &chain.delegation_depth())?;
        map.serialize_entry("usable_until", &rfc3339(self.usable_until()))?;
        map.serialize_entry("attributes", self.attribute_certificates())?;
        map.serialize_entry("notes", &self.notes())?;
        if !self.rejected_acs().is_empty() {
            map.serialize_entry("skipped", self.rejected_acs())?;
        }
        map.end()
    }
}

impl Serialize for PathNote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("code", self.code().to_owned()), ("text", self.to_string())])
    }
}

impl Serialize for VerifiedAc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_attributes(self.attributes(), &mut map)?;
        map.serialize_entry("valid_until", &rfc3339(self.not_after()))?;
        map.serialize_entry("signer", &self.signer().subject().to_string())?;
        map.serialize_entry("signer_ca", &self.signer_ca().map(ToString::to_string))?;
        map.serialize_entry("lsc", &self.lsc().map(|file| file.display().to_string()))?;
        map.end()
    }
}

/// Attributes as read, verified or not.
impl Serialize for AcAttributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_attributes(self, &mut map)?;
        map.end()
    }
}

fn serialize_attributes<M: SerializeMap>(
    attributes: &AcAttributes,
    map: &mut M,
) -> Result<(), M::Error> {
    map.serialize_entry("vo", &attributes.vo)?;
    map.serialize_entry("uri", &attributes.uri)?;
    map.serialize_entry("fqans", &attributes.fqans)?;
    map.serialize_entry("generic_attributes", &Generic(attributes))
}

struct Generic<'a>(&'a AcAttributes);

impl Serialize for Generic<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let granted = self.0.generic.iter();
        let mut list = serializer.serialize_seq(None)?;
        for attribute in granted.flat_map(|granted| &granted.attributes) {
            list.serialize_element(&One(attribute))?;
        }
        list.end()
    }
}

struct One<'a>(&'a GenericAttribute);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = [
            ("name", &self.0.name),
            ("value", &self.0.value),
            ("qualifier", &self.0.qualifier),
        ];
        serializer.collect_map(parts.map(|(key, text)| (key, String::from_utf8_lossy(text))))
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([
            ("code", self.code().to_owned()),
            ("message", self.to_string()),
        ])
    }
}
