//! `voms-proxy sandbox`: a VO of one's own, for as long as a command runs.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{ArgAction, Parser};
use rustix::process::{Pid, Signal};
use signal_hook::consts::SIGINT;

use super::exit::Exit;
use super::output::Trouble;
use super::{args, links, output};
use crate::authority::server::Server;
use crate::authority::world::{VO, World};

/// Starts a throw-away VO on this machine and runs COMMAND in it (or a shell): a VOMS server on a loopback port, a CA,
/// and a user who is in /virgo and /virgo/virgo and may ask for /virgo/virgo/Role=production.
#[derive(Debug, Parser)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "voms-proxy sandbox [--dir DIR] [-- COMMAND ...]",
    after_help = "\
EXIT CODES
  that of COMMAND; 1 if the sandbox cannot be started

EXAMPLES
  voms-proxy sandbox
  voms-proxy sandbox -- sh -c 'voms-proxy-init --voms virgo && voms-proxy-info --all'"
)]
pub struct SandboxArgs {
    /// Keep the sandbox's files in this new directory, instead of a temporary one that is removed
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What to run (default: your shell)
    #[arg(last = true)]
    command: Vec<OsString>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

/// Runs the command.
pub fn main(name: &str, words: &[OsString]) -> Exit {
    let args = match args::parse::<SandboxArgs>(name, words) {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    run(&args).unwrap_or_else(|trouble| {
        trouble.print();
        Exit::Failure
    })
}

fn run(args: &SandboxArgs) -> Result<Exit, Trouble> {
    let temporary = match &args.dir {
        Some(dir) => {
            new_directory(dir)?;
            None
        }
        None => Some(tempfile::tempdir().map_err(Trouble::new)?),
    };
    let dir = args.dir.as_deref().or(temporary.as_ref().map(tempfile::TempDir::path)).unwrap_or(Path::new("."));
    let dir = std::path::absolute(dir).map_err(Trouble::new)?;
    let world = Arc::new(World::create(&dir, super::now()).map_err(Trouble::new)?);
    let server = serve(&world)?;
    world.write_vomses(&[server.port()]).map_err(Trouble::new)?;
    let bin = dir.join("bin");
    std::fs::create_dir_all(&bin).map_err(Trouble::new)?;
    links::make(&bin).map_err(|(path, error)| Trouble::new(format!("cannot make {}: {error}", path.display())))?;
    wrap_init(&bin, &world).map_err(Trouble::new)?;
    let child = command(args, &world, &bin).map_err(|error| {
        Trouble::new(format!("cannot run the command: {}", crate::bounded::reason(&error)))
            .help("write the command and its words behind --")
    })?;
    let status = child.map_err(|error| Trouble::new(format!("the command was lost: {error}")))?;
    // As a shell tells it.
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(Exit::Failure, Exit::Code))
}

fn new_directory(dir: &Path) -> Result<(), Trouble> {
    let empty =
        std::fs::create_dir_all(dir).and_then(|()| std::fs::read_dir(dir)).map(|mut list| list.next().is_none());
    match empty {
        Ok(true) => Ok(()),
        Ok(false) => Err(Trouble::new(format!("{} is not empty", dir.display()))
            .help("name a directory that does not exist yet with --dir")),
        Err(error) => Err(Trouble::new(format!("{}: {}", dir.display(), crate::bounded::reason(&error)))
            .help("name a directory that you may create with --dir")),
    }
}

fn serve(world: &Arc<World>) -> Result<Server, Trouble> {
    // The authority's name has the port in it, which is known once the server runs.
    let authority = Arc::new(OnceLock::new());
    let (inside, own) = (world.clone(), authority.clone());
    let server = Server::start(&world.host, world.ca.certificate(), move |client, request| {
        let authority: &crate::authority::Authority = own.wait();
        authority.answer(&inside.host, client, request, super::now())
    })
    .map_err(Trouble::new)?;
    let _ = authority.set(world.authority(server.port()));
    Ok(server)
}

/// The machine's own vomses files would be merged with the sandbox's, and a real server asked: so init is told.
fn wrap_init(bin: &Path, world: &World) -> io::Result<()> {
    let init = bin.join("voms-proxy-init");
    std::fs::remove_file(&init)?;
    let (program, vomses) = (std::env::current_exe()?, world.vomses());
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let script = format!("#!/bin/sh\nexec {} init --vomses {} \"$@\"\n", quoted(&program), quoted(&vomses));
    std::fs::write(&init, script)?;
    std::fs::set_permissions(&init, std::fs::Permissions::from_mode(0o755))
}

/// Runs the user's command, or a shell, in the sandbox. A signal to end is passed on to it, and the sandbox outlives
/// it.
fn command(args: &SandboxArgs, world: &World, bin: &Path) -> io::Result<io::Result<ExitStatus>> {
    let shell = super::env::shell();
    let (program, words) = match args.command.split_first() {
        Some((program, words)) => (program.clone(), words),
        None => {
            output::stderr(&format!(
                "sandbox: the VO {VO} runs on this machine as long as this shell does; try: voms-proxy-init --voms {VO}"
            ));
            (shell, [].as_slice())
        }
    };
    let user = world.dir.join("user");
    // The terminal sends an interrupt to the command as well, which decides what it means.
    signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))?;
    let received: Vec<(Signal, Arc<AtomicBool>)> =
        [Signal::TERM, Signal::HUP].map(|signal| (signal, Arc::new(AtomicBool::new(false)))).into();
    for (signal, flag) in &received {
        signal_hook::flag::register(signal.as_raw(), flag.clone())?;
    }
    let mut command = Command::new(program);
    for variable in super::env::LEAKS {
        command.env_remove(variable);
    }
    let mut child = command
        .args(words)
        .env("PATH", super::env::path_with(bin))
        .env("X509_USER_CERT", user.join("usercert.pem"))
        .env("X509_USER_KEY", user.join("userkey.pem"))
        .env("X509_USER_PROXY", world.dir.join("proxy.pem"))
        .env("X509_CERT_DIR", world.certificates())
        .env("X509_VOMS_DIR", world.vomsdir())
        .env("X509_VOMSES", world.vomses())
        .env("VOMS_USERCONF", world.vomses())
        .spawn()?;
    Ok(wait(&mut child, &received))
}

fn wait(child: &mut Child, received: &[(Signal, Arc<AtomicBool>)]) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        for (signal, _) in received.iter().filter(|(_, flag)| flag.swap(false, Ordering::Relaxed)) {
            // It may have ended just now.
            let _ = rustix::process::kill_process(Pid::from_child(child), *signal);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
