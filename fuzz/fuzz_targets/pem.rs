//! PEM blocks, chains and keys that are read can be written and read again as the same; the
//! passphrase is "x".
#![no_main]

use libfuzzer_sys::fuzz_target;
use voms::chain::Chain;
use voms::pki::key::{KeyError, PrivateKey};
use voms::pki::pem::{Block, blocks, encode};
use voms_proxy_fuzz::has_costly_numbers;
use zeroize::Zeroizing;

fuzz_target!(|data: &[u8]| {
    for block in blocks(data) {
        check(&block);
    }
    if let Ok(chain) = Chain::parse(data) {
        let certificates = chain.certificates();
        assert_eq!(
            Chain::new(certificates.to_vec()).unwrap().certificates(),
            certificates
        );
        assert!(chain.proxies().iter().all(|proxy| proxy.is_proxy()));
        let _ = (
            chain.identity(),
            chain.local_findings(voms_proxy_fuzz::now()),
        );
    }
});

fn check(block: &Block) {
    let text = block.text();
    let copy = blocks(&text);
    assert!(copy.len() == 1 && copy[0].label() == block.label() && copy[0].text() == block.text());
    let Some(der) = block.der() else { return };
    assert_eq!(
        blocks(encode(block.label(), &der).as_bytes())[0].der(),
        Some(der.clone())
    );
    if block.is_private_key()
        && !has_costly_numbers(&der)
        && let Ok(key) = open(block)
        && let Ok(pem) = key.to_pem()
    {
        let again = open(&blocks(&pem)[0]).unwrap();
        assert_eq!(again.to_pem().unwrap(), pem);
    }
}

fn open(block: &Block) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_pem(block, || Ok(Zeroizing::new("x".to_owned())))
}
