//! The command line: the only room that knows the terminal, the environment, the clock and exit codes.

mod advice;
mod args;
mod conf;
mod destroy;
mod doctor;
mod ecp;
mod env;
mod exit;
mod export;
mod fake;
mod file;
mod finding;
mod fitness;
mod grid;
mod import;
mod info;
mod init;
mod links;
mod output;
mod passwd;
mod places;
mod prompt;
mod register;
mod sandbox;
mod signals;
mod trouble;
mod verify;
mod vos;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use chrono::{DateTime, Utc};

use self::env::Environment;
use self::exit::Exit;

/// The commands, with the names they are started by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Init,
    Info,
    Destroy,
    Doctor,
    Ecp(ecp::Command),
    Export,
    Fake,
    GridProxyInfo,
    GridProxyDestroy,
    GridCertInfo,
    Import,
    Links,
    List,
    Passwd,
    Register,
    Sandbox,
    Verify,
}

const COMMANDS: [(&str, &str, Command); 24] = [
    ("init", "voms-proxy-init", Command::Init),
    ("info", "voms-proxy-info", Command::Info),
    ("destroy", "voms-proxy-destroy", Command::Destroy),
    ("list", "voms-proxy-list", Command::List),
    ("links", "voms-proxy-links", Command::Links),
    ("sandbox", "voms-proxy-sandbox", Command::Sandbox),
    ("fake", "voms-proxy-fake", Command::Fake),
    ("grid-proxy-init", "grid-proxy-init", Command::Init),
    ("grid-proxy-info", "grid-proxy-info", Command::GridProxyInfo),
    ("grid-proxy-destroy", "grid-proxy-destroy", Command::GridProxyDestroy),
    ("grid-cert-info", "grid-cert-info", Command::GridCertInfo),
    ("import", "voms-proxy-import", Command::Import),
    ("export", "voms-proxy-export", Command::Export),
    ("passwd", "voms-proxy-passwd", Command::Passwd),
    ("grid-change-pass-phrase", "grid-change-pass-phrase", Command::Passwd),
    ("register", "voms-proxy-register", Command::Register),
    ("doctor", "voms-proxy-doctor", Command::Doctor),
    ("verify", "voms-proxy-verify", Command::Verify),
    ("voms-verify", "voms-verify", Command::Verify),
    ("ecp-get-cert", "ecp-get-cert", Command::Ecp(ecp::Command::GetCert)),
    ("ecp-cert-info", "ecp-cert-info", Command::Ecp(ecp::Command::CertInfo)),
    ("ecp-get-cookie", "ecp-get-cookie", Command::Ecp(ecp::Command::GetCookie)),
    ("ecp-curl", "ecp-curl", Command::Ecp(ecp::Command::Curl)),
    ("ligo-proxy-init", "ligo-proxy-init", Command::Ecp(ecp::Command::Ligo)),
];

/// The names for which `voms-proxy links` makes links.
const LINKS: [&str; 16] = [
    "voms-proxy-init",
    "voms-proxy-info",
    "voms-proxy-destroy",
    "voms-proxy-list",
    "voms-proxy-fake",
    "voms-verify",
    "grid-proxy-init",
    "grid-proxy-info",
    "grid-proxy-destroy",
    "grid-cert-info",
    "grid-change-pass-phrase",
    "ecp-get-cert",
    "ecp-cert-info",
    "ecp-get-cookie",
    "ecp-curl",
    "ligo-proxy-init",
];

/// A command as it is typed: what has no link of its own is a word after `voms-proxy`.
fn as_started(name: &str) -> String {
    if LINKS.contains(&name) { name.to_owned() } else { name.replacen("voms-proxy-", "voms-proxy ", 1) }
}

/// Runs the program: `argv[0]` picks the command by its name, else `argv[1]` does.
#[must_use]
pub fn main(mut argv: Vec<OsString>) -> ExitCode {
    let started_as = argv.first().map(Path::new).and_then(Path::file_name).unwrap_or_default().to_os_string();
    let by_name = COMMANDS.iter().find(|(_, name, _)| started_as == *name);
    // `voms-proxy ecp get-cert` is `ecp-get-cert`.
    if by_name.is_none() && argv.get(1).is_some_and(|word| word == "ecp") && argv.len() > 2 {
        argv.remove(1);
        let mut joined = OsString::from("ecp-");
        joined.push(&argv[1]);
        argv[1] = joined;
    }
    let chosen = by_name.or_else(|| {
        let word = argv.get(1)?.clone();
        COMMANDS.iter().find(|(short, name, _)| word == *short || word == *name).inspect(|_| {
            argv.remove(0);
        })
    });
    let Some((_, name, command)) = chosen else {
        return overview(argv.get(1)).into();
    };
    let words = argv.split_off(1.min(argv.len()));
    let environment = Environment::read();
    match command {
        Command::Init => init::main(name, &words, &environment),
        Command::Info => info::main(name, &words, &environment),
        Command::Destroy => destroy::main(name, &words, &environment),
        Command::List => init::list(name, &words, &environment),
        Command::Fake => fake::main(name, &words, &environment),
        Command::GridProxyInfo => grid::proxy_info(name, &words, &environment),
        Command::GridProxyDestroy => grid::proxy_destroy(name, &words, &environment),
        Command::GridCertInfo => grid::cert_info(name, &words, &environment),
        Command::Import => import::main(name, &words, &environment),
        Command::Export => export::main(name, &words, &environment),
        Command::Passwd => passwd::main(name, &words, &environment),
        Command::Register => register::main(name, &words, &environment),
        Command::Doctor => doctor::main(name, &words, &environment),
        Command::Ecp(command) => ecp::main(*command, name, &words, &environment),
        Command::Links => links::main(name, &words),
        Command::Sandbox => sandbox::main(name, &words),
        Command::Verify => verify::main(name, &words, &environment),
    }
    .into()
}

