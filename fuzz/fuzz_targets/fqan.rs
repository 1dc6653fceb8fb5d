//! FQANs and arguments of `--voms` that are read can be written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voms::vo::fqan::Fqan;
use voms_client::request::AcRequest;
use voms_client::spec::{RequestedFqan, VomsSpec};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match text.parse::<Fqan>() {
        Ok(fqan) => {
            assert_eq!(fqan.to_string().parse(), Ok(fqan.clone()));
            assert!(
                fqan.group()
                    .split('/')
                    .nth(1)
                    .is_some_and(|vo| fqan.is_of(vo))
            );
        }
        Err(error) => drop(error.to_string()),
    }
    let Ok(spec) = text.parse::<VomsSpec>() else {
        return;
    };
    let requested: Vec<_> = spec.fqans.iter().map(written).collect();
    assert_eq!(
        format!("{}:{}", spec.name, requested.join(",")).parse(),
        Ok(spec.clone())
    );
    let fqans = spec
        .fqans
        .iter()
        .filter_map(|fqan| fqan.in_vo("virgo").ok().flatten())
        .collect();
    let request = AcRequest::for_everything(&spec.name)
        .with_fqans(fqans)
        .with_lifetime(1);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(plain(&request.rest_target()), "{request:?}");
    assert_eq!(
        request.legacy_document().matches('<').count(),
        11,
        "{request:?}"
    );
});

fn written(fqan: &RequestedFqan) -> String {
    match fqan {
        RequestedFqan::Default => String::new(),
        RequestedFqan::All => "all".to_owned(),
        RequestedFqan::Fqan(fqan) => fqan.to_string(),
        RequestedFqan::TopRole(role) => format!("/Role={role}"),
        other => panic!("no way to write {other:?}"),
    }
}
