//! What is passed on of an envelope is its bytes in their order, and with our header it is an
//! envelope that says the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use saml_ecp::paos::Envelope;

static REQUEST: LazyLock<Envelope> = LazyLock::new(|| {
    let request = "<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Header>\
        <p:Request xmlns:p='urn:liberty:paos:2003-08' responseConsumerURL='https://sp/acs' messageID='a&amp;&lt;'/>\
        <e:RelayState xmlns:e='urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp'>&#x41;]]&gt;</e:RelayState>\
        </S:Header><S:Body/></S:Envelope>";
    Envelope::parse(request.as_bytes()).unwrap()
});

fuzz_target!(|data: &[u8]| match Envelope::parse(data) {
    Ok(envelope) => check(data, &envelope),
    Err(error) => drop(error.to_string()),
});

fn check(xml: &[u8], envelope: &Envelope) {
    let bare = envelope.without_header(xml);
    assert!(is_cut_from(&bare, xml));
    let again = Envelope::parse(&bare).unwrap();
    assert!(
        again.consumers.is_empty() && again.relay_state.is_none() && again.addresses.is_empty()
    );
    assert_same_body(&again, envelope);

    // A request that is answered is one of these too, so that its texts go into the header.
    for request in [&REQUEST, envelope] {
        let Some(answer) = envelope.with_header_of(xml, request) else {
            continue;
        };
        let again = Envelope::parse(&answer).unwrap();
        assert_same_body(&again, envelope);
        assert_eq!(again.relay_state.is_some(), request.relay_state.is_some());
        assert!(again.consumers.is_empty() && again.addresses.is_empty());
        let bare_again = again.without_header(&answer);
        assert_eq!(bare_again, bare);
    }
}

fn assert_same_body(one: &Envelope, other: &Envelope) {
    let facts = |envelope: &Envelope| {
        let addresses = (envelope.has_request, envelope.request_address.clone());
        let texts = (
            envelope.status.clone(),
            envelope.status_message.clone(),
            envelope.fault.clone(),
        );
        (
            envelope.has_response,
            envelope.is_success(),
            addresses,
            texts,
        )
    };
    assert_eq!(facts(one), facts(other));
}

/// Whether the one is the other with at most one part left out, and a byte order mark.
fn is_cut_from(part: &[u8], whole: &[u8]) -> bool {
    let whole = whole.strip_prefix("\u{feff}".as_bytes()).unwrap_or(whole);
    let same = part
        .iter()
        .zip(whole)
        .take_while(|(one, other)| one == other)
        .count();
    part.len() <= whole.len() && whole.ends_with(&part[same..])
}
