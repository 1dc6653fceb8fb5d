//! The arguments combined with the environment: which proxy to read, what to print, what to check.

use std::io::IsTerminal;
use std::path::PathBuf;

use voms::trust::TrustAnchors;
use voms::vo::vomsdir::VomsDir;

use super::args::InfoArgs;
use super::checks::Checks;
use super::items::{self, Item};
use crate::cli::env::Environment;
use crate::cli::output::Diagnostic;
use crate::cli::places;
use crate::cli::style::Style;

/// Everything that the command needs.
pub struct InfoPlan {
    /// The proxy file.
    pub file: PathBuf,
    /// Whether the user named the file: anyone could have put one where it is otherwise.
    pub is_named: bool,
    pub output: Output,
    pub checks: Checks,
    pub attributes: Attributes,
    pub time_zone: Option<String>,
    pub debug: bool,
}

/// What to print.
pub enum Output {
    /// Nothing: the exit status is the answer.
    Nothing,
    Json,
    /// The chain as a tree, for people at a terminal.
    Picture {
        style: Style,
    },
    /// In the format of the old clients.
    Sections(Vec<Section>),
}

/// A part of the output that scripts read.
pub enum Section {
    /// A block for each certificate.
    Chain,
    /// The proxy, as labelled lines.
    Proxy,
    /// OpenSSL's text form.
    OpensslText(Depth),
    /// A block for each VO.
    Attributes,
    Values {
        values: Vec<ProxyValue>,
        names: NameForm,
    },
    AcValues(Vec<AcValue>),
    /// Values in the order asked for.
    Items {
        items: Vec<Item>,
        names: NameForm,
    },
}

/// The certificates that a section covers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Leaf,
    /// All certificates below the CAs.
    BelowCas,
}

/// How to write distinguished names.
#[derive(Clone, Copy)]
pub enum NameForm {
    OpenSsl,
    Rfc2253,
}

/// A bare value of the proxy.
#[derive(Clone, Copy)]
pub enum ProxyValue {
    Subject,
    Issuer,
    Identity,
    Type,
    Strength,
    Path,
    KeyUsage,
    TimeLeft,
    Included,
}

/// A bare value of each attribute certificate.
#[derive(Clone, Copy)]
pub enum AcValue {
    Vo,
    Subject,
    Issuer,
    Uri,
    TimeLeft,
    Fqan,
    Serial,
    Targets,
}

/// What happens to attribute certificates.
pub enum Attributes {
    /// They matter to neither output nor checks.
    Ignored,
    /// They are read, but not verified.
    Read,
    /// They are verified if there are directories of CAs and signers.
    Verified(Box<Trust>),
    /// The answer depends on them: without those directories it is no.
    MustVerify(Box<Trust>),
}

/// The directories that say whom to trust.
pub struct Trust {
    pub anchors: TrustDirectory<TrustAnchors>,
    pub vomsdir: TrustDirectory<VomsDir>,
}

/// The outcome of looking for a directory, which matters only if there is something to verify.
pub struct TrustDirectory<T> {
    pub found: Result<Option<T>, Diagnostic>,
    /// Whether an option names it.
    pub by_option: bool,
}

impl InfoPlan {
    pub fn new(args: InfoArgs, env: &Environment) -> Result<Self, Diagnostic> {
        let checks = Checks::new(&args)?;
        let items = items::parse(&args.item)?;
        let about_acs = |item: &Item| matches!(item, Item::OfAcs(_));
        let shows_acs = items.iter().any(about_acs);
        let output = Output::new(&args, items, &checks, env);
        let shows_acs = shows_acs || matches!(output, Output::Picture { .. });
        let named = args.file.clone().or_else(|| args.proxy.clone());
        Ok(Self {
            attributes: Attributes::new(&args, shows_acs, &checks, env),
            output,
            checks,
            is_named: named.is_some(),
            file: named.unwrap_or_else(|| env.proxy()),
            time_zone: env.time_zone.clone(),
            debug: args.debug,
        })
    }
}

