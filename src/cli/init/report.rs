//! The output of `voms-proxy-init`: the lines that scripts expect on stdout, everything else on
//! stderr.

mod result;

use std::io::IsTerminal;

use chrono::{DateTime, Utc};
use serde_json::Value;
use voms::ac::verify::{AcAttributes, VerifiedAc, validity};
use voms::credential::Credential;
use voms_asn1::EncodedAc;
use voms_client::response::{ServerWarning, WarningKind};
use voms_client::vomses::VomsesEntry;
use voms_client::{AcReply, Event, Failure, Protocol};

pub use self::result::{describe_present, note_text};
use super::plan::{InitPlan, Warnings};
use super::vo::VoPlan;
use crate::cli::clock;
use crate::cli::codes;
use crate::cli::ending;
use crate::cli::finding::Warning;
use crate::cli::output;
use crate::cli::waiting::Waiting;
use crate::home::location::Location;
use crate::time::utc;

/// In the spelling that scripts search for; a refusal is an answer too.
const CONTACTED: &str = "Remote VOMS server contacted succesfully.";

/// One month, in seconds: no attributes live longer.
const LONGEST_LIFETIME: u64 = 30 * 86_400;

/// Reports progress to the user.
pub struct Reporter {
    quiet: bool,
    debug: bool,
    spinner: Waiting,
    /// Why the last server that was asked gave nothing.
    failed: Option<String>,
    has_vomsdir: bool,
    server_vouched: bool,
    ignore_warnings: bool,
    /// Notes that there may be more than the server lists.
    incomplete: Option<String>,
    /// Warnings and granted attributes, for `--json`.
    warned: Vec<Warning>,
    granted: Vec<Value>,
    /// The granted FQANs of all VOs, the primary one first.
    fqans: Vec<String>,
    /// When the first of the attributes end.
    attributes_end: Option<DateTime<Utc>>,
    for_people: bool,
    /// Where everything goes that would be printed, in the process that holds the key.
    elsewhere: Option<Elsewhere>,
}

/// Takes a kind, a code and a text.
type Elsewhere = Box<dyn Fn(&[u8], &[u8], &[u8]) + Send>;

impl Reporter {
    pub fn new(plan: &InitPlan) -> Self {
        let spinner = Waiting::new(
            !plan.quiet && !plan.debug,
            "interrupted: nothing was written",
        );
        Self {
            quiet: plan.quiet,
            debug: plan.debug,
            spinner,
            failed: None,
            has_vomsdir: plan.vomsdir.is_some(),
            server_vouched: false,
            ignore_warnings: plan.warnings == Warnings::Ignored,
            incomplete: None,
            warned: Vec::new(),
            granted: Vec::new(),
            fqans: Vec::new(),
            attributes_end: None,
            for_people: std::io::stdout().is_terminal(),
            elsewhere: None,
        }
    }

    /// One that prints nothing, but hands it to somebody who calls [`replay`](Self::replay).
    pub fn elsewhere(
        plan: &InitPlan,
        for_people: bool,
        hand: impl Fn(&[u8], &[u8], &[u8]) + Send + 'static,
    ) -> Self {
        Self {
            for_people,
            elsewhere: Some(Box::new(hand)),
            ..Self::new(plan)
        }
    }

    /// Says what was said elsewhere.
    pub fn replay(&mut self, kind: &[u8], code: &str, text: &str) {
        match kind {
            b"debug" => self.debug(|| text.to_owned()),
            b"line" => self.line(text),
            b"note" => self.note(text),
            b"warning" => self.warn(codes::interned(code), text),
            b"progress" => self.progress(text),
            b"incomplete" => self.incomplete = Some(text.to_owned()),
            _ => {}
        }
    }

    /// Whether it is said elsewhere.
    fn is_said(&self, kind: &str, code: &str, text: &str) -> bool {
        let hand = self.elsewhere.as_ref();
        hand.inspect(|hand| hand(kind.as_bytes(), code.as_bytes(), text.as_bytes()))
            .is_some()
    }

