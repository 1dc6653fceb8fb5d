//! `voms-proxy sandbox`: a VO to experiment with, for as long as a command runs.

mod scripts;

use std::ffi::OsString;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser, ValueEnum};
use rustix::process::{Pid, Signal};
use serde_json::{Map, Value, json};
use signal_hook::consts::SIGINT;
use tempfile::TempDir;
use voms_authority::Authority;
use voms_authority::server::{Client, Front, Reception, Server};
use voms_authority::users::{Condition, PASSPHRASE};
use voms_authority::world::{HOST, VO, World};

use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::{Clock, Invocation};
use super::outcome::{Format, Report, run_command};
use super::output::Diagnostic;
use super::private::{self, NotPrivate};
use super::{links, output};

/// Starts a throw-away VO on this machine and runs COMMAND in it (or a shell): a VOMS server on a
/// loopback port, a CA, and a user who is in /virgo and /virgo/virgo and may ask for
/// /virgo/virgo/Role=production.
#[derive(Debug, Parser)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy sandbox [--kind voms|iam] [--dir DIR] [-- COMMAND ...]",
    after_help = "\
OTHER USERS
  Inside, as-user NAME COMMAND runs a command as another user (without COMMAND, a shell):
  expired    the certificate has ended
  revoked    the CA has revoked the certificate
  suspended  the VO has suspended the member
  aup        the member has to sign the VO's usage policy (AUP)
  stranger   not a member
  ec         a member with an EC key
  encrypted  a member whose key is encrypted; the passphrase is \"pass\"

EXIT CODES
  that of COMMAND; 1 if the sandbox cannot be started

EXAMPLES
  voms-proxy sandbox
  voms-proxy sandbox -- sh -c 'voms-proxy-init --voms virgo && voms-proxy-info --all'
  voms-proxy sandbox --kind iam -- as-user aup voms-proxy-init --voms virgo"
)]
pub struct SandboxArgs {
    /// Which server to imitate: the C++ VOMS server, or INDIGO IAM
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Voms)]
    kind: Kind,
    /// Keep the sandbox's files in this new directory, which no other user may be able to write to
    /// or exchange, instead of a temporary one that is removed
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What to run (default: your shell)
    #[arg(last = true)]
    command: Vec<OsString>,
    /// Before COMMAND runs, print as JSON where everything is (schema/sandbox.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Voms,
    Iam,
}

impl Kind {
    fn front(self) -> Front {
        match self {
            Self::Voms => Front::Voms,
            Self::Iam => Front::Nginx,
        }
    }

    fn authority(self, world: &World, port: u16) -> Authority {
        match self {
            Self::Voms => world.authority(port),
            Self::Iam => world.iam_authority(port),
        }
    }

    fn answer(
        self,
        world: &World,
        authority: &Authority,
        client: &Client,
        request: &[u8],
        now: DateTime<Utc>,
    ) -> Vec<u8> {
        match (self, client) {
            (Self::Iam, client) => authority.iam_answer(&world.host, client, request, now),
            (Self::Voms, Client::Verified(chain)) => {
                authority.answer(&world.host, chain, request, now)
            }
            (Self::Voms, _) => Vec::new(),
        }
    }
}

impl Arguments for SandboxArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        let status = run(&SandboxPlan::new(args, &invocation.env), invocation.now)?;
        Ok(Report::done().exit(exit_of(status)))
    })
}

struct SandboxPlan {
    kind: Kind,
    /// A directory to keep, instead of a temporary one.
    dir: Option<PathBuf>,
    /// What to run: a program and its arguments, or the user's shell.
    command: Vec<OsString>,
    is_shell: bool,
    search_path: OsString,
    format: Format,
}

impl SandboxPlan {
    fn new(args: SandboxArgs, env: &Environment) -> Self {
        let is_shell = args.command.is_empty();
        Self {
            format: args.format(),
            kind: args.kind,
            dir: args.dir,
            command: if is_shell {
                vec![env.shell.clone()]
            } else {
                args.command
            },
            is_shell,
            search_path: env.search_path.clone(),
        }
    }

    /// The search path with a directory prepended.
    fn path_with(&self, first: &Path) -> OsString {
        let mut path = first.as_os_str().to_owned();
        if !self.search_path.is_empty() {
            path.push(":");
            path.push(&self.search_path);
        }
        path
    }
}

/// Follows the shell's convention.
fn exit_of(status: ExitStatus) -> Exit {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .map_or(Exit::Failure, Exit::Code)
}

fn run(plan: &SandboxPlan, now: Clock) -> Result<ExitStatus, Diagnostic> {
    let temporary = plan.dir.is_none().then(temporary).transpose()?;
    let dir = match (&plan.dir, &temporary) {
        (Some(dir), _) => private::directory(dir),
        (None, Some(temporary)) => private::is_out_of_reach(temporary.path()),
        (None, None) => private::is_out_of_reach(Path::new(".")),
    };
    let dir = dir.map_err(|error| not_private(&error))?;
    let world = Arc::new(World::create_with_users(&dir, now()).map_err(Diagnostic::unexpected)?);
    let server = serve(&world, plan.kind, now)?;
    world
        .write_vomses(&[server.port()])
        .map_err(Diagnostic::unexpected)?;
    let bin = dir.join("bin");
    std::fs::create_dir_all(&bin).map_err(Diagnostic::unexpected)?;
    links::make_all(&bin).map_err(|(path, error)| {
        Diagnostic::new(
            codes::NOT_WRITTEN,
            format!("cannot make {}: {error}", path.display()),
        )
    })?;
    scripts::write(&bin, &world).map_err(Diagnostic::unexpected)?;
    let environment = environment(plan, &world, &bin);
    if plan.format == Format::Json {
        let described = describe(plan.kind, &world, server.port(), &environment);
        output::line(&output::json(&described));
    } else if plan.is_shell {
        welcome();
    }
    let child = command(plan, &environment).map_err(|error| {
        Diagnostic::new(
            codes::COMMAND_NOT_RUN,
            format!("cannot run the command: {}", voms::files::reason(&error)),
        )
        .help("write the command and its words behind --")
    })?;
    let status = child.map_err(|error| {
        Diagnostic::new(
            codes::COMMAND_NOT_RUN,
            format!("the command's exit status is unknown: {error}"),
        )
    })?;
    if plan.is_shell {
        output::stderr("sandbox: you have left it, and the VO no longer runs");
    }
    Ok(status)
}

