//! Files named by options: policies, attribute certificates, and files to embed in the proxy.

use std::path::Path;

use der::asn1::ObjectIdentifier;
use voms::files;
use voms::pki::pem;
use voms::pki::proxy_kind::ProxyPolicy;
use voms_asn1::{EncodedAc, oid};

use super::args::InitArgs;
use crate::cli::codes;
use crate::cli::failure;
use crate::cli::file;
use crate::cli::output::Diagnostic;

/// The largest proxy extension that services still read (spec 10.4).
const LONGEST_INCLUDED: u64 = 16 << 10;
const LABEL: &str = "ATTRIBUTE CERTIFICATE";

fn read(option: &str, file: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    files::read_limited(file, limit)
        .map(|contents| contents.to_vec())
        .map_err(|error| {
            failure::cannot_read(file, &files::reason(&error))
                .help(&format!("name a readable file with {option}"))
        })
}

/// The proxy's policy (RFC 3820 section 3.8.2).
pub fn policy(args: &InitArgs) -> Result<ProxyPolicy, Diagnostic> {
    let rules = args.policy.as_deref().map(rules).transpose()?;
    let language = args.policy_language.as_deref().map(language).transpose()?;
    let plain = match (args.limited, args.independent) {
        (true, true) => {
            return Err(
                Diagnostic::usage("--limited and --independent contradict each other")
                    .help("give one of them"),
            );
        }
        (true, false) => ProxyPolicy::Limited,
        (false, true) => ProxyPolicy::Independent,
        (false, false) => ProxyPolicy::InheritAll,
    };
    match (language, rules) {
        (None, None) => Ok(plain),
        _ if args.limited || args.independent => Err(Diagnostic::usage(
            "a proxy with rules of its own is neither limited nor independent",
        )
        .help("leave out --limited and --independent, or --policy")),
        (Some(oid::INHERIT_ALL), None) => Ok(ProxyPolicy::InheritAll),
        (Some(oid::INDEPENDENT), None) => Ok(ProxyPolicy::Independent),
        (Some(oid::LIMITED), None) => Ok(ProxyPolicy::Limited),
        (Some(oid::INHERIT_ALL | oid::INDEPENDENT), Some(_)) => {
            Err(Diagnostic::usage("this policy language has no rules").help("leave out --policy"))
        }
        (Some(_), None) => Err(Diagnostic::usage("a policy language needs rules")
            .help("name the file with the rules with --policy")),
        // A policy without a language is a Globus restricted one.
        (language, policy @ Some(_)) => Ok(ProxyPolicy::Language {
            oid: language.unwrap_or(oid::GLOBUS_RESTRICTED),
            policy,
        }),
    }
}

/// The file of `--policy`.
pub fn rules(file: &Path) -> Result<Vec<u8>, Diagnostic> {
    read("--policy", file, LONGEST_INCLUDED)
}

/// The language of `--policy-language`.
pub fn language(text: &str) -> Result<ObjectIdentifier, Diagnostic> {
    let wrong = |_| {
        Diagnostic::usage(format!("invalid object identifier: {text:?}"))
            .help("write for example --policy-language 1.2.3.4")
    };
    ObjectIdentifier::new(text).map_err(wrong)
}

/// The file of `--include`.
pub fn included(file: &Path) -> Result<Vec<u8>, Diagnostic> {
    read("--include", file, LONGEST_INCLUDED)
}

/// The attribute certificates of `--includeac`: PEM, as `--separate` writes them, or a single one
/// in DER.
pub fn attribute_certificates(file: &Path) -> Result<Vec<EncodedAc>, Diagnostic> {
    let contents = read("--includeac", file, files::CONFIGURATION_LIMIT)?;
    let none = |why: &str| {
        Diagnostic::new(codes::FILE_UNREADABLE, format!("{}: {why}", file.display()))
            .help("name a file that --separate has written")
    };
    let blocks = pem::blocks(&contents);
    let ders: Vec<Vec<u8>> = match blocks.is_empty() {
        true => vec![contents.clone()],
        false => {
            let own = blocks
                .iter()
                .filter(|block| matches!(block.label(), LABEL | "VOMS AC"));
            own.filter_map(pem::Block::der)
                .map(|der| der.to_vec())
                .collect()
        }
    };
    if ders.is_empty() {
        return Err(none("no attribute certificate in it"));
    }
    ders.iter()
        .map(|der| EncodedAc::from_der(der).map_err(|error| none(&error.to_string())))
        .collect()
}

/// Writes the file of `--separate`.
pub fn write_separate(path: &Path, acs: &[EncodedAc]) -> Result<(), Diagnostic> {
    let blocks = acs.iter().map(|ac| pem::encode(LABEL, ac.as_der()));
    let text: String = blocks.map(|block| block.to_string()).collect();
    file::replace(path, text.as_bytes()).map_err(|error| {
        failure::cannot_write(path, &files::reason(&error))
            .help("name another file with --separate")
    })
}
