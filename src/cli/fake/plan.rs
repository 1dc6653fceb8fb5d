//! The arguments combined with the environment and the defaults.

use std::path::PathBuf;

use chrono::Duration;
use der::Encode;
use der::asn1::{ObjectIdentifier, OctetString};
use voms::pki::proxy_kind::Generation;
use voms::vo::fqan::Fqan;
use voms_asn1::oid;
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo, ProxyPolicy};
use voms_asn1::voms::generic_attributes::GenericAttribute;
use voms_authority::extra::{Extra, ExtraError};
use voms_authority::forge::{EncodedName, SerialNumber};
use voms_authority::sign::HolderName;

use super::args::{self, FakeArgs};
use super::voinfo::{self, VoInfo};
use crate::cli::env::Environment;
use crate::cli::output::Diagnostic;
use crate::cli::prompt::PassphraseSource;
use crate::cli::{file, init, places};
use crate::home::location::Location;

const DEFAULT_URI: &str = "localhost:15000";
const DEFAULT_BITS: u32 = 2048;

/// As in the C++ client; voms-proxy-init sets none.
const DEFAULT_PATH_LENGTH: u32 = 1;

/// Everything that `run` needs.
pub struct FakePlan {
    /// The user's credential; a self-signed certificate needs none.
    pub user: Option<Location>,
    pub passphrase: PassphraseSource,
    /// One for each VO.
    pub attributes: Vec<AttributePlan>,
    pub holder: HolderName,
    pub proxy: ProxyPlan,
    pub output: Output,
    pub quiet: bool,
    pub debug: bool,
    pub time_zone: Option<String>,
}

/// What is written.
pub enum Output {
    Proxy(PathBuf),
    /// Only the attribute certificates.
    Attributes(PathBuf),
}

/// An attribute certificate.
pub struct AttributePlan {
    /// The certificate that signs, and its key.
    pub host: Location,
    pub vo: String,
    pub uri: String,
    pub fqans: Vec<String>,
    pub attributes: Vec<GenericAttribute>,
    /// The hosts that accept it; empty for all.
    pub targets: Vec<String>,
    /// How long ago it starts.
    pub past: Duration,
    pub lifetime: Duration,
    pub extensions: Vec<Extra>,
}

/// The proxy, or the self-signed certificate.
pub struct ProxyPlan {
    pub self_signed: bool,
    /// The type, if it is not that of the issuing proxy.
    pub generation: Option<Generation>,
    pub limited: bool,
    pub info: ProxyCertInfo,
    pub past: Duration,
    pub lifetime: Duration,
    /// The size of its key.
    pub bits: u32,
    pub subject: Option<EncodedName>,
    pub issuer: Option<EncodedName>,
    pub serial: Option<SerialNumber>,
    /// Extensions that come first.
    pub first: Vec<Extra>,
    pub key_usage: Option<Extra>,
    /// Extensions that follow the key usage.
    pub purposes: Vec<Extra>,
}

impl FakePlan {
    /// Combines arguments and environment.
    pub fn new(args: &FakeArgs, env: &Environment) -> Result<Self, Diagnostic> {
        let attributes = attributes(args)?;
        if args.separate.is_some() && attributes.is_empty() {
            return Err(
                Diagnostic::usage("--separate requires --voms").help("name the VO with --voms")
            );
        }
        let needs_user = !args.selfsigned || !attributes.is_empty();
        let user = || places::location(args.cert.as_deref(), args.key.as_deref(), env);
        let out = || file::absolute(&args.out.clone().unwrap_or_else(|| env.proxy()));
        Ok(Self {
            proxy: ProxyPlan::new(args)?,
            user: needs_user.then(user).transpose()?,
            passphrase: PassphraseSource::new(args.pwstdin),
            attributes,
            holder: match args.newformat {
                true => HolderName::Issuer,
                false => HolderName::Subject,
            },
            output: match &args.separate {
                Some(file) => Output::Attributes(file.clone()),
                None => Output::Proxy(out()),
            },
            quiet: args.quiet,
            debug: args.debug,
            time_zone: env.time_zone.clone(),
        })
    }
}

/// The attribute certificates of `--voinfo`, then that of the command line.
fn attributes(args: &FakeArgs) -> Result<Vec<AttributePlan>, Diagnostic> {
    let mut vos = args
        .voinfo
        .as_deref()
        .map_or(Ok(Vec::new()), voinfo::read)?;
    vos.extend(args.voms.clone().map(|vo| VoInfo {
        vo,
        hostcert: args.hostcert.clone(),
        hostkey: args.hostkey.clone(),
        uri: args.uri.clone(),
        fqans: args.fqan.clone(),
        attributes: args.ga.clone(),
        targets: args.target.clone(),
        vomslife: args.vomslife.clone(),
        pastac: args.pastac.clone(),
        extensions: args.acextension.clone(),
    }));
    let usual = args.lifetimes()?.ac;
    vos.into_iter()
        .map(|vo| AttributePlan::new(vo, usual))
        .collect()
}

