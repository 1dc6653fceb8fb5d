//! What is to be added: vomses entries and LSC files, from a line, files or a directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use voms::files;
use voms::pki::dn::Dn;
use voms::vo::lsc::Lsc;
use voms_client::vomses::{Vomses, VomsesEntry};

use crate::cli::codes;
use crate::cli::finding::Warning;
use crate::cli::input;
use crate::cli::output::Diagnostic;

const MAX_DEPTH: u32 = 3;
/// More than any VO has; a directory with more is another one.
const MAX_FILES: usize = 1000;

const LINE: &str = "copy the line from the VO's page: five words, each in double quotes";

/// What a VO's page gives its members.
#[derive(Default)]
pub struct Addition {
    pub entries: Vec<VomsesEntry>,
    pub lscs: Vec<LscFile>,
    pub warnings: Vec<Warning>,
}

/// An LSC file, which says whose attribute certificates are trusted.
pub struct LscFile {
    pub vo: String,
    pub host: String,
    pub text: String,
    lsc: Lsc,
}

impl Addition {
    /// From the words of the command line: a line (whose quotes the shell may have taken), a file
    /// or a directory; and LSC files.
    pub fn read(words: &[OsString]) -> Result<Self, Diagnostic> {
        let mut all = Self::default();
        let mut lscs = Vec::new();
        if let Some((line, rest)) = unquoted(words) {
            all.add_text(Path::new("the command line"), &line)?;
            all.add_lscs(rest, &mut lscs)?;
        } else if let Some((first, rest)) = words.split_first() {
            let path = Path::new(first);
            match first
                .to_str()
                .filter(|text| text.contains('"') && !path.exists())
            {
                Some(line) => all.add_text(Path::new("the command line"), line)?,
                None if path.is_dir() => all.add_directory(path, path, MAX_DEPTH, &mut lscs)?,
                None => all.add_file(path)?,
            }
            all.add_lscs(rest, &mut lscs)?;
        }
        if all.entries.is_empty() {
            return Err(
                Diagnostic::new(codes::VOMSES_EMPTY, "there is no vomses line in it").help(LINE),
            );
        }
        all.entries.iter().try_for_each(check)?;
        for (path, vo) in lscs {
            let lsc = all.lsc(&path, vo)?;
            all.lscs.push(lsc);
        }
        all.compare();
        Ok(all)
    }

