//! Which servers serve a VO, according to files and the built-in list.

use std::path::PathBuf;

use voms_client::vomses::{Vomses, VomsesEntry};

use super::codes;
use super::env::Environment;
use super::finding::Warning;
use super::output::{self, Diagnostic};
use super::places;

/// Loads the vomses files and directories named by the user, else the default ones.
pub fn load(named: &[PathBuf], env: &Environment) -> Result<Vomses, Diagnostic> {
    if named.is_empty() {
        return Ok(Vomses::load(&places::vomses(env)));
    }
    Vomses::load_named(named).map_err(|problem| {
        let places: Vec<String> = named
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        let places = places.join(", ");
        Diagnostic::new(
            problem.code(),
            format!("No valid VOMSES information found locally while looking in: [{places}]"),
        )
        .detail(&problem)
        .help("name an existing vomses file or directory with --vomses")
    })
}

/// Logs to stderr where we looked and what we found.
pub fn debug(vomses: &Vomses) {
    for place in vomses.looked_in() {
        output::stderr(&format!(
            "Looking for VOMSES information in {}...",
            place.display()
        ));
        if place.exists() {
            output::stderr(&format!("Using configuration file {}", place.display()));
        }
    }
    for entry in vomses.entries() {
        let VomsesEntry {
            alias,
            host,
            port,
            dn,
            vo,
            ..
        } = entry;
        output::stderr(&format!(
            "Loaded vomses information '{alias} {host} {port} {dn} {vo}'"
        ));
    }
}

/// Problems with those files and directories.
pub fn problems(vomses: &Vomses, named: &[PathBuf], env: &Environment) -> Vec<Warning> {
    let missing = env
        .vomses
        .iter()
        .filter(|place| named.is_empty() && !place.exists());
    let missing = missing.map(|place| {
        let text = format!(
            "{} is named by an environment variable, but does not exist",
            place.display()
        );
        Warning::new(codes::VOMSES_UNREADABLE, text)
    });
    let malformed = vomses.problems().iter();
    let mut all: Vec<Warning> = missing
        .chain(malformed.map(|problem| Warning::new(problem.code(), problem)))
        .collect();
    if vomses.more_problems() > 0 {
        let text = format!("and {} more malformed lines", vomses.more_problems());
        all.push(Warning::new(codes::VOMSES_LINE, text));
    }
    all
}

/// The servers of a VO or alias; if no file lists it and the user named none, those of the built-in
/// list.
pub fn servers(
    name: &str,
    vomses: &Vomses,
    with_built_in: bool,
) -> Result<Vec<VomsesEntry>, Diagnostic> {
    let built_in = crate::home::built_in::vomses();
    let mut found = vomses.find(name);
    if found.is_empty() && with_built_in {
        found = built_in.find(name);
    }
    // An alias shared by servers of several VOs is a mistake; the first line decides.
    let vo = found.first().map(|entry| entry.vo.clone());
    let found: Vec<VomsesEntry> = found
        .into_iter()
        .filter(|entry| Some(&entry.vo) == vo.as_ref())
        .cloned()
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let near = vomses
        .similar(name)
        .or_else(|| built_in.similar(name).filter(|_| with_built_in));
    Err(unknown(name, near, vomses, with_built_in))
}

fn unknown(name: &str, near: Option<&str>, vomses: &Vomses, with_built_in: bool) -> Diagnostic {
    let looked: Vec<String> = vomses
        .looked_in()
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    let headline =
        format!("VOMS server for VO {name} is not known! Check your vomses configuration.");
    let built_in = with_built_in.then(|| "the built-in list".to_owned());
    let looked = looked.into_iter().chain(built_in).enumerate();
    let looked = looked.map(|(at, place)| match at {
        0 => format!("looked in {place}"),
        _ => format!("          {place}"),
    });
    let diagnostic = looked.fold(
        Diagnostic::new(codes::VO_UNKNOWN, headline),
        Diagnostic::detail,
    );
    let (first, rest) = name.split_once('/').unwrap_or((name, ""));
    match near {
        Some(near) => diagnostic.help(&format!("did you mean '{near}'?")),
        // A group has a colon and a slash before it.
        None if !first.is_empty() && !rest.is_empty() => {
            diagnostic.help(&format!("did you mean {first}:/{name}?"))
        }
        None => diagnostic.help(
            "copy the VO's vomses line from its VOMS page, and run: voms-proxy vo add 'LINE'",
        ),
    }
}
