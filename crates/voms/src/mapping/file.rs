//! A map or ban file, of a kind that is recognised by its content.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::{Names, globus, lcmaps, wildcard};
use crate::files;

/// The kind of a map file, and with it its syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapKind {
    /// Names of users, as Globus reads them.
    GridMapfile,
    /// FQANs, or names with wildcards, as LCMAPS reads them.
    VomsMapfile,
}

impl MapKind {
    /// What it is called: `grid-mapfile` or `voms-mapfile`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GridMapfile => "grid-mapfile",
            Self::VomsMapfile => "voms-mapfile",
        }
    }
}

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// There is no such file.
    #[error("file not found")]
    Missing,
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It has lines, and none of them begins with a name or a group.
    #[error("no line begins with the name of a user or with a group")]
    NoMap,
}

/// Why a line cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// A quote is not closed.
    #[error("the closing quote is missing")]
    Quote,
    /// It ends with a backslash.
    #[error("it ends with a backslash")]
    Continued,
    /// Nothing follows the name.
    #[error("nothing follows the name")]
    NoAccount,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whom it is about, in the form in which it is compared.
    pub name: String,
    /// The first of its accounts.
    pub account: Option<String>,
}

#[derive(Debug)]
pub struct MapFile {
    kind: MapKind,
    /// Entries do not need accounts.
    is_ban: bool,
    lines: Vec<(usize, Result<Entry, LineProblem>)>,
}

/// What a look-up found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A line for one of the names.
    Entry {
        line: usize,
        name: &'a str,
        account: Option<&'a str>,
        is_wild: bool,
    },
    /// A line at which LCMAPS gives up.
    Broken(usize, LineProblem),
}

impl MapFile {
    pub fn map(file: io::Result<&[u8]>) -> Result<Arc<Self>, FileProblem> {
        let text = readable(file)?;
        let kind = match names(text).any(|name| is_group(&name) || wildcard::is_wild(&name)) {
            true => MapKind::VomsMapfile,
            false => MapKind::GridMapfile,
        };
        Self::read(text, kind, false)
    }

    /// Ban files are a matter of LCMAPS alone.
    pub fn ban(file: io::Result<&[u8]>) -> Result<Arc<Self>, FileProblem> {
        Self::read(readable(file)?, MapKind::VomsMapfile, true)
    }

