//! The account that a site's files give a user: grid-mapfiles of Globus, the voms-mapfiles of
//! LCMAPS (EGI and OSG), and ban files.
//!
//! ```no_run
//! # use std::time::SystemTime;
//! # fn map(verified: &voms::verifier::VerifiedCredential) {
//! use voms::mapping::Site;
//!
//! let site = Site::new(["/etc/grid-security/grid-mapfile"], ["/etc/grid-security/ban-mapfile"]);
//! match site.decide(&verified.into(), SystemTime::now()) {
//!     Ok(mapped) => println!("{} because of {}", mapped.account, mapped.place),
//!     Err(none) => println!("no account: {none}"),
//! }
//! # }
//! ```

mod file;
mod globus;
mod lcmaps;
mod wildcard;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

pub use self::file::{FileProblem, LineProblem, MapKind};
use self::file::{Found, MapFile};
use crate::files::cache::FileCache;
use crate::verifier::VerifiedCredential;

/// A grid-mapfile of a large site has some ten thousand lines.
const LIMIT: u64 = 16 << 20;

/// The files of a site, shared between threads; each decision picks up changes to them.
#[derive(Debug)]
pub struct Site {
    maps: Vec<PathBuf>,
    bans: Vec<PathBuf>,
    map_files: FileCache<Result<Arc<MapFile>, FileProblem>>,
    ban_files: FileCache<Result<Arc<MapFile>, FileProblem>>,
}

/// What a user can be found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The subject of the user's certificate, in the slash form.
    pub identity: String,
    /// The FQANs as the VOMS servers wrote them, the primary one first.
    pub fqans: Vec<String>,
}

impl From<&VerifiedCredential> for Names {
    fn from(verified: &VerifiedCredential) -> Self {
        Self {
            identity: verified.identity().to_string(),
            fqans: verified.fqans().map(str::to_owned).collect(),
        }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// The account of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapped {
    /// Its name. One that begins with a dot stands for any account of a pool.
    pub account: String,
    /// The line that has it.
    pub place: Place,
    /// The name of the user, or the FQAN, that is on that line.
    pub name: String,
    /// The kind of file that the line is in.
    pub kind: MapKind,
    /// The line names users by a wildcard, which LCMAPS knows and Globus by itself does not.
    pub is_only_for_lcmaps: bool,
}

/// Why a user gets no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmapped {
    /// A file cannot be used, so nobody knows what it would have said.
    #[error("{}: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// LCMAPS gives up on a file at a line that it cannot read.
    #[error("{place}: {problem}")]
    Line {
        /// The line.
        place: Place,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// A ban file has a name of the user.
    #[error("{name} is banned by {place}")]
    Banned {
        /// The line.
        place: Place,
        /// The name of the user, or the FQAN.
        name: String,
    },
    /// Globus takes the first line with the user's name, and there is no account on it.
    #[error("{place} has no account for {name}")]
    NoAccount {
        /// The line.
        place: Place,
        /// The name of the user.
        name: String,
    },
    /// A line means the same group or role, but LCMAPS compares the letters.
    #[error("{place} is for {spelled}, and the VOMS server writes {name}")]
    Spelling {
        /// The line.
        place: Place,
        /// The FQAN of the user.
        name: String,
        /// How that line has it.
        spelled: String,
    },
    /// LCMAPS knows wildcards in names of users only where the account is one of a pool.
    #[error("{place} has a wildcard for {name}, but no pool of accounts")]
    Wildcard {
        /// The line.
        place: Place,
        /// The name of the user.
        name: String,
    },
    /// No line has a name of the user.
    #[error("no line is for {}{}", names.identity, listed(&names.fqans))]
    Unknown {
        /// What was looked for.
        names: Names,
    },
}

fn listed(fqans: &[String]) -> String {
    fqans.iter().map(|fqan| format!(" or {fqan}")).collect()
}

impl Site {
    /// A site with these map files, of which the first that has an account decides, and these ban
    /// files. Kinds are recognised by content.
    pub fn new<P: Into<PathBuf>, Q: Into<PathBuf>>(
        maps: impl IntoIterator<Item = P>,
        bans: impl IntoIterator<Item = Q>,
    ) -> Self {
        Self {
            maps: maps.into_iter().map(Into::into).collect(),
            bans: bans.into_iter().map(Into::into).collect(),
            map_files: FileCache::new(),
            ban_files: FileCache::new(),
        }
    }

