//! `voms-proxy vo add`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use voms::files;
use voms_client::vomses::{Vomses, VomsesEntry};

use super::source::{Addition, LscFile};
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::finding::Warning;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{Format, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::cli::{file, places, signals};

/// Makes a VO known: checks its vomses line or file, and the LSC files of its servers, and puts
/// them below ~/.voms.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy vo add LINE|FILE|DIR [LSC...] [options]",
    after_help = "\
Entries that are there already stay as they are; one that contradicts them is refused. The LSC file
of a server has its name, HOST.lsc; in DIR it may be in a directory with the VO's name.

EXIT CODES
  0  the VO is known, or would be with --dry-run
  1  nothing was changed

EXAMPLES
  voms-proxy vo add '\"virgo\" \"voms.example.org\" \"15009\" \"/O=x/CN=voms.example.org\" \"virgo\"'
  voms-proxy vo add virgo.vomses voms.example.org.lsc
  voms-proxy vo add /cvmfs/grid.example.org/etc/grid-security"
)]
pub struct AddArgs {
    /// A vomses line, a file of such lines (- for standard input), or a directory with vomses and
    /// LSC files; then LSC files of its servers
    #[arg(required = true, value_name = "LINE|FILE|DIR [LSC]", value_hint = clap::ValueHint::AnyPath)]
    words: Vec<OsString>,
    /// Only say what would be written
    #[arg(long, alias = "dry")]
    dry_run: bool,
    /// Print the result as JSON (schema/vo-add.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for AddArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn add(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: AddArgs| {
        let addition = Addition::read(&args.words)?;
        let own = Own::of(&invocation.env)?;
        let _lock = if args.dry_run { None } else { own.lock()? };
        let changes = own.changes(&addition)?;
        if !args.dry_run {
            signals::watch();
            changes.iter().try_for_each(Change::make)?;
        }
        let mut warnings = addition.warnings.clone();
        warnings.extend(overridden(&addition, &invocation.env));
        if args.json {
            return Ok(Report::json(&as_json(
                &addition,
                &changes,
                &warnings,
                args.dry_run,
            )));
        }
        warnings
            .iter()
            .for_each(|warning| output::warning(&warning.message));
        Ok(Report::lines(lines(&addition, &changes, args.dry_run)))
    })
}

/// The user's own vomses and vomsdir.
struct Own {
    vomses: PathBuf,
    vomsdir: PathBuf,
}

/// A file to be written.
struct Change {
    path: PathBuf,
    contents: String,
    mode: u32,
}

impl Change {
    fn make(&self) -> Result<(), Diagnostic> {
        let directory = file::directory(&self.path);
        make_directory(directory)
            .and_then(|()| file::replace_with_mode(&self.path, self.contents.as_bytes(), self.mode))
            .map_err(|error| not_written(&self.path, &error))
    }
}

impl Own {
    fn of(env: &Environment) -> Result<Self, Diagnostic> {
        match (places::own_vomses(env), places::own_vomsdir(env)) {
            (Some(vomses), Some(vomsdir)) => Ok(Self { vomses, vomsdir }),
            _ => Err(Diagnostic::new(
                codes::NO_HOME,
                "there is no home directory: HOME is not set",
            )
            .help("set HOME to the directory with your .voms")),
        }
    }

    /// Waits for others that add a VO, so that none of the lines is lost. `None` on a file system
    /// without locks.
    fn lock(&self) -> Result<Option<File>, Diagnostic> {
        let directory = file::directory(&self.vomses);
        let opened = make_directory(directory).and_then(|()| File::open(directory));
        let opened = opened.map_err(|error| not_written(directory, &error))?;
        let locked = flock(&opened, FlockOperation::LockExclusive);
        Ok(locked.is_ok().then_some(opened))
    }

    /// What has to be written; nothing, where it is there already.
    fn changes(&self, addition: &Addition) -> Result<Vec<Change>, Diagnostic> {
        let mut by_file: BTreeMap<PathBuf, Vec<&VomsesEntry>> = BTreeMap::new();
        for entry in &addition.entries {
            by_file.entry(self.file_of(entry)?).or_default().push(entry);
        }
        let lscs = addition.lscs.iter().map(|lsc| self.lsc(lsc));
        let vomses = by_file
            .iter()
            .map(|(path, entries)| with_entries(path, entries));
        // A server without its LSC file is refused later; the other way round nothing happens.
        lscs.chain(vomses).filter_map(Result::transpose).collect()
    }

    /// Where an entry goes: into the file, or into one of its own in the directory.
    fn file_of(&self, entry: &VomsesEntry) -> Result<PathBuf, Diagnostic> {
        if !self.vomses.is_file() {
            return Ok(self.vomses.join(format!("{}-{}", entry.alias, entry.host)));
        }
        // What a link leads to is to be changed, and the link to stay.
        self.vomses
            .canonicalize()
            .map_err(|error| not_written(&self.vomses, &error))
    }

