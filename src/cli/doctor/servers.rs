//! The VO's servers: who they are, whether they can be reached and believed, and what they grant.

use chrono::{DateTime, Duration, Utc};

use super::DoctorArgs;
use super::credential::Known;
use crate::cli::env::Environment;
use crate::cli::finding::{Finding, Status};
use crate::cli::register::membership;
use crate::cli::{output, places, vos};
use crate::client::{AcReply, Event, Failure, Look, Protocol, VomsClient, look_at};
use crate::credential::anchors::TrustAnchors;
use crate::credential::user::Credential;
use crate::net::NetError;
use crate::voms::fqan::{Fqan, FqanError};
use crate::voms::registration::Registration;
use crate::voms::request::AcRequest;
use crate::voms::spec::VomsSpec;
use crate::voms::verify::{AcAttributes, AcVerifier, SKEW, SignerTrust};
use crate::voms::vomsdir::{Trusted, VomsDir};
use crate::voms::vomses::VomsesEntry;

const VOMSES: &str = "vomses";
const DNS: &str = "DNS";
const TCP: &str = "TCP";
const TLS: &str = "TLS";
const ANSWER: &str = "answer";
const MEMBERSHIP: &str = "membership";
const ATTRIBUTES: &str = "attributes";
const VOMSDIR: &str = "vomsdir";
const CLOCK: &str = "clock";
/// What nobody notices.
const UNNOTICED: Duration = Duration::seconds(60);

/// What came out of it.
#[derive(Default)]
pub struct Answered {
    pub findings: Vec<Finding>,
    /// How the clock compares with the server's, if it answered.
    pub clock: Option<Finding>,
}

/// What is wanted of which VO.
struct Wanted {
    servers: Vec<VomsesEntry>,
    fqans: Vec<Fqan>,
}

pub fn examine(
    args: &DoctorArgs,
    env: &Environment,
    known: &Known,
    anchors: Option<&TrustAnchors>,
    now: fn() -> DateTime<Utc>,
) -> Answered {
    let Some(voms) = &args.voms else {
        let advice =
            Finding::advice(VOMSES, "no VO was named, so no server was looked at", "run: voms-proxy doctor --voms VO");
        return Answered { findings: vec![advice], clock: None };
    };
    let (mut findings, wanted) = wanted(voms, args, env);
    let Some(wanted) = wanted else { return Answered { findings, clock: None } };
    let vomsdir = match places::vomsdir(args.vomsdir.as_deref(), env) {
        Ok(vomsdir) => vomsdir,
        Err(trouble) => {
            findings.push(Finding::of_trouble(VOMSDIR, &trouble));
            None
        }
    };
    let desk = Desk { args, anchors, vomsdir: vomsdir.as_ref(), now, fqans: &wanted.fqans };
    let mut each: Vec<(Vec<Finding>, Option<Finding>)> =
        wanted.servers.iter().map(|server| desk.examine(server, known.credential.as_ref())).collect();
    let good = |findings: &[Finding]| findings.iter().all(|finding| finding.status != Status::Failed);
    if each.iter().any(|(findings, _)| good(findings)) {
        // Another server does as well.
        let all = each.iter_mut().flat_map(|(findings, _)| findings);
        all.filter(|finding| finding.status == Status::Failed).for_each(|finding| finding.status = Status::Warning);
    }
    let clock = each.iter_mut().find_map(|(_, clock)| clock.take());
    findings.extend(each.into_iter().flat_map(|(findings, _)| findings));
    Answered { findings, clock }
}

fn wanted(voms: &str, args: &DoctorArgs, env: &Environment) -> (Vec<Finding>, Option<Wanted>) {
    let wrong = |error: FqanError| (vec![Finding::failed(VOMSES, &error, error.help())], None);
    let spec: VomsSpec = match voms.parse() {
        Ok(spec) => spec,
        Err(error) => return wrong(error),
    };
    let vomses = match vos::load(&args.vomses, env) {
        Ok(vomses) => vomses,
        Err(trouble) => return (vec![Finding::of_trouble(VOMSES, &trouble)], None),
    };
    let fix = "mend that line or file, or remove it";
    let problems = vos::problems(&vomses, &args.vomses, env);
    let mut findings: Vec<Finding> =
        problems.into_iter().map(|text| Finding::warning(VOMSES, text, Some(fix.to_owned()))).collect();
    let servers = match vos::servers(&spec.name, &vomses, args.vomses.is_empty()) {
        Ok(servers) => servers,
        Err(trouble) => {
            findings.push(Finding::of_trouble(VOMSES, &trouble));
            return (findings, None);
        }
    };
    let fqans = match spec.wishes.iter().map(|wish| wish.in_vo(&servers[0].vo)).collect::<Result<Vec<_>, _>>() {
        Ok(fqans) => fqans.into_iter().flatten().collect(),
        Err(error) => return wrong(error),
    };
    let names: Vec<String> = servers.iter().map(|server| format!("{}:{}", server.host, server.port)).collect();
    findings.push(Finding::ok(VOMSES, format!("the VO {} has {}", servers[0].vo, names.join(", "))));
    (findings, Some(Wanted { servers, fqans }))
}