    /// The account of a user as of `now`, the present time.
    ///
    /// # Errors
    /// [`Unmapped`] with the reason, if there is none.
    pub fn decide(&self, names: &Names, now: SystemTime) -> Result<Mapped, Unmapped> {
        for path in &self.bans {
            let file = usable(path, self.ban_files.get(path, LIMIT, now, MapFile::ban))?;
            match file.find(names) {
                Some(Found::Broken(line, problem)) => return Err(broken(path, line, problem)),
                Some(Found::Entry { line, name, .. }) => {
                    return Err(Unmapped::Banned {
                        place: place(path, line),
                        name: name.to_owned(),
                    });
                }
                None => {}
            }
        }
        let mut reason = None;
        for path in &self.maps {
            let file = usable(path, self.map_files.get(path, LIMIT, now, MapFile::map))?;
            match account(path, &file, names) {
                Ok(Some(mapped)) => return Ok(mapped),
                Ok(None) => {}
                Err(why) => {
                    reason.get_or_insert(why);
                }
            }
        }
        let unknown = || Unmapped::Unknown {
            names: names.clone(),
        };
        Err(reason
            .or_else(|| self.near_miss(names, now))
            .unwrap_or_else(unknown))
    }

    /// A line that was meant for this user, as it seems.
    fn near_miss(&self, names: &Names, now: SystemTime) -> Option<Unmapped> {
        self.maps.iter().find_map(|path| {
            let file = usable(path, self.map_files.get(path, LIMIT, now, MapFile::map)).ok()?;
            if let Some((line, name, spelled)) = file.other_spelling(names) {
                let (place, name) = (place(path, line), name.to_owned());
                return Some(Unmapped::Spelling {
                    place,
                    name,
                    spelled,
                });
            }
            Some(Unmapped::Wildcard {
                place: place(path, file.useless_wildcard(names)?),
                name: names.identity.clone(),
            })
        })
    }
}

/// What one file says: an account, nothing, or why there cannot be one.
fn account(path: &Path, file: &MapFile, names: &Names) -> Result<Option<Mapped>, Unmapped> {
    match file.find(names) {
        None => Ok(None),
        Some(Found::Broken(line, problem)) => Err(broken(path, line, problem)),
        Some(Found::Entry {
            line,
            name,
            account: None,
            ..
        }) => Err(Unmapped::NoAccount {
            place: place(path, line),
            name: name.to_owned(),
        }),
        Some(Found::Entry {
            line,
            name,
            account: Some(account),
            is_wild,
        }) => Ok(Some(Mapped {
            account: account.to_owned(),
            place: place(path, line),
            name: name.to_owned(),
            kind: file.kind(),
            is_only_for_lcmaps: is_wild && name == names.identity,
        })),
    }
}

/// A file that can be used. Without it, nobody knows what it would have said.
fn usable(
    path: &Path,
    file: Option<Arc<Result<Arc<MapFile>, FileProblem>>>,
) -> Result<Arc<MapFile>, Unmapped> {
    let problem = match file.as_deref() {
        Some(Ok(file)) => return Ok(file.clone()),
        Some(Err(problem)) => problem.clone(),
        None => FileProblem::Missing,
    };
    let file = path.to_owned();
    Err(Unmapped::File { file, problem })
}

fn place(path: &Path, line: usize) -> Place {
    let file = path.to_owned();
    Place { file, line }
}

fn broken(path: &Path, line: usize, problem: LineProblem) -> Unmapped {
    let place = place(path, line);
    Unmapped::Line { place, problem }
}
