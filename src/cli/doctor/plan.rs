//! What the doctor checks, and with what: arguments combined with environment and defaults.
//! Anything unavailable is a finding rather than an error, so it stays in the plan.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use voms::trust::TrustAnchors;
use voms::vo::vomsdir::VomsDir;
use voms_client::vomses::Vomses;

use super::DoctorArgs;
use crate::cli::env::Environment;
use crate::cli::finding::Warning;
use crate::cli::fitness::Dates;
use crate::cli::output::Diagnostic;
use crate::cli::prompt::PassphraseSource;
use crate::cli::register::DEFAULT_VO;
use crate::cli::style::Style;
use crate::cli::{file, places, vos};
use crate::home::globus_dir::Pair;
use crate::home::location::Places;

pub struct DoctorPlan {
    pub home: Option<PathBuf>,
    pub uid: u32,
    /// Where to look for the user's credential.
    pub credential: Places,
    /// The certificate and key pairs that may hold it.
    pub pairs: Vec<Pair>,
    /// Where the passphrase comes from. Never prompts for `--json`, or if stdin is not a terminal.
    pub passphrase: Option<PassphraseSource>,
    pub fix_permissions: bool,
    pub anchors: Result<Option<TrustAnchors>, Diagnostic>,
    /// The requested VO.
    pub vo: Option<VoPlan>,
    /// Timeout per server.
    pub timeout: Duration,
    /// Where the proxy goes.
    pub out: PathBuf,
    /// Whether X509_USER_PROXY names it.
    pub out_by_variable: bool,
    pub json: bool,
    /// The style of the terminal, if the report goes to one.
    pub style: Option<Style>,
    /// Whether to show there what is fine, too.
    pub verbose: bool,
    pub time_zone: Option<String>,
}

pub struct VoPlan {
    /// The VO and groups or roles, as typed.
    pub voms: String,
    pub vomses: Result<Vomses, Diagnostic>,
    /// Problems with the files that list servers.
    pub problems: Vec<Warning>,
    /// Whether to use the built-in servers if no file lists any.
    pub with_built_in: bool,
    pub vomsdir: Result<Option<VomsDir>, Diagnostic>,
}

impl DoctorPlan {
    /// Combines arguments and environment.
    pub fn new(args: DoctorArgs, env: &Environment) -> Self {
        let (certificate, key) = (args.cert.as_deref(), args.key.as_deref());
        let terminal =
            || (!args.json && std::io::stdin().is_terminal()).then_some(PassphraseSource::Terminal);
        Self {
            home: env.home.clone(),
            uid: env.uid,
            credential: places::credential(certificate, key, env),
            pairs: places::pairs(certificate, key, env),
            passphrase: if args.pwstdin {
                Some(PassphraseSource::StandardInput)
            } else {
                terminal()
            },
            fix_permissions: args.fix_permissions,
            anchors: places::anchors(args.certdir.as_deref(), env),
            vo: VoPlan::new(&args, env),
            timeout: Duration::from_secs(args.timeout.clamp(1, 600)),
            out_by_variable: args.out.is_none() && env.user_proxy.is_some(),
            out: file::absolute(&args.out.clone().unwrap_or_else(|| env.proxy())),
            json: args.json,
            style: std::io::stdout().is_terminal().then_some(env.style),
            verbose: args.verbose,
            time_zone: env.time_zone.clone(),
        }
    }

    pub fn dates(&self, now: DateTime<Utc>) -> Dates<'_> {
        Dates::new(now, self.time_zone.as_deref())
    }

    /// The directory with the user's credential, if there is a home directory.
    pub fn globus(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".globus"))
    }

    /// The command that makes the requested proxy.
    pub fn next_command(&self) -> String {
        let voms = self
            .vo
            .as_ref()
            .map(|vo| format!(" --voms {}", vo.voms))
            .unwrap_or_default();
        format!("voms-proxy-init{voms}")
    }
}

impl VoPlan {
    /// The VO that was named, or that of `register`. Scripts that name none have servers looked at
    /// only if these are configured.
    fn new(args: &DoctorArgs, env: &Environment) -> Option<Self> {
        let vomses = vos::load(&args.vomses, env);
        let is_configured = || {
            let vomses = vomses.as_ref();
            vomses.is_ok_and(|vomses| !vomses.find(DEFAULT_VO).is_empty())
        };
        let usual = || std::io::stdout().is_terminal() || is_configured();
        let voms = args.voms.clone();
        let voms = voms.or_else(|| usual().then(|| DEFAULT_VO.to_owned()))?;
        Some(Self {
            voms,
            problems: vomses.as_ref().map_or(Vec::new(), |vomses| {
                vos::problems(vomses, &args.vomses, env)
            }),
            vomses,
            with_built_in: args.vomses.is_empty(),
            vomsdir: places::vomsdir(args.vomsdir.as_deref(), env),
        })
    }
}
