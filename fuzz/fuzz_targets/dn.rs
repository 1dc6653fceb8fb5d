//! A DN in slash form is printed as one that parses to the same name; the DER of any name is
//! printed as plain text.
#![no_main]

use der::Decode;
use libfuzzer_sys::fuzz_target;
use voms::pki::dn::Dn;
use x509_cert::name::Name;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some(name) = Dn::parse(&text) {
        check(&name);
        let again = Dn::parse(&name.to_string()).unwrap();
        assert_eq!(again, name, "{name}");
    }
    if let Ok(name) = Name::from_der(data) {
        check(&Dn::from_name(&name));
    }
});

fn check(name: &Dn) {
    assert!(name.matches(name));
    assert!(name.common_name_below(name).is_none());
    assert!(
        name.to_string()
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte))
    );
}
