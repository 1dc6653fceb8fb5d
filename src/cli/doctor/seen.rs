//! What a server presents and replies, as findings.

use chrono::{DateTime, Utc};
use voms::pki::certificate::Certificate;
use voms::policy::SKEW;
use voms_client::net::NetError;
use voms_client::refusal::ServerErrorKind;
use voms_client::vomses::VomsesEntry;
use voms_client::{Failure, Probe, Protocol};

use super::servers::{ANSWER, ATTRIBUTES, CLOCK, DNS, MEMBERSHIP, TCP, TLS, VOMSDIR, VOMSES};
use crate::cli::advice::{self, User};
use crate::cli::clock;
use crate::cli::codes;
use crate::cli::finding::Finding;
use crate::time::span;

pub(super) fn no_vomsdir() -> Finding {
    let text = "there is no vomsdir: only attributes that a server has just sent are accepted, and no proxy can be verified later";
    Finding::advice(
        VOMSDIR,
        codes::VOMSDIR_MISSING,
        text,
        "install the VO's LSC files, or set X509_VOMS_DIR",
    )
}

pub(super) fn net(area: &'static str, server: &VomsesEntry, error: &NetError) -> Finding {
    Finding::of(area, error).with_fact(format!("{}:{}: {error}", server.host, server.port))
}

pub(super) fn seen(server: &VomsesEntry, probe: &Probe) -> Vec<Finding> {
    let VomsesEntry { host, port, .. } = server;
    let addresses = match &probe.addresses {
        Ok(addresses) => addresses,
        Err(error) => return vec![net(DNS, server, error)],
    };
    let listed: Vec<String> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    let mut findings = vec![Finding::ok(DNS, format!("{host} is {}", listed.join(", ")))];
    findings.extend(
        probe
            .connection
            .as_ref()
            .map(|connection| match connection {
                Ok(()) => Finding::ok(TCP, format!("{host}:{port} accepts connections")),
                Err(error) => net(TCP, server, error),
            }),
    );
    findings.extend(
        probe
            .certificate
            .as_ref()
            .map(|certificate| match certificate {
                Ok(certificate) => {
                    Finding::ok(TLS, format!("the server is {}", certificate.subject()))
                }
                Err(error) => net(TLS, server, error),
            }),
    );
    let shown = probe
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.as_ref().ok());
    findings.extend(shown.and_then(|certificate| other_subject(server, certificate)));
    findings
}

/// The server's host name matches, but its subject differs from the vomses entry: the entry is out
/// of date.
pub(super) fn other_subject(server: &VomsesEntry, certificate: &Certificate) -> Option<Finding> {
    if server.expects(certificate.subject()) {
        return None;
    }
    let text = format!(
        "the entry of {} says that the server is {}",
        server.host, server.dn
    );
    Some(Finding::advice(
        VOMSES,
        codes::VOMSES_SUBJECT,
        text,
        "harmless, since the host name matches; to silence this, put the subject above into the entry",
    ))
}

pub(super) fn spoken(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Rest => "REST",
        Protocol::Legacy => "the legacy protocol",
        _ => "another protocol",
    }
}

/// The step that a failure concerns.
pub(super) fn refusal(server: &VomsesEntry, failure: &Failure, user: User<'_>) -> Finding {
    let area = match failure {
        _ if failure.is_rejected_certificate() => TLS,
        Failure::Server(error) if error.kind == ServerErrorKind::Fault => ANSWER,
        Failure::Server(_) => MEMBERSHIP,
        Failure::Net(NetError::Credential(_) | NetError::Handshake(_)) => TLS,
        Failure::Net(_) => TCP,
        Failure::Ac(_) => ATTRIBUTES,
        _ => ANSWER,
    };
    let mut text = match failure {
        Failure::Server(error) if !failure.is_rejected_certificate() => {
            format!("{}:{} says: {}", server.host, server.port, error.message)
        }
        failure => format!("{}:{}: {failure}", server.host, server.port),
    };
    if failure.is_rejected_certificate() {
        for fact in advice::rejected(user).0 {
            text.push_str("; ");
            text.push_str(&fact);
        }
    }
    Finding::of_error(area, failure)
        .with_fact(text)
        .with_fix(advice::failure(failure, server, user))
}

pub(super) fn clock(server: DateTime<Utc>, here: DateTime<Utc>) -> Finding {
    let Some(ahead) = clock::ahead_of(server, here) else {
        return Finding::ok(CLOCK, "it agrees with the server's clock");
    };
    let text = clock::in_words(ahead);
    if span(ahead.abs()) < SKEW {
        Finding::warning(CLOCK, codes::CLOCK, text, clock::FIX)
    } else {
        Finding::failed(CLOCK, codes::CLOCK, text, clock::FIX)
    }
}
