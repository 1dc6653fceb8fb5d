//! The output of `voms-proxy-info` for people: only on a terminal, never to a pipe.

use chrono::{DateTime, Utc};
use voms::chain::Chain;
use voms::pki::certificate::Certificate;

use super::proxy::{Ac, Proxy, seconds_left};
use crate::cli::output::{self, hms};
use crate::time::utc;

const BAR: usize = 20;

/// Escape sequences, or nothing if colours are disabled (https://no-color.org).
struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        let text = output::harmless(text);
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text
        }
    }

    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    /// Green while there is time left, yellow in the last hour, red once expired.
    fn left(&self, seconds: i64, text: &str) -> String {
        let code = match seconds {
            ..=0 => "31",
            1..=3600 => "33",
            _ => "32",
        };
        self.with(code, text)
    }
}

/// Draws the chain as a tree rooted at the user, with remaining lifetimes and what the VOs grant.
pub fn print(proxy: &Proxy, colours: bool, now: DateTime<Utc>) {
    let paint = Paint(colours);
    line(&paint.bold(&proxy.path.display().to_string()));
    line(&format!("{}, {} bits", proxy.type_name(), proxy.bits()));
    line("");
    print_tree(&proxy.chain, &paint, now);
    for ac in &proxy.acs {
        line("");
        print_ac(ac, &paint, now);
    }
}

fn line(text: &str) {
    output::painted_line(text);
}

fn print_tree(chain: &Chain, paint: &Paint, now: DateTime<Utc>) {
    let below_cas = chain.proxies().len() + usize::from(chain.end_entity().is_some());
    let certificates = &chain.certificates()[..below_cas];
    for (depth, certificate) in certificates.iter().rev().enumerate() {
        let branch = match depth {
            0 => String::new(),
            _ => format!("{}└─ ", "   ".repeat(depth - 1)),
        };
        line(&format!(
            "{branch}{}",
            paint.bold(&name(certificate, depth))
        ));
        let validity = (utc(certificate.not_before()), utc(certificate.not_after()));
        line(&format!(
            "{}{}",
            "   ".repeat(depth),
            life(paint, validity, now)
        ));
    }
}

fn print_ac(ac: &Ac, paint: &Paint, now: DateTime<Utc>) {
    line(&format!(
        "{} by {}",
        paint.bold(&format!("VO {}", ac.attributes.vo)),
        output::harmless(&ac.attributes.uri)
    ));
    line(&life(paint, ac.validity(), now));
    for (at, fqan) in ac.attributes.fqans.iter().enumerate() {
        let short = output::short_fqan(fqan);
        line(&match at {
            0 => format!("  {} (primary)", paint.bold(short)),
            _ => format!("  {}", output::harmless(short)),
        });
    }
}

/// The user's full name; for a proxy, only the part it adds.
fn name(certificate: &Certificate, depth: usize) -> String {
    let common_name = certificate
        .subject()
        .common_name_below(certificate.issuer());
    match common_name.filter(|_| depth > 0) {
        Some(common_name) => {
            let kind = certificate
                .proxy_type()
                .map(ToString::to_string)
                .unwrap_or_default();
            format!("proxy {common_name} ({kind})")
        }
        None => certificate.subject().to_string(),
    }
}

/// A bar and words for the time left between the two ends of a validity period.
fn life(
    paint: &Paint,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> String {
    let left = seconds_left(until, now);
    let whole = (until - from).num_seconds().max(1);
    let full = usize::try_from(left.min(whole) * BAR as i64 / whole)
        .unwrap_or(0)
        .min(BAR);
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
    let words = match left {
        _ if now < from => format!("not valid before {}", output::utc(&from)),
        0 => format!("expired on {}", output::utc(&until)),
        _ if left > 3 * 86_400 => format!("{} days left", left / 86_400),
        _ => format!("{} left", hms(left)),
    };
    paint.left(left, &format!("{bar} {words}"))
}
