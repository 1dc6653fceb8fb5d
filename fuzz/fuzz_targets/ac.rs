//! An attribute certificate keeps its bytes, what is decoded can be encoded, and only the recorded
//! ones verify.
#![no_main]

use std::sync::LazyLock;

use der::{Decode, Encode};
use libfuzzer_sys::fuzz_target;
use voms::ac::verify::{AcAttributes, AcVerifier, SignerTrust, carried_certificates, validity};
use voms::pki::certificate::Certificate;
use voms::policy::Policy;
use voms::trust::TrustAnchors;
use voms::vo::vomsdir::VomsDir;
use voms_asn1::attribute_certificate::AttributeCertificate;
use voms_asn1::targets::Targets;
use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::voms::certs::AcCerts;
use voms_asn1::voms::fqans::{FqanAttribute, PolicyAuthority};
use voms_asn1::voms::generic_attributes;
use voms_asn1::{EncodedAc, oid};
use voms_proxy_fuzz::{acs, certificate, fixtures, now, sorted};

struct World {
    vomsdir: VomsDir,
    anchors: TrustAnchors,
    holder: Certificate,
    recorded: Vec<EncodedAc>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    vomsdir: VomsDir::open(&fixtures().join("info/vomsdir")).unwrap(),
    anchors: TrustAnchors::open(&fixtures().join("info/trust")).unwrap(),
    holder: certificate("info/proxies/eec.pem"),
    recorded: acs(),
});

fuzz_target!(|data: &[u8]| {
    if let Ok(list) = AcSeq::from_der(data) {
        assert_eq!(AcSeq::from_der(&list.to_der().unwrap()).unwrap(), list);
    }
    match EncodedAc::from_der(data) {
        Ok(ac) => check(data, &ac),
        Err(error) => drop(error.to_string()),
    }
});

fn check(data: &[u8], ac: &EncodedAc) {
    assert_eq!(ac.as_der(), data);
    assert!(
        data.windows(ac.acinfo_der().len())
            .any(|window| window == ac.acinfo_der())
    );
    let again = ac.certificate().to_der().unwrap();
    assert_eq!(
        &AttributeCertificate::from_der(&again).unwrap(),
        ac.certificate()
    );
    // The decoder sorts the members of relative distinguished names.
    assert_eq!(sorted(&again), sorted(data));

    let info = &ac.certificate().acinfo;
    let _ = (validity(info), carried_certificates(info));
    if let Ok(attributes) = AcAttributes::read(info) {
        assert!(!attributes.fqans.is_empty());
    }
    if let Ok(granted) = FqanAttribute::from_ac(info) {
        assert!(
            granted
                .fqans
                .iter()
                .all(|fqan| fqan.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
        );
        granted.to_attribute().unwrap();
        if let Ok(authority) = PolicyAuthority::parse(&granted.policy_authority) {
            assert_eq!(
                PolicyAuthority::parse(&authority.to_string()),
                Ok(authority)
            );
        }
    }
    let value = |id| {
        info.extension(id)
            .map(|extension| extension.extn_value.as_bytes())
    };
    if let Some(Ok(targets)) = value(oid::TARGETS).map(Targets::from_extension) {
        let written = targets.to_extension().unwrap();
        assert_eq!(
            Targets::from_extension(written.extn_value.as_bytes()),
            Ok(targets)
        );
    }
    if let Some(Ok(certs)) = value(oid::VOMS_CERTS).map(AcCerts::from_extension) {
        let written = certs.to_extension().unwrap();
        assert_eq!(
            AcCerts::from_extension(written.extn_value.as_bytes()),
            Ok(certs)
        );
    }
    if let Some(Ok(granted)) =
        value(oid::VOMS_GENERIC_ATTRIBUTES).map(generic_attributes::from_extension)
        && !granted.is_empty()
    {
        let written = generic_attributes::to_extension(&granted).unwrap();
        assert_eq!(
            generic_attributes::from_extension(written.extn_value.as_bytes()),
            Ok(granted)
        );
    }
    verify(ac);
}

fn verify(ac: &EncodedAc) {
    let World {
        vomsdir,
        anchors,
        holder,
        recorded,
    } = &*WORLD;
    let trust = SignerTrust::VomsDir(vomsdir, anchors);
    let policy = Policy::default();
    let verifier = AcVerifier::new(trust, holder, &policy, now());
    match verifier.verify(ac, None) {
        Ok(_) => assert!(
            recorded
                .iter()
                .any(|known| known.acinfo_der() == ac.acinfo_der())
        ),
        Err(findings) => findings
            .iter()
            .for_each(|finding| drop(finding.to_string())),
    }
}
