//! Checks that `voms-proxy-info` answers only by its exit status, for scripts.

use chrono::{DateTime, Duration, Utc};
use voms::chain::Chain;

use super::Ac;
use super::args::InfoArgs;
use crate::cli::exit::Exit;
use crate::cli::init;
use crate::cli::output::Diagnostic;

/// What to check about a proxy.
pub struct Checks {
    needed: Option<Duration>,
    bits: Option<u32>,
}

impl Checks {
    /// Parses the values of the options.
    pub fn new(args: &InfoArgs) -> Result<Self, Diagnostic> {
        let valid = args
            .valid
            .as_deref()
            .map(|text| init::lifetime("--valid", text))
            .transpose()?;
        let hours = args.hours.as_deref().map(init::hours).transpose()?;
        let bits = args.bits.as_deref().map(|text| {
            text.parse().map_err(|_| {
                Diagnostic::new(format!("Invalid input for key size parameter. {text}"))
                    .help("write a number of bits, for example --bits 2048")
            })
        });
        Ok(Self {
            needed: valid.or(hours),
            bits: bits.transpose()?,
        })
    }

    /// Whether there is a proxy that is valid now and for as long as requested, is strong enough,
    /// and has attributes of all requested VOs.
    pub fn judge(&self, args: &InfoArgs, chain: &Chain, acs: &[Ac], now: DateTime<Utc>) -> Exit {
        let left = chain.not_after() - now;
        let valid = chain.not_before() <= now && left > Duration::zero();
        // Attributes and key can be checked even if the proxy is not valid.
        let asks_time = args.exists || self.needed.is_some();
        let time = !asks_time || (valid && left >= self.needed.unwrap_or(Duration::zero()));
        let strength = self.bits.is_none_or(|bits| super::bits(chain) >= bits);
        let has = |vo: &String| acs.iter().any(|ac| ac.attributes.vo == *vo);
        if time && strength && args.acexists.iter().all(has) {
            Exit::Success
        } else {
            Exit::Failure
        }
    }
}
