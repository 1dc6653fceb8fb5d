//! Failures in the wording that scripts look for, with our own message and the next step below.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use saml_ecp::error::EcpError;
use voms::ac::finding::AcFinding;
use voms::chain::ChainFinding;
use voms::pki::key::KeyError;
use voms::proxy::ProxyError;
use voms::trust::PathProblem;
use voms_client::net::NetError;
use voms_client::refusal::ServerErrorKind;
use voms_client::{ClientError, Failure, Protocol};

use super::advice::{self, Advice, User};
use super::clock::{self, OutOfDate, Owner};
use super::codes::{self, Coded};
use super::outcome::CommandError;
use super::output::{self, Diagnostic};
use crate::home::bundle::ReceivedError;
use crate::home::globus_dir::PairError;
use crate::home::load::CredentialError;

const MIXED: &str = "Cannot generate a proxy certificate starting from a mixed type proxy chain.";
const NO_LSC: &str = "LSC validation failed: LSC file matching VOMS attributes not found in store.";
const NO_CA: &str = "No trusted CA certificate was found for the certificate chain";
const UNTRUSTED_ISSUER: &str =
    "Certificate validation error: Trusted issuer of this certificate was not established";

impl From<Diagnostic> for CommandError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Failed(diagnostic)
    }
}

impl From<CredentialError> for CommandError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Interrupted => Self::Interrupted,
            error => Self::Failed(credential(&error)),
        }
    }
}

impl From<ReceivedError> for CommandError {
    fn from(error: ReceivedError) -> Self {
        match error {
            ReceivedError::Prompt(CredentialError::Interrupted) => Self::Interrupted,
            error => Self::Failed(Diagnostic::of(&error)),
        }
    }
}

impl From<PairError> for CommandError {
    fn from(error: PairError) -> Self {
        Self::Failed(Diagnostic::of(&error))
    }
}

impl From<EcpError> for CommandError {
    fn from(error: EcpError) -> Self {
        Self::Failed(Diagnostic::from_remote(error.code(), &error).maybe_help(error.next_step()))
    }
}

/// A proxy that cannot be issued.
pub fn issuing(error: &ProxyError) -> Diagnostic {
    let diagnostic = match error {
        ProxyError::MixedChain => Diagnostic::new(error.code(), MIXED).detail(error),
        _ => Diagnostic::new(error.code(), error),
    };
    diagnostic.maybe_help(error.next_step())
}

/// A file cannot be written.
pub fn cannot_write(path: &Path, reason: &str) -> Diagnostic {
    let text = format!("cannot write {}: {reason}", path.display());
    Diagnostic::new(codes::NOT_WRITTEN, text)
}

/// A file cannot be read.
pub fn cannot_read(path: &Path, reason: &str) -> Diagnostic {
    let text = format!("cannot read {}: {reason}", path.display());
    Diagnostic::new(codes::FILE_UNREADABLE, text)
}

/// No proxy can be made there.
fn not_created(code: &'static str, out: &Path) -> Diagnostic {
    let text = format!("Error creating proxy certificate: {}", out.display());
    Diagnostic::new(code, text)
}

/// The directory for the proxy does not exist.
pub fn no_directory(out: &Path, directory: &Path) -> Diagnostic {
    not_created(codes::NO_DIRECTORY, out)
        .detail(format!("there is no directory {}", directory.display()))
        .help("name a file in an existing directory with --out")
}

/// The proxy cannot be written.
pub fn not_written(out: &Path, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::IsADirectory => "name another file with --out, for example one in it",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or name a file in another directory with --out"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "name a file in a directory that you may write to with --out"
        }
        io::ErrorKind::BrokenPipe => "the program behind the pipe did not read it to its end",
        _ => "check the directory, or name another file with --out",
    };
    not_created(codes::NOT_WRITTEN, out)
        .detail(voms::files::reason(error))
        .help(help)
}

/// Names the variable that led to the place for the proxy.
pub fn of_output(diagnostic: Diagnostic, by_variable: bool) -> Diagnostic {
    if by_variable {
        diagnostic.help("X509_USER_PROXY names it: correct it, unset it, or use --out")
    } else {
        diagnostic
    }
}