impl AttributePlan {
    fn new(info: VoInfo, usual: Duration) -> Result<Self, Diagnostic> {
        let missing = |option: &str| {
            Diagnostic::usage(format!("{option} is missing"))
                .help("name the certificate that signs and its key with --hostcert and --hostkey")
        };
        if let Some(fqan) = info.fqans.iter().find(|fqan| !Fqan::is_granted_form(fqan)) {
            return Err(Diagnostic::usage(format!("{fqan:?} is not an FQAN"))
                .help("write for example --fqan /virgo/Role=production"));
        }
        let attributes = info
            .attributes
            .iter()
            .map(|text| generic_attribute(text, &info.vo));
        Ok(Self {
            attributes: attributes.collect::<Result<_, _>>()?,
            host: Location::pair(
                info.hostcert.ok_or_else(|| missing("--hostcert"))?,
                info.hostkey.ok_or_else(|| missing("--hostkey"))?,
            ),
            vo: info.vo,
            uri: info.uri.unwrap_or_else(|| DEFAULT_URI.to_owned()),
            fqans: info.fqans,
            targets: init::targets(&info.targets)?,
            past: args::past("--pastac", info.pastac.as_deref())?,
            lifetime: info
                .vomslife
                .as_deref()
                .map_or(Ok(usual), |text| init::lifetime("--vomslife", text))?,
            extensions: extensions(&info.extensions, "--acextension")?,
        })
    }
}

impl ProxyPlan {
    fn new(args: &FakeArgs) -> Result<Self, Diagnostic> {
        let lifetime = args.lifetimes()?.proxy;
        let generation = generation(args)?;
        let mut first = extensions(&args.extension, "--extension")?;
        if let Some(path) = &args.include {
            first.push(Extra::plain(oid::VOMS_INCLUDED_FILE, init::included(path)?));
        }
        let (subject, issuer) = names(args)?;
        let serial = args.newserial.as_deref().map(SerialNumber::parse);
        let serial = serial.transpose().map_err(|error| {
            Diagnostic::usage(error).help("write the serial number in hexadecimal digits")
        })?;
        Ok(Self {
            self_signed: args.selfsigned,
            generation,
            limited: args.limited,
            info: ProxyCertInfo {
                path_len_constraint: path_length(args.path_length)?,
                proxy_policy: policy(args, generation)?,
            },
            past: args::past("--pastproxy", args.pastproxy.as_deref())?,
            lifetime,
            bits: args.bits.as_deref().map_or(Ok(DEFAULT_BITS), init::bits)?,
            subject,
            issuer,
            serial,
            first,
            key_usage: bits("--keyusage", args.keyusage.as_deref(), Extra::key_usage)?,
            purposes: [
                bits("--nscert", args.nscert.as_deref(), Extra::netscape_type)?,
                bits(
                    "--extkeyusage",
                    args.extkeyusage.as_deref(),
                    Extra::extended_key_usage,
                )?,
            ]
            .into_iter()
            .flatten()
            .collect(),
        })
    }

    /// The extension that makes it a proxy, if one of this type has such.
    pub fn info(&self, generation: Generation) -> Result<Option<Extra>, der::Error> {
        let info = self.info.clone();
        Ok(match generation {
            Generation::Rfc => Some(Extra::critical(oid::PROXY_CERT_INFO, info.to_der()?)),
            Generation::Draft => Some(Extra::critical(
                oid::DRAFT_PROXY_CERT_INFO,
                DraftProxyCertInfo::from(info).to_der()?,
            )),
            _ => None,
        })
    }
}

fn extensions(texts: &[String], option: &str) -> Result<Vec<Extra>, Diagnostic> {
    let wrong = |error| {
        Diagnostic::usage(error).help(&format!("write for example {option} 1.2.3.4/true:text"))
    };
    texts
        .iter()
        .map(|text| Extra::parse(text).map_err(wrong))
        .collect()
}

/// The extension of an option that lists bits or purposes.
fn bits(
    option: &str,
    names: Option<&str>,
    parse: impl Fn(&str) -> Result<Extra, ExtraError>,
) -> Result<Option<Extra>, Diagnostic> {
    let wrong = |error| {
        Diagnostic::usage(error).help(&format!("{option} takes names with commas between them"))
    };
    names.map(parse).transpose().map_err(wrong)
}

