//! What came of a run: counts, and the findings in a directory that `tests/peers/record` reads.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::peers::{NAMES, Question};
use crate::run::Seen;
use crate::verdict::{Ours, refusal};

/// As many findings with the same refusals are kept.
const MAX_ALIKE: u64 = 6;
const MAX_SHOWN: usize = 25;

/// What a peer said, beside what we say.
#[derive(Default, Clone, Copy)]
struct Row {
    both_believe: u64,
    both_refuse: u64,
    we_believe: u64,
    it_believes: u64,
    failed: u64,
    none: u64,
}

#[derive(Default)]
pub struct Tally {
    inputs: u64,
    accepted: u64,
    asked: u64,
    peers: [Row; 3],
    pub explained: u64,
    /// Where all others believe and we do not.
    alone_in_refusing: Seen,
}

impl Tally {
    pub fn count(&mut self, ours: &Ours) {
        self.inputs += 1;
        self.accepted += u64::from(matches!(ours, Ours::Accepted(_)));
    }

    pub fn compare(&mut self, ours: &Ours, said: &[String; 3], changes: &[String]) {
        self.asked += 1;
        for ((row, name), said) in self.peers.iter_mut().zip(NAMES).zip(said) {
            let field = match (ours, said.split(' ').next().unwrap_or_default()) {
                (_, "crash" | "timeout") => &mut row.failed,
                (Ours::Accepted(fqans), _) if refusal(name, said, fqans).is_some() => {
                    &mut row.we_believe
                }
                (_, "none") => &mut row.none,
                (Ours::Accepted(_), _) => &mut row.both_believe,
                (_, "accept") => &mut row.it_believes,
                _ => &mut row.both_refuse,
            };
            *field += 1;
        }
        if let Ours::Refused(codes) = ours
            && said
                .iter()
                .all(|said| said.starts_with("accept") || said == "none")
        {
            let codes: Vec<&str> = codes.iter().copied().collect();
            let seen = self
                .alone_in_refusing
                .entry(codes.join(" "))
                .or_insert((0, changes.join(", ")));
            seen.0 += 1;
        }
    }

    pub fn line(&self) -> String {
        format!(
            "{} inputs, {} accepted, {} compared, {} explained",
            self.inputs, self.accepted, self.asked, self.explained
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line())?;
        writeln!(
            f,
            "         both believe  both refuse  only we believe  only it believes  no \
             attributes  failed"
        )?;
        for (name, row) in NAMES.iter().zip(&self.peers) {
            writeln!(
                f,
                "{name:<8} {:>12} {:>12} {:>16} {:>17} {:>14} {:>7}",
                row.both_believe,
                row.both_refuse,
                row.we_believe,
                row.it_believes,
                row.none,
                row.failed
            )?;
        }
        let mut refused: Vec<_> = self.alone_in_refusing.iter().collect();
        refused.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        writeln!(
            f,
            "refused by us alone, with an example of what was changed:"
        )?;
        for (codes, (count, example)) in refused.into_iter().take(MAX_SHOWN) {
            writeln!(f, "{count:>6}  {codes}  ({example})")?;
        }
        Ok(())
    }
}

pub struct Finding<'a> {
    pub base: &'a str,
    pub seeds: &'a [u64],
    pub changes: &'a [String],
    pub question: &'a Question,
    pub ours: &'a Ours,
    pub said: &'a [String; 3],
}

pub struct Report {
    directory: PathBuf,
    seen: BTreeMap<String, u64>,
    rows: Vec<Value>,
}

impl Report {
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            seen: BTreeMap::new(),
            rows: Vec::new(),
        }
    }

    /// Keeps the input, unless there are enough like it.
    pub fn add(&mut self, finding: &Finding<'_>, root: &Path) -> io::Result<()> {
        let changes: Vec<&str> = finding
            .changes
            .iter()
            .map(|change| change.split(" (").next().unwrap_or_default())
            .collect();
        let alike = self
            .seen
            .entry(format!(
                "{} | {}",
                finding.said.join(" | "),
                changes.join(", ")
            ))
            .or_default();
        *alike += 1;
        if *alike > 1 {
            return Ok(());
        }
        let reasons = self.seen.entry(finding.said.join(" | ")).or_default();
        *reasons += 1;
        if *reasons > MAX_ALIKE {
            return Ok(());
        }
        let name = format!("{:03}", self.rows.len() + 1);
        fs::create_dir_all(&self.directory)?;
        fs::copy(
            root.join(&finding.question.file),
            self.directory.join(format!("{name}.pem")),
        )?;
        for (kind, from) in [
            ("certdir", &finding.question.certdir),
            ("vomsdir", &finding.question.vomsdir),
        ] {
            copy(
                &root.join(from),
                &self.directory.join(format!("{kind}s/{name}")),
            )?;
        }
        let peers: BTreeMap<_, _> = NAMES.iter().zip(finding.said).collect();
        let row = json!({
            "name": name,
            "certdir": format!("certdirs/{name}"),
            "vomsdir": format!("vomsdirs/{name}"),
            "vector": finding.base, "changes": finding.changes, "seeds": finding.seeds,
            "ours": format!("{:?}", finding.ours), "said": peers,
        });
        println!("{row}");
        self.rows.push(row);
        let lines: Vec<String> = self.rows.iter().map(Value::to_string).collect();
        fs::write(
            self.directory.join("cases.json"),
            format!("[\n{}\n]\n", lines.join(",\n")),
        )
    }

    /// Whether there was nothing.
    pub fn finish(&self) -> bool {
        if !self.rows.is_empty() {
            println!(
                "{} unexplained disagreements in {}",
                self.rows.len(),
                self.directory.display()
            );
        }
        self.rows.is_empty()
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
