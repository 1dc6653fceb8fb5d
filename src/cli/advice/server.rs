//! The next step after a server's reply, and what this machine knows about a certificate that a
//! server rejected.

use std::time::Duration;

use chrono::{DateTime, Utc};
use voms::chain::{Chain, ChainFinding};
use voms::pki::certificate::Certificate;
use voms::trust::TrustAnchors;
use voms_client::refusal::{ServerError, ServerErrorKind, Software};
use voms_client::response::ResponseError;
use voms_client::vomses::VomsesEntry;
use voms_client::{Failure, HttpFailure};

use super::Advice;
use crate::cli::places;
use crate::cli::times;
use crate::home::registration::Registration;
use crate::time::utc;

/// The longest wait, in seconds, for which we still say "try again in".
const LONGEST_WAIT: u64 = 24 * 3600;

/// The user whose certificate the server saw, and what it can be checked against here.
#[derive(Clone, Copy)]
pub struct User<'a> {
    pub chain: &'a Chain,
    pub anchors: Option<&'a TrustAnchors>,
    pub now: DateTime<Utc>,
    /// The time zone of the times shown.
    pub zone: Option<&'a str>,
}

/// The next step after one server's failure.
pub fn failure(failure: &Failure, entry: &VomsesEntry, user: User<'_>) -> Option<String> {
    if failure.is_rejected_certificate() {
        return Some(rejected(user).1);
    }
    match failure {
        Failure::Net(error) => error.next_step(),
        Failure::Http(failure) => Some(http(failure)),
        Failure::Server(error) => refusal(error, entry),
        Failure::Timeout(_) => {
            Some("try again later, or allow more time with --timeout SECONDS".to_owned())
        }
        Failure::Ac(_) | Failure::Response(ResponseError::Base64) => Some(TRY_LATER.to_owned()),
        _ => Some(CHECK_ENTRY.to_owned()),
    }
}

const CHECK_ENTRY: &str =
    "check host and port in the vomses entry: something other than VOMS may answer there";

fn http(failure: &HttpFailure) -> String {
    match failure {
        HttpFailure::Redirect { .. } | HttpFailure::WebPage { .. } => {
            "check host and port in the vomses entry: the VOMS endpoint of an IAM has its own host name, which the \
             VO's page shows"
        }
        HttpFailure::TooLong { .. } => {
            "ask for fewer groups, roles or targets at a time, and from your certificate instead of a proxy with many attributes"
        }
        HttpFailure::Unavailable { retry_after: Some(wait), .. } if (1..=LONGEST_WAIT).contains(&wait.as_secs()) => {
            return format!("the server is busy: try again in {}", span(*wait));
        }
        HttpFailure::Unavailable { .. } => TRY_LATER,
        HttpFailure::Compressed { .. } => "report it to the VO's support: VOMS clients do not ask for compressed answers",
        _ => CHECK_ENTRY,
    }
    .to_owned()
}

const TRY_LATER: &str = "try again later; if it persists, report it to the VO's support";

/// A waiting time, rounded up.
fn span(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..=90 => format!("{seconds} s"),
        seconds @ 91..=5400 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}

/// The next step after a refusal, specific to the server that sent it.
pub fn refusal(error: &ServerError, entry: &VomsesEntry) -> Option<String> {
    let registration = Registration::of(entry);
    let (vo, page) = (&entry.vo, registration.page_of(error.software));
    let login = match (error.software, &registration.iam) {
        (Software::Iam, None) => "the VO's IAM",
        _ => page,
    };
    Some(match &error.kind {
        ServerErrorKind::UnknownUser { .. } if error.software == Software::Iam => format!(
            "are you a member? Then link this certificate to your account in {login}: for IAM, the same name under another \
             CA is another certificate. If not, apply first: voms-proxy register --voms {vo}"
        ),
        ServerErrorKind::UnknownUser { .. } => {
            "register this certificate on the VO's page, which voms-proxy register \
             shows, and wait for the e-mail that confirms your membership"
                .to_owned()
        }
        ServerErrorKind::NoGroup => format!(
            "you have an account, but no group of the VO is granted to it unasked: name an optional group (--voms \
             {vo}:/GROUP), or apply for membership at {login}"
        ),
        ServerErrorKind::UsagePolicy => {
            format!(
                "you are a member: log in to {login} and sign the usage policy (AUP); do not register again"
            )
        }
        ServerErrorKind::Suspended { .. } => {
            format!(
                "your membership is suspended: ask the VO's managers why (see {login}); do not register again"
            )
        }
        ServerErrorKind::NotHeld { .. } => {
            format!("ask for a group or role that you hold; apply for others at {login}")
        }
        ServerErrorKind::TooLong { limit } => {
            let limit = limit.map_or_else(String::new, |limit| {
                format!(": the server accepts at most {limit} characters")
            });
            format!("ask for fewer groups, roles or targets at a time{limit}")
        }
        ServerErrorKind::Fault => TRY_LATER.to_owned(),
        _ => return None,
    })
}

