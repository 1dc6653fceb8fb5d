//! The VO's servers: which they are, whether they are reachable and trusted, and what they grant.

use chrono::{DateTime, Utc};
use voms::ac::verify::{AcVerifier, SignerTrust};
use voms::credential::Credential;
use voms::policy::Policy;
use voms::trust::TrustAnchors;
use voms::vo::fqan::Fqan;
use voms::vo::vomsdir::{Trusted, VomsDir};
use voms_client::blocking::{VomsClient, claimed_time, probe_server};
use voms_client::net::NetError;
use voms_client::net::tls::ServerTrust;
use voms_client::vomses::VomsesEntry;
use voms_client::{AcReply, ClientError, Event, Probe, Protocol, RequestOptions, Survey};

use super::credential::Known;
use super::moved;
use super::plan::{DoctorPlan, VoPlan};
use super::seen::{self, net, no_vomsdir, refusal, seen, spoken};
use super::wanted::wanted;
use crate::cli::advice::User;
use crate::cli::clock::OutOfDate;
use crate::cli::codes;
use crate::cli::finding::{Finding, Status};
use crate::cli::invocation::Clock;
use crate::cli::places;
use crate::cli::register::membership;
use crate::cli::waiting::Waiting;
use crate::home::registration::Registration;
use crate::time::utc;

pub(super) const VOMSES: &str = "vomses";
pub(super) const DNS: &str = "DNS";
pub(super) const TCP: &str = "TCP";
pub(super) const TLS: &str = "TLS";
pub(super) const ANSWER: &str = "answer";
pub(super) const MEMBERSHIP: &str = "membership";
pub(super) const ATTRIBUTES: &str = "attributes";
pub(super) const VOMSDIR: &str = "vomsdir";
pub(super) const CLOCK: &str = "clock";
/// Time limit for all requests to one server together.
const TOTAL: std::time::Duration = std::time::Duration::from_secs(60);
const OTHER_SIGNER: &str =
    "verified; signed with another certificate that has the server's subject and issuer";

/// The results of the check.
#[derive(Default)]
pub struct Answered {
    pub findings: Vec<Finding>,
    /// The clock compared with the server's, if it replied.
    pub clock: Option<Finding>,
    /// Which of the servers' certificates are out of date.
    pub out_of_date: OutOfDate,
}

impl Answered {
    /// Findings of a check that ended before any server replied.
    fn early(findings: Vec<Finding>) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }
}

pub fn examine(
    plan: &DoctorPlan,
    known: &Known,
    anchors: Option<&TrustAnchors>,
    waiting: &Waiting,
    now: Clock,
) -> Answered {
    let Some(vo) = &plan.vo else {
        return Answered::early(vec![Finding::advice(
            VOMSES,
            codes::VO_NOT_NAMED,
            "no VO was named, so no server was checked",
            "run: voms-proxy doctor --voms VO",
        )]);
    };
    let mut findings = Vec::new();
    let wanted = match wanted(vo, now(), &mut findings) {
        Ok(wanted) => wanted,
        Err(failed) => {
            findings.push(failed);
            return Answered::early(findings);
        }
    };
    let check = ServerCheck {
        timeout: plan.timeout,
        anchors,
        vomsdir: vomsdir(vo, &mut findings),
        now,
        fqans: &wanted.fqans,
        waiting,
        zone: plan.time_zone.as_deref(),
    };
    check.examine_all(&wanted.servers, known.credential.as_ref(), findings)
}

fn vomsdir<'a>(vo: &'a VoPlan, findings: &mut Vec<Finding>) -> Option<&'a VomsDir> {
    match &vo.vomsdir {
        Ok(vomsdir) => vomsdir.as_ref(),
        Err(error) => {
            findings.push(Finding::of_diagnostic(VOMSDIR, error));
            None
        }
    }
}

/// What a server is checked against.
struct ServerCheck<'a> {
    timeout: std::time::Duration,
    anchors: Option<&'a TrustAnchors>,
    vomsdir: Option<&'a VomsDir>,
    now: Clock,
    fqans: &'a [Fqan],
    waiting: &'a Waiting,
    zone: Option<&'a str>,
}