    fn add_text(&mut self, name: &Path, text: &str) -> Result<(), Diagnostic> {
        let vomses = Vomses::from_text(name, text);
        if let Some(problem) = vomses.problems().first() {
            return Err(Diagnostic::new(problem.code(), problem).help(LINE));
        }
        for entry in vomses.entries() {
            if !self.entries.contains(entry) {
                self.entries.push(entry.clone());
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Diagnostic> {
        let text = read(path)?;
        self.add_text(path, &text)
    }

    fn add_lscs(
        &self,
        paths: &[OsString],
        lscs: &mut Vec<(PathBuf, Option<String>)>,
    ) -> Result<(), Diagnostic> {
        for path in paths {
            let path = PathBuf::from(path);
            if !is_lsc(&path) {
                return Err(
                    Diagnostic::usage(format!("unexpected word '{}'", path.display()))
                        .help("LSC files have the name of the server and end in .lsc"),
                );
            }
            lscs.push((path, None));
        }
        Ok(())
    }

    /// vomses files and, in directories named after their VO, LSC files.
    fn add_directory(
        &mut self,
        root: &Path,
        directory: &Path,
        depth: u32,
        lscs: &mut Vec<(PathBuf, Option<String>)>,
    ) -> Result<(), Diagnostic> {
        let listing =
            std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
        let mut paths: Vec<PathBuf> = listing
            .flatten()
            .map(|entry| entry.path())
            .take(MAX_FILES)
            .collect();
        paths.sort();
        for path in paths {
            let is_hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if is_hidden {
                continue;
            }
            if path.is_dir() {
                if depth > 0 {
                    self.add_directory(root, &path, depth - 1, lscs)?;
                }
            } else if is_lsc(&path) {
                let vo = directory.file_name().filter(|_| directory != root);
                lscs.push((path.clone(), vo.map(|vo| vo.to_string_lossy().into_owned())));
            } else if let Ok(text) = read(&path)
                && !Vomses::from_text(&path, &text).entries().is_empty()
            {
                self.add_text(&path, &text)?;
            }
        }
        Ok(())
    }

    /// An LSC file of one of the servers.
    fn lsc(&self, path: &Path, vo: Option<String>) -> Result<LscFile, Diagnostic> {
        let host = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let of_host = |entry: &&VomsesEntry| entry.host.eq_ignore_ascii_case(&host);
        let entry = self.entries.iter().filter(of_host);
        let entry = entry
            .clone()
            .find(|entry| vo.as_ref() == Some(&entry.vo))
            .or_else(|| entry.clone().next())
            .ok_or_else(|| {
                Diagnostic::new(
                    codes::LSC_UNRELATED,
                    format!("{} is of no server that would be added", path.display()),
                )
                .help("an LSC file has the name of the server: HOST.lsc")
            })?;
        let text = read(path)?;
        let lsc = Lsc::parse(&text).map_err(|error| {
            Diagnostic::new(codes::LSC_UNUSABLE, format!("{}: {error}", path.display()))
                .help("get it again from the VO's page: subject and issuer, each on its own line")
        })?;
        Ok(LscFile {
            vo: entry.vo.clone(),
            host: entry.host.clone(),
            text,
            lsc,
        })
    }

    /// Doubts that need not be errors.
    fn compare(&mut self) {
        for file in &self.lscs {
            let is_other = |entry: &VomsesEntry| {
                entry.host == file.host
                    && !file.lsc.named().any(|(subject, _)| entry.expects(subject))
            };
            if self.entries.iter().any(is_other) {
                let text = format!(
                    "the LSC file of {} names another subject than the vomses line",
                    file.host
                );
                self.warnings
                    .push(Warning::new(codes::VOMSES_SUBJECT, text));
            }
        }
    }
}

/// A line whose quotes were taken by the shell: five words, or six with the version that old files
/// have, and the words behind them.
fn unquoted(words: &[OsString]) -> Option<(String, &[OsString])> {
    let fields: Vec<&str> = words
        .iter()
        .map_while(|word| word.to_str())
        .take(6)
        .collect();
    if fields.len() < 5
        || fields[2].parse::<u16>().is_err()
        || fields.iter().any(|word| word.contains('"'))
    {
        return None;
    }
    let has_version = fields
        .get(5)
        .is_some_and(|version| version.parse::<u32>().is_ok());
    let count = if has_version { 6 } else { 5 };
    let line: Vec<String> = fields[..5]
        .iter()
        .map(|field| format!("\"{field}\""))
        .collect();
    Some((line.join(" "), &words[count..]))
}

fn is_lsc(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "lsc")
}

fn read(path: &Path) -> Result<String, Diagnostic> {
    let file = input::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(String::from_utf8_lossy(&file).into_owned())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let text = format!("cannot read {}: {}", path.display(), files::reason(error));
    Diagnostic::new(codes::FILE_UNREADABLE, text)
        .help("name a vomses line in quotes, a file or a directory")
}

/// Its names become names of files.
fn check(entry: &VomsesEntry) -> Result<(), Diagnostic> {
    let is_plain = |name: &str| {
        !name.starts_with(['.', '-'])
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    let wrong = if !is_plain(&entry.vo) || !is_plain(&entry.alias) {
        format!(
            "'{}' cannot be the name of a VO",
            if is_plain(&entry.vo) {
                &entry.alias
            } else {
                &entry.vo
            }
        )
    } else if entry.host.starts_with(['.', '-']) {
        format!("'{}' cannot be the name of a host", entry.host)
    } else if !entry.dn.is_empty() && Dn::parse(&entry.dn).is_none() {
        format!("'{}' is not a distinguished name", entry.dn)
    } else {
        return Ok(());
    };
    Err(Diagnostic::new(codes::VOMSES_LINE, wrong).help(LINE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_line_may_have_lost_its_quotes_to_the_shell() {
        let lost = [
            "virgo",
            "voms.example.org",
            "15009",
            "/O=x/CN=voms",
            "virgo",
        ];
        let added = Addition::read(&words(&lost)).unwrap();
        assert_eq!(
            added.entries,
            [VomsesEntry::new(
                "virgo",
                "voms.example.org",
                15009,
                "/O=x/CN=voms",
                "virgo"
            )]
        );
        let kept = [added.entries[0].to_string()];
        assert_eq!(
            Addition::read(&words(&[kept[0].as_str()])).unwrap().entries,
            added.entries
        );
    }

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        for vo in ["..", ".hidden", "a/b", "-x", "a b"] {
            let line = format!("\"{vo}\" \"voms.example\" \"15000\" \"/CN=a\" \"{vo}\"");
            let Err(error) = Addition::read(&words(&[line.as_str()])) else {
                panic!("{vo}")
            };
            assert_eq!(error.code(), codes::VOMSES_LINE, "{vo}");
        }
    }
}
