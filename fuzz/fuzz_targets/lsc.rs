//! An LSC file says the same with other line ends, and matches only a certificate whose subject it
//! names.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voms::pki::certificate::Certificate;
use voms::vo::lsc::Lsc;
use voms_proxy_fuzz::certificate;

static HOST: LazyLock<Certificate> = LazyLock::new(|| certificate("trust/hostcert.pem"));

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let read = Lsc::parse(&text);
    assert_eq!(Lsc::parse(&text.replace('\n', "\r\n")), read);
    if let Ok(lsc) = read
        && lsc.matches(std::slice::from_ref(&*HOST))
    {
        assert!(
            lsc.named()
                .any(|(signer, _)| signer.matches(HOST.subject()))
        );
    }
});