    pub fn is_for_people(&self) -> bool {
        self.for_people
    }

    pub fn debug(&self, text: impl FnOnce() -> String) {
        if !self.debug {
            return;
        }
        let text = text();
        if !self.is_said("debug", "", &text) {
            output::stderr(&text);
        }
    }

    fn progress(&self, text: &str) {
        if !self.is_said("progress", "", text) {
            self.spinner.say(text);
        }
    }

    fn line(&self, text: &str) {
        if !self.quiet && !self.is_said("line", "", text) {
            self.spinner.suspend(|| output::line(text));
        }
    }

    fn note(&self, text: &str) {
        if !self.quiet && !self.is_said("note", "", text) {
            self.spinner
                .suspend(|| output::stderr(&format!("note: {text}")));
        }
    }

    /// Reports the sources of trust.
    pub fn trusting(&self, plan: &InitPlan) {
        if let Some(anchors) = &plan.anchors {
            self.debug(|| {
                format!(
                    "Loading CA Certificates as needed from {}",
                    anchors.directory().display()
                )
            });
        }
        if let Some(vomsdir) = &plan.vomsdir {
            let directory = vomsdir.directory().display();
            self.debug(|| format!("Looking for VOMS AA certificates in {directory}..."));
            self.debug(|| format!("Looking for LSC information in {directory}..."));
        }
    }

    pub fn looking_for(&self, location: &Location) {
        self.debug(|| {
            format!(
                "Looking for user credentials in [{}, {}]...",
                location.key().display(),
                location.certificate().display()
            )
        });
    }