/// A credential that cannot be found or loaded.
pub fn credential(error: &CredentialError) -> Diagnostic {
    let known = match error {
        CredentialError::KeyMode { path, .. } | CredentialError::KeyOwner { path, .. } => {
            Some(format!(
                "Wrong file permissions on file {}. Required permissions are: 400, 600",
                path.display()
            ))
        }
        CredentialError::Mismatch { .. } => {
            Some("Provided private key is not matching the certificate".to_owned())
        }
        CredentialError::Key {
            path,
            certificate,
            source: KeyError::Passphrase | KeyError::Cipher,
        } => Some(format!(
            "Credentials couldn't be loaded [{}, {}]: Error decrypting private key: the password is incorrect or the \
             PEM data is corrupted.",
            path.display(),
            certificate.display()
        )),
        CredentialError::Key { path, .. } | CredentialError::NoKey { path } => Some(format!(
            "Can not load the PEM private key {}",
            path.display()
        )),
        _ => None,
    };
    let diagnostic = match known {
        Some(known) => Diagnostic::new(error.code(), known).detail(error),
        None => Diagnostic::new(error.code(), error),
    };
    let diagnostic = diagnostic.maybe_help(error.next_step());
    match error {
        CredentialError::NotFound(_) => diagnostic.last("No credentials found!"),
        _ => diagnostic,
    }
}

/// The user's certificate chain is not trusted.
pub fn chain(findings: &[ChainFinding], now: DateTime<Utc>) -> Diagnostic {
    let unknown = |finding: &ChainFinding| matches!(finding, ChainFinding::Path(path) if matches!(path.problem, PathProblem::UnknownIssuer { .. }));
    let mixed = |finding: &ChainFinding| matches!(finding, ChainFinding::MixedTypes(_));
    let mut diagnostic = if let Some(mixed) = findings.iter().find(|finding| mixed(finding)) {
        Diagnostic::new(mixed.code(), MIXED)
    } else if let Some(unknown) = findings.iter().find(|finding| unknown(finding)) {
        Diagnostic::new(unknown.code(), UNTRUSTED_ISSUER).detail(NO_CA)
    } else {
        let code = findings.first().map_or(codes::FAILED, Coded::code);
        Diagnostic::new(code, "your certificate cannot be used")
    };
    for finding in findings {
        diagnostic = diagnostic.detail(finding);
    }
    let diagnostic = diagnostic.maybe_help(findings.iter().find_map(Advice::next_step));
    let out_of_date = out_of_date(findings);
    if out_of_date.is_any() {
        suspecting_the_clock(diagnostic, &out_of_date, now)
    } else {
        diagnostic
    }
}

/// Whether a failure means that no known CA vouches for the server.
fn is_unknown_ca(failure: &Failure) -> bool {
    match failure {
        Failure::Net(NetError::Untrusted(finding)) => {
            matches!(finding.problem, PathProblem::UnknownIssuer { .. })
        }
        Failure::Net(NetError::UntrustedByWebCas(_)) => true,
        _ => false,
    }
}

/// No server issued an attribute certificate to this user.
pub fn client(error: &ClientError, user: User<'_>) -> Diagnostic {
    let mut diagnostic = Diagnostic::from_remote(error.code(), error);
    let foremost = error.foremost();
    if foremost.is_some_and(|(_, failure)| is_unknown_ca(failure)) {
        diagnostic = diagnostic.detail(NO_CA).detail(UNTRUSTED_ISSUER);
    }
    if foremost.is_some_and(|(_, failure)| failure.is_rejected_certificate()) {
        diagnostic = advice::rejected(user)
            .0
            .iter()
            .fold(diagnostic, Diagnostic::detail);
    }
    if let Some((_, Failure::Server(refusal))) = foremost
        && let ServerErrorKind::UnknownUser { issuer: None, .. } = refusal.kind
    {
        let own = user.chain.holder();
        diagnostic = diagnostic.detail(format!(
            "your certificate is {}, issued by {}",
            own.subject(),
            own.issuer()
        ));
    }
    diagnostic = other_failures(error)
        .iter()
        .fold(diagnostic, Diagnostic::detail);
    diagnostic
        .detail(format!(
            "None of the contacted servers for {} were capable of returning a valid AC for the user.",
            error.vo
        ))
        .detail("User's request for VOMS attributes could not be fulfilled.")
        .maybe_help(foremost.and_then(|(entry, failure)| advice::failure(failure, entry, user)))
}