impl Output {
    fn new(args: &InfoArgs, items: Vec<Item>, checks: &Checks, env: &Environment) -> Self {
        let values = proxy_values(args);
        let ac_values = ac_values(args);
        let block = args.all || args.text || args.chain;
        let plain = !block && values.is_empty() && ac_values.is_empty() && items.is_empty();
        if args.json {
            Self::Json
        } else if plain && checks.ask_anything() {
            Self::Nothing
        } else if plain && std::io::stdout().is_terminal() {
            Self::Picture { style: env.style }
        } else {
            Self::Sections(sections(args, block || plain, values, ac_values, items))
        }
    }
}

/// The sections in the order that scripts rely on.
fn sections(
    args: &InfoArgs,
    block: bool,
    values: Vec<ProxyValue>,
    ac_values: Vec<AcValue>,
    items: Vec<Item>,
) -> Vec<Section> {
    let (depth, names) = (
        if args.chain {
            Depth::BelowCas
        } else {
            Depth::Leaf
        },
        if args.rfc2253 {
            NameForm::Rfc2253
        } else {
            NameForm::OpenSsl
        },
    );
    selected([
        (args.chain, Section::Chain),
        (block, Section::Proxy),
        (args.text, Section::OpensslText(depth)),
        (args.all, Section::Attributes),
        (!values.is_empty(), Section::Values { values, names }),
        (!ac_values.is_empty(), Section::AcValues(ac_values)),
        (!items.is_empty(), Section::Items { items, names }),
    ])
}

fn proxy_values(args: &InfoArgs) -> Vec<ProxyValue> {
    selected([
        (args.subject, ProxyValue::Subject),
        (args.issuer, ProxyValue::Issuer),
        (args.identity, ProxyValue::Identity),
        (args.r#type, ProxyValue::Type),
        (args.strength, ProxyValue::Strength),
        (args.path, ProxyValue::Path),
        (args.keyusage, ProxyValue::KeyUsage),
        (args.timeleft, ProxyValue::TimeLeft),
        (args.included_file, ProxyValue::Included),
    ])
}

fn ac_values(args: &InfoArgs) -> Vec<AcValue> {
    selected([
        (args.vo, AcValue::Vo),
        (args.acsubject, AcValue::Subject),
        (args.acissuer, AcValue::Issuer),
        (args.uri, AcValue::Uri),
        (args.actimeleft, AcValue::TimeLeft),
        (args.fqan, AcValue::Fqan),
        (args.serial, AcValue::Serial),
        (args.targets, AcValue::Targets),
    ])
}

fn selected<T, const N: usize>(options: [(bool, T); N]) -> Vec<T> {
    let selected = options.into_iter().filter(|(selected, _)| *selected);
    selected.map(|(_, value)| value).collect()
}

impl Attributes {
    fn new(args: &InfoArgs, shows_acs: bool, checks: &Checks, env: &Environment) -> Self {
        let printed = shows_acs
            || args.all
            || args.json
            || args.usable_for.is_some()
            || !ac_values(args).is_empty();
        if !printed && !checks.need_trust() {
            Self::Ignored
        } else if args.dont_verify_ac {
            Self::Read
        } else if checks.need_trust() {
            Self::MustVerify(Box::new(Trust::new(args, env)))
        } else if env.info_dont_verify_ac {
            Self::Read
        } else {
            Self::Verified(Box::new(Trust::new(args, env)))
        }
    }
}

impl Trust {
    fn new(args: &InfoArgs, env: &Environment) -> Self {
        Self {
            anchors: TrustDirectory {
                found: places::anchors(args.certdir.as_deref(), env),
                by_option: args.certdir.is_some(),
            },
            vomsdir: TrustDirectory {
                found: places::vomsdir(args.vomsdir.as_deref(), env),
                by_option: args.vomsdir.is_some(),
            },
        }
    }
}
