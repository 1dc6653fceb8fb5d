//! `voms-proxy-info --chain`: one block for each certificate.

use voms::chain::Chain;
use voms::pki::certificate::Certificate;
use voms::pki::proxy_kind::ProxyType;
use voms_asn1::oid;

use crate::cli::output::{self, date};
use crate::time::utc;

/// Prints the blocks, leaf first, and the heading of the next section.
pub fn print(chain: &Chain, zone: Option<&str>) {
    output::line("=== Proxy Chain Information ===");
    for certificate in chain.certificates() {
        block(certificate, zone);
        output::line("");
    }
    output::line("=== Proxy Information ===");
}

fn block(certificate: &Certificate, zone: Option<&str>) {
    let kind = match certificate.is_ca() {
        true => "CA".to_owned(),
        false => ProxyType::name(certificate.proxy_type()),
    };
    let has_attributes = if certificate.extension(oid::VOMS_AC_SEQ).is_some() {
        "yes"
    } else {
        "no"
    };
    let lines = [
        format!("Subject: {}", certificate.subject().rfc2253()),
        format!("Issuer: {}", certificate.issuer().rfc2253()),
        format!("Valid from: {}", date(utc(certificate.not_before()), zone)),
        format!("Valid to: {}", date(utc(certificate.not_after()), zone)),
        format!("Type: {kind}"),
        format!("VOMS extensions: {has_attributes}."),
    ];
    lines.iter().for_each(|line| output::value(line));
}
