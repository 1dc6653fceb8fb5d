//! What is to be done, from options and environment.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use grid_token::address::Address;
use grid_token::http::Trust;
use grid_token::life;
use grid_token::path;
use grid_token::vault::{Vault, Wanted};

use super::args::GetArgs;
use super::browser::Opener;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::outcome::CommandError;
use crate::cli::output::{self, Diagnostic};
use crate::cli::token::failed;
use crate::cli::token::store;
use crate::cli::token::voice::{Level, Voice};

const CAS: &str = "/etc/grid-security/certificates";
/// Vault tokens that last longer are not kept in a file.
const LONGEST_KEPT: u64 = 1_000_000;

/// Everything that `run` needs.
#[derive(Debug)]
pub struct GetPlan {
    pub voice: Voice,
    pub vault: Address,
    pub certificate_name: Option<String>,
    pub trust: Trust,
    pub debug: bool,
    /// The vault's name for Kerberos, and for the browser to return to.
    pub alias: Address,
    pub issuer: String,
    pub role: String,
    pub credkey: Credkey,
    pub secret_template: String,
    pub kerberos: Option<Kerberos>,
    pub person: Result<Person, Absent>,
    /// Whether no new vault token is to be had, either way.
    pub only_stored: bool,
    pub stored: Option<PathBuf>,
    pub life: u64,
    pub least_life: u64,
    pub vault_file: PathBuf,
    pub bearer_file: PathBuf,
    pub wanted: Wanted,
    pub show_url: bool,
    pub no_bearer: bool,
}

/// The name under which the vault keeps the user's tokens.
#[derive(Debug)]
pub struct Credkey {
    pub given: Option<String>,
    /// Where it is remembered.
    pub file: PathBuf,
}

#[derive(Debug)]
pub struct Kerberos {
    pub mount: String,
    pub principal: Option<String>,
}

/// A login in a web browser.
#[derive(Debug)]
pub struct Person {
    pub mount: String,
    pub opener: Option<Opener>,
}

/// Why nobody can log in in a web browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    Unwanted,
    NoTerminal,
}

impl GetPlan {
    /// Combines arguments and environment.
    pub fn new(args: GetArgs, env: &Environment) -> Result<Self, CommandError> {
        let vault = args.vaultserver.as_deref().ok_or_else(|| {
            CommandError::Usage(
                Diagnostic::usage("Missing required parameters: ['-a', '--vaultserver']")
                    .help("name the vault: htgettoken -a vault.ligo.org -i igwn"),
            )
        })?;
        if args.registerssh {
            return Err(Diagnostic::usage("keys of ssh-agent cannot be registered")
                .help("leave out --registerssh: log in by Kerberos or in a web browser")
                .into());
        }
        let (life, least_life) = lives(&args)?;
        let vault_file = vault_file(&args, life, env)?;
        let names = Names::new(&args)?;
        let outfile = args.outfile.clone();
        let vault = Address::parse(vault)?;
        let alias = args.vaultalias.as_deref().map(Address::parse).transpose()?;
        Ok(Self {
            voice: voice(&args, &vault_file),
            alias: alias.unwrap_or_else(|| vault.clone()),
            vault,
            trust: trust(&args, env),
            debug: args.debug,
            credkey: credkey(&args, env)?,
            kerberos: (!args.nokerberos && !args.novaulttoken).then_some(Kerberos {
                mount: names.kerberos,
                principal: args.kerbprincipal,
            }),
            person: person(args.nooidc || args.novaulttoken).map(|()| Person {
                mount: names.oidc,
                opener: Opener::new(args.web_open_command, &env.tokens),
            }),
            secret_template: names.secret,
            certificate_name: args.vaultcertname,
            issuer: args.issuer,
            role: args.role,
            only_stored: args.novaulttoken,
            stored: stored(args.vaulttokeninfile, &vault_file, env),
            life,
            least_life,
            vault_file,
            bearer_file: expanded(
                &outfile.unwrap_or_else(|| env.tokens.around.bearer_file()),
                env,
            ),
            wanted: wanted(args.minsecs, args.scopes, args.audience),
            show_url: args.showbearerurl,
            no_bearer: args.nobearertoken,
        })
    }

    /// Connects to nothing yet.
    pub fn open(&self) -> Result<Vault, CommandError> {
        let trace = self.debug.then_some(output::stderr as fn(&str));
        Ok(Vault::new(
            self.vault.clone(),
            self.certificate_name.clone(),
            &self.trust,
            trace,
        )?)
    }

    /// The name of the user's tokens: given, or remembered.
    pub fn known_credkey(&self) -> Option<String> {
        let credkey = &self.credkey;
        if credkey.given.is_some() {
            return credkey.given.clone();
        }
        let limit = voms::files::CONFIGURATION_LIMIT;
        let contents = voms::files::read_limited(&credkey.file, limit).ok()?;
        let text = std::str::from_utf8(&contents).ok()?.trim().to_owned();
        let file = credkey.file.display();
        self.voice.explain(&format!("Credkey from {file}: {text}"));
        Some(text).filter(|text| !text.is_empty())
    }

    /// Where the vault has the tokens of that name.
    pub fn secret(&self, credkey: &str) -> Result<String, CommandError> {
        Ok(path::filled(
            &self.secret_template,
            &[("%credkey", credkey)],
        )?)
    }
}

fn wanted(seconds: u64, scopes: Option<String>, audience: Option<String>) -> Wanted {
    let mut wanted = Wanted::lasting(seconds);
    wanted.scopes = scopes;
    wanted.audience = audience;
    wanted
}

