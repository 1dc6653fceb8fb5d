//! The list of identity providers.

use std::path::Path;

use saml_ecp::error::EcpError;
use saml_ecp::http::{Http, Message};
use saml_ecp::idp::{self, Idp};
use serde_json::{Value, json};
use voms::files;

use super::{address_of, http};
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::outcome::{CommandError, Format, Report};
use crate::cli::output::{self, Diagnostic};

/// The default list of identity providers.
const LIST: &str = "https://cilogon.org/include/ecpidps.txt";
const LIST_LIMIT: u64 = 1 << 20;

/// Where the list comes from.
#[derive(Debug)]
pub enum ProviderList {
    /// CILogon's, or the built-in one if that is unavailable.
    Usual,
    /// An https URL or a file.
    At(String),
}

impl ProviderList {
    /// The list named by the user, or the default.
    pub fn new(named: Option<String>, env: &Environment) -> Self {
        named
            .or_else(|| env.ecp_idp_list.clone())
            .map_or(Self::Usual, Self::At)
    }

    /// Loads the list.
    pub fn load(&self, http: &Http, debug: bool) -> Result<Vec<Idp>, CommandError> {
        let Self::At(place) = self else {
            let fetched = fetch(http, LIST).ok().filter(|list| !list.is_empty());
            if fetched.is_none() && debug {
                output::stderr(&format!(
                    "note: {LIST} cannot be had; the built-in list is used"
                ));
            }
            let joined = idp::join(fetched.unwrap_or_default());
            joined.left_out.iter().for_each(|idp| {
                output::warning(format!("{}; that entry is left out", differs(idp, LIST)));
            });
            return Ok(joined.list);
        };
        // The user chose this list, so it stands.
        let list = if place.starts_with("https://") {
            fetch(http, place)?
        } else {
            from_file(place)?
        };
        idp::contradicting(&list)
            .iter()
            .for_each(|idp| output::warning(differs(idp, place)));
        Ok(list)
    }

    /// The list, sorted by name.
    pub fn report(&self, debug: bool, format: Format) -> Result<Report, CommandError> {
        let mut list = self.load(&http(debug)?, debug)?;
        list.sort_by(|one, other| one.name.cmp(&other.name));
        if format == Format::Json {
            return Ok(Report::json(&describe(&list)));
        }
        let label = |idp: &Idp| {
            format!(
                "'{}{}'",
                idp.name,
                if idp.kerberos { " (Kerberos)" } else { "" }
            )
        };
        let width = list
            .iter()
            .map(|idp| label(idp).chars().count())
            .max()
            .unwrap_or(0);
        Ok(Report::lines(
            list.iter()
                .map(|idp| format!("{:<width$} : {}", label(idp), idp.url))
                .collect(),
        ))
    }
}

/// The list (`schema/identity-providers.json`).
fn describe(list: &[Idp]) -> Value {
    let providers = list
        .iter()
        .map(|idp| json!({ "name": idp.name, "url": idp.url.as_str(), "kerberos": idp.kerberos }));
    json!({ "version": 1, "identity_providers": providers.collect::<Value>() })
}

fn from_file(place: &str) -> Result<Vec<Idp>, Diagnostic> {
    let unreadable = |why: String| {
        Diagnostic::new(
            codes::IDP_LIST_UNREADABLE,
            format!("cannot read the list of identity providers {place}: {why}"),
        )
        .help("name a file or an https address with --idp-list")
    };
    let text = files::read_limited(Path::new(place), LIST_LIMIT)
        .map_err(|error| unreadable(files::reason(&error)))?;
    Ok(idp::parse(&String::from_utf8_lossy(&text)))
}

/// How an entry contradicts a built-in one.
fn differs(idp: &Idp, place: &str) -> String {
    format!(
        "{place} has {} for {}, unlike the built-in list",
        idp.url, idp.name
    )
}

fn fetch(http: &Http, address: &str) -> Result<Vec<Idp>, EcpError> {
    let url = address_of(address)?;
    let answer = http.send(&url, Message::default())?;
    match answer.status {
        200 => Ok(idp::parse(&String::from_utf8_lossy(&answer.body))),
        status => Err(EcpError::Status {
            host: answer.host,
            status,
        }),
    }
}
