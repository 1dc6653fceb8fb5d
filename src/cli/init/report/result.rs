//! What `voms-proxy-init` says of the proxy, or of the attributes, once they are there.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::{AcAttributes, validity};
use voms::chain::Chain;
use voms::pki::key::KeyKind;
use voms::pki::proxy_kind::Generation;
use voms::pki::strength::StrengthPolicy;
use voms::proxy::{Proxy, ProxyNote};
use voms::vo::fqan::Fqan;
use voms_asn1::EncodedAc;
use voms_client::AcReply;

use super::Reporter;
use crate::cli::init::plan::InitPlan;
use crate::cli::init::vo::VoPlan;
use crate::cli::{codes, output, times};
use crate::time::utc;

const EC_KEY: &str = "the key of this proxy is an EC key: HTTPS services take it, but the gsi protocol of XRootD, GridFTP, \
    MyProxy and the info command of the Java client do not.";

/// Attributes and proxy that end this close together end at the same time.
const ALIKE: Duration = Duration::minutes(5);

/// The proxy that stays, as that of `init` is described (`schema/init.json`).
pub fn describe_present(plan: &InitPlan, present: Option<&Chain>, until: DateTime<Utc>) -> Value {
    let acs = present.into_iter().flat_map(attribute_certificates);
    let attributes = acs.filter_map(|ac| {
        let info = ac.ok()?.certificate().acinfo.clone();
        let end = utc(validity(&info).1);
        Some(describe_attributes(&AcAttributes::read(&info).ok()?, end))
    });
    json!({
        "version": 1,
        "path": plan.out.display().to_string(),
        "renewed": false,
        "subject": present.map(|chain| chain.leaf().subject().as_written()),
        "not_after": present.map(|chain| output::rfc3339(utc(chain.not_after()))),
        "usable_until": output::rfc3339(until),
        "attributes": attributes.collect::<Value>(),
        "warnings": [],
    })
}

/// The attributes of one VO.
pub fn describe_attributes(attributes: &AcAttributes, end: DateTime<Utc>) -> Value {
    json!({
        "vo": attributes.vo,
        "uri": attributes.uri,
        "fqans": attributes.fqans,
        "not_after": output::rfc3339(end),
    })
}

impl Reporter {
    /// The available attributes, one per line; or the file they were written to, in the C++
    /// client's words.
    pub fn without_proxy(&self, plan: &InitPlan, acs: &[EncodedAc]) {
        self.spinner.end();
        if plan.json {
            let described =
                json!({ "version": 1, "attributes": self.granted, "warnings": self.warnings() });
            return output::line(&output::json(&described));
        }
        if let Some(file) = &plan.separate {
            return self.line(&format!("Wrote ACs to {}", file.display()));
        }
        output::line("Available attributes:");
        let read = acs
            .iter()
            .filter_map(|ac| AcAttributes::read(&ac.certificate().acinfo).ok());
        read.flat_map(|attributes| attributes.fqans)
            .for_each(|fqan| output::line(&fqan));
        self.incomplete
            .iter()
            .for_each(|text| output::stderr(&format!("note: {text}")));
    }

    pub(super) fn grant(&mut self, attributes: &AcAttributes, end: DateTime<Utc>) {
        self.attributes_end = Some(self.attributes_end.map_or(end, |known| known.min(end)));
        self.fqans.extend(
            attributes
                .fqans
                .iter()
                .map(|fqan| output::short_fqan(fqan).to_owned()),
        );
        self.granted.push(describe_attributes(attributes, end));
    }

    /// Reports where the granted attributes differ from those requested.
    pub(super) fn compare(&mut self, vo: &VoPlan, reply: &AcReply, granted: &[Fqan]) {
        let request = &vo.request;
        let is_missing = |fqan: &&Fqan| !granted.contains(fqan);
        for fqan in request.fqans.iter().filter(is_missing) {
            let text = format!("{fqan} was asked for, but not granted");
            self.warn(codes::NOT_HELD, &text);
        }
        let only_ordered = |fqan: &&Fqan| is_missing(fqan) && !request.fqans.contains(fqan);
        for fqan in request.order.iter().filter(only_ordered) {
            self.note(&format!(
                "{fqan} was not granted, so --order cannot put it first; ask for it with --voms"
            ));
        }
        if request.fqans.is_empty() && !reply.is_complete {
            let text = format!(
                "{} lists neither roles nor optional groups: ask for them by name, for example --voms {1}:/{1}/Role=NAME",
                reply.entry.host, request.vo
            );
            if !self.is_said("incomplete", "", &text) {
                self.incomplete = Some(text);
            }
        }
        let wanted = request.in_order(granted).into_iter().next();
        let wanted = wanted.filter(|fqan| granted.first() != Some(fqan));
        if let (Some(wanted), Some(primary)) = (wanted, granted.first()) {
            let text = format!("{wanted} was asked for first, but {primary} is first");
            self.warn(codes::NOT_PRIMARY, &text);
        }
    }

