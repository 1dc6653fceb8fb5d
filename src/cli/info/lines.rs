//! Output in the format of the old clients.

use std::path::Path;

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::crypto::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;
use voms_asn1::oid;

use super::{
    Ac, InfoArgs, ac_end, bits, field, included, seconds_left, serial, type_of, value_line,
};
use crate::cli::file;
use crate::cli::output::{self, Diagnostic};

pub(super) fn print_block(path: &Path, chain: &Chain, now: DateTime<Utc>) {
    let leaf = chain.leaf();
    field("subject", leaf.subject());
    field("issuer", leaf.issuer());
    field("identity", chain.identity());
    field("type", type_of(chain));
    field("strength", format!("{} bits", bits(chain)));
    field("path", file::absolute(path).display());
    field(
        "timeleft",
        output::hms(seconds_left(chain.not_after(), now)),
    );
    if let Some(included) = included(chain) {
        field("included", included);
    }
    if let Some(usage) = leaf.key_usage() {
        field("key usage", usage.names().join(", "));
    }
}

pub(super) fn print_ac(chain: &Chain, ac: &Ac, now: DateTime<Utc>) {
    output::line(&format!(
        "=== VO {} extension information ===",
        ac.attributes.vo
    ));
    field("VO", &ac.attributes.vo);
    field("subject", chain.identity());
    field("issuer", ac.issuer());
    for fqan in &ac.attributes.fqans {
        field("attribute", fqan);
    }
    for attribute in ac
        .attributes
        .generic
        .iter()
        .flat_map(|granted| &granted.attributes)
    {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, value, qualifier) = (
            text(&attribute.name),
            text(&attribute.value),
            text(&attribute.qualifier),
        );
        field("attribute", format!("{name} = {value} ({qualifier})"));
    }
    field("timeleft", output::hms(seconds_left(ac_end(ac), now)));
    ac.targets()
        .iter()
        .for_each(|target| field("target", target));
    field("uri", &ac.attributes.uri);
}

pub(super) fn print_values(args: &InfoArgs, path: &Path, chain: &Chain, now: DateTime<Utc>) {
    let leaf = chain.leaf();
    let name = |dn: &Dn| {
        if args.rfc2253 {
            dn.rfc2253()
        } else {
            dn.to_string()
        }
    };
    let usage = leaf
        .key_usage()
        .map(|usage| format!("key usage : {}", usage.names().join(", ")));
    let included = included(chain).map(|contents| format!("included  : {contents}"));
    let values: [(bool, &dyn Fn() -> String); 9] = [
        (args.subject, &|| name(leaf.subject())),
        (args.issuer, &|| name(leaf.issuer())),
        (args.identity, &|| name(chain.identity())),
        (args.r#type, &|| type_of(chain)),
        (args.strength, &|| bits(chain).to_string()),
        (args.path, &|| file::absolute(path).display().to_string()),
        (args.keyusage && usage.is_some(), &|| {
            usage.clone().unwrap_or_default()
        }),
        (args.timeleft, &|| {
            seconds_left(chain.not_after(), now).to_string()
        }),
        (args.included_file && included.is_some(), &|| {
            included.clone().unwrap_or_default()
        }),
    ];
    for (_, value) in values.iter().filter(|(wanted, _)| *wanted) {
        value_line(&value());
    }
}

pub(super) fn print_ac_values(args: &InfoArgs, chain: &Chain, ac: &Ac, now: DateTime<Utc>) {
    let values: [(bool, &dyn Fn() -> Vec<String>); 8] = [
        (args.vo, &|| vec![ac.attributes.vo.clone()]),
        (args.acsubject, &|| vec![chain.identity().to_string()]),
        (args.acissuer, &|| vec![ac.issuer().to_string()]),
        (args.uri, &|| vec![ac.attributes.uri.clone()]),
        (args.actimeleft, &|| {
            vec![seconds_left(ac_end(ac), now).to_string()]
        }),
        (args.fqan, &|| ac.attributes.fqans.clone()),
        (args.serial, &|| vec![serial(ac)]),
        (args.targets, &|| {
            ac.targets()
                .iter()
                .map(|target| format!("target    : {target}"))
                .collect()
        }),
    ];
    for (_, value) in values.iter().filter(|(wanted, _)| *wanted) {
        value().iter().for_each(|line| value_line(line));
    }
}

/// OpenSSL's text form of the proxy or, with `--chain`, of each certificate below the CAs.
pub(super) fn print_text(args: &InfoArgs, chain: &Chain) -> Result<(), Diagnostic> {
    let own = chain.proxies().iter().chain(chain.end_entity());
    for certificate in own.take(if args.chain { usize::MAX } else { 1 }) {
        let text = openssl_types::x509(certificate)
            .and_then(|x509| x509.to_text())
            .map_err(Diagnostic::new)?;
        let text = without_dumps(certificate, String::from_utf8_lossy(&text).into_owned());
        output::line(text.trim_end());
    }
    Ok(())
}

/// OpenSSL dumps unknown extensions verbatim, newlines included; so we keep only their names.
pub(super) fn without_dumps(certificate: &Certificate, mut text: String) -> String {
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
