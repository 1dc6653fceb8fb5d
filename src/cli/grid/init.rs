//! `grid-proxy-init`.

use chrono::{DateTime, Utc};
use voms::proxy::{Proxy, ProxyNote};

use crate::cli::exit::Exit;
use crate::cli::init::{self, InitArgs, InitPlan};
use crate::cli::input;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::home::load;
use crate::home::location::Location;
use crate::time::utc;

const PROMPT: &str = "Enter GRID pass phrase for this identity:";

/// When the identity was not shown.
const QUIET_PROMPT: &str = "Enter GRID pass phrase:";

/// Globus prints a dot for each number tried, about this many in all.
const DOTS: usize = 40;

/// Runs `grid-proxy-init`. With the options of `voms-proxy-init` that Globus lacks, it is that.
pub fn proxy_init(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: InitArgs| {
        if is_about_vos(&args) {
            return Ok(Report::done().exit(init::main(invocation)));
        }
        let (plan, voice) = plan(args, invocation)?;
        let named = voice.begin(&plan);
        let proxy = init::make(&plan, invocation.now)?;
        voice.end(&plan, &proxy, named);
        Ok(Report::done())
    })
}

fn is_about_vos(args: &InitArgs) -> bool {
    let files = [&args.separate, &args.includeac, &args.include];
    args.json
        || args.list
        || args.token.is_some()
        || !args.voms.is_empty()
        || files.iter().any(|file| file.is_some())
}

fn plan(mut args: InitArgs, invocation: &Invocation) -> Result<(InitPlan, Voice), CommandError> {
    check_combinations(&args)?;
    let to_stdout = args.out.as_deref().is_some_and(input::is_stream);
    let voice = Voice {
        quiet: std::mem::replace(&mut args.quiet, true) || to_stdout,
        debug: std::mem::take(&mut args.debug),
        verify: args.verify,
        asked_kind: args.old || args.rfc || args.draft || args.proxyver.is_some(),
    };
    // Globus looks at the CAs only when asked to, and there are machines that have none.
    args.skip_chain_integrity_checks |= !args.verify;
    let plan = InitPlan::new(args, &invocation.env)?;
    let prompt = Some(if voice.quiet { QUIET_PROMPT } else { PROMPT });
    Ok((InitPlan { prompt, ..plan }, voice))
}

/// Rejects what Globus rejects.
fn check_combinations(args: &InitArgs) -> Result<(), CommandError> {
    let wrong = |headline, help| CommandError::Usage(Diagnostic::usage(headline).help(help));
    let kinds = [args.old, args.rfc, args.draft];
    if kinds.iter().filter(|kind| **kind).count() > 1 {
        let headline = "--old, --rfc and --draft contradict each other";
        return Err(wrong(headline, "give one of them"));
    }
    if args.policy.is_some() && args.policy_language.is_none() {
        let headline = "--policy does not say in which language the rules are";
        return Err(wrong(headline, "add --policy-language"));
    }
    Ok(())
}

/// Says what Globus says.
struct Voice {
    quiet: bool,
    debug: bool,
    verify: bool,
    /// Whether the user chose the kind of proxy, which is otherwise that of its issuer.
    asked_kind: bool,
}

impl Voice {
    /// Before the passphrase is asked for. Returns whether the user was named: of a PKCS#12 file,
    /// it is not known until then.
    fn begin(&self, plan: &InitPlan) -> bool {
        if self.debug {
            self.say_files(plan);
        }
        let identity = identity(&plan.credential);
        if let Some(identity) = &identity {
            self.line(&format!("Your identity: {identity}"));
        }
        identity.is_some()
    }

    fn say_files(&self, plan: &InitPlan) {
        let anchors = plan.anchors.as_ref().filter(|_| self.verify);
        let certdir = anchors.map_or_else(
            || "(null)".to_owned(),
            |anchors| anchors.directory().display().to_string(),
        );
        output::stderr(&format!(
            "\nUser Cert File: {}\nUser Key File: {}\n\nTrusted CA Cert Dir: {certdir}\n\nOutput File: {}",
            plan.credential.certificate().display(),
            plan.credential.key().display(),
            plan.out.display(),
        ));
    }

    fn end(&self, plan: &InitPlan, proxy: &Proxy, named: bool) {
        if !named && let Ok(chain) = proxy.chain() {
            self.line(&format!("Your identity: {}", chain.identity()));
        }
        self.line(&format!("Creating proxy {} Done", ".".repeat(DOTS)));
        if self.verify {
            output::line("Proxy Verify OK");
        }
        let until = ctime(utc(proxy.not_after()), plan.time_zone.as_deref());
        if proxy.notes().contains(&ProxyNote::LifetimeCut) {
            output::stderr(&format!(
                "\nWarning: your certificate and proxy will expire {until}\n which is within the \
                 requested lifetime of the proxy"
            ));
        } else {
            self.line(&format!("Your proxy is valid until: {until}"));
        }
        let news = proxy.notes().iter().filter(|note| match note {
            ProxyNote::LifetimeCut => false,
            ProxyNote::TypeForced(_) => self.asked_kind,
            _ => true,
        });
        news.filter_map(init::note_text)
            .for_each(|(_, text)| output::warning(text));
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            output::line(text);
        }
    }
}

/// The user, if the files may be used.
fn identity(location: &Location) -> Option<String> {
    if !load::file_faults(location).is_empty() {
        return None;
    }
    let chain = load::certificates(location)?;
    Some(chain.identity().to_string())
}

/// A time as C prints it: local, without the zone.
fn ctime(time: DateTime<Utc>, zone: Option<&str>) -> String {
    let date = output::date(time, zone);
    let mut words = date.rsplitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(year), Some(_zone), Some(rest)) => format!("{rest} {year}"),
        _ => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_local_and_has_no_zone() {
        let time = DateTime::from_timestamp(1_793_780_916, 0).unwrap();
        assert_eq!(ctime(time, Some("UTC")), "Wed Nov  4 08:28:36 2026");
        assert_eq!(ctime(time, Some("CET-1")), "Wed Nov  4 09:28:36 2026");
    }
}
