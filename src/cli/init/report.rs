//! What `voms-proxy-init` says: on stdout the lines scripts wait for, everything else on stderr.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::ProgressBar;

use super::plan::{InitPlan, VoPlan};
use crate::cli::output;
use crate::client::Event;
use crate::credential::location::Location;
use crate::credential::proxy::{Proxy, ProxyNote};
use crate::credential::proxy_type::Generation;
use crate::credential::user::Credential;
use crate::voms::fqan::Fqan;
use crate::voms::verify::VerifiedAc;

/// Tells the user what happens.
pub struct Reporter {
    quiet: bool,
    debug: bool,
    spinner: ProgressBar,
    server_vouched: bool,
}

impl Reporter {
    pub fn new(plan: &InitPlan) -> Self {
        let spinner = if plan.quiet || plan.debug || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        Self { quiet: plan.quiet, debug: plan.debug, spinner, server_vouched: false }
    }

    fn debug(&self, text: impl FnOnce() -> String) {
        if self.debug {
            output::stderr(&text());
        }
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            self.spinner.suspend(|| output::line(text));
        }
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            self.spinner.suspend(|| output::stderr(&format!("note: {text}")));
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

    /// From here on nothing is asked of the user, so something may move on the terminal.
    pub fn loaded(&self, location: &Location, credential: &Credential) {
        self.debug(|| {
            let files = format!("{}, {}", location.key().display(), location.certificate().display());
            format!("Credentials loaded successfully [{files}]: {}", credential.chain().identity())
        });
        self.spinner.set_message("making the proxy");
        self.spinner.enable_steady_tick(Duration::from_millis(100));
    }

    pub fn event(&self, event: &Event<'_>) {
        match event {
            Event::Contacting(entry) => {
                self.line(&format!("Contacting {}:{} [{}] \"{}\"...", entry.host, entry.port, entry.dn, entry.vo));
                self.spinner.set_message(format!("waiting for {}", entry.host));
            }
            Event::Failed(entry, protocol, failure) => {
                self.debug(|| format!("{}:{} ({protocol}): {failure}", entry.host, entry.port));
            }
            Event::Answered(entry, protocol) => {
                self.debug(|| format!("Received VOMS response: {}:{} ({protocol})", entry.host, entry.port));
                self.line("Remote VOMS server contacted succesfully.\n");
            }
        }
    }

    pub fn web_cas_judge(&self) {
        self.note("no CA directory on this machine: the server was judged by the system's web CAs");
    }

    pub fn server_vouches(&mut self) {
        if !self.server_vouched {
            self.server_vouched = true;
            self.note("no vomsdir on this machine: the attributes are believed because the server itself signed them");
        }
    }

    pub fn warnings(&self, warnings: &[String]) {
        for text in warnings {
            self.spinner.suspend(|| output::warning(text));
        }
    }

    pub fn verified(&self, vo: &VoPlan, verified: &VerifiedAc) {
        let granted: Vec<Fqan> = verified.attributes().fqans.iter().filter_map(|text| text.parse().ok()).collect();
        let missing = vo.request.fqans.iter().filter(|fqan| !granted.contains(fqan));
        for fqan in missing {
            self.spinner.suspend(|| output::warning(format!("{fqan} was asked for, but not granted")));
        }
        let first = vo.request.fqans.first().filter(|fqan| granted.contains(fqan) && granted.first() != Some(fqan));
        if let (Some(wanted), Some(primary)) = (first, granted.first()) {
            self.spinner.suspend(|| output::warning(format!("{wanted} was asked for first, but {primary} is first")));
        }
        self.debug(|| {
            let fqans = verified.attributes().fqans.join(", ");
            format!("VOMS AC validation for VO {} succeded. {fqans}", vo.request.vo)
        });
    }

    pub fn failed(&self) {
        self.spinner.finish_and_clear();
    }

    pub fn done(&self, plan: &InitPlan, proxy: &Proxy) {
        self.spinner.finish_and_clear();
        for note in proxy.notes() {
            output::warning(match note {
                ProxyNote::LifetimeCut => "proxy lifetime limited to issuing credential lifetime.",
                ProxyNote::TypeForced(Generation::Legacy) => {
                    "forced LEGACY proxy type to be compatible with the type of the issuing proxy."
                }
                ProxyNote::TypeForced(Generation::Draft) => {
                    "forced DRAFT_RFC proxy type to be compatible with the type of the issuing proxy."
                }
                ProxyNote::TypeForced(Generation::Rfc) => {
                    "forced RFC3820 proxy type to be compatible with the type of the issuing proxy."
                }
                ProxyNote::LimitedForced => {
                    "forced the creation of a limited proxy to be compatible with the type of the issuing proxy."
                }
            });
        }
        let until = output::date(proxy.not_after(), plan.time_zone.as_deref());
        self.line(&format!("\nCreated proxy in {}.\n\nYour proxy is valid until {until}", plan.out.display()));
    }
}
