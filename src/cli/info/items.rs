//! `voms-proxy-info -i ITEM`: single values in the order asked for, under the names of `arcproxy -i`
//! and one line each, as it prints them.

use chrono::{DateTime, Utc};

use super::plan::NameForm;
use super::proxy::{Ac, Proxy, signature_digest};
use crate::cli::output::{self, Diagnostic};
use crate::time::utc;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    Subject,
    Identity,
    Issuer,
    Ca,
    Path,
    Type,
    KeyBits,
    KeyUsage,
    SigningAlgorithm,
    Policy,
    ValidityStart,
    ValidityEnd,
    ValidityPeriod,
    ValidityLeft,
    OfAcs(AcItem),
}

/// One value of each attribute certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcItem {
    Vo,
    Subject,
    Issuer,
    ValidityStart,
    ValidityEnd,
    ValidityPeriod,
    ValidityLeft,
    Fqan,
    Uri,
    Serial,
}

/// The names, arcproxy's first; those behind them are what our own options call the same.
const NAMES: [(&str, Item); 30] = [
    ("subject", Item::Subject),
    ("identity", Item::Identity),
    ("issuer", Item::Issuer),
    ("ca", Item::Ca),
    ("path", Item::Path),
    ("type", Item::Type),
    ("validityStart", Item::ValidityStart),
    ("validityEnd", Item::ValidityEnd),
    ("validityPeriod", Item::ValidityPeriod),
    ("validityLeft", Item::ValidityLeft),
    ("vomsVO", Item::OfAcs(AcItem::Vo)),
    ("vomsSubject", Item::OfAcs(AcItem::Subject)),
    ("vomsIssuer", Item::OfAcs(AcItem::Issuer)),
    ("vomsACvalidityStart", Item::OfAcs(AcItem::ValidityStart)),
    ("vomsACvalidityEnd", Item::OfAcs(AcItem::ValidityEnd)),
    ("vomsACvalidityPeriod", Item::OfAcs(AcItem::ValidityPeriod)),
    ("vomsACvalidityLeft", Item::OfAcs(AcItem::ValidityLeft)),
    ("proxyPolicy", Item::Policy),
    ("keybits", Item::KeyBits),
    ("signingAlgorithm", Item::SigningAlgorithm),
    ("strength", Item::KeyBits),
    ("keyusage", Item::KeyUsage),
    ("timeleft", Item::ValidityLeft),
    ("vo", Item::OfAcs(AcItem::Vo)),
    ("acsubject", Item::OfAcs(AcItem::Subject)),
    ("acissuer", Item::OfAcs(AcItem::Issuer)),
    ("actimeleft", Item::OfAcs(AcItem::ValidityLeft)),
    ("fqan", Item::OfAcs(AcItem::Fqan)),
    ("uri", Item::OfAcs(AcItem::Uri)),
    ("serial", Item::OfAcs(AcItem::Serial)),
];

/// What may be asked for.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// Reads what the options ask for; each may name several, separated by commas.
pub fn parse(typed: &[String]) -> Result<Vec<Item>, Diagnostic> {
    let words = typed.iter().flat_map(|text| text.split(','));
    words.map(|word| named(word.trim())).collect()
}

fn named(word: &str) -> Result<Item, Diagnostic> {
    let found = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, item)| *item).ok_or_else(|| {
        let known: Vec<&str> = names().collect();
        Diagnostic::usage(format!("there is no item '{word}'"))
            .help(&format!("choose from: {}", known.join(" ")))
    })
}

/// Prints them, each on its line. Where there is no value, the line is empty.
pub fn print(items: &[Item], proxy: &Proxy, names: NameForm, now: DateTime<Utc>) {
    for item in items {
        output::value(&item.of(proxy, names, now));
    }
}

impl Item {
    fn of(self, proxy: &Proxy, names: NameForm, now: DateTime<Utc>) -> String {
        let chain = &proxy.chain;
        let leaf = chain.leaf();
        let (start, end) = (utc(chain.not_before()), utc(chain.not_after()));
        match self {
            Self::Subject => names.write(leaf.subject()),
            Self::Identity => names.write(chain.identity()),
            Self::Issuer => names.write(leaf.issuer()),
            Self::Ca => proxy.ca().map(|ca| names.write(ca)).unwrap_or_default(),
            Self::Path => proxy.path.display().to_string(),
            Self::Type => proxy.type_name(),
            Self::KeyBits => proxy.bits().to_string(),
            Self::KeyUsage => proxy.key_usage().unwrap_or_default(),
            Self::SigningAlgorithm => signature_digest(leaf),
            Self::Policy => {
                let rules = leaf.policy_rules().unwrap_or_default();
                String::from_utf8_lossy(&rules).into_owned()
            }
            Self::ValidityStart => start.timestamp().to_string(),
            Self::ValidityEnd => end.timestamp().to_string(),
            Self::ValidityPeriod => (end - start).num_seconds().to_string(),
            Self::ValidityLeft => proxy.seconds_left(now).to_string(),
            Self::OfAcs(item) => {
                let all = proxy.acs.iter().map(|ac| item.of(proxy, ac, names, now));
                all.collect::<Vec<_>>().join("|")
            }
        }
    }
}

impl AcItem {
    fn of(self, proxy: &Proxy, ac: &Ac, names: NameForm, now: DateTime<Utc>) -> String {
        let (start, end) = ac.validity();
        match self {
            Self::Vo => ac.attributes.vo.clone(),
            Self::Subject => names.write(proxy.chain.identity()),
            Self::Issuer => names.write(&ac.issuer()),
            Self::ValidityStart => start.timestamp().to_string(),
            Self::ValidityEnd => end.timestamp().to_string(),
            Self::ValidityPeriod => (end - start).num_seconds().to_string(),
            Self::ValidityLeft => ac.seconds_left(now).to_string(),
            Self::Fqan => ac.attributes.fqans.join("|"),
            Self::Uri => ac.attributes.uri.clone(),
            Self::Serial => ac.serial(),
        }
    }
}