impl ServerCheck<'_> {
    fn trust(&self) -> ServerTrust {
        places::server_trust(self.anchors)
    }

    fn examine_all(
        &self,
        servers: &[VomsesEntry],
        user: Option<&Credential>,
        mut findings: Vec<Finding>,
    ) -> Answered {
        let mut out_of_date = OutOfDate::default();
        let mut each: Vec<(Vec<Finding>, Option<Finding>)> = servers
            .iter()
            .map(|server| self.examine(server, user, &mut out_of_date))
            .collect();
        if each.iter().all(|(findings, _)| is_unreachable(findings)) {
            let (trust, now) = (self.trust(), (self.now)());
            findings.extend(moved::candidate(servers, trust, now, self.timeout));
        }
        if each
            .iter()
            .any(|(findings, _)| !findings.iter().any(Finding::is_failure))
        {
            // One working server is enough.
            let all = each.iter_mut().flat_map(|(findings, _)| findings);
            all.filter(|finding| finding.is_failure())
                .for_each(|finding| finding.status = Status::Warning);
        }
        let clock = each.iter_mut().find_map(|(_, clock)| clock.take());
        findings.extend(each.into_iter().flat_map(|(findings, _)| findings));
        Answered {
            findings,
            clock,
            out_of_date,
        }
    }

    fn examine(
        &self,
        server: &VomsesEntry,
        user: Option<&Credential>,
        out_of_date: &mut OutOfDate,
    ) -> (Vec<Finding>, Option<Finding>) {
        self.waiting.say(&format!("waiting for {}", server.host));
        let probe = match probe_server(server, self.trust(), (self.now)().into(), self.timeout) {
            Ok(probe) => probe,
            Err(error) => return (vec![net(TLS, server, &error)], None),
        };
        let mut findings = seen(server, &probe);
        if findings.iter().any(Finding::is_failure) {
            let clock = self.claimed_clock(server, &probe, out_of_date);
            findings.extend(self.signers(server));
            return (findings, clock);
        }
        let Some(user) = user else {
            let text = format!(
                "{}:{} was not asked: your key is not open",
                server.host, server.port
            );
            findings.push(Finding::skipped(MEMBERSHIP, text));
            findings.extend(self.signers(server));
            return (findings, None);
        };
        let (answer, clock) = self.ask(server, user);
        findings.extend(answer);
        (findings, clock)
    }

    /// The clock beside the one of a server that is out of date by it, and so cannot be trusted.
    fn claimed_clock(
        &self,
        server: &VomsesEntry,
        probe: &Probe,
        out_of_date: &mut OutOfDate,
    ) -> Option<Finding> {
        let Some(Err(NetError::Untrusted(finding))) = &probe.certificate else {
            return None;
        };
        out_of_date.note_server(finding);
        if !out_of_date.is_any() {
            return None;
        }
        let claimed = claimed_time(server, self.timeout).ok().flatten()?;
        Some(seen::clock(utc(claimed), (self.now)()))
    }

    fn ask(&self, server: &VomsesEntry, user: &Credential) -> (Vec<Finding>, Option<Finding>) {
        let options = RequestOptions::new((self.now)())
            .per_server(self.timeout)
            .total(TOTAL);
        let client = match VomsClient::new(user, self.trust()) {
            Ok(client) => client,
            Err(error) => return (vec![net(TLS, server, &error)], None),
        };
        let mut protocol = Protocol::Rest;
        let survey = client.survey(
            &server.vo,
            self.fqans,
            std::slice::from_ref(server),
            &options,
            &mut |event| {
                if let Event::Answered(_, by) = event {
                    protocol = *by;
                }
            },
        );
        let at = (self.now)();
        match survey {
            Ok(survey) => {
                let mut findings = vec![answered(server, protocol)];
                findings.extend(self.answer(server, &survey, user, at));
                let clock = survey
                    .reply
                    .server_time
                    .map(|time| seen::clock(utc(time), at));
                (findings, clock)
            }
            Err(error) => (vec![self.refused(server, &error, user, at)], None),
        }
    }

    fn answer(
        &self,
        server: &VomsesEntry,
        survey: &Survey,
        user: &Credential,
        at: DateTime<Utc>,
    ) -> Vec<Finding> {
        let registration = Registration::of(server);
        let page = registration.page_of(survey.reply.software);
        let mut findings = membership(&survey.granted, &survey.unknown, self.fqans, page);
        findings.extend(self.verified(server, &survey.reply, user, at));
        findings
    }

    fn refused(
        &self,
        server: &VomsesEntry,
        error: &ClientError,
        user: &Credential,
        at: DateTime<Utc>,
    ) -> Finding {
        let user = User {
            chain: user.chain(),
            anchors: self.anchors,
            now: at,
            zone: self.zone,
        };
        match error.foremost() {
            Some((_, failure)) => refusal(server, failure, user),
            None => Finding::of_error(ANSWER, error),
        }
    }

    fn verified(
        &self,
        server: &VomsesEntry,
        reply: &AcReply,
        user: &Credential,
        at: DateTime<Utc>,
    ) -> Vec<Finding> {
        let trust = SignerTrust::strictest(self.vomsdir, self.anchors, reply.expected_signer());
        let holder = user.chain().holder();
        let policy = Policy::default().ignore_targets();
        let verifier = AcVerifier::new(trust, holder, &policy, at);
        match verifier.verify(&reply.ac, Some(&server.vo)) {
            Ok(verified) => {
                let by_server = *verified.signer() == reply.server;
                let text = match self.vomsdir {
                    Some(vomsdir) => format!(
                        "verified; {} names the signer",
                        vomsdir.directory().display()
                    ),
                    None if by_server => "verified; the server itself signed them".to_owned(),
                    None => OTHER_SIGNER.to_owned(),
                };
                let advice = self.vomsdir.is_none().then(no_vomsdir);
                std::iter::once(Finding::ok(ATTRIBUTES, text))
                    .chain(advice)
                    .collect()
            }
            Err(findings) => findings
                .iter()
                .map(|finding| Finding::of(ATTRIBUTES, finding))
                .collect(),
        }
    }

    /// Whose signatures would be trusted, as far as can be determined before anything is signed.
    fn signers(&self, server: &VomsesEntry) -> Option<Finding> {
        let Some(vomsdir) = self.vomsdir else {
            return Some(no_vomsdir());
        };
        match vomsdir.find(&server.vo, &server.host, (self.now)()) {
            Trusted::Lsc(file, lsc) => Some(match lsc.as_ref() {
                Ok(_) => Finding::ok(VOMSDIR, file.display()),
                Err(problem) => {
                    let fix = format!("fix or replace {}", file.display());
                    let text = format!("{}: {problem}", file.display());
                    Finding::failed(VOMSDIR, codes::LSC_UNUSABLE, text, &fix)
                }
            }),
            // We do not know yet whether the server uses that name.
            Trusted::Certificates(found) if found.is_empty() => {
                let directory = vomsdir.directory().display();
                let text = format!(
                    "{directory} does not say who signs the attributes of {} (no {0}/{}.lsc)",
                    server.vo, server.host
                );
                Some(Finding::advice(
                    VOMSDIR,
                    codes::LSC_MISSING,
                    text,
                    "get the LSC file from the VO's page, and run: voms-proxy vo add FILE.lsc",
                ))
            }
            Trusted::Certificates(_) => Some(Finding::ok(
                VOMSDIR,
                vomsdir.directory().join(&server.vo).display(),
            )),
        }
    }
}

/// Whether a check ended before any TLS connection.
fn is_unreachable(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.is_failure() && [DNS, TCP].contains(&finding.area))
}

fn answered(server: &VomsesEntry, protocol: Protocol) -> Finding {
    let text = format!(
        "{}:{} answers over {}",
        server.host,
        server.port,
        spoken(protocol)
    );
    Finding::ok(ANSWER, text)
}