    fn read(text: &[u8], kind: MapKind, is_ban: bool) -> Result<Arc<Self>, FileProblem> {
        let is_name = |name: Cow<'_, str>| name.starts_with(['/', '*', '?', '[']);
        if names(text).next().is_some() && !names(text).any(is_name) {
            return Err(FileProblem::NoMap);
        }
        let entry = match kind {
            MapKind::GridMapfile => globus::entry,
            MapKind::VomsMapfile => lcmaps::entry,
        };
        let lines = text.split(|octet| *octet == b'\n').enumerate();
        let lines = lines.filter_map(|(at, line)| Some((at + 1, entry(line)?)));
        Ok(Arc::new(Self {
            kind,
            is_ban,
            lines: lines.collect(),
        }))
    }

    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The line that decides about a user: FQANs come before the name, as LCMAPS sites have it.
    pub fn find<'a>(&'a self, names: &'a Names) -> Option<Found<'a>> {
        let has_groups = self.kind == MapKind::VomsMapfile;
        let mut fqans = names.fqans.iter().filter(|_| has_groups);
        let by_fqan = fqans.find_map(|fqan| self.first_line_for(fqan, true));
        if let Some(Found::Entry { .. }) = by_fqan {
            return by_fqan;
        }
        match self.first_line_for(&names.identity, false) {
            Some(Found::Broken(line, problem)) => {
                Some(by_fqan.unwrap_or(Found::Broken(line, problem)))
            }
            by_name => by_name.or(by_fqan),
        }
    }

    fn first_line_for<'a>(&'a self, name: &'a str, is_fqan: bool) -> Option<Found<'a>> {
        let comparable = match self.kind {
            MapKind::GridMapfile => globus::comparable(name),
            MapKind::VomsMapfile => String::new(),
        };
        self.lines.iter().find_map(|(line, entry)| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(problem) => {
                    return (self.kind == MapKind::VomsMapfile)
                        .then_some(Found::Broken(*line, *problem));
                }
            };
            let is_for = match self.kind {
                MapKind::GridMapfile => entry.name == comparable,
                MapKind::VomsMapfile => self.is_for(entry, name, is_fqan),
            };
            is_for.then(|| Found::Entry {
                line: *line,
                name,
                account: entry.account.as_deref(),
                is_wild: wildcard::is_wild(&entry.name),
            })
        })
    }

    /// Whether LCMAPS finds a user or an FQAN by this entry.
    fn is_for(&self, entry: &Entry, name: &str, is_fqan: bool) -> bool {
        if self.is_ban {
            return wildcard::matches(&entry.name, name);
        }
        let Some(account) = &entry.account else {
            return false;
        };
        // Of the plugins that look for the user's name, only that for pools knows wildcards.
        let may_be_wild = is_fqan || account.starts_with('.');
        is_group(&entry.name) == is_fqan
            && (entry.name == name || may_be_wild && wildcard::matches(&entry.name, name))
    }

    /// A line with a wildcard for the user's name that leads to no pool.
    pub fn useless_wildcard(&self, names: &Names) -> Option<usize> {
        let has = |entry: &Entry| {
            !is_group(&entry.name) && wildcard::matches(&entry.name, &names.identity)
        };
        let mut lines = self.lines.iter();
        let found = lines.find(|(_, entry)| entry.as_ref().is_ok_and(has));
        found
            .map(|(line, _)| *line)
            .filter(|_| self.kind == MapKind::VomsMapfile)
    }

    /// A line that has an FQAN of the user in another spelling: the line, the FQAN, the spelling.
    pub fn other_spelling<'a>(&'a self, names: &'a Names) -> Option<(usize, &'a str, String)> {
        let spellings = names
            .fqans
            .iter()
            .flat_map(|fqan| spellings(fqan).map(move |other| (fqan, other)));
        spellings
            .filter(|(fqan, other)| *fqan != other)
            .find_map(|(fqan, other)| match self.first_line_for(&other, true) {
                Some(Found::Entry { line, .. }) => Some((line, fqan.as_str(), other.clone())),
                _ => None,
            })
    }
}

fn readable(file: io::Result<&[u8]>) -> Result<&[u8], FileProblem> {
    file.map_err(|error| FileProblem::Unreadable(files::reason(&error)))
}

/// What the lines begin with, up to a quote or the end of the word.
fn names(text: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    let lines = text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| {
            let quoted = line.strip_prefix(b"\"");
            let is_end = |octet: &u8| match quoted {
                Some(_) => *octet == b'"',
                None => octet.is_ascii_whitespace(),
            };
            let mut parts = quoted.unwrap_or(line).split(is_end);
            String::from_utf8_lossy(parts.next().unwrap_or_default())
        })
}

/// Whether a name is a group's or a role's rather than a user's, in which every part has a label.
fn is_group(name: &str) -> bool {
    let first = name.strip_prefix('/').unwrap_or(name);
    !first.split('/').next().unwrap_or_default().contains('=')
}

/// An FQAN with and without the parts that say nothing.
fn spellings(fqan: &str) -> impl Iterator<Item = String> {
    let role = fqan.strip_suffix("/Capability=NULL").unwrap_or(fqan);
    let group = role.strip_suffix("/Role=NULL").unwrap_or(role);
    let role = match group.contains("/Role=") {
        true => group.to_owned(),
        false => format!("{group}/Role=NULL"),
    };
    [group.to_owned(), format!("{role}/Capability=NULL"), role].into_iter()
}