    /// The proxy is about to be written.
    pub fn done(&mut self, plan: &InitPlan, proxy: &Proxy, now: DateTime<Utc>) {
        self.spinner.end();
        let end = utc(proxy.not_after());
        let zone = plan.time_zone.as_deref();
        let attributes_end = self.attributes_end.filter(|first| *first + ALIKE < end);
        self.incomplete.iter().for_each(|text| self.note(text));
        self.warn_about(plan, proxy);
        if let Some(first) = attributes_end.filter(|_| !self.for_people || plan.quiet) {
            let text = format!(
                "the attributes end before the proxy does: attributes until {}",
                times::moment(first, now, zone)
            );
            self.warn(codes::ATTRIBUTES_END_FIRST, &text);
        }
        if plan.json {
            let described = json!({
                "version": 1,
                "path": plan.out.display().to_string(),
                "renewed": true,
                "subject": proxy.certificate().subject().as_written(),
                "not_after": output::rfc3339(end),
                "usable_until": output::rfc3339(self.attributes_end.map_or(end, |first| first.min(end))),
                "attributes": self.granted,
                "warnings": self.warnings(),
            });
            return output::line(&output::json(&described));
        }
        if plan.say_verified {
            self.line("verify OK");
        }
        self.line(&format!("\nCreated proxy in {}.\n", plan.out.display()));
        if self.for_people {
            return self.for_people(attributes_end, end, now, zone);
        }
        let until = output::date(end, zone);
        self.line(&format!("Your proxy is valid until {until}"));
    }

    /// Warns where the proxy is not what was requested, or not what services take.
    fn warn_about(&mut self, plan: &InitPlan, proxy: &Proxy) {
        for (code, text) in proxy.notes().iter().filter_map(note_text) {
            self.warn(code, text);
        }
        let strength = StrengthPolicy::default();
        match plan.key {
            KeyKind::P256 => self.warn(codes::EC_KEY, EC_KEY),
            KeyKind::Rsa(bits) if strength.judge_key(proxy.certificate()).is_some() => {
                let text = format!(
                    "services refuse proxies with a key of {bits} bits: leave out --bits, or use \
                     2048 and more"
                );
                self.warn(codes::WEAK, &text);
            }
            _ => {}
        }
    }

    /// What was granted, and until when it can be used.
    fn for_people(
        &self,
        attributes_end: Option<DateTime<Utc>>,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
        zone: Option<&str>,
    ) {
        if let Some((primary, others)) = self.fqans.split_first() {
            let primary = format!("{primary} (primary)");
            let all: Vec<&str> = std::iter::once(primary.as_str())
                .chain(others.iter().map(String::as_str))
                .collect();
            self.line(&all.join(", "));
        }
        let until = times::moment(end, now, zone);
        let Some(first) = attributes_end else {
            return self.line(&format!("Your proxy is valid until {until}"));
        };
        let first = times::moment(first, now, zone);
        self.line(&format!("attributes until {first}"));
        self.line(&format!(
            "Your proxy is valid until {first}; without attributes until {until}"
        ));
    }
}

/// A note about the proxy, in the words of the old clients.
pub fn note_text(note: &ProxyNote) -> Option<(&'static str, &'static str)> {
    Some(match note {
        ProxyNote::LifetimeCut => (
            codes::LIFETIME_CUT,
            "proxy lifetime limited to issuing credential lifetime.",
        ),
        ProxyNote::TypeForced(Generation::Legacy) => (
            codes::TYPE_FORCED,
            "forced LEGACY proxy type to be compatible with the type of the issuing proxy.",
        ),
        ProxyNote::TypeForced(Generation::Draft) => (
            codes::TYPE_FORCED,
            "forced DRAFT_RFC proxy type to be compatible with the type of the issuing proxy.",
        ),
        ProxyNote::TypeForced(Generation::Rfc) => (
            codes::TYPE_FORCED,
            "forced RFC3820 proxy type to be compatible with the type of the issuing proxy.",
        ),
        ProxyNote::LimitedForced => (
            codes::LIMITED_FORCED,
            "forced the creation of a limited proxy to be compatible with the type of the issuing proxy.",
        ),
        _ => return None,
    })
}
