//! Only the CA's own revocation list is accepted, and only while it is valid; one that parses can
//! be encoded.
#![no_main]

use std::sync::LazyLock;

use der::{Decode, Encode};
use libfuzzer_sys::fuzz_target;
use openssl::bn::BigNum;
use openssl::x509::{CrlStatus, X509Crl};
use voms::pki::certificate::Certificate;
use voms::policy::CrlPolicy;
use voms::policy::Policy;
use voms::trust::{TrustAnchors, Usage, file_hashes};
use voms_asn1::certificate_list::CertificateList;
use voms_proxy_fuzz::{certificate, file, fixture, now, scratch, sorted};

struct World {
    user: Certificate,
    list: String,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let hash = file_hashes(&certificate("trust/TestbedCA.pem"))
        .next()
        .unwrap();
    file(&format!("{hash:08x}.0"), &fixture("trust/TestbedCA.pem"));
    World {
        user: certificate("trust/alice.pem"),
        list: format!("{hash:08x}.r0"),
    }
});

fuzz_target!(|data: &[u8]| {
    if let Ok(list) = CertificateList::from_der(data) {
        let again = list.to_der().unwrap();
        assert_eq!(CertificateList::from_der(&again).unwrap(), list);
        // The decoder sorts the members of relative distinguished names.
        assert_eq!(sorted(&again), sorted(data));
    }
    let World { user, list } = &*WORLD;
    file(list, data);
    // Two lists of one size and one tick of the file system's clock are the same to anchors that
    // remember.
    let anchors = TrustAnchors::open(scratch()).unwrap();
    let policy = Policy::default().with_crl(CrlPolicy::Required);
    let verify = |now| anchors.verify_path(user, &[], Usage::Client, &policy, now);
    match verify(now()) {
        Ok(_) => assert!(revokes_the_stolen(data)),
        Err(findings) => findings
            .iter()
            .for_each(|finding| drop(finding.to_string())),
    }
    assert!(verify(now() + chrono::Duration::days(60)).is_err());
});

/// Whether the certificate 100B is revoked, as the CA's list has it.
fn revokes_the_stolen(list: &[u8]) -> bool {
    let list = X509Crl::from_pem(list)
        .or_else(|_| X509Crl::from_der(list))
        .unwrap();
    let serial = BigNum::from_u32(0x100b)
        .and_then(|number| number.to_asn1_integer())
        .unwrap();
    matches!(list.get_by_serial(&serial), CrlStatus::Revoked(_))
}
