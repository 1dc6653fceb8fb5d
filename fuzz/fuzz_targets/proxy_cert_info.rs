//! A ProxyCertInfo that is read, of the RFC or of the drafts, is written as the same bytes.
#![no_main]

use der::{Decode, Encode};
use libfuzzer_sys::fuzz_target;
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo};

fuzz_target!(|data: &[u8]| {
    if let Ok(info) = ProxyCertInfo::from_der(data) {
        assert_eq!(info.to_der().unwrap(), data);
        let draft = DraftProxyCertInfo::from(info.clone()).to_der().unwrap();
        assert_eq!(
            ProxyCertInfo::from(DraftProxyCertInfo::from_der(&draft).unwrap()),
            info
        );
    }
    if let Ok(draft) = DraftProxyCertInfo::from_der(data) {
        assert_eq!(draft.to_der().unwrap(), data);
    }
});
