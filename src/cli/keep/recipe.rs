//! What a proxy is, as options that make it again.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::{AcAttributes, targets, validity};
use voms::chain::Chain;
use voms::pki::dn::Dn;
use voms::pki::proxy_kind::{Generation, ProxyPolicy, ProxyType};
use voms::proxy::BACKDATE;
use voms_asn1::oid;

use crate::cli::codes;
use crate::cli::init::InitArgs;
use crate::cli::init::needed::read;
use crate::cli::init::{LARGEST, SIZES};
use crate::cli::output::Diagnostic;
use crate::cli::token::remembered;
use crate::time::utc;

/// A proxy and what it takes to make it again.
pub struct Recipe {
    chain: Chain,
    life: Duration,
    /// Whether it would have lived longer, had the certificate below it not ended.
    is_cut: bool,
    acs: Vec<AcRecipe>,
    /// Where the token beside it came from.
    token: Option<String>,
}

struct AcRecipe {
    attributes: AcAttributes,
    targets: Vec<String>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    life: Duration,
}

impl Recipe {
    /// Reads it from a proxy of the user.
    ///
    /// # Errors
    /// If there is none, or it is not the user's.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let missing = || {
            let text = format!("there is no proxy of yours in {}", path.display());
            Diagnostic::new(codes::PROXY_NOT_FOUND, text)
                .help("make one with voms-proxy-init, or name another file")
        };
        if path.symlink_metadata().is_err() {
            return Err(missing());
        }
        let chain = read(path)?;
        if chain.leaf().proxy_type().is_none() {
            return Err(missing());
        }
        let acs = attribute_certificates(&chain).into_iter().filter_map(|ac| {
            let ac = ac.ok()?;
            let info = &ac.certificate().acinfo;
            let (start, end) = validity(info);
            let (start, end) = (utc(start), utc(end));
            Some(AcRecipe {
                start,
                end,
                attributes: AcAttributes::read(info).ok()?,
                targets: targets(info).ok()?.unwrap_or_default(),
                life: end - start,
            })
        });
        let acs = acs.collect();
        let own = chain.leaf();
        // Proxies are made valid from a little before they are made.
        let whole = utc(own.not_after()) - utc(own.not_before());
        let backdate = Duration::from_std(BACKDATE).unwrap_or_default();
        let below = chain.certificates().get(1);
        Ok(Self {
            is_cut: below.is_some_and(|below| own.not_after() >= below.not_after()),
            life: if whole > backdate {
                whole - backdate
            } else {
                whole
            },
            acs,
            chain,
            token: remembered(path),
        })
    }

    /// The user whom it is for.
    pub fn identity(&self) -> &Dn {
        self.chain.identity()
    }

    /// When the first of proxy and attributes ends.
    pub fn usable_until(&self) -> DateTime<Utc> {
        let ends = self.acs.iter().map(|ac| ac.end);
        ends.fold(utc(self.chain.not_after()), DateTime::min)
    }

    /// When the last of proxy and attributes becomes valid. Servers' clocks may be ahead.
    pub fn valid_from(&self) -> DateTime<Utc> {
        let starts = self.acs.iter().map(|ac| ac.start - Duration::minutes(5));
        starts.fold(utc(self.chain.not_before()), DateTime::max)
    }

    /// Fills in what the user has not asked for otherwise.
    ///
    /// # Errors
    /// If the proxy has something of its own that cannot be made again.
    pub fn complete(&self, args: &mut InitArgs) -> Result<(), Diagnostic> {
        self.check_rules(args)?;
        if args.voms.is_empty() {
            args.voms = self.acs.iter().flat_map(AcRecipe::spec).collect();
            if args.target.is_empty() {
                args.target = self.acs.iter().flat_map(|ac| ac.targets.clone()).collect();
                args.target.sort_unstable();
                args.target.dedup();
            }
        }
        if args.valid.is_none() && args.hours.is_none() && !self.is_cut {
            args.valid = Some(seconds(self.life));
            let attributes = self.acs.iter().map(|ac| ac.life).max();
            args.vomslife = args.vomslife.take().or(attributes.map(seconds));
        }
        args.token = args.token.take().or(self.token.clone());
        self.complete_kind(args);
        Ok(())
    }

    /// Rules and files are the user's, and not to be lost: without its rules, a proxy could do more.
    fn check_rules(&self, args: &InitArgs) -> Result<(), Diagnostic> {
        let leaf = self.chain.leaf();
        let has_rules = leaf.proxy_type().is_some_and(ProxyType::has_other_language);
        let has_file = leaf.extension(oid::VOMS_INCLUDED_FILE).is_some();
        let lost = [
            (
                has_rules && args.policy_language.is_none(),
                "rules",
                "give them again with --policy and --policy-language",
            ),
            (
                has_file && args.include.is_none(),
                "a file in it",
                "give it again with --include",
            ),
        ];
        match lost.into_iter().find(|(is_lost, ..)| *is_lost) {
            None => Ok(()),
            Some((_, what, option)) => {
                let text = format!("the proxy has {what}, which another would not have");
                Err(Diagnostic::new(codes::NOT_RENEWABLE, text).help(option))
            }
        }
    }

    fn complete_kind(&self, args: &mut InitArgs) {
        if let Ok(key) = self.chain.leaf().public_key()
            && args.bits.is_none()
            && args.key_type.is_none()
        {
            // Of other sizes and curves there is none here, so the next one is taken.
            match key.bits() {
                ..512 => args.key_type = Some("ec".to_owned()),
                bits => {
                    let larger = SIZES.into_iter().find(|size| *size >= bits.into());
                    args.bits = Some(larger.unwrap_or(LARGEST).to_string());
                }
            }
        }
        let Some(kind) = self.chain.leaf().proxy_type() else {
            return;
        };
        if !args.rfc && !args.draft && !args.old && args.proxyver.is_none() {
            args.old = kind.generation() == Generation::Legacy;
            args.draft = kind.generation() == Generation::Draft;
        }
        args.limited |= kind.is_limited();
        args.independent |= matches!(
            kind,
            ProxyType::Rfc(ProxyPolicy::Independent) | ProxyType::Draft(ProxyPolicy::Independent)
        );
        let limit = self.chain.leaf().proxy_path_length();
        args.path_length = args.path_length.or(limit);
    }
}

impl AcRecipe {
    /// The options, in the order of what was granted, so that the primary FQAN stays the first.
    fn spec(&self) -> Vec<String> {
        let vo = &self.attributes.vo;
        let granted = self.attributes.parsed_fqans();
        granted.iter().map(|fqan| format!("{vo}:{fqan}")).collect()
    }
}

fn seconds(life: Duration) -> String {
    format!("{}s", life.num_seconds())
}