/// What a server is judged with.
struct Desk<'a> {
    args: &'a DoctorArgs,
    anchors: Option<&'a TrustAnchors>,
    vomsdir: Option<&'a VomsDir>,
    now: fn() -> DateTime<Utc>,
    fqans: &'a [Fqan],
}

impl Desk<'_> {
    fn examine(&self, server: &VomsesEntry, user: Option<&Credential>) -> (Vec<Finding>, Option<Finding>) {
        let trust = places::server_trust(self.anchors);
        let look = match look_at(server, trust, (self.now)(), self.args.timeout()) {
            Ok(look) => look,
            Err(error) => return (vec![net(TLS, server, &error)], None),
        };
        let mut findings = seen(server, &look);
        if findings.iter().any(|finding| finding.status == Status::Failed) {
            findings.extend(self.signers(server));
            return (findings, None);
        }
        let Some(user) = user else {
            let text = format!("{}:{} was not asked: your key is not open", server.host, server.port);
            findings.push(Finding::skipped(MEMBERSHIP, text));
            findings.extend(self.signers(server));
            return (findings, None);
        };
        let (answer, clock) = self.ask(server, user);
        findings.extend(answer);
        (findings, clock)
    }

    fn ask(&self, server: &VomsesEntry, user: &Credential) -> (Vec<Finding>, Option<Finding>) {
        let trust = places::server_trust(self.anchors);
        let timeout = self.args.timeout();
        let client = match VomsClient::new(user, trust, (self.now)(), timeout, timeout) {
            Ok(client) => client,
            Err(error) => return (vec![net(TLS, server, &error)], None),
        };
        let request = AcRequest::for_everything(&server.vo);
        let mut protocol = Protocol::Rest;
        let reply = client.request(&request, std::slice::from_ref(server), &mut |event| {
            if let Event::Answered(_, by) = event {
                protocol = *by;
            }
        });
        let at = (self.now)();
        match reply {
            Ok(reply) => {
                let text = format!("{}:{} answers over {}", server.host, server.port, spoken(protocol));
                let mut findings = vec![Finding::ok(ANSWER, text)];
                findings.extend(self.granted(server, &reply));
                findings.extend(self.believed(server, &reply, user, at));
                (findings, reply.server_time.map(|time| clock(time, at)))
            }
            Err(error) => {
                let Some((_, failure)) = error.foremost() else {
                    return (vec![Finding::failed(ANSWER, &error, error.help())], None);
                };
                (vec![refusal(server, failure)], None)
            }
        }
    }

    fn granted(&self, server: &VomsesEntry, reply: &AcReply) -> Vec<Finding> {
        match AcAttributes::read(&reply.ac.certificate().acinfo) {
            Ok(attributes) => membership(&attributes.fqans, self.fqans, &Registration::of(server).page),
            Err(finding) => vec![Finding::failed(ATTRIBUTES, &finding, finding.help())],
        }
    }

    fn believed(&self, server: &VomsesEntry, reply: &AcReply, user: &Credential, at: DateTime<Utc>) -> Vec<Finding> {
        let trust = SignerTrust::strictest(self.vomsdir, self.anchors, &reply.server);
        let holder = user.chain().end_entity().unwrap_or(user.chain().leaf());
        let verifier = AcVerifier { trust, holder, now: at, skew: SKEW, hosts: None };
        match verifier.verify(&reply.ac, Some(&server.vo)) {
            Ok(_) => {
                let text = match self.vomsdir {
                    Some(vomsdir) => format!("they verify; {} names their signer", vomsdir.directory().display()),
                    None => "they verify; the server itself signed them".to_owned(),
                };
                let advice = self.vomsdir.is_none().then(no_vomsdir);
                std::iter::once(Finding::ok(ATTRIBUTES, text)).chain(advice).collect()
            }
            Err(findings) => {
                findings.iter().map(|finding| Finding::failed(ATTRIBUTES, finding, finding.help())).collect()
            }
        }
    }

    /// Whose signature would be believed, as far as that can be told before anything was signed.
    fn signers(&self, server: &VomsesEntry) -> Option<Finding> {
        let Some(vomsdir) = self.vomsdir else { return Some(no_vomsdir()) };
        match vomsdir.find(&server.vo, &server.host, (self.now)()) {
            Trusted::Lsc(file, lsc) => Some(match lsc.as_ref() {
                Ok(_) => Finding::ok(VOMSDIR, file.display()),
                Err(problem) => {
                    let fix = format!("mend or replace {}", file.display());
                    Finding::failed(VOMSDIR, format!("{}: {problem}", file.display()), Some(fix))
                }
            }),
            // Whether the server calls itself so is not known yet.
            Trusted::Certificates(found) if found.is_empty() => {
                let directory = vomsdir.directory().display();
                let text = format!("{directory} has no {}/{}.lsc", server.vo, server.host);
                Some(Finding::advice(VOMSDIR, text, "if the server calls itself so, put its LSC file there"))
            }
            Trusted::Certificates(_) => Some(Finding::ok(VOMSDIR, vomsdir.directory().join(&server.vo).display())),
        }
    }
}

