//! `voms-proxy links DIR`: creates links to this program under the names that scripts call.

use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};

use super::args::Arguments;
use super::codes;
use super::commands;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::Diagnostic;

/// Creates links in DIR, so that voms-proxy-init and the others can be run by name.
#[derive(Debug, Parser)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy links DIR"
)]
pub struct LinksArgs {
    /// An existing directory, such as ~/bin
    dir: PathBuf,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
}

impl Arguments for LinksArgs {}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: LinksArgs| {
        let links = make(&args.dir).map_err(|(path, error)| not_made(&path, &error))?;
        Ok(Report::lines(
            links
                .iter()
                .map(|link| link.display().to_string())
                .collect(),
        ))
    })
}

fn not_made(link: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(
        codes::NOT_WRITTEN,
        format!("cannot create the link {}", link.display()),
    )
    .detail(voms::files::reason(error))
    .help("name an existing directory that you may write to, without other programs of these names")
}

/// Creates the links and returns them. Only replaces existing files that are links to this program.
pub fn make(dir: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let program = std::env::current_exe().map_err(|error| (dir.to_owned(), error))?;
    let mut links = Vec::new();
    for link in commands::linked().map(|name| dir.join(name)) {
        let is_ours = std::fs::read_link(&link)
            .is_ok_and(|target| target == program || target.file_name() == program.file_name());
        let made = if is_ours {
            std::fs::remove_file(&link)
        } else {
            Ok(())
        };
        made.and_then(|()| std::os::unix::fs::symlink(&program, &link))
            .map_err(|error| (link.clone(), error))?;
        links.push(link);
    }
    Ok(links)
}
