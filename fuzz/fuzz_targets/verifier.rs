//! The verifier believes no user and no attributes but the recorded; DER certificates in a row are
//! taken as a chain.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use der::{Reader, SliceReader};
use libfuzzer_sys::fuzz_target;
use voms::ac::verify::AcAttributes;
use voms::pki::pem::encode;
use voms::policy::SKEW;
use voms::verifier::VomsVerifier;
use voms_proxy_fuzz::{acs, chains, fixtures, now};

struct World {
    verifier: VomsVerifier,
    users: BTreeSet<String>,
    attributes: Vec<AcAttributes>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    verifier: VomsVerifier::open(
        &fixtures().join("info/trust"),
        &fixtures().join("info/vomsdir"),
    )
    .unwrap(),
    users: chains()
        .iter()
        .map(|chain| chain.identity().to_string())
        .collect(),
    attributes: acs()
        .iter()
        .map(|ac| AcAttributes::read(&ac.certificate().acinfo).unwrap())
        .collect(),
});

fuzz_target!(|data: &[u8]| {
    verify(data);
    if data.first() == Some(&0x30) {
        verify(pem(data).as_bytes());
    }
});

fn verify(presented: &[u8]) {
    let World {
        verifier,
        users,
        attributes,
    } = &*WORLD;
    match verifier.verify(presented, now()) {
        Ok(verified) => {
            assert!(
                users.contains(&verified.identity().to_string()),
                "{}",
                verified.identity()
            );
            assert!(verified.usable_until() + SKEW >= now().into());
            let mut acs = verified.attribute_certificates().iter();
            assert!(acs.all(|ac| attributes.contains(ac.attributes())));
        }
        Err(rejection) => {
            assert!(!rejection.findings().is_empty());
            rejection
                .findings()
                .iter()
                .for_each(|finding| drop(finding.to_string()));
        }
    }
}

fn pem(data: &[u8]) -> String {
    let mut text = String::new();
    let Ok(mut reader) = SliceReader::new(data) else {
        return text;
    };
    while !reader.is_finished()
        && let Ok(certificate) = reader.tlv_bytes()
    {
        text += &encode("CERTIFICATE", certificate);
    }
    text
}
