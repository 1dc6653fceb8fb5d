//! Where to look for things: trust anchors, vomsdir, vomses (spec 1.11, 5.2, 6).

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use voms::policy::Policy;
use voms::trust::TrustAnchors;
use voms::vo::vomsdir::VomsDir;
use voms_client::net::tls::ServerTrust;

use super::codes::Coded;
use super::env::Environment;
use super::output::{self, Diagnostic};
use super::{failure, file, signals};
use crate::home::globus_dir::{Pair, PairError};
use crate::home::load::{CredentialError, FileRole};
use crate::home::location::{Location, Places};

/// The directory named by the user, which must exist, or else the first default that exists.
fn directory<T, E: Display + Coded>(
    what: &str,
    named: Option<&Path>,
    help: &str,
    usual: &[Option<PathBuf>],
    open: impl Fn(&Path) -> Result<T, E>,
) -> Result<Option<T>, Diagnostic> {
    let Some(named) = named else {
        return Ok(usual.iter().flatten().find_map(|dir| open(dir).ok()));
    };
    let missing = |error: E| {
        let headline = format!(
            "Invalid {what} location: '{}' (file not found)",
            named.display()
        );
        Diagnostic::new(error.code(), headline)
            .detail(error)
            .help(help)
    };
    open(named).map(Some).map_err(missing)
}

/// Where to look for the user's credential: what options name, else the default locations.
pub fn credential(certificate: Option<&Path>, key: Option<&Path>, env: &Environment) -> Places {
    Places {
        certificate: certificate.map(Path::to_owned),
        key: key.map(Path::to_owned),
        environment_certificate: env.user_cert.clone(),
        environment_key: env.user_key.clone(),
        environment_pkcs12: env.pkcs12_user_cert.clone(),
        globus: env.globus(),
    }
}

/// The user's credential, after finishing any interrupted import in its directory.
pub fn location(
    certificate: Option<&Path>,
    key: Option<&Path>,
    env: &Environment,
) -> Result<Location, Diagnostic> {
    let pairs = pairs(certificate, key, env);
    let finished: Vec<_> = pairs.iter().map(finish_and_report).collect();
    let found = credential(certificate, key, env)
        .find()
        .and_then(|location| readable(location, env))
        .map_err(|error| named_by_variable(failure::credential(&error), &error, env));
    for (pair, finished) in pairs.iter().zip(finished) {
        let inside = |path: &Path| {
            ways(path)
                .iter()
                .any(|way| way.starts_with(pair.directory()))
        };
        // Does not affect a credential in another directory.
        if !found
            .as_ref()
            .is_ok_and(|found| !inside(found.certificate()) && !inside(found.key()))
        {
            finished?;
        }
    }
    found
}

/// A key that a variable names is looked at here, where the variable is known.
fn readable(location: Location, env: &Environment) -> Result<Location, CredentialError> {
    let key = location.key();
    let error = std::fs::metadata(key).err();
    match error.filter(|_| env.user_key.as_deref() == Some(key)) {
        None => Ok(location),
        Some(error) => Err(CredentialError::Unreadable {
            role: FileRole::PrivateKey,
            path: key.to_owned(),
            reason: voms::files::reason(&error),
        }),
    }
}

/// Names the variable that led to a file which cannot be read.
fn named_by_variable(
    diagnostic: Diagnostic,
    error: &CredentialError,
    env: &Environment,
) -> Diagnostic {
    let CredentialError::Unreadable { path, .. } = error else {
        return diagnostic;
    };
    let variables = [
        ("X509_USER_CERT", &env.user_cert),
        ("X509_USER_KEY", &env.user_key),
        ("PKCS12_USER_CERT", &env.pkcs12_user_cert),
    ];
    let named = variables
        .iter()
        .find(|(_, value)| value.as_ref() == Some(path));
    match named {
        Some((name, _)) => diagnostic.help(&format!("{name} names it: correct it or unset it")),
        None => diagnostic,
    }
}

/// The pairs that may hold the user's credential: from options, else from the environment and the
/// defaults.
pub fn pairs(certificate: Option<&Path>, key: Option<&Path>, env: &Environment) -> Vec<Pair> {
    let named = [
        certificate.or(env.user_cert.as_deref()),
        key.or(env.user_key.as_deref()),
    ];
    let usual = env.globus().map(|globus| Pair::in_directory(&globus));
    let usual = usual.map(|pair| [pair.certificate(), pair.key()]);
    let usual = usual.iter().flatten().map(PathBuf::as_path);
    pairs_of(named.into_iter().flatten().chain(usual))
}

fn pairs_of<'a>(files: impl Iterator<Item = &'a Path>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for pair in files.flat_map(ways).filter_map(|way| Pair::of_file(&way)) {
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    pairs
}

