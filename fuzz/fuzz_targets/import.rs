//! What is chosen of a file as institutions send it is a user's certificate with its key; the
//! password is "x".
#![no_main]

use libfuzzer_sys::fuzz_target;
use voms::pki::pem::blocks;
use voms_proxy::home::bundle::Received;
use voms_proxy_fuzz::{file, has_costly_numbers, now};
use zeroize::Zeroizing;

fuzz_target!(|data: &[u8]| {
    let inner: Vec<_> = blocks(data)
        .iter()
        .filter_map(|block| block.der())
        .collect();
    if has_costly_numbers(data) || inner.iter().any(|der| has_costly_numbers(der)) {
        return;
    }
    let path = file("received", data);
    let mut asked = 0;
    let mut ask = |_: &std::path::Path, wrong: u32| {
        assert_eq!(asked, wrong);
        asked += 1;
        Ok((wrong == 0).then(|| Zeroizing::new("x".to_owned())))
    };
    let mut received = Received::default();
    if let Err(error) = received.add(&path, &mut ask) {
        return drop(error.to_string());
    }
    assert_eq!(received.understood().len(), 1);
    let (has_key, has_certificate) = (received.has_key(), received.has_certificate());
    match received.choose(now()) {
        Ok(chosen) => {
            assert!(has_key && has_certificate);
            assert!(chosen.certificate.belongs_to(&chosen.key));
            assert!(!chosen.certificate.is_ca() && !chosen.certificate.is_proxy());
            let mut issued = &chosen.certificate;
            for issuer in &chosen.issuers {
                assert!(issuer.is_ca() && issued.is_signed_by(issuer));
                issued = issuer;
            }
        }
        Err(error) => drop(error.to_string()),
    }
});