/// What this machine knows about a certificate that a server rejected, and the next step.
pub fn rejected(user: User<'_>) -> (Vec<String>, String) {
    let findings = faults(user);
    if let Some(first) = findings.first() {
        let help = findings.iter().find_map(Advice::next_step);
        let help = help.unwrap_or_else(|| format!("your certificate cannot be used: {first}"));
        return (
            findings
                .iter()
                .map(|finding| format!("according to this machine: {finding}"))
                .collect(),
            help,
        );
    }
    let certificate = user.chain.holder();
    let help = format!(
        "the server may not accept your CA ({}), or may have a newer revocation list: ask the VO's support",
        certificate.issuer()
    );
    (vec![soundness(certificate, user)], help)
}

fn faults(user: User<'_>) -> Vec<ChainFinding> {
    match user.anchors {
        Some(anchors) => user
            .chain
            .verify(anchors, &places::own_policy(), user.now)
            .err()
            .unwrap_or_default(),
        None => user.chain.local_findings(user.now),
    }
}

fn soundness(certificate: &Certificate, user: User<'_>) -> String {
    let end = times::moment(utc(certificate.not_after()), user.now, user.zone);
    let Some(anchors) = user.anchors else {
        return format!(
            "according to this machine, it is valid until {end}; without a CA directory, nothing else can be checked"
        );
    };
    let revocation = match anchors
        .revocation_lists_of(certificate, user.now)
        .is_empty()
    {
        true => "no revocation list here says otherwise",
        false => "it is not revoked",
    };
    let directory = anchors.directory().display();
    format!(
        "according to this machine, it is valid until {end}, its CA is trusted ({directory}), and {revocation}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> VomsesEntry {
        VomsesEntry::new("testvo", "voms.example.org", 15000, "/CN=voms", "testvo")
    }

    fn next_step(software: Software, code: &str, message: &str) -> String {
        refusal(
            &ServerError::new(software, code.to_owned(), message.to_owned()),
            &entry(),
        )
        .unwrap()
    }

    #[test]
    fn members_are_not_advised_to_register() {
        let aup = "User frank needs to sign AUP for this organization in order to proceed.";
        for (code, message) in [("1004", aup), ("1004", "User 'CN=x, CN=y' is not active.")] {
            for software in [Software::Voms, Software::Iam, Software::Unknown] {
                assert!(next_step(software, code, message).ends_with("do not register again"));
            }
        }
        assert!(next_step(Software::Iam, "1004", aup).contains("the VO's IAM"));
        assert!(
            next_step(Software::Voms, "1004", aup)
                .contains("https://voms.example.org:8443/voms/testvo")
        );
    }

    #[test]
    fn waiting_times_are_rounded_and_capped() {
        let wait = |seconds| HttpFailure::Unavailable {
            status: 503,
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert!(http(&wait(5)).ends_with("in 5 s"));
        assert!(http(&wait(120)).ends_with("in 2 min"));
        assert!(http(&wait(7201)).ends_with("in 3 h"));
        assert_eq!(
            (http(&wait(0)).as_str(), http(&wait(100_000_000)).as_str()),
            (TRY_LATER, TRY_LATER)
        );
    }
}