fn generation(args: &FakeArgs) -> Result<Option<Generation>, Diagnostic> {
    let named = args.proxyver.as_deref().map(init::proxy_version);
    let named = named.transpose()?;
    match (named, args.rfc, args.old) {
        (named, false, false) => Ok(named),
        (None | Some(Generation::Rfc), true, false) => Ok(Some(Generation::Rfc)),
        (None | Some(Generation::Legacy), false, true) => Ok(Some(Generation::Legacy)),
        _ => Err(
            Diagnostic::usage("--rfc, --old and --proxyver contradict each other")
                .help("give one of them"),
        ),
    }
}

fn path_length(given: Option<i64>) -> Result<Option<u32>, Diagnostic> {
    match given {
        None => Ok(Some(DEFAULT_PATH_LENGTH)),
        Some(-1) => Ok(None),
        Some(number) => u32::try_from(number).map(Some).map_err(|_| {
            Diagnostic::usage(format!("invalid path length: {number}"))
                .help("write a number, or -1 for any")
        }),
    }
}

fn policy(args: &FakeArgs, generation: Option<Generation>) -> Result<ProxyPolicy, Diagnostic> {
    let rules = args.policy.as_deref().map(init::rules).transpose()?;
    let language = args.policy_language.as_deref().map(init::language);
    let language = match language.transpose()? {
        _ if args.limited => oid::LIMITED,
        // The drafts let a language stand alone, and so do the C++ client's proxies of that type.
        Some(_) if rules.is_none() && generation != Some(Generation::Draft) => {
            return Err(Diagnostic::usage("a policy language needs rules")
                .help("name the file with the rules with --policy"));
        }
        Some(oid::INHERIT_ALL | oid::INDEPENDENT) if rules.is_some() => {
            return Err(
                Diagnostic::usage("this policy language has no rules").help("leave out --policy")
            );
        }
        Some(language) => language,
        None if rules.is_some() => oid::GLOBUS_RESTRICTED,
        None => oid::INHERIT_ALL,
    };
    proxy_policy(language, rules).map_err(Diagnostic::unexpected)
}

fn proxy_policy(
    policy_language: ObjectIdentifier,
    rules: Option<Vec<u8>>,
) -> Result<ProxyPolicy, der::Error> {
    Ok(ProxyPolicy {
        policy_language,
        policy: rules.map(OctetString::new).transpose()?,
    })
}

type Names = (Option<EncodedName>, Option<EncodedName>);

/// The names of subject and issuer; those of a self-signed certificate are the same.
fn names(args: &FakeArgs) -> Result<Names, Diagnostic> {
    let name = |text: &String| {
        EncodedName::parse(text)
            .map_err(|error| Diagnostic::usage(error).help("write for example /C=IT/O=Lab/CN=name"))
    };
    let subject = args.newsubject.as_ref().map(name).transpose()?;
    let issuer = args.newissuer.as_ref().map(name).transpose()?;
    if !args.selfsigned {
        return Ok((subject, issuer));
    }
    let of_proxies = args.rfc || args.old || args.noregen || args.proxyver.is_some();
    if of_proxies || args.policy.is_some() || args.policy_language.is_some() {
        return Err(
            Diagnostic::usage("a self-signed certificate is not a proxy")
                .help("leave out --selfsigned, or the options about proxies"),
        );
    }
    let own = subject.clone().or(issuer.clone()).ok_or_else(|| {
        Diagnostic::usage("a self-signed certificate needs a name")
            .help("write for example --newsubject /C=IT/CN=name")
    })?;
    if [&subject, &issuer]
        .into_iter()
        .flatten()
        .any(|name| *name != own)
    {
        return Err(Diagnostic::usage("a self-signed certificate has one name")
            .help("give --newsubject or --newissuer"));
    }
    Ok((Some(own.clone()), Some(own)))
}

/// `name = value (qualifier)`; the qualifier defaults to the VO.
fn generic_attribute(text: &str, vo: &str) -> Result<GenericAttribute, Diagnostic> {
    let wrong = || {
        Diagnostic::usage(format!("invalid attribute: {text:?}"))
            .help("write --ga 'name = value (qualifier)'")
    };
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (value, qualifier) = match rest
        .trim()
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((value, qualifier)) => (value, qualifier),
        None => (rest, vo),
    };
    let octets = |text: &str| text.trim().as_bytes().to_vec();
    Ok(GenericAttribute {
        name: octets(name),
        value: octets(value),
        qualifier: octets(qualifier),
    })
}
