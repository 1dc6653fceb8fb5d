//! The output of `voms-proxy-info` for people: only on a terminal, never to a pipe.

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::pki::certificate::Certificate;

use super::proxy::{Ac, Proxy, seconds_left};
use super::verify::{Unverified, Verdict};
use crate::cli::output::{self, harmless};
use crate::cli::style::Style;
use crate::cli::times;
use crate::time::utc;

const BAR: usize = 20;

/// What the drawing depends on.
pub struct Pen<'a> {
    pub style: Style,
    pub zone: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// Draws the chain as a tree rooted at the user, with remaining lifetimes and what the VOs grant.
pub fn print(
    proxy: &Proxy,
    verdict: &Verdict,
    style: Style,
    zone: Option<&str>,
    now: DateTime<Utc>,
) {
    let pen = Pen { style, zone, now };
    line(&pen.bold(&proxy.path.display().to_string()));
    let kind = match proxy.chain.leaf().proxy_type() {
        None => "user certificate, not a proxy".to_owned(),
        Some(_) => proxy.type_name(),
    };
    line(&format!("{kind}, {} bits", proxy.bits()));
    line("");
    pen.tree(&proxy.chain);
    for (at, ac) in proxy.acs.iter().enumerate() {
        line("");
        pen.attributes(ac, verdict.acs.get(at).copied(), verdict);
    }
    for reason in &proxy.unreadable {
        line("");
        pen.not_verified(&format!("attributes that cannot be read: {reason}"));
    }
}

fn line(text: &str) {
    output::painted_line(text);
}

impl Pen<'_> {
    /// Text from outside, in bold.
    fn bold(&self, text: &str) -> String {
        self.style.bold(&harmless(text))
    }

    fn not_verified(&self, why: &str) {
        let text = format!("not verified: {}", why.replace('\n', " "));
        line(&self.style.yellow(&harmless(&text)));
    }

    fn tree(&self, chain: &Chain) {
        let below_cas = chain.proxies().len() + usize::from(chain.end_entity().is_some());
        let certificates = &chain.certificates()[..below_cas];
        let corner = if self.style.unicode { "└─" } else { "`-" };
        for (depth, certificate) in certificates.iter().rev().enumerate() {
            let branch = match depth {
                0 => String::new(),
                _ => format!("{}{corner} ", "   ".repeat(depth - 1)),
            };
            line(&format!(
                "{branch}{}",
                self.bold(&self.name(certificate, depth))
            ));
            let validity = (utc(certificate.not_before()), utc(certificate.not_after()));
            line(&format!("{}{}", "   ".repeat(depth), self.life(validity)));
        }
    }

    fn attributes(&self, ac: &Ac, verified: Option<bool>, verdict: &Verdict) {
        let vo = &ac.attributes.vo;
        line(&format!(
            "{} by {}",
            self.bold(&format!("VO {vo}")),
            harmless(&ac.attributes.uri)
        ));
        line(&self.life(ac.validity()));
        let doubt = match verified {
            Some(true) => None,
            Some(false) => verdict.doubt_of(vo),
            None => verdict.unverified.map(Unverified::reason),
        };
        doubt.into_iter().for_each(|why| self.not_verified(why));
        for (at, fqan) in ac.attributes.fqans.iter().enumerate() {
            let short = output::short_fqan(fqan);
            line(&match at {
                0 => format!("  {} (primary)", self.bold(short)),
                _ => format!("  {}", harmless(short)),
            });
        }
    }

    /// The user's full name; for a proxy, only the part it adds.
    fn name(&self, certificate: &Certificate, depth: usize) -> String {
        let subject = certificate.subject();
        let common_name = subject.common_name_below(certificate.issuer());
        match common_name.filter(|_| depth > 0) {
            Some(common_name) => {
                let kind = certificate
                    .proxy_type()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                format!("proxy {common_name} ({kind})")
            }
            None if self.style.unicode => subject.as_written(),
            None => subject.to_string(),
        }
    }

    /// A bar and words for the time left between the two ends of a validity period.
    pub fn life(&self, (from, until): (DateTime<Utc>, DateTime<Utc>)) -> String {
        let left = seconds_left(until, self.now);
        let whole = (until - from).num_seconds().max(1);
        let full = usize::try_from(left.min(whole) * BAR as i64 / whole)
            .unwrap_or(0)
            .min(BAR);
        let (used, unused) = if self.style.unicode {
            ("█", "░")
        } else {
            ("#", "-")
        };
        let moment = |time| times::moment(time, self.now, self.zone);
        let words = match left {
            _ if self.now < from => format!("not valid before {}", moment(from)),
            0 => format!("expired {}", moment(until)),
            _ => format!("until {}", moment(until)),
        };
        let text = format!("{}{} {words}", used.repeat(full), unused.repeat(BAR - full));
        // Yellow in the last hour.
        match left {
            ..=0 => self.style.red(&text),
            1..=3600 => self.style.yellow(&text),
            _ => self.style.green(&text),
        }
    }
}
