//! `voms-proxy-info --json` (schema/info.json).

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use voms::chain::Chain;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;
use voms::pki::proxy_kind::ProxyType;

use super::proxy::{Ac, Proxy, seconds_left, signature_algorithm};
use super::verify::Verdict;
use crate::cli::output::rfc3339;
use crate::time::utc;

/// Everything known about a proxy; the warnings are those that other formats print to stderr.
pub fn describe(proxy: &Proxy, verdict: &Verdict, now: DateTime<Utc>) -> Value {
    let chain = &proxy.chain;
    let leaf = chain.leaf();
    let attributes = proxy.acs.iter().enumerate().map(|(at, ac)| {
        let mut described = describe_ac(chain, ac, now);
        described["verified"] = json!(verdict.acs.get(at));
        described
    });
    let attributes: Value = attributes.collect();
    let usable_until = verdict.usable_until.into_iter();
    let usable_until = usable_until.fold(proxy.usable_until(), DateTime::min);
    json!({
        "version": 1,
        "path": proxy.path.display().to_string(),
        "subject": leaf.subject().as_written(),
        "issuer": leaf.issuer().as_written(),
        "identity": chain.identity().as_written(),
        "ca": proxy.ca().map(Dn::as_written),
        "type": proxy.type_name(),
        "limited": chain.proxies().iter().any(|proxy| proxy.proxy_type().is_some_and(|kind| kind.is_limited())),
        "delegation_depth": chain.proxies().len(),
        "strength": proxy.bits(),
        "signature_algorithm": signature_algorithm(leaf),
        "key_usage": leaf.key_usage().map(|usage| usage.names()).unwrap_or_default(),
        "not_before": rfc3339(utc(chain.not_before())),
        "not_after": rfc3339(utc(chain.not_after())),
        "timeleft": proxy.seconds_left(now),
        "usable_until": rfc3339(usable_until),
        "chain": {
            "verified": verdict.chain,
            "certificates": chain.certificates().iter().map(describe_certificate).collect::<Value>(),
        },
        "attributes": attributes,
        "warnings": verdict.doubts.iter().map(|doubt| doubt.warning.as_json()).collect::<Value>(),
    })
}

fn describe_certificate(certificate: &Certificate) -> Value {
    let kind = match certificate.is_ca() {
        true => "CA".to_owned(),
        false => ProxyType::name(certificate.proxy_type()),
    };
    json!({
        "subject": certificate.subject().as_written(),
        "issuer": certificate.issuer().as_written(),
        "type": kind,
        "not_before": rfc3339(utc(certificate.not_before())),
        "not_after": rfc3339(utc(certificate.not_after())),
        "signature_algorithm": signature_algorithm(certificate),
    })
}

/// One certificate of a file (schema/certificate.json).
pub fn certificate(path: &Path, certificate: &Certificate, now: DateTime<Utc>) -> Value {
    let mut described = describe_certificate(certificate);
    let end = utc(certificate.not_after());
    for (key, value) in [
        ("version", json!(1)),
        ("path", json!(path)),
        (
            "strength",
            json!(certificate.public_key().map_or(0, |key| key.bits())),
        ),
        ("timeleft", json!(seconds_left(end, now))),
    ] {
        described[key] = value;
    }
    described
}

fn describe_ac(chain: &Chain, ac: &Ac, now: DateTime<Utc>) -> Value {
    let (not_before, not_after) = ac.validity();
    let serial = ac.serial();
    let mut described = json!(ac.attributes);
    for (key, value) in [
        ("subject", json!(chain.identity().as_written())),
        ("issuer", json!(ac.issuer().as_written())),
        (
            "serial",
            json!({ "hex": serial, "decimal": decimal(&serial) }),
        ),
        ("targets", json!(ac.targets())),
        ("not_before", json!(rfc3339(not_before))),
        ("not_after", json!(rfc3339(not_after))),
        ("timeleft", json!(ac.seconds_left(now))),
    ] {
        described[key] = value;
    }
    described
}

fn decimal(hex: &str) -> String {
    let number = openssl::bn::BigNum::from_hex_str(hex).and_then(|number| number.to_dec_str());
    number.map(|text| text.to_string()).unwrap_or_default()
}
