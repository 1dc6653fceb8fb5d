//! The first line is a subject, the rest a signing policy: with a right taken away from all, it
//! permits nothing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voms::pki::dn::Dn;
use voms::trust::policy::Verdict;
use voms::trust::policy::signing_policy::SigningPolicy;

static CA: LazyLock<Dn> =
    LazyLock::new(|| Dn::parse("/DC=example/DC=testbed/CN=Testbed CA").unwrap());
const DENIALS: [&str; 2] = ["", "cond_subjects globus '*'\n"];

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (subject, policy) = text.split_once('\n').unwrap_or_default();
    let Some(subject) = Dn::parse(subject) else {
        return;
    };
    let Ok(read) = SigningPolicy::parse(policy) else {
        return;
    };
    let _ = read.judge(&CA, &subject);
    for denial in DENIALS {
        let policy =
            format!("{policy}\naccess_id_ANYBODY globus *\nneg_rights globus CA:sign\n{denial}");
        assert_eq!(
            SigningPolicy::parse(&policy).unwrap().judge(&CA, &subject),
            Verdict::Denied
        );
    }
});