/// Paths in the vault, where issuer and role are known already.
struct Names {
    kerberos: String,
    oidc: String,
    secret: String,
}

impl Names {
    fn new(args: &GetArgs) -> Result<Self, CommandError> {
        // They are parts of a file name too.
        path::check(&args.issuer)?;
        path::check(&args.role)?;
        let put = |template: &str| {
            template
                .replace("%issuer", &args.issuer)
                .replace("%role", &args.role)
        };
        Ok(Self {
            kerberos: put(&args.kerbpath),
            oidc: put(&args.oidcpath),
            secret: put(&args.secretpath),
        })
    }
}

/// The lives of a new vault token, and of the present one at least.
fn lives(args: &GetArgs) -> Result<(u64, u64), Diagnostic> {
    let read = |option: &str, text: &str| {
        life::seconds(text).ok_or_else(|| {
            Diagnostic::usage(format!(
                "{option} is not a number followed by s, m, h, or d"
            ))
            .help("write for example 7d")
        })
    };
    let life = read("--vaulttokenttl", &args.vaulttokenttl)?;
    let least = read("--vaulttokenminttl", &args.vaulttokenminttl)?;
    if least >= life {
        return Err(
            Diagnostic::usage("--vaulttokenminttl must be less than --vaulttokenttl")
                .help("correct one of them"),
        );
    }
    Ok((life, least))
}

fn vault_file(args: &GetArgs, life: u64, env: &Environment) -> Result<PathBuf, Diagnostic> {
    let usual = || {
        if life > LONGEST_KEPT {
            "/dev/stdout".into()
        } else {
            "/tmp/vt_u%uid".into()
        }
    };
    let file = args.vaulttokenfile.clone().unwrap_or_else(usual);
    if life > LONGEST_KEPT && !store::is_stream(&file) {
        return Err(Diagnostic::usage(
            "--vaulttokenfile must be under /dev/ when --vaulttokenttl is greater than a million seconds",
        )
        .help("write --vaulttokenfile /dev/stdout, or a shorter life"));
    }
    Ok(expanded(&file, env))
}

/// Where a vault token is read from: not from where a new one is printed.
fn stored(named: Option<PathBuf>, vault_file: &Path, env: &Environment) -> Option<PathBuf> {
    match named {
        Some(file) => {
            let text = file.to_string_lossy();
            let whole = text.replace("%vaulttokenfile", &vault_file.to_string_lossy());
            Some(expanded(Path::new(&whole), env))
        }
        None => Some(vault_file.to_owned()).filter(|file| !store::is_stream(file)),
    }
}

/// Puts in the user's number and home directory.
fn expanded(path: &Path, env: &Environment) -> PathBuf {
    let text = path.to_string_lossy();
    let path = PathBuf::from(text.replace("%uid", &env.uid.to_string()));
    match (path.strip_prefix("~"), &env.home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

fn credkey(args: &GetArgs, env: &Environment) -> Result<Credkey, CommandError> {
    let configuration = match (&args.configdir, &env.home) {
        (Some(directory), _) => expanded(directory, env),
        (None, Some(home)) => home.join(".config/htgettoken"),
        (None, None) if args.credkey.is_some() => PathBuf::new(),
        (None, None) => {
            return Err(Diagnostic::new(codes::NO_HOME, "HOME is not set")
                .help("set it, or give --configdir or --credkey")
                .into());
        }
    };
    let name = format!("credkey-{}-{}", args.issuer, args.role);
    Ok(Credkey {
        given: args.credkey.clone(),
        file: configuration.join(name),
    })
}

fn trust(args: &GetArgs, env: &Environment) -> Trust {
    let named = args.capath.clone().or_else(|| env.cert_dir.clone());
    let usual = || Some(PathBuf::from(CAS)).filter(|directory| directory.is_dir());
    Trust {
        file: args.cafile.clone(),
        directory: named.or_else(usual),
    }
}

fn voice(args: &GetArgs, vault_file: &Path) -> Voice {
    let level = match (args.verbose || args.debug, args.quiet) {
        (true, _) => Level::Verbose,
        (false, true) => Level::Quiet,
        (false, false) => Level::Progress,
    };
    Voice {
        level,
        on_stderr: args.showbearerurl || vault_file == Path::new("/dev/stdout"),
    }
}

fn person(unwanted: bool) -> Result<(), Absent> {
    let has_terminal = std::io::stdin().is_terminal()
        || std::io::stdout().is_terminal()
        || std::io::stderr().is_terminal();
    match (unwanted, has_terminal) {
        (true, _) => Err(Absent::Unwanted),
        (false, false) => Err(Absent::NoTerminal),
        (false, true) => Ok(()),
    }
}

/// The options that a server has for everybody, at `https://HOST/htgettokenopts.txt` or at a URL.
pub fn served_options(
    args: &GetArgs,
    server: &str,
    env: &Environment,
) -> Result<String, CommandError> {
    let bare = server.split_once("://").map_or(server, |(_, rest)| rest);
    let (authority, path) = bare.split_once('/').unwrap_or((bare, ""));
    let path = if server.contains("://") {
        path
    } else {
        "htgettokenopts.txt"
    };
    let with_port = match authority.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => authority.to_owned(),
        _ => format!("{authority}:443"),
    };
    let trace = args.debug.then_some(output::stderr as fn(&str));
    let host = Vault::new(
        Address::parse(&with_port)?,
        args.vaultcertname.clone(),
        &trust(args, env),
        trace,
    )?;
    host.options(path).map_err(|error| {
        failed(
            Some(&format!("fetch of options from {server} failed")),
            &error,
        )
        .into()
    })
}
