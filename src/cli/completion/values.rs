//! The values that an option or a free word may have.

use clap::{Arg, ValueHint};
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::AcAttributes;
use voms::chain::Chain;
use voms::files;
use voms_client::vomses::Vomses;

use super::engine::Candidate;
use crate::cli::commands::Command;
use crate::cli::env::Environment;
use crate::cli::help;
use crate::cli::info;
use crate::cli::{embedded, places};
use crate::home::built_in;
use crate::home::registration::Registration;

/// A value and what it means.
type Values = &'static [(&'static str, &'static str)];

/// Options whose values are checked by us, so that a mistake gets the words that scripts know.
const KNOWN: &[(&str, Values)] = &[
    (
        "bits",
        &[
            ("2048", "the usual size"),
            ("3072", ""),
            ("4096", "slow"),
            ("1024", "too weak for most services"),
        ],
    ),
    (
        "key-type",
        &[
            ("rsa", "which all services take"),
            ("ec", "P-256, for services behind HTTPS"),
        ],
    ),
    (
        "proxyver",
        &[
            ("4", "RFC 3820"),
            ("3", "the drafts before it"),
            ("2", "legacy"),
        ],
    ),
];

/// What may stand for an option's value or a free word, which begins with `typed`.
pub fn of(command: &Command, arg: &Arg, typed: &str, env: &Environment) -> Vec<Candidate> {
    let listed: Vec<Candidate> = help::possible_values(arg)
        .map(|(value, about)| Candidate::new(value, about))
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let option = arg.get_long().unwrap_or_default();
    if let Some((_, values)) = KNOWN.iter().find(|(name, _)| *name == option) {
        return values
            .iter()
            .map(|(value, about)| Candidate::new(*value, *about))
            .collect();
    }
    match (command.name, arg.get_id().as_str()) {
        ("voms-proxy-man", "command") => return plain(embedded::pages()),
        ("voms-proxy-schema", "name") => {
            return plain(embedded::SCHEMAS.iter().map(|(name, _)| *name));
        }
        _ => {}
    }
    match help::placeholder(arg).trim_end_matches('.') {
        "VO" => vos(env),
        "VO[:FQAN]" | "VO[:/group]" => match typed.split_once(':') {
            Some((vo, _)) => of_vo(vo, env),
            None => vos(env),
        },
        "FQAN" => granted(None, env),
        "ITEM" => plain(info::item_names()),
        "DIR" => vec![Candidate::Directories],
        _ => paths(arg),
    }
}

fn plain<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Candidate> {
    names.map(|name| Candidate::new(name, "")).collect()
}

fn paths(arg: &Arg) -> Vec<Candidate> {
    match arg.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath => vec![Candidate::Files],
        ValueHint::DirPath => vec![Candidate::Directories],
        _ => Vec::new(),
    }
}

/// The VOs of the user's files and of the built-in list.
fn vos(env: &Environment) -> Vec<Candidate> {
    let all = [Vomses::load(&places::vomses(env)), built_in::vomses()];
    let mut names: Vec<&str> = all
        .iter()
        .flat_map(Vomses::entries)
        .map(|entry| entry.alias.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    plain(names.into_iter())
}

/// `VO:FQAN`: what the present proxy has, what newcomers to the VO apply for, and all.
fn of_vo(alias: &str, env: &Environment) -> Vec<Candidate> {
    let all = [Vomses::load(&places::vomses(env)), built_in::vomses()];
    let server = all.iter().flat_map(|vomses| vomses.find(alias)).next();
    let vo = server.map_or(alias, |server| server.vo.as_str());
    let mut found = granted(Some(vo), env);
    if let Some(server) = server {
        let usual = Registration::of(server).groups;
        found.extend(
            usual
                .iter()
                .map(|group| Candidate::new(group.to_string(), "")),
        );
    }
    found.push(Candidate::new("all", "all groups"));
    let mut words = Vec::new();
    for candidate in found {
        if let Candidate::Word { word, about } = candidate {
            let whole = Candidate::new(format!("{alias}:{word}"), about);
            if !words.contains(&whole) {
                words.push(whole);
            }
        }
    }
    words
}

/// The groups and roles in the present proxy, of one VO or of all.
fn granted(vo: Option<&str>, env: &Environment) -> Vec<Candidate> {
    let Ok((_, file)) = files::read_own(&env.proxy(), files::CONFIGURATION_LIMIT) else {
        return Vec::new();
    };
    let Ok(chain) = Chain::parse_in_any_order(&file) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for ac in attribute_certificates(&chain).into_iter().flatten() {
        let Ok(attributes) = AcAttributes::read(&ac.certificate().acinfo) else {
            continue;
        };
        if vo.is_some_and(|vo| vo != attributes.vo) {
            continue;
        }
        let short = |fqan: &String| {
            fqan.replace("/Role=NULL", "")
                .replace("/Capability=NULL", "")
        };
        found.extend(
            attributes
                .fqans
                .iter()
                .map(|fqan| Candidate::new(short(fqan), "")),
        );
    }
    found
}
