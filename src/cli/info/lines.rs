//! Output in the format of the old clients.

use chrono::{DateTime, Utc};
use voms::ac::verify::AcAttributes;
use voms::chain::Chain;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;
use voms_asn1::oid;

use super::plan::{AcValue, Depth, NameForm, ProxyValue, Section};
use super::proxy::{Ac, Proxy};
use super::{chain, items};
use crate::cli::codes;
use crate::cli::output::{self, Diagnostic, field};

/// Prints a section; dates are in the time zone `zone`.
pub fn print(
    section: &Section,
    proxy: &Proxy,
    zone: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Diagnostic> {
    match section {
        Section::Chain => chain::print(&proxy.chain, zone),
        Section::Proxy => print_proxy(proxy, now),
        Section::OpensslText(depth) => print_text(*depth, &proxy.chain)?,
        Section::Attributes => proxy
            .acs
            .iter()
            .for_each(|ac| print_ac(&proxy.chain, ac, now)),
        Section::Values { values, names } => values
            .iter()
            .filter_map(|value| value.of(proxy, *names, now))
            .for_each(|value| output::value(&value)),
        Section::AcValues(values) => print_ac_values(values, proxy, now)?,
        Section::Items { items, names } => items::print(items, proxy, *names, now),
    }
    Ok(())
}

fn print_proxy(proxy: &Proxy, now: DateTime<Utc>) {
    let leaf = proxy.chain.leaf();
    field("subject", leaf.subject());
    field("issuer", leaf.issuer());
    field("identity", proxy.chain.identity());
    field("type", proxy.type_name());
    field("strength", format!("{} bits", proxy.bits()));
    field("path", proxy.path.display());
    field("timeleft", output::hms(proxy.seconds_left(now)));
    if let Some(included) = proxy.included() {
        field("included", included);
    }
    if let Some(usage) = proxy.key_usage() {
        field("key usage", usage);
    }
}

fn print_ac(chain: &Chain, ac: &Ac, now: DateTime<Utc>) {
    let vo = &ac.attributes.vo;
    output::line(&format!("=== VO {vo} extension information ==="));
    field("VO", vo);
    field("subject", chain.identity());
    field("issuer", ac.issuer());
    for fqan in &ac.attributes.fqans {
        field("attribute", fqan);
    }
    for attribute in generic_attributes(&ac.attributes) {
        field("attribute", attribute);
    }
    field("timeleft", output::hms(ac.seconds_left(now)));
    ac.targets()
        .iter()
        .for_each(|target| field("target", target));
    field("uri", &ac.attributes.uri);
}

fn generic_attributes(attributes: &AcAttributes) -> impl Iterator<Item = String> {
    let all = attributes
        .generic
        .iter()
        .flat_map(|granted| &granted.attributes);
    all.map(|attribute| {
        let [name, value, qualifier] = [&attribute.name, &attribute.value, &attribute.qualifier]
            .map(|octets| String::from_utf8_lossy(octets));
        format!("{name} = {value} ({qualifier})")
    })
}

impl ProxyValue {
    /// Its text, if the proxy has such a value.
    fn of(self, proxy: &Proxy, names: NameForm, now: DateTime<Utc>) -> Option<String> {
        let leaf = proxy.chain.leaf();
        Some(match self {
            Self::Subject => names.write(leaf.subject()),
            Self::Issuer => names.write(leaf.issuer()),
            Self::Identity => names.write(proxy.chain.identity()),
            Self::Type => proxy.type_name(),
            Self::Strength => proxy.bits().to_string(),
            Self::Path => proxy.path.display().to_string(),
            Self::KeyUsage => format!("key usage : {}", proxy.key_usage()?),
            Self::TimeLeft => proxy.seconds_left(now).to_string(),
            Self::Included => format!("included  : {}", proxy.included()?),
        })
    }
}

impl NameForm {
    pub fn write(self, dn: &Dn) -> String {
        match self {
            Self::OpenSsl => dn.to_string(),
            Self::Rfc2253 => dn.rfc2253(),
        }
    }
}

fn print_ac_values(
    values: &[AcValue],
    proxy: &Proxy,
    now: DateTime<Utc>,
) -> Result<(), Diagnostic> {
    if proxy.acs.is_empty() {
        return Err(
            Diagnostic::new(codes::NO_ATTRIBUTES, "No VOMS attributes found!")
                .help("make a proxy with voms-proxy-init --voms VO"),
        );
    }
    for ac in &proxy.acs {
        let all = values
            .iter()
            .flat_map(|value| value.of(&proxy.chain, ac, now));
        all.for_each(|value| output::value(&value));
    }
    Ok(())
}

impl AcValue {
    fn of(self, chain: &Chain, ac: &Ac, now: DateTime<Utc>) -> Vec<String> {
        let target = |target: &String| format!("target    : {target}");
        match self {
            Self::Vo => vec![ac.attributes.vo.clone()],
            Self::Subject => vec![chain.identity().to_string()],
            Self::Issuer => vec![ac.issuer().to_string()],
            Self::Uri => vec![ac.attributes.uri.clone()],
            Self::TimeLeft => vec![ac.seconds_left(now).to_string()],
            Self::Fqan => ac.attributes.fqans.clone(),
            Self::Serial => vec![ac.serial()],
            Self::Targets => ac.targets().iter().map(target).collect(),
        }
    }
}

fn print_text(depth: Depth, chain: &Chain) -> Result<(), Diagnostic> {
    let certificates = chain.proxies().iter().chain(chain.end_entity());
    let count = match depth {
        Depth::Leaf => 1,
        Depth::BelowCas => usize::MAX,
    };
    for certificate in certificates.take(count) {
        output::line(text(certificate)?.trim_end());
    }
    Ok(())
}

/// A certificate as OpenSSL prints it.
pub fn text(certificate: &Certificate) -> Result<String, Diagnostic> {
    certificate.check_supported().map_err(Diagnostic::from)?;
    let text = openssl_types::x509(certificate)
        .and_then(|x509| x509.to_text())
        .map_err(Diagnostic::unexpected)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(without_dumps(certificate, text))
}

/// OpenSSL dumps unknown extensions verbatim, newlines included, so only their names are kept.
fn without_dumps(certificate: &Certificate, mut text: String) -> String {
    for (id, name) in [
        (oid::VOMS_AC_SEQ, "acseq"),
        (oid::VOMS_INCLUDED_FILE, "incfile"),
    ] {
        let Some((_, value)) = certificate.extension(id) else {
            continue;
        };
        let shown = |byte: &u8| match byte {
            b'\n' | b'\r' | b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let dump: String = value.iter().map(shown).collect();
        text = text
            .replace(&dump, "")
            .replace(&format!("{id}: "), &format!("{name}: "));
    }
    text
}
