//! vomses: maps VOs to their servers (spec 5).

use std::collections::BTreeSet;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use voms::files;
use voms::pki::dn::Dn;

const MAX_DEPTH: u32 = 4;

/// Maximum number of problems kept: a file that is not vomses at all has one in every line.
const MAX_PROBLEMS: usize = 5;

/// One server of one VO.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct VomsesEntry {
    /// The alias used to refer to the VO.
    pub alias: String,
    /// The server's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The subject of its certificate, in slash form.
    pub dn: String,
    /// The VO.
    pub vo: String,
}

/// A path or line that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VomsesProblem {
    /// A line that is not a valid entry.
    #[error("{}:{line}: {why}", .file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line number, starting from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A file or directory that cannot be read.
    #[error("cannot read {}: {why}", .place.display())]
    Place {
        /// The file or directory.
        place: PathBuf,
        /// Why.
        why: String,
    },
}

/// The VO servers found, in the order they were read.
#[derive(Debug, Clone, Default)]
pub struct Vomses {
    entries: Vec<VomsesEntry>,
    /// The file of each entry.
    origins: Vec<PathBuf>,
    /// The same entries, for detecting duplicates.
    known: HashSet<VomsesEntry>,
    problems: Vec<VomsesProblem>,
    more_problems: usize,
    looked_in: Vec<PathBuf>,
}

impl std::fmt::Display for VomsesEntry {
    /// As a line of a vomses file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            alias,
            host,
            port,
            dn,
            vo,
        } = self;
        write!(f, "\"{alias}\" \"{host}\" \"{port}\" \"{dn}\" \"{vo}\"")
    }
}

impl VomsesEntry {
    /// An entry with these five fields, in the order of the file.
    #[must_use]
    pub fn new(alias: &str, host: &str, port: u16, dn: &str, vo: &str) -> Self {
        Self {
            alias: alias.to_owned(),
            host: host.to_owned(),
            port,
            dn: dn.to_owned(),
            vo: vo.to_owned(),
        }
    }

    /// Whether a server with this subject is the expected one; an entry without a subject expects
    /// any.
    #[must_use]
    pub fn expects(&self, subject: &Dn) -> bool {
        self.dn.is_empty() || Dn::parse(&self.dn).is_some_and(|dn| dn.matches_as_printed(subject))
    }
}

impl Vomses {
    /// Loads files and directories that may be absent, in order; duplicate entries are ignored.
    #[must_use]
    pub fn load(places: &[PathBuf]) -> Self {
        let mut all = Self::default();
        for (at, place) in places.iter().enumerate() {
            if places[..at].contains(place) {
                continue;
            }
            all.looked_in.push(place.clone());
            if place.exists() {
                all.add(place, MAX_DEPTH);
            }
        }
        all
    }

    /// Loads files and directories named by the user; each must exist.
    ///
    /// # Errors
    /// [`VomsesProblem::Place`] for the first path that cannot be read.
    pub fn load_named(places: &[PathBuf]) -> Result<Self, VomsesProblem> {
        let all = Self::load(places);
        let missing = places.iter().find(|place| !place.exists());
        if let Some(place) = missing {
            return Err(VomsesProblem::Place {
                place: place.clone(),
                why: "file not found".to_owned(),
            });
        }
        let unreadable = |problem: &&VomsesProblem| matches!(problem, VomsesProblem::Place { place, .. } if places.contains(place));
        all.problems
            .iter()
            .find(unreadable)
            .cloned()
            .map_or(Ok(all), Err)
    }

    /// Parses a file's contents; messages refer to it as `name`.
    #[must_use]
    pub fn from_text(name: &Path, text: &str) -> Self {
        let mut all = Self::default();
        all.parse(name, text);
        all
    }

    /// The servers with this alias or, if there are none, those of the VO with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<&VomsesEntry> {
        let by_alias: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| entry.alias == name)
            .collect();
        if by_alias.is_empty() {
            self.entries
                .iter()
                .filter(|entry| entry.vo == name)
                .collect()
        } else {
            by_alias
        }
    }

    /// All entries.
    #[must_use]
    pub fn entries(&self) -> &[VomsesEntry] {
        &self.entries
    }

    /// All entries, each with the file that names it first.
    pub fn origins(&self) -> impl Iterator<Item = (&VomsesEntry, &Path)> {
        self.entries
            .iter()
            .zip(self.origins.iter().map(PathBuf::as_path))
    }

    /// Paths and lines that could not be used.
    #[must_use]
    pub fn problems(&self) -> &[VomsesProblem] {
        &self.problems
    }

    /// The number of problems beyond those in [`Vomses::problems`].
    #[must_use]
    pub fn more_problems(&self) -> usize {
        self.more_problems
    }

    /// The paths searched, whether they exist or not.
    #[must_use]
    pub fn looked_in(&self) -> &[PathBuf] {
        &self.looked_in
    }

    /// Known names similar to an unknown one.
    #[must_use]
    pub fn similar(&self, name: &str) -> Option<&str> {
        let names: BTreeSet<&str> = self
            .entries
            .iter()
            .flat_map(|entry| [entry.alias.as_str(), entry.vo.as_str()])
            .collect();
        names
            .into_iter()
            .filter_map(|known| Some((difference(known, name)?, known)))
            .min()
            .map(|(_, n)| n)
    }

    fn add(&mut self, place: &Path, depth: u32) {
        if place.is_dir() {
            return self.add_directory(place, depth);
        }
        match files::read_limited(place, files::CONFIGURATION_LIMIT) {
            Ok(bytes) => self.parse(place, &String::from_utf8_lossy(&bytes)),
            Err(error) => self.problems.push(VomsesProblem::Place {
                place: place.to_owned(),
                why: files::reason(&error),
            }),
        }
    }

    fn add_directory(&mut self, place: &Path, depth: u32) {
        let listing = std::fs::read_dir(place).map(|entries| {
            let mut paths: Vec<_> = entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|p| is_wanted(p))
                .collect();
            paths.sort();
            paths
        });
        match listing {
            Ok(paths) if depth > 0 => paths.iter().for_each(|path| self.add(path, depth - 1)),
            Ok(_) => {}
            Err(error) => self.problems.push(VomsesProblem::Place {
                place: place.to_owned(),
                why: files::reason(&error),
            }),
        }
    }

    fn parse(&mut self, file: &Path, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match parse_line(line) {
                Ok(entry) if !self.known.insert(entry.clone()) => {}
                Ok(entry) => {
                    self.entries.push(entry);
                    self.origins.push(file.to_owned());
                }
                Err(_) if self.problems.len() >= MAX_PROBLEMS => self.more_problems += 1,
                Err(why) => self.problems.push(VomsesProblem::Line {
                    file: file.to_owned(),
                    line: number + 1,
                    why,
                }),
            }
        }
    }
}

