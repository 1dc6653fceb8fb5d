//! The first line is a subject, the rest a namespaces file: with a denial of all names, it permits
//! nothing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voms::pki::dn::Dn;
use voms::trust::policy::Verdict;
use voms::trust::policy::namespaces::Namespaces;

static CA: LazyLock<Dn> =
    LazyLock::new(|| Dn::parse("/DC=example/DC=testbed/CN=Testbed CA").unwrap());

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (subject, policy) = text.split_once('\n').unwrap_or_default();
    let Some(subject) = Dn::parse(subject) else {
        return;
    };
    let Ok(read) = Namespaces::parse(policy) else {
        return;
    };
    let _ = (
        read.judge(&CA, true, &subject),
        read.judge(&CA, false, &subject),
    );
    let policy = format!("{policy}\n\nTO Issuer SELF DENY Subject \".*\"\n");
    assert_eq!(
        Namespaces::parse(&policy)
            .unwrap()
            .judge(&CA, true, &subject),
        Verdict::Denied
    );
});
