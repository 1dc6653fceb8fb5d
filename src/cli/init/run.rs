//! Runs a plan, from the credential to the proxy file.

use std::thread::JoinHandle;
use std::time::{Duration as Span, Instant};

use chrono::{DateTime, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::{AcAttributes, AcVerifier, SignerTrust, VerifiedAc};
use voms::chain::{Chain, ChainFinding};
use voms::credential::Credential;
use voms::pki::certificate::Certificate;
use voms::pki::key::{KeyError, KeyKind, PrivateKey};
use voms::policy::Policy;
use voms::proxy::{CarriedAc, Proxy, ProxyRequest, VerifiedIssuer};
use voms_asn1::EncodedAc;
use voms_client::blocking::VomsClient;
use voms_client::response::{ServerWarning, WarningKind};
use voms_client::{AcReply, Event, RequestOptions};

use super::files;
use super::install::install;
use super::plan::{InitPlan, Warnings};
use super::report::Reporter;
use super::targets::check_targets;
use super::vo::VoPlan;
use crate::cli::advice::User;
use crate::cli::codes;
use crate::cli::failure;
use crate::cli::holder;
use crate::cli::outcome::CommandError;
use crate::cli::output::Diagnostic;
use crate::cli::places;
use crate::time::{span, utc};

/// How long the proxy of `--keep-plain` lives.
const PLAIN: Span = Span::from_secs(7 * 86_400);

/// Makes the proxy; on any failure, the existing file stays untouched.
pub fn run(
    plan: &InitPlan,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Proxy, CommandError> {
    if let Some(proxy) = run_held(plan, &now, report, |_| Ok(()))? {
        return Ok(proxy);
    }
    let key = start_key(plan.key);
    let credential = load(plan, now(), report)?;
    let made = make(plan, &credential, key, &now, report)?;
    install(plan, made, now(), report)
}

/// The same with a key that another process holds, if one does. `check` sees what it has made.
pub fn run_held(
    plan: &InitPlan,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
    check: impl FnOnce(&Chain) -> Result<(), Diagnostic>,
) -> Result<Option<Proxy>, CommandError> {
    let Some(holder::Made::Proxy(proxy, plain)) = holder::ask(plan, report)? else {
        return Ok(None);
    };
    let chain = proxy.chain().map_err(Diagnostic::unexpected)?;
    check(&chain)?;
    report.granted(plan, attribute_certificates(&chain).into_iter().flatten());
    install(plan, Made { proxy, plain }, now(), report).map(Some)
}

/// The same with a credential that is loaded already.
pub fn run_with(
    plan: &InitPlan,
    credential: &Credential,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Proxy, CommandError> {
    let made = make_with(plan, credential, &now, report)?;
    install(plan, made, now(), report)
}

/// The same, and writes nothing.
pub fn make_with(
    plan: &InitPlan,
    credential: &Credential,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Made, CommandError> {
    make(plan, credential, start_key(plan.key), now, report)
}

/// What is written in the end.
pub struct Made {
    pub proxy: Proxy,
    /// That of `--keep-plain`.
    pub plain: Option<Proxy>,
}

type NewKey = JoinHandle<Result<PrivateKey, KeyError>>;

fn make(
    plan: &InitPlan,
    credential: &Credential,
    key: NewKey,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Made, CommandError> {
    let started = now();
    let issuer = verify_chain(plan, credential, started)?;
    let replies = ask(plan, credential, started, report)?;
    let attributes = verify_attributes(plan, credential, replies, now(), report)?;
    let proxy = issue(plan, &issuer, attributes, finish_key(key)?, now())?;
    let plain = plan.keep_plain.then(|| issue_plain(plan, &issuer, now()));
    let plain = plain.transpose()?;
    Ok(Made { proxy, plain })
}

/// What VOs grant the user: the same steps up to the verified attributes, but without making a
/// proxy. Writes them to the file of `--separate`, if given.
pub fn attributes(
    plan: &InitPlan,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Vec<EncodedAc>, CommandError> {
    let acs = if let Some(holder::Made::Attributes(acs)) = holder::ask(plan, report)? {
        report.granted(plan, acs.iter().cloned());
        acs
    } else {
        let credential = load(plan, now(), report)?;
        attributes_with(plan, &credential, now, report)?
    };
    if let Some(file) = &plan.separate {
        files::write_separate(file, &acs)?;
    }
    Ok(acs)
}

/// The same with a credential that is loaded already, and writes nothing.
pub fn attributes_with(
    plan: &InitPlan,
    credential: &Credential,
    now: impl Fn() -> DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Vec<EncodedAc>, CommandError> {
    verify_chain(plan, credential, now())?;
    let replies = ask(plan, credential, now(), report)?;
    let attributes = verify_attributes(plan, credential, replies, now(), report)?;
    Ok(attributes.iter().map(|ac| ac.encoded().clone()).collect())
}

/// Generating the key only needs CPU time, while everything else mostly waits.
/// A proxy without attributes, from which others can be made without the user's key.
fn issue_plain(
    plan: &InitPlan,
    issuer: &VerifiedIssuer<'_>,
    now: DateTime<Utc>,
) -> Result<Proxy, Diagnostic> {
    let key = finish_key(start_key(plan.key))?;
    let request = ProxyRequest::new(PLAIN).with_generation(plan.generation);
    request
        .issue(issuer, key, now)
        .map_err(|error| failure::issuing(&error))
}

fn start_key(kind: KeyKind) -> NewKey {
    std::thread::spawn(move || PrivateKey::generate(kind))
}

fn finish_key(key: NewKey) -> Result<PrivateKey, Diagnostic> {
    let key = key
        .join()
        .map_err(|_| Diagnostic::new(codes::KEY_GENERATION, "key generation failed"))?;
    key.map_err(Diagnostic::unexpected)
}

fn load(
    plan: &InitPlan,
    now: DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Credential, CommandError> {
    report.trusting(plan);
    report.looking_for(&plan.credential);
    let credential = plan.passphrase.load_asking(&plan.credential, plan.prompt)?;
    report.loaded(plan, &credential, now);
    Ok(credential)
}

/// With trust anchors, verifies the whole chain; without, at least its dates and proxies.
fn verify_chain<'c>(
    plan: &InitPlan,
    credential: &'c Credential,
    now: DateTime<Utc>,
) -> Result<VerifiedIssuer<'c>, Diagnostic> {
    let verified = match plan.anchors.as_ref().filter(|_| plan.judge_chain) {
        Some(anchors) => credential.verify(anchors, &places::own_policy(), now),
        None => credential.assume_trusted(now),
    };
    verified.map_err(|findings| failure::chain(&findings, now))
}

fn ask<'p>(
    plan: &'p InitPlan,
    credential: &Credential,
    now: DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Vec<(&'p VoPlan, AcReply)>, Diagnostic> {
    if plan.vos.is_empty() {
        return Ok(Vec::new());
    }
    if plan.anchors.is_none() {
        report.web_cas_judge();
    }
    let trust = places::server_trust(plan.anchors.as_ref());
    let client = VomsClient::new(credential, trust).map_err(Diagnostic::from)?;
    let start = Instant::now();
    let client = if plan.any_host {
        client.without_host_check()
    } else {
        client
    };
    let replies = plan.vos.iter().map(|vo| {
        let options = RequestOptions::new(now)
            .per_server(plan.timeout)
            .total(plan.total.saturating_sub(start.elapsed()));
        let mut on_event = |event: &Event<'_>| report.event(event);
        let reply = client.request(&vo.request, &vo.servers, &options, &mut on_event);
        let user = User {
            chain: credential.chain(),
            anchors: plan.anchors.as_ref(),
            now,
            zone: plan.time_zone.as_deref(),
        };
        reply
            .map(|reply| (vo, reply))
            .map_err(|error| failure::client(&error, user))
    });
    replies.collect()
}

fn verify_attributes(
    plan: &InitPlan,
    credential: &Credential,
    replies: Vec<(&VoPlan, AcReply)>,
    now: DateTime<Utc>,
    report: &mut Reporter,
) -> Result<Vec<CarriedAc>, Diagnostic> {
    let holder = credential.chain().holder();
    let mut carried: Vec<CarriedAc> = Vec::new();
    for (vo, reply) in replies {
        handle_warnings(plan, vo, &reply, report)?;
        check_targets(plan, vo, &reply, report)?;
        if plan.verify_ac {
            let verified = verify_reply(plan, holder, vo, &reply, now)?;
            report.verified(vo, &reply, &verified);
            report.compare_clocks(&reply, now);
            carried.push(verified.into());
        } else {
            report.compare_clocks(&reply, now);
            carried.push(CarriedAc::unverified(reply.ac));
        }
    }
    carried.extend(verify_file(plan, holder, now)?);
    Ok(carried)
}

fn handle_warnings(
    plan: &InitPlan,
    vo: &VoPlan,
    reply: &AcReply,
    report: &mut Reporter,
) -> Result<(), Diagnostic> {
    // A shortened lifetime needs no warning if the user asked for the longest possible.
    let is_news = |warning: &&ServerWarning| {
        !(vo.request.wants_longest() && matches!(warning.kind, WarningKind::LifetimeCut { .. }))
    };
    let warnings: Vec<&ServerWarning> = reply.warnings.iter().filter(is_news).collect();
    if let (Warnings::Fatal, Some(warning)) = (plan.warnings, warnings.first()) {
        return Err(Diagnostic::from_remote(
            codes::SERVER_WARNING,
            format!("the server warns: {}", warning.message),
        )
        .detail("no proxy was written")
        .help("leave out --failonwarn to continue anyway"));
    }
    warnings
        .iter()
        .for_each(|warning| report.server_warning(warning));
    Ok(())
}

fn verify_reply(
    plan: &InitPlan,
    holder: &Certificate,
    vo: &VoPlan,
    reply: &AcReply,
    now: DateTime<Utc>,
) -> Result<VerifiedAc, Diagnostic> {
    let trust = SignerTrust::strictest(
        plan.vomsdir.as_ref(),
        plan.anchors.as_ref(),
        reply.expected_signer(),
    );
    let policy = Policy::default().ignore_targets();
    let verifier = AcVerifier::new(trust, holder, &policy, now);
    let verified = verifier.verify(&reply.ac, Some(&vo.request.vo));
    let verified = verified.map_err(|findings| {
        failure::new_ac(&vo.request.vo, &findings, reply.server_time.map(utc), now)
    })?;
    if utc(verified.not_after()) > now {
        return Ok(verified);
    }
    Err(Diagnostic::new(
        codes::CLOCK,
        format!(
            "the server issued attributes for {} that have already expired",
            vo.request.vo
        ),
    )
    .help(
        "compare this machine's clock with the server's, or ask for a longer life with --vomslife",
    ))
}

/// Verifies attribute certificates read from a file, which no server vouches for.
fn verify_file(
    plan: &InitPlan,
    holder: &Certificate,
    now: DateTime<Utc>,
) -> Result<Vec<CarriedAc>, Diagnostic> {
    if plan.acs.is_empty() || !plan.verify_ac {
        return Ok(plan
            .acs
            .iter()
            .cloned()
            .map(CarriedAc::unverified)
            .collect());
    }
    let (Some(vomsdir), Some(anchors)) = (&plan.vomsdir, &plan.anchors) else {
        return Err(Diagnostic::new(
            codes::NO_TRUST_DIRECTORY,
            "attributes from a file can only be verified with a vomsdir and a CA directory",
        )
        .help("name them with --vomsdir and --certdir"));
    };
    let trust = SignerTrust::VomsDir(vomsdir, anchors);
    let policy = Policy::default().ignore_targets();
    let verifier = AcVerifier::new(trust, holder, &policy, now);
    let verify = |ac: &EncodedAc| {
        verifier
            .verify(ac, None)
            .map(CarriedAc::from)
            .map_err(|findings| {
                let read = AcAttributes::read(&ac.certificate().acinfo);
                failure::ac(
                    &read.map_or_else(|_| "?".to_owned(), |attributes| attributes.vo),
                    &findings,
                )
            })
    };
    plan.acs.iter().map(verify).collect()
}

fn issue(
    plan: &InitPlan,
    issuer: &VerifiedIssuer<'_>,
    attributes: Vec<CarriedAc>,
    key: PrivateKey,
    now: DateTime<Utc>,
) -> Result<Proxy, Diagnostic> {
    let request = ProxyRequest::new(span(plan.lifetime))
        .with_generation(plan.generation)
        .with_policy(plan.policy.clone())
        .with_path_length(plan.path_length)
        .carrying(attributes)
        .including(plan.included.clone());
    let proxy = request
        .issue(issuer, key, now)
        .map_err(|error| failure::issuing(&error))?;
    let chain = proxy.chain().map_err(Diagnostic::unexpected)?;
    // The user asked for policy rules that we cannot interpret.
    let asked_for = |finding: &ChainFinding| matches!(finding, ChainFinding::PolicyRules(_));
    let findings = chain.proxy_findings(now);
    let Some(finding) = findings.iter().find(|finding| !asked_for(finding)) else {
        return Ok(proxy);
    };
    Err(Diagnostic::new(
        codes::PROXY_NOT_ISSUED,
        format!("the new proxy is invalid: {finding}"),
    )
    .help("please report this as a bug"))
}