    fn lsc(&self, lsc: &LscFile) -> Result<Option<Change>, Diagnostic> {
        let path = self.vomsdir.join(&lsc.vo).join(format!("{}.lsc", lsc.host));
        match existing(&path)? {
            Some(there) if there == lsc.text => Ok(None),
            Some(_) => Err(contradicts(&path, "has other lines")),
            None => Ok(Some(Change {
                path,
                contents: lsc.text.clone(),
                mode: 0o644,
            })),
        }
    }
}

/// The file with the entries appended that it lacks.
fn with_entries(path: &Path, entries: &[&VomsesEntry]) -> Result<Option<Change>, Diagnostic> {
    let mut contents = existing(path)?.unwrap_or_default();
    let there = Vomses::from_text(path, &contents);
    let missing = entries
        .iter()
        .filter(|entry| !there.entries().contains(entry));
    let missing: Vec<&VomsesEntry> = missing.copied().collect();
    let is_same_server = |known: &VomsesEntry, entry: &VomsesEntry| {
        (&known.alias, &known.vo, &known.host) == (&entry.alias, &entry.vo, &entry.host)
    };
    for entry in &missing {
        if let Some(known) = there
            .entries()
            .iter()
            .find(|known| is_same_server(known, entry))
        {
            return Err(contradicts(path, &format!("says otherwise: {known}")));
        }
    }
    if missing.is_empty() {
        return Ok(None);
    }
    if !contents.is_empty() && !contents.ends_with('\n') {
        contents.push('\n');
    }
    for entry in missing {
        contents.push_str(&format!("{entry}\n"));
    }
    let mode = path
        .metadata()
        .map_or(0o644, |found| found.permissions().mode() & 0o777);
    Ok(Some(Change {
        path: path.to_owned(),
        contents,
        mode,
    }))
}

/// What a file holds. One that is not text is left alone.
fn existing(path: &Path) -> Result<Option<String>, Diagnostic> {
    let read = match files::read_limited(path, files::CONFIGURATION_LIMIT) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| not_written(path, &error))?,
    };
    let text = std::str::from_utf8(&read);
    text.map(|text| Some(text.to_owned()))
        .map_err(|_| contradicts(path, "is not text"))
}

fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
}

fn not_written(path: &Path, error: &io::Error) -> Diagnostic {
    let text = format!("cannot write {}: {}", path.display(), files::reason(error));
    Diagnostic::new(codes::NOT_WRITTEN, text)
        .help("check the permissions of the directory, and its free space")
}

fn contradicts(path: &Path, how: &str) -> Diagnostic {
    Diagnostic::new(
        codes::FILE_EXISTS,
        format!("{} is there and {how}", path.display()),
    )
    .detail("nothing was changed")
    .help("compare it with the VO's page; to replace it, remove it first")
}

/// Whether a variable keeps the LSC files from being used.
fn overridden(addition: &Addition, env: &Environment) -> Option<Warning> {
    let named = env
        .voms_dir
        .as_ref()
        .filter(|_| !addition.lscs.is_empty())?;
    let text = format!(
        "X509_VOMS_DIR is set: only the LSC files in {} count, not those in ~/.voms/vomsdir",
        named.display()
    );
    Some(Warning::new(codes::LSC_NOT_USED, text))
}

fn lines(addition: &Addition, changes: &[Change], is_dry: bool) -> Vec<String> {
    let [wrote, added] = if is_dry {
        ["Would write", "Would add"]
    } else {
        ["Wrote", "Added"]
    };
    let mut lines: Vec<String> = match changes {
        [] => vec!["All of it was known already; nothing was changed.".to_owned()],
        _ => addition
            .entries
            .iter()
            .map(|entry| format!("{added} {}: {}:{}.", entry.alias, entry.host, entry.port))
            .collect(),
    };
    lines.extend(
        changes
            .iter()
            .map(|change| format!("{wrote} {}.", change.path.display())),
    );
    if let Some(entry) = addition.entries.first().filter(|_| !is_dry) {
        lines.push(format!("\nNext: voms-proxy doctor --voms {}", entry.alias));
    }
    lines
}

fn as_json(addition: &Addition, changes: &[Change], warnings: &[Warning], is_dry: bool) -> Value {
    let server = |entry: &VomsesEntry| json!({ "vo": entry.vo, "alias": entry.alias, "host": entry.host, "port": entry.port });
    json!({
        "version": 1,
        "dry_run": is_dry,
        "servers": addition.entries.iter().map(server).collect::<Value>(),
        "written": changes.iter().map(|change| json!(change.path)).collect::<Value>(),
        "warnings": warnings.iter().map(Warning::as_json).collect::<Value>(),
    })
}
