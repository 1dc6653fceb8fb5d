//! Tokens, addresses and names that are read stay what they are, and lead nowhere else.
#![no_main]

use grid_token::address::Address;
use grid_token::jwt::Parts;
use grid_token::secret::Secret;
use grid_token::{life, path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some(secret) = Secret::new(&text) {
        assert!(secret.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        if let Some(parts) = Parts::of(&secret) {
            drop(parts.claims());
        }
    }
    if let Ok(address) = Address::parse(&text) {
        let again = Address::parse(address.as_str());
        assert_eq!(again.ok(), Some(address));
    }
    if let Ok(filled) = path::filled("secret/%credkey:default", &[("%credkey", &text)]) {
        assert!(filled.starts_with("secret/") && !filled.contains("/../"));
    }
    let _ = life::seconds(&text);
});