    /// No more prompts after this point, so the spinner may run.
    pub fn loaded(&self, plan: &InitPlan, credential: &Credential, now: DateTime<Utc>) {
        let location = &plan.credential;
        self.debug(|| {
            let files = format!(
                "{}, {}",
                location.key().display(),
                location.certificate().display()
            );
            format!(
                "Credentials loaded successfully [{files}]: {}",
                credential.chain().identity()
            )
        });
        if let Some(certificate) = credential.chain().end_entity() {
            let end = utc(certificate.not_after());
            if !self.quiet && ending::is_due(end, now, plan.home.as_deref()) {
                self.note(&ending::text(end, now, plan.time_zone.as_deref()));
            }
        }
        self.progress("making the proxy");
    }

    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Contacting(entry) => {
                // In pipes, the old clients' scripts expect nothing there.
                if let Some(failed) = self.failed.take()
                    && std::io::stderr().is_terminal()
                {
                    self.note(&failed);
                }
                self.line(&format!(
                    "Contacting {}:{} [{}] \"{}\"...",
                    entry.host, entry.port, entry.dn, entry.vo
                ));
                self.progress(&format!("waiting for {}", entry.host));
            }
            Event::Failed(entry, protocol, failure) => {
                self.debug(|| format!("{}:{} ({protocol}): {failure}", entry.host, entry.port));
                if matches!(failure, Failure::Server(_)) {
                    self.line(CONTACTED);
                }
                let text = || format!("{}:{}: {failure}; trying another", entry.host, entry.port);
                self.failed.get_or_insert_with(text);
            }
            Event::Answered(entry, protocol) => self.answered(entry, *protocol),
            Event::RolesNotListed(entry, failure) => {
                let text = format!(
                    "{} did not list roles, so none were asked for: {failure}",
                    entry.host
                );
                self.warn(codes::ROLES_NOT_LISTED, &text);
            }
            Event::OtherSubject(entry, subject) => self.debug(|| {
                format!(
                    "{}:{} is {subject}, while its vomses entry says {}",
                    entry.host, entry.port, entry.dn
                )
            }),
            _ => {}
        }
    }

    fn answered(&mut self, entry: &VomsesEntry, protocol: Protocol) {
        self.failed = None;
        if protocol == Protocol::Rest {
            self.debug(|| {
                format!(
                    "Sent HTTP request for https://{}:{}/generate-ac",
                    entry.host, entry.port
                )
            });
        }
        self.debug(|| {
            format!(
                "Received VOMS response: {}:{} ({protocol})",
                entry.host, entry.port
            )
        });
        match self.for_people {
            true => self.line(CONTACTED),
            false => self.line(&format!("{CONTACTED}\n")),
        }
    }

    pub fn web_cas_judge(&self) {
        self.note(
            "no CA directory on this machine: the server is verified with the system's web CAs",
        );
    }

    /// Warns if this machine's clock is not the server's.
    pub fn compare_clocks(&mut self, reply: &AcReply, now: DateTime<Utc>) {
        let server = reply.server_time.map(utc);
        if let Some(ahead) = server.and_then(|server| clock::ahead_of(server, now)) {
            let text = format!("{}: {}", clock::in_words(ahead), clock::FIX);
            self.warn(codes::CLOCK, &text);
        }
    }

    fn server_vouches(&mut self) {
        if !self.server_vouched {
            self.server_vouched = true;
            self.note("no vomsdir on this machine: the attributes are accepted because the server itself signed them");
        }
    }

    pub fn warn(&mut self, code: &'static str, text: &str) {
        if self.is_said("warning", code, text) {
            return;
        }
        self.spinner.suspend(|| output::warning(text));
        self.warned.push(Warning::new(code, text));
    }

    fn warnings(&self) -> Vec<Value> {
        self.warned.iter().map(Warning::as_json).collect()
    }

    pub fn server_warning(&mut self, warning: &ServerWarning) {
        if self.ignore_warnings {
            return;
        }
        let text = match warning.kind {
            WarningKind::LifetimeCut { seconds } => {
                let text = warning.message.trim_end_matches('.');
                let end = if text.ends_with('!') { "" } else { "." };
                match seconds {
                    60..=LONGEST_LIFETIME => format!(
                        "{text}{end} Run this command again within {}:{:02} hours to keep the attributes.",
                        seconds / 3600,
                        seconds / 60 % 60
                    ),
                    _ => format!("{text}{end}"),
                }
            }
            _ => warning.message.clone(),
        };
        self.warn(warning.kind.code(), &text);
    }

    pub fn verified(&mut self, vo: &VoPlan, reply: &AcReply, verified: &VerifiedAc) {
        if !self.has_vomsdir && *verified.signer() == reply.server {
            self.server_vouches();
        } else if !self.has_vomsdir {
            self.note(&format!(
                "no vomsdir on this machine: the attributes are accepted because a verified certificate of {}, with the \
                 same issuer, signed them; the server shows a newer or older one",
                verified.signer().subject()
            ));
        }
        self.compare(vo, reply, &verified.attributes().parsed_fqans());
        self.grant(verified.attributes(), utc(verified.not_after()));
        if let Some(file) = verified.lsc() {
            self.debug(|| format!("Loaded LSC information from file {}", file.display()));
        }
        self.debug(|| {
            let fqans = verified.attributes().fqans.join(", ");
            format!(
                "VOMS AC validation for VO {} succeded. {fqans}",
                vo.request.vo
            )
        });
    }

    /// What was granted according to attributes that were verified elsewhere; those behind come from
    /// a file.
    pub fn granted(&mut self, plan: &InitPlan, acs: impl Iterator<Item = EncodedAc>) {
        let verified = if plan.verify_ac { plan.vos.len() } else { 0 };
        for ac in acs.take(verified) {
            let info = &ac.certificate().acinfo;
            if let Ok(attributes) = AcAttributes::read(info) {
                self.grant(&attributes, utc(validity(info).1));
            }
        }
    }

    pub fn writing(&self) {
        self.spinner.too_late();
    }

    pub fn failed(&self) {
        self.spinner.end();
    }
}
