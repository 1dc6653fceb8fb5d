//! Checks that `voms-proxy-info` answers only by its exit status, for scripts.

use chrono::{DateTime, Duration, Utc};

use super::args::InfoArgs;
use super::proxy::Proxy;
use super::verify::{Doubt, Verdict};
use crate::cli::exit::Exit;
use crate::cli::init;
use crate::cli::output::Diagnostic;
use crate::time::utc;

/// What to check about a proxy.
#[derive(Default)]
pub struct Checks {
    /// How long it must remain valid; zero if it only has to be valid now.
    needed: Option<Duration>,
    /// The same for everything: the chain, the attributes, and what they depend on.
    usable: Option<Duration>,
    bits: Option<u32>,
    /// The VOs whose attributes it must have.
    vos: Vec<String>,
    /// Whether every warning fails the check.
    strict: bool,
}

impl Checks {
    /// Parses the values of the options.
    pub fn new(args: &InfoArgs) -> Result<Self, Diagnostic> {
        let life = |option, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| init::lifetime(option, text)).transpose()
        };
        if args.strict && args.dont_verify_ac {
            return Err(
                Diagnostic::usage("--strict and --dont-verify-ac contradict each other")
                    .help("give one of them"),
            );
        }
        let valid = life("--valid", &args.valid)?;
        let hours = args.hours.as_deref().map(init::hours).transpose()?;
        let now = args.exists.then(Duration::zero);
        Ok(Self {
            needed: valid.or(hours).or(now),
            usable: life("--usable-for", &args.usable_for)?,
            bits: args.bits.as_deref().map(bits).transpose()?,
            vos: args.acexists.clone(),
            strict: args.strict,
        })
    }

    /// Whether there is a question that the exit status answers.
    pub fn ask_anything(&self) -> bool {
        self.needed.is_some()
            || self.usable.is_some()
            || self.bits.is_some()
            || !self.vos.is_empty()
    }

    /// Whether warnings say why the answer is no.
    pub fn need_reasons(&self) -> bool {
        self.usable.is_some()
    }

    /// Whether the answer depends on who signed the attributes.
    pub fn need_trust(&self) -> bool {
        self.strict || !self.vos.is_empty()
    }

    /// Success if the proxy passes every check.
    pub fn judge(&self, proxy: &Proxy, verdict: &Verdict, now: DateTime<Utc>) -> Exit {
        let doubts = &verdict.doubts;
        let trusted = if self.strict {
            doubts.is_empty()
        } else {
            !self.vos.iter().any(|vo| distrusted(vo, doubts))
        };
        let owned = proxy.is_own || !(self.ask_anything() || self.strict);
        if owned
            && trusted
            && self.lasts(proxy, now)
            && self.is_usable(proxy, verdict, now)
            && self.is_strong(proxy)
            && self.has_vos(proxy)
        {
            Exit::Success
        } else {
            Exit::Failure
        }
    }

    fn lasts(&self, proxy: &Proxy, now: DateTime<Utc>) -> bool {
        // Attributes and key can be checked even if the proxy is not valid.
        self.needed.is_none_or(|needed| {
            let left = utc(proxy.chain.not_after()) - now;
            utc(proxy.chain.not_before()) <= now && left > Duration::zero() && left >= needed
        })
    }

    fn is_usable(&self, proxy: &Proxy, verdict: &Verdict, now: DateTime<Utc>) -> bool {
        self.usable.is_none_or(|needed| {
            if verdict.chain == Some(false) || verdict.acs.contains(&false) {
                return false;
            }
            let ends = verdict.usable_until.into_iter();
            let left = ends.fold(proxy.usable_until(), DateTime::min) - now;
            utc(proxy.chain.not_before()) <= now && left > Duration::zero() && left >= needed
        })
    }

    fn is_strong(&self, proxy: &Proxy) -> bool {
        self.bits.is_none_or(|bits| proxy.bits() >= bits)
    }

    fn has_vos(&self, proxy: &Proxy) -> bool {
        let has = |vo: &String| proxy.acs.iter().any(|ac| ac.attributes.vo == *vo);
        self.vos.iter().all(has)
    }
}

/// Whether a VO's attributes cannot be trusted, because of themselves or of the chain. Doubts
/// about other VOs do not matter here, and what has expired still exists, as in both old clients.
fn distrusted(vo: &String, doubts: &[Doubt]) -> bool {
    let concerns = |doubt: &Doubt| doubt.vo.as_ref().is_none_or(|other| other == vo);
    doubts
        .iter()
        .any(|doubt| concerns(doubt) && !doubt.is_expiry())
}

fn bits(text: &str) -> Result<u32, Diagnostic> {
    text.parse().map_err(|_| {
        Diagnostic::usage(format!("Invalid input for key size parameter. {text}"))
            .help("write a number of bits, for example --bits 2048")
    })
}
