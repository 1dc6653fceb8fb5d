//! Whether a server restricted attributes to the hosts that were asked for.

use voms::ac::verify;
use voms_client::AcReply;
use voms_client::vomses::VomsesEntry;

use super::plan::InitPlan;
use super::report::Reporter;
use super::vo::VoPlan;
use crate::cli::codes;
use crate::cli::failure;
use crate::cli::output::Diagnostic;

/// Attributes restricted to certain hosts must carry that restriction: IAM, for one, ignores the
/// request, and issues attributes that are valid everywhere.
pub fn check_targets(
    plan: &InitPlan,
    vo: &VoPlan,
    reply: &AcReply,
    report: &mut Reporter,
) -> Result<(), Diagnostic> {
    if vo.request.targets.is_empty() {
        return Ok(());
    }
    let given = verify::targets(&reply.ac.certificate().acinfo);
    let given = given.map_err(|finding| failure::ac(&vo.request.vo, &[finding]))?;
    let Some(problem) = targets_problem(&vo.request.targets, given.as_deref()) else {
        return Ok(());
    };
    let VomsesEntry { host, port, .. } = &reply.entry;
    let headline = format!(
        "{host}:{port} did not restrict the attributes to the hosts given with --target: {problem}"
    );
    if !plan.verify_ac {
        report.warn(codes::TARGETS_NOT_SET, &headline);
        return Ok(());
    }
    Err(Diagnostic::from_remote(codes::TARGETS_NOT_SET, headline).detail("no proxy was written").help(
        "this server does not support targets (IAM does not): leave out --target if any host may see the attributes, or add \
         --dont-verify-ac to accept them as they are",
    ))
}

fn targets_problem(wanted: &[String], given: Option<&[String]>) -> Option<String> {
    let Some(given) = given else {
        return Some("they are valid for any host".to_owned());
    };
    let lacks =
        |list: &[String], host: &str| !list.iter().any(|known| known.eq_ignore_ascii_case(host));
    let missing = wanted
        .iter()
        .find(|host| lacks(given, host))
        .map(|host| format!("{host} is missing"));
    missing.or_else(|| {
        given
            .iter()
            .find(|host| lacks(wanted, host))
            .map(|host| format!("they are valid for {host} too"))
    })
}
