//! What to ask of which servers.

use chrono::{DateTime, Utc};
use voms::vo::fqan::{Fqan, FqanError};
use voms_client::spec::VomsSpec;
use voms_client::vomses::VomsesEntry;

use super::plan::VoPlan;
use super::servers::VOMSES;
use crate::cli::codes;
use crate::cli::finding::Finding;
use crate::cli::output::Diagnostic;
use crate::cli::vos;
use crate::home::registration;

/// For how many days the built-in servers are considered current.
const FRESH: i64 = 365;

/// What is requested from which VO.
pub(super) struct Wanted {
    pub servers: Vec<VomsesEntry>,
    pub fqans: Vec<Fqan>,
}

/// What to request, or the finding that makes it impossible.
pub(super) fn wanted(
    vo: &VoPlan,
    now: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) -> Result<Wanted, Finding> {
    let wrong = |error: FqanError| Finding::of(VOMSES, &error);
    let spec: VomsSpec = vo.voms.parse().map_err(wrong)?;
    let of_diagnostic = |error: &Diagnostic| Finding::of_diagnostic(VOMSES, error);
    let vomses = vo.vomses.as_ref().map_err(of_diagnostic)?;
    findings.extend(vo.problems.iter().map(|problem| {
        let fix = "fix that line or file, or remove it";
        Finding::warning(VOMSES, problem.code, &problem.message, fix)
    }));
    let servers = vos::servers(&spec.name, vomses, vo.with_built_in)
        .map_err(|error| of_diagnostic(&error))?;
    let name = &servers[0].vo;
    let requested = spec.fqans.iter().map(|fqan| fqan.in_vo(name));
    let fqans = requested.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    findings.push(listed(name, &servers));
    if vomses.find(&spec.name).is_empty() {
        findings.extend(built_in(name, now));
    }
    Ok(Wanted {
        servers,
        fqans: fqans.into_iter().flatten().collect(),
    })
}

fn listed(vo: &str, servers: &[VomsesEntry]) -> Finding {
    let names: Vec<String> = servers
        .iter()
        .map(|server| format!("{}:{}", server.host, server.port))
        .collect();
    Finding::ok(VOMSES, format!("the VO {vo} has {}", names.join(", ")))
}

/// Reports that the built-in servers are used, and how old that list is.
fn built_in(vo: &str, now: DateTime<Utc>) -> Option<Finding> {
    let date = registration::built_in_date(vo)?;
    let age = (now.date_naive() - date).num_days().max(0);
    let text = format!(
        "no vomses file names {vo}: these are the built-in servers, as known on {date} ({age} days ago)"
    );
    Some(if age < FRESH {
        Finding::ok(VOMSES, text)
    } else {
        Finding::advice(
            VOMSES,
            codes::VOMSES_OLD,
            text,
            "compare them with the VO's own page, or update voms-proxy",
        )
    })
}