fn no_vomsdir() -> Finding {
    let text = "there is no vomsdir: only what a server sends itself is believed, and no proxy can be verified later";
    Finding::advice(VOMSDIR, text, "install the VO's LSC files, or set X509_VOMS_DIR")
}

fn net(area: &'static str, server: &VomsesEntry, error: &NetError) -> Finding {
    Finding::failed(area, format!("{}:{}: {error}", server.host, server.port), error.help())
}

fn seen(server: &VomsesEntry, look: &Look) -> Vec<Finding> {
    let VomsesEntry { host, port, .. } = server;
    let addresses = match &look.addresses {
        Ok(addresses) => addresses,
        Err(error) => return vec![net(DNS, server, error)],
    };
    let listed: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let mut findings = vec![Finding::ok(DNS, format!("{host} is {}", listed.join(", ")))];
    findings.extend(look.connection.as_ref().map(|connection| match connection {
        Ok(()) => Finding::ok(TCP, format!("{host}:{port} takes connections")),
        Err(error) => net(TCP, server, error),
    }));
    findings.extend(look.certificate.as_ref().map(|certificate| match certificate {
        Ok(certificate) => Finding::ok(TLS, format!("the server is {}", certificate.subject())),
        Err(error) => net(TLS, server, error),
    }));
    findings
}

fn spoken(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Rest => "REST",
        Protocol::Legacy => "the legacy protocol",
    }
}

/// Which link of the road a failure breaks.
fn refusal(server: &VomsesEntry, failure: &Failure) -> Finding {
    let area = match failure {
        Failure::Server(error) if error.is_about_membership() || error.is_definite() => MEMBERSHIP,
        Failure::Net(NetError::Refused(_) | NetError::Closed | NetError::Credential(_) | NetError::Handshake(_)) => TLS,
        Failure::Net(error) => return net(TCP, server, error),
        Failure::Ac(_) => ATTRIBUTES,
        _ => ANSWER,
    };
    let fix = match failure {
        Failure::Server(error) if error.is_about_membership() => {
            Some(format!("run: voms-proxy register --voms {} (it shows {})", server.vo, Registration::of(server).page))
        }
        _ => None,
    };
    let text = match failure {
        Failure::Server(error) => format!("{}:{} says: {}", server.host, server.port, error.message),
        failure => format!("{}:{}: {failure}", server.host, server.port),
    };
    Finding::failed(area, text, failure.help().or(fix))
}

fn clock(server: DateTime<Utc>, here: DateTime<Utc>) -> Finding {
    let ahead = here - server;
    let seconds = ahead.num_seconds().abs();
    if ahead.abs() < UNNOTICED {
        return Finding::ok(CLOCK, "it agrees with the server's");
    }
    let way = if ahead > Duration::zero() { "ahead of" } else { "behind" };
    let text = format!("this machine's clock is {} {way} the server's", output::hms(seconds));
    let fix = Some("set the clock, or have it set: timedatectl set-ntp true".to_owned());
    if ahead.abs() < SKEW { Finding::warning(CLOCK, text, fix) } else { Finding::failed(CLOCK, text, fix) }
}