/// The scripts in it come first on the search path, and keys are in it.
fn not_private(error: &NotPrivate) -> Diagnostic {
    Diagnostic::new(codes::NOT_PRIVATE, error).help(
        "name a new directory with --dir, in one that only you can write to, such as your home \
         directory",
    )
}

/// A directory that is removed in the end.
fn temporary() -> Result<TempDir, Diagnostic> {
    let made = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir();
    made.map_err(|error| {
        Diagnostic::new(
            codes::NOT_WRITTEN,
            format!(
                "cannot make a temporary directory: {}",
                voms::files::reason(&error)
            ),
        )
        .help("set TMPDIR to a directory that you can write to, or name one with --dir")
    })
}

fn serve(world: &Arc<World>, kind: Kind, now: Clock) -> Result<Server, Diagnostic> {
    // The authority's name contains the port, which is only known once the server runs.
    let authority = Arc::new(OnceLock::new());
    let (inside, own) = (world.clone(), authority.clone());
    let revocation_list = world.revocation_list();
    let reception = Reception {
        front: kind.front(),
        host: &world.host,
        client_ca: world.ca.certificate(),
        revocation_list: Some(&revocation_list),
    };
    let answer = move |client: &Client, request: &[u8]| {
        kind.answer(&inside, own.wait(), client, request, now())
    };
    let server = Server::receive(&reception, answer).map_err(Diagnostic::unexpected)?;
    let _ = authority.set(kind.authority(world, server.port()));
    Ok(server)
}

/// The variables that lead into the sandbox.
fn environment(plan: &SandboxPlan, world: &World, bin: &Path) -> [(&'static str, OsString); 8] {
    let user = world.dir.join("user");
    [
        ("PATH", plan.path_with(bin)),
        ("X509_USER_CERT", user.join("usercert.pem").into()),
        ("X509_USER_KEY", user.join("userkey.pem").into()),
        ("X509_USER_PROXY", world.dir.join("proxy.pem").into()),
        ("X509_CERT_DIR", world.certificates().into()),
        ("X509_VOMS_DIR", world.vomsdir().into()),
        ("X509_VOMSES", world.vomses().into()),
        ("VOMS_USERCONF", world.vomses().into()),
    ]
}

/// Where everything is (`schema/sandbox.json`).
fn describe(kind: Kind, world: &World, port: u16, environment: &[(&str, OsString)]) -> Value {
    let kind = match kind {
        Kind::Voms => "voms",
        Kind::Iam => "iam",
    };
    let variables = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_string_lossy().into()));
    json!({
        "version": 1,
        "kind": kind,
        "vo": VO,
        "host": HOST,
        "port": port,
        "dir": world.dir,
        "users": Condition::ALL.map(Condition::name),
        "passphrase": PASSPHRASE,
        "environment": variables.collect::<Map<String, Value>>(),
    })
}

fn welcome() {
    let users = Condition::ALL.map(Condition::name).join(", ");
    output::stderr(&format!(
        "sandbox: the VO {VO} runs on this machine as long as this shell does; try: voms-proxy-init --voms {VO}\n\
         sandbox: other users to try: {users} (passphrase: {PASSPHRASE}); for example: \
         as-user expired voms-proxy-init --voms {VO}"
    ));
}

/// Runs the user's command, or a shell, in the sandbox. Passes termination signals on to it, so
/// that the sandbox outlives it.
fn command(
    plan: &SandboxPlan,
    environment: &[(&str, OsString)],
) -> io::Result<io::Result<ExitStatus>> {
    let (program, words) = plan
        .command
        .split_first()
        .ok_or(io::ErrorKind::InvalidInput)?;
    // The terminal also sends SIGINT to the command, which decides how to handle it.
    signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))?;
    let received: Vec<(Signal, Arc<AtomicBool>)> = [Signal::TERM, Signal::HUP]
        .map(|signal| (signal, Arc::new(AtomicBool::new(false))))
        .into();
    for (signal, flag) in &received {
        signal_hook::flag::register(signal.as_raw(), flag.clone())?;
    }
    let mut command = Command::new(program);
    for variable in super::env::LEAKS {
        command.env_remove(variable);
    }
    let mut child = command
        .args(words)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .spawn()?;
    Ok(wait(&mut child, &received))
}

fn wait(child: &mut Child, received: &[(Signal, Arc<AtomicBool>)]) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        for (signal, _) in received
            .iter()
            .filter(|(_, flag)| flag.swap(false, Ordering::Relaxed))
        {
            // The command may have exited already.
            let _ = rustix::process::kill_process(Pid::from_child(child), *signal);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