/// The failures other than the one in the headline. A server that fails alike over both protocols
/// is reported once.
fn other_failures(error: &ClientError) -> Vec<String> {
    let headline = error.foremost();
    let mut others = Vec::new();
    for attempt in &error.attempts {
        let (host, port) = (&attempt.entry.host, attempt.entry.port);
        for (protocol, failure) in &attempt.failures {
            let by = match protocol {
                Protocol::Legacy => " (legacy protocol)",
                _ => "",
            };
            let is_headline = headline.is_some_and(|(entry, foremost)| {
                *entry == attempt.entry && foremost.code() == failure.code()
            });
            if !is_headline {
                others.push(format!("{host}:{port}{by}: {failure}"));
            }
        }
    }
    others
}

/// An attribute certificate that its server has just issued, and that is not valid by this
/// machine's clock: most likely that is wrong, so another proxy would not help.
fn is_about_the_clock(findings: &[AcFinding]) -> bool {
    let dates =
        |finding: &AcFinding| matches!(finding, AcFinding::Expired(_) | AcFinding::NotYetValid(_));
    !findings.is_empty() && findings.iter().all(dates)
}

/// The failure of attributes that were issued a moment ago, at `server_time` by the server's clock.
pub fn new_ac(
    vo: &str,
    findings: &[AcFinding],
    server_time: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Diagnostic {
    if !is_about_the_clock(findings) {
        return ac(vo, findings);
    }
    let here = output::utc(&now);
    let ahead = server_time.and_then(|server| clock::ahead_of(server, now));
    let diagnostic = ac(vo, findings).with_code(codes::CLOCK).detail(format!(
        "the server issued them just now, while it is {here} by the clock of this machine"
    ));
    let ahead = ahead.map(clock::in_words).into_iter();
    ahead.fold(diagnostic, Diagnostic::detail).help(clock::FIX)
}

/// Adds that the clock may be to blame, if more than this certificate is out of date by it.
fn suspecting_the_clock(
    diagnostic: Diagnostic,
    out_of_date: &OutOfDate,
    now: DateTime<Utc>,
) -> Diagnostic {
    if clock::is_too_early(now) {
        return diagnostic
            .with_code(codes::CLOCK)
            .detail(clock::too_early_in_words(now, None))
            .help(clock::FIX);
    }
    let Some(suspicion) = out_of_date.suspicion() else {
        return diagnostic;
    };
    let text = format!(
        "{}: is the clock of this machine right? It says {}",
        suspicion.text,
        output::utc(&now)
    );
    let diagnostic = diagnostic.detail(text);
    let compare = "compare the clock (run: date); if it is wrong: timedatectl set-ntp true";
    match suspicion.is_strong {
        true => diagnostic.with_code(codes::CLOCK).help(compare),
        false => diagnostic.also_help(compare),
    }
}

/// What the findings on the user's chain say about the clock.
fn out_of_date(findings: &[ChainFinding]) -> OutOfDate {
    let mut all = OutOfDate::default();
    for finding in findings {
        if let ChainFinding::Path(path) = finding {
            let owner = if path.is_ca { Owner::Ca } else { Owner::User };
            all.note(owner, path.code());
        }
    }
    all
}

/// An attribute certificate that is not trusted.
pub fn ac(vo: &str, findings: &[AcFinding]) -> Diagnostic {
    let code = findings.first().map_or(codes::FAILED, Coded::code);
    let headline = format!("VOMS AC validation for VO {vo} failed for the following reasons:");
    let mut diagnostic = Diagnostic::new(code, headline);
    for finding in findings {
        diagnostic = diagnostic.detail(finding);
    }
    let unlisted = |finding: &AcFinding| matches!(finding, AcFinding::NotTrusted { .. });
    if findings.iter().any(unlisted) {
        diagnostic = diagnostic.detail(NO_LSC);
    }
    diagnostic = diagnostic.detail("no proxy was written");
    diagnostic.maybe_help(findings.iter().find_map(Advice::next_step))
}
