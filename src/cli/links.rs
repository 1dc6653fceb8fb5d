//! `voms-proxy links DIR`: creates links to this program under the names that scripts call.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use clap::{ArgAction, Parser, ValueEnum};
use serde_json::json;

use super::args::Arguments;
use super::codes;
use super::commands;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Format, Report, run_command};
use super::output::{self, Diagnostic};

/// Creates links in DIR, so that voms-proxy, voms-proxy-init and the others can be run by name.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy links DIR [options]",
    after_help = "\
EXIT CODES
  0  all links are there, or would be with --dry-run
  1  one of them cannot be made, or another program has its name

EXAMPLES
  voms-proxy links ~/bin
  voms-proxy links --only voms --dry-run ~/bin"
)]
pub struct LinksArgs {
    /// An existing directory, such as ~/bin
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Only the names of this family; repeatable
    #[arg(long, value_name = "FAMILY", value_enum, action = ArgAction::Append)]
    only: Vec<Family>,
    /// Make links that stay right when DIR and the program move together
    #[arg(long)]
    relative: bool,
    /// Only say what would be made
    #[arg(long, alias = "dry")]
    dry_run: bool,
    /// Print the result as JSON (schema/links.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for LinksArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Names that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Family {
    /// voms-proxy and voms-*
    Voms,
    /// grid-*
    Globus,
    /// ecp-* and ligo-*
    Ecp,
    /// htgettoken and its like
    Token,
}

impl Family {
    fn of(name: &str) -> Self {
        match name.split('-').next() {
            Some("grid") => Self::Globus,
            Some("ecp" | "ligo") => Self::Ecp,
            Some(name) if name.starts_with("ht") => Self::Token,
            _ => Self::Voms,
        }
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: LinksArgs| {
        let is_wanted = |name: &str| args.only.is_empty() || args.only.contains(&Family::of(name));
        let names = names().filter(|name| is_wanted(name));
        let plan = Plan::new(&args.dir, names, args.relative)
            .map_err(|error| not_made(&args.dir, &error))?;
        if !args.dry_run {
            plan.make()
                .map_err(|(path, error)| not_made(&path, &error))?;
        }
        let is_searched = is_searched(&args.dir, &invocation.env);
        let links: Vec<String> = plan
            .links
            .iter()
            .map(|link| link.display().to_string())
            .collect();
        if args.json {
            return Ok(Report::json(&json!({
                "version": 1,
                "dry_run": args.dry_run,
                "links": links,
                "target": plan.target,
                "in_path": is_searched,
            })));
        }
        if !is_searched {
            output::stderr(&format!(
                "note: {} is not in your PATH: the names are only found when it is",
                args.dir.display()
            ));
        }
        Ok(Report::lines(links))
    })
}

fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once("voms-proxy").chain(commands::linked())
}

fn not_made(link: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(
        codes::NOT_WRITTEN,
        format!("cannot create the link {}", link.display()),
    )
    .detail(voms::files::reason(error))
    .help("name an existing directory that you may write to, without other programs of these names")
}

/// Whether the shell looks for programs in a directory.
fn is_searched(dir: &Path, env: &Environment) -> bool {
    let real = |dir: &Path| dir.canonicalize().ok();
    let wanted = real(dir);
    std::env::split_paths(&env.search_path).any(|place| wanted.is_some() && real(&place) == wanted)
}

/// Creates links with all names and absolute targets.
pub fn make_all(dir: &Path) -> Result<(), (PathBuf, io::Error)> {
    let plan = Plan::new(dir, names(), false).map_err(|error| (dir.to_owned(), error))?;
    plan.make()
}

/// The links to be made.
struct Plan {
    links: Vec<PathBuf>,
    /// What they lead to.
    target: PathBuf,
    program: PathBuf,
}

impl Plan {
    fn new<'a>(
        dir: &Path,
        names: impl Iterator<Item = &'a str>,
        relative: bool,
    ) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let target = if relative {
            path_from(&dir.canonicalize()?, &program.canonicalize()?)
        } else {
            program.clone()
        };
        // The program itself may be in the directory, under its own name.
        let is_program = |link: &PathBuf| {
            !link.is_symlink() && link.canonicalize().ok().is_some_and(|real| real == program)
        };
        let links = names
            .map(|name| dir.join(name))
            .filter(|link| !is_program(link))
            .collect();
        Ok(Self {
            links,
            target,
            program,
        })
    }

    /// Only replaces existing files that are links to this program.
    fn make(&self) -> Result<(), (PathBuf, io::Error)> {
        for link in &self.links {
            let is_ours = std::fs::read_link(link).is_ok_and(|target| {
                target == self.program || target.file_name() == self.program.file_name()
            });
            let made = if is_ours {
                std::fs::remove_file(link)
            } else {
                Ok(())
            };
            made.and_then(|()| std::os::unix::fs::symlink(&self.target, link))
                .map_err(|error| (link.clone(), error))?;
        }
        Ok(())
    }
}

/// The way from a directory to a file, both without links.
fn path_from(dir: &Path, file: &Path) -> PathBuf {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (dir.components().collect(), file.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| OsStr::new(".."));
    up.chain(to[common..].iter().map(|part| part.as_os_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_file_leads_through_what_both_have_in_common() {
        let way = |dir: &str, file: &str| path_from(dir.as_ref(), file.as_ref());
        assert_eq!(
            way("/opt/voms/bin", "/opt/voms/lib/voms-proxy"),
            Path::new("../lib/voms-proxy")
        );
        assert_eq!(way("/opt", "/opt/voms-proxy"), Path::new("voms-proxy"));
        assert_eq!(way("/a/b", "/c"), Path::new("../../c"));
    }

    #[test]
    fn each_name_has_its_family() {
        let of = |family| {
            names()
                .filter(|name| Family::of(name) == family)
                .collect::<Vec<_>>()
        };
        assert!(
            of(Family::Voms)
                .iter()
                .all(|name| name.starts_with("voms-"))
        );
        assert!(
            of(Family::Globus)
                .iter()
                .all(|name| name.starts_with("grid-"))
        );
        assert_eq!(of(Family::Ecp).len(), 5);
        assert_eq!(
            of(Family::Token),
            ["htgettoken", "htdestroytoken", "htdecodetoken"]
        );
    }
}