/// Whether a directory entry is configuration: not hidden, and not a backup made by an editor or
/// package manager.
fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let backup = [
        "~",
        ".rpmsave",
        ".rpmnew",
        ".rpmorig",
        ".bak",
        ".dpkg-old",
        ".dpkg-dist",
    ];
    !name.starts_with('.') && !backup.iter().any(|end| name.ends_with(end))
}

fn parse_line(line: &str) -> Result<VomsesEntry, String> {
    if !line.matches('"').count().is_multiple_of(2) {
        return Err("a quotation mark is not closed".to_owned());
    }
    let fields: Vec<&str> = line.split('"').skip(1).step_by(2).map(str::trim).collect();
    let [alias, host, port, dn, vo] = match fields.as_slice() {
        [a, b, c, d, e] | [a, b, c, d, e, _] => [*a, *b, *c, *d, *e],
        other => {
            return Err(format!(
                "not a vomses line: it has {} quoted fields, but needs 5 or 6",
                other.len()
            ));
        }
    };
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if [alias, host, vo].iter().any(|field| field.is_empty()) {
        return Err("an empty field".to_owned());
    }
    let well_formed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !host.chars().all(well_formed) {
        return Err(format!("invalid host name: {host:?}"));
    }
    let port = port
        .parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| format!("invalid port number: {port:?}"))?;
    Ok(VomsesEntry::new(alias, host, port, dn, vo))
}

/// How much a name differs from a known one, if it may be meant: in case, by two letters
/// exchanged, or by a letter in four.
fn difference(known: &str, name: &str) -> Option<usize> {
    let (known, name) = (known.to_lowercase(), name.to_lowercase());
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let apart = distance(&known, &name);
    let exchanged = apart == 2 && letters(&known) == letters(&name);
    (4 * apart <= name.len() || exchanged).then_some(apart)
}

/// The edit distance between two texts, in single-character edits.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vomses {
        Vomses::from_text(Path::new("vomses"), text)
    }

    const GOOD: &str = r#""virgo" "voms.example.org" "15009" "/O=x/CN=voms.example.org" "virgo""#;

    #[test]
    fn comments_blank_lines_crlf_bom_and_a_sixth_field_are_fine() {
        let vomses = parsed(&format!(
            "\u{feff}# comment\r\n\r\n  # indented\r\n{GOOD} \"24\"\r\n{GOOD}\n"
        ));
        assert_eq!(vomses.entries().len(), 1);
        assert!(vomses.problems().is_empty());
        assert_eq!(vomses.entries()[0].port, 15009);
    }

    #[test]
    fn brackets_are_of_addresses_and_no_host_by_themselves() {
        let host = |host: &str| {
            parsed(&GOOD.replace("\"voms.example.org\"", &format!("\"{host}\"")))
                .entries()
                .first()
                .cloned()
        };
        assert_eq!(host("[::1]").unwrap().host, "::1");
        for bad in ["[", "[]", "[[::1]]", "[::1"] {
            assert!(host(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_does_not_spoil_the_others() {
        let vomses = parsed(&format!(
            "\"virgo\" \"host\"\n{GOOD}\n\"a\" \"h\" \"0\" \"/CN=h\" \"a\"\n\"a\n"
        ));
        assert_eq!(vomses.entries().len(), 1);
        let problems: Vec<_> = vomses.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems[0],
            "vomses:1: not a vomses line: it has 2 quoted fields, but needs 5 or 6"
        );
        assert_eq!(problems[1], "vomses:3: invalid port number: \"0\"");
        assert_eq!(problems[2], "vomses:4: a quotation mark is not closed");
    }

    #[test]
    fn names_resolve_by_alias_and_then_by_vo() {
        let vomses = parsed(&GOOD.replacen("virgo", "nick", 1));
        assert_eq!(vomses.find("nick").len(), 1);
        assert_eq!(vomses.find("virgo").len(), 1);
        assert!(vomses.find("virgoo").is_empty());
        for near in ["virgoo", "VIRGO", "Vrigo", "vigo"] {
            assert_eq!(vomses.similar(near), Some("virgo"), "{near}");
        }
        for other in ["ligo", "LIGO", "vig", "viro-x"] {
            assert_eq!(vomses.similar(other), None, "{other}");
        }
        assert_eq!(vomses.similar("atlas"), None);
    }

    #[test]
    fn backups_in_a_directory_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["voms", "voms~", ".hidden", "voms.rpmsave"] {
            let text = GOOD.replace(
                "voms.example.org",
                &format!("{}.example", name.trim_matches(['~', '.'])),
            );
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        assert_eq!(Vomses::load(&[dir.path().to_owned()]).entries().len(), 1);
    }
}