/// What each command understands, by the name it is started by: the one definition from which parser, help, man pages
/// and completions are made.
#[must_use]
pub fn definitions() -> Vec<clap::Command> {
    let definition = |command| match command {
        Command::Init | Command::List => args::definition::<init::InitArgs>(),
        Command::Info | Command::GridProxyInfo => args::definition::<info::InfoArgs>(),
        Command::Destroy => args::definition::<destroy::DestroyArgs>(),
        Command::Fake => args::definition::<fake::FakeArgs>(),
        Command::GridProxyDestroy => args::definition::<grid::DestroyArgs>(),
        Command::GridCertInfo => args::definition::<grid::CertArgs>(),
        Command::Import => args::definition::<import::ImportArgs>(),
        Command::Export => args::definition::<export::ExportArgs>(),
        Command::Passwd => args::definition::<passwd::PasswdArgs>(),
        Command::Register => args::definition::<register::RegisterArgs>(),
        Command::Doctor => args::definition::<doctor::DoctorArgs>(),
        Command::Ecp(ecp::Command::GetCert) => args::definition::<ecp::GetCertArgs>(),
        Command::Ecp(ecp::Command::CertInfo) => args::definition::<ecp::InfoArgs>(),
        Command::Ecp(ecp::Command::GetCookie) => args::definition::<ecp::CookieArgs>(),
        Command::Ecp(ecp::Command::Curl) => args::definition::<ecp::CurlArgs>(),
        Command::Ecp(ecp::Command::Ligo) => args::definition::<ecp::LigoArgs>(),
        Command::Links => args::definition::<links::LinksArgs>(),
        Command::Sandbox => args::definition::<sandbox::SandboxArgs>(),
        Command::Verify => args::definition::<verify::VerifyArgs>(),
    };
    let named = |(_, name, command): &(_, &'static str, Command)| match args::usage(name) {
        Some(usage) => definition(*command).name(*name).override_usage(usage),
        None => definition(*command).name(*name),
    };
    COMMANDS.iter().map(named).collect()
}

const OVERVIEW: &str = "\
usage: voms-proxy COMMAND [options]

Grid credentials: proxies with VOMS attributes.

  import    put the certificate that your institution sent into ~/.globus
  register  show how to become a member of a VO, and how far you have got
  doctor    look at everything that a proxy needs, and tell what is broken

  init      make a proxy, with --voms VO one that carries the VO's attributes
  info      show a proxy
  destroy   remove a proxy
  list      list what a VO would grant

  export    write certificate and key into a PKCS#12 file, for a browser
  passwd    change the pass phrase of your private key
  verify    judge a proxy and its attributes as a service would
  fake      make a proxy with attributes signed by yourself, to test services
  ecp       get-cert, cert-info, get-cookie, curl: certificates and pages by the log-in of your institution (SAML ECP)
  links     make links, so that voms-proxy-init and the others start by their own names
  sandbox   start a throw-away VO on this machine, to try everything out

voms-proxy COMMAND --help shows the options. Started as grid-proxy-init, grid-proxy-info, grid-proxy-destroy,
grid-cert-info, grid-change-pass-phrase, ligo-proxy-init or ecp-get-cert it is those.
";

fn overview(word: Option<&OsString>) -> Exit {
    let word = word.map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    if word == "ecp" || word.starts_with("ecp-") {
        return overview_of_ecp(word.trim_start_matches("ecp").trim_start_matches('-'));
    }
    match word.trim_start_matches('-') {
        "h" | "help" | "usage" => {
            output::line(OVERVIEW.trim_end());
            Exit::Success
        }
        "V" | "version" => {
            output::line(&format!("voms-proxy v. {}", env!("CARGO_PKG_VERSION")));
            Exit::Success
        }
        "" => {
            output::stderr(OVERVIEW.trim_end());
            Exit::Failure
        }
        _ => {
            let trouble = output::Trouble::new(format!("there is no command '{word}'"));
            trouble.help("run: voms-proxy --help").print();
            Exit::Failure
        }
    }
}

/// What there is behind `voms-proxy ecp`.
fn overview_of_ecp(word: &str) -> Exit {
    let words: Vec<&str> = COMMANDS.iter().filter_map(|(short, ..)| short.strip_prefix("ecp-")).collect();
    let usage = format!("voms-proxy ecp {}", words.join("|"));
    let trouble = match word {
        "h" | "help" | "usage" => {
            output::line(&format!("usage: {usage}"));
            return Exit::Success;
        }
        "" => output::Trouble::new("ecp is the first of two words"),
        _ => output::Trouble::new(format!("there is no command 'ecp {word}'")),
    };
    trouble.help(&format!("run: {usage}")).print();
    Exit::Failure
}

/// The wall clock; everything below is handed the time.
#[allow(clippy::disallowed_methods)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