/// A file as named, and with links resolved.
fn ways(file: &Path) -> [PathBuf; 2] {
    let named = file::absolute(file);
    let found = file.canonicalize().unwrap_or_else(|_| named.clone());
    [named, found]
}

/// Finishes an interrupted import that involves a file we are about to use, and reports it.
pub fn finish_import(file: &Path) -> Result<(), Diagnostic> {
    pairs_of(std::iter::once(file))
        .iter()
        .try_for_each(finish_and_report)
}

fn finish_and_report(pair: &Pair) -> Result<(), Diagnostic> {
    if finish(pair).map_err(Diagnostic::from)? {
        output::stderr(&format!(
            "note: finished an import into {} that was interrupted",
            pair.directory().display()
        ));
    }
    Ok(())
}

/// Finishes an interrupted import; `true` if there was one.
pub fn finish(pair: &Pair) -> Result<bool, PairError> {
    let locked = pair.lock_unfinished()?;
    locked.map_or(Ok(false), |locked| {
        signals::uninterrupted(|| locked.finish())
    })
}

/// The CA directory: the option or `X509_CERT_DIR`, else the defaults.
pub fn anchors(
    option: Option<&Path>,
    env: &Environment,
) -> Result<Option<TrustAnchors>, Diagnostic> {
    let usual = [
        env.home
            .as_ref()
            .map(|home| home.join(".globus/certificates")),
        Some("/etc/grid-security/certificates".into()),
        env.conda_prefix
            .as_ref()
            .map(|prefix| prefix.join("etc/grid-security/certificates")),
    ];
    let help = "name an existing directory with --certdir or X509_CERT_DIR";
    directory(
        "trust anchors",
        option.or(env.cert_dir.as_deref()),
        help,
        &usual,
        TrustAnchors::open,
    )
}

/// How to verify servers: with the CA directory, else with the system's web CAs.
pub fn server_trust(anchors: Option<&TrustAnchors>) -> ServerTrust {
    anchors.map_or(ServerTrust::WebCas, |anchors| {
        ServerTrust::Directory(anchors.clone())
    })
}

/// The vomsdir: the option or `X509_VOMS_DIR`, else the user's own and the machine's.
pub fn vomsdir(option: Option<&Path>, env: &Environment) -> Result<Option<VomsDir>, Diagnostic> {
    let named = option.or(env.voms_dir.as_deref());
    let help = "name an existing directory with --vomsdir or X509_VOMS_DIR";
    if named.is_some() {
        return directory("vomsdir", named, help, &[], VomsDir::open);
    }
    let machine = [
        Some("/etc/grid-security/vomsdir".into()),
        env.conda_prefix
            .as_ref()
            .map(|prefix| prefix.join("etc/grid-security/vomsdir")),
    ];
    let machine = machine
        .into_iter()
        .flatten()
        .find(|dir: &PathBuf| dir.is_dir());
    let own = own_vomsdir(env).filter(|own| own.is_dir());
    let all: Vec<PathBuf> = own.into_iter().chain(machine).collect();
    Ok(VomsDir::open_all(&all).ok())
}

/// The user's own vomsdir, to which `voms-proxy vo add` writes.
pub fn own_vomsdir(env: &Environment) -> Option<PathBuf> {
    env.home.as_ref().map(|home| home.join(".voms/vomsdir"))
}

/// The user's own vomses file or directory, to which `voms-proxy vo add` writes.
pub fn own_vomses(env: &Environment) -> Option<PathBuf> {
    env.home.as_ref().map(|home| home.join(".voms/vomses"))
}

/// The vomses files and directories to merge: those named by variables, then the default locations
/// of all other clients.
pub fn vomses(env: &Environment) -> Vec<PathBuf> {
    let home = |name: &str| env.home.as_ref().map(|home| home.join(name));
    let conda = |name: &str| env.conda_prefix.as_ref().map(|prefix| prefix.join(name));
    let arc = |name: &str| env.arc_location.as_ref().map(|prefix| prefix.join(name));
    let usual = [
        home(".voms/vomses"),
        home(".glite/vomses"),
        home(".arc/vomses"),
        home(".globus/vomses"),
        conda("etc/vomses"),
        conda("etc/grid-security/vomses"),
        arc("etc/vomses"),
        arc("etc/grid-security/vomses"),
        Some("/etc/vomses".into()),
        Some("/etc/grid-security/vomses".into()),
    ];
    env.vomses
        .iter()
        .cloned()
        .chain(usual.into_iter().flatten())
        .collect()
}

/// How strictly the user's own certificates are verified: as by a service whose clock is exact.
pub fn own_policy() -> Policy {
    Policy::default().with_skew(Duration::ZERO)
}
