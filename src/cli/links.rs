//! `voms-proxy links DIR`: the names that scripts call, as links to this program.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};

use super::exit::Exit;
use super::output::Trouble;
use super::{LINKS, args, output};

/// Makes links in DIR, so that voms-proxy-init and the others start by their own names.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true, disable_version_flag = true, override_usage = "voms-proxy links DIR")]
pub struct LinksArgs {
    /// An existing directory, such as ~/bin
    dir: PathBuf,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
}

/// Runs the command.
pub fn main(name: &str, words: &[OsString]) -> Exit {
    let args = match args::parse::<LinksArgs>(name, words) {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    match make(&args.dir) {
        Ok(links) => {
            for link in links {
                output::line(&link.display().to_string());
            }
            Exit::Success
        }
        Err((path, error)) => {
            Trouble::new(format!("cannot make the link {}", path.display()))
                .detail(voms::files::reason(&error))
                .help("name an existing directory that you may write to, without other programs of these names")
                .print();
            Exit::Failure
        }
    }
}

/// Makes the links and returns them. What is there already is left alone unless it is such a link.
pub fn make(dir: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let program = std::env::current_exe().map_err(|error| (dir.to_owned(), error))?;
    let mut links = Vec::new();
    for link in LINKS.map(|name| dir.join(name)) {
        let is_ours = std::fs::read_link(&link)
            .is_ok_and(|target| target == program || target.file_name() == program.file_name());
        let made = if is_ours { std::fs::remove_file(&link) } else { Ok(()) };
        made.and_then(|()| std::os::unix::fs::symlink(&program, &link)).map_err(|error| (link.clone(), error))?;
        links.push(link);
    }
    Ok(links)
}
