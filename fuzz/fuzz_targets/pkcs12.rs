//! A credential that is loaded from one file, PKCS#12 or PEM, has the key of its leaf; the
//! passphrase is "x".
#![no_main]

use libfuzzer_sys::fuzz_target;
use voms_proxy::home::load;
use voms_proxy::home::location::Location;
use voms_proxy_fuzz::{file, has_costly_numbers};
use zeroize::Zeroizing;

fuzz_target!(|data: &[u8]| {
    if has_costly_numbers(data) {
        return;
    }
    let location = Location::single(file("credential", data));
    match load::load(&location, |_| Ok(Zeroizing::new("x".to_owned()))) {
        Ok(credential) => assert!(credential.chain().leaf().belongs_to(credential.key())),
        Err(error) => drop(error.to_string()),
    }
});
