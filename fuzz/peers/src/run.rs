//! A run: batches of mutants, judged by everybody.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};

use crate::chance::Chance;
use crate::files;
use crate::peers::{Driver, Question, openssl};
use crate::report::{Finding, Report, Tally};
use crate::subject::{Directory, Subject, is_signed};
use crate::vectors::Vectors;
use crate::verdict::{Ledger, Ours, Refusals, is_suspicious, ours, refusals};

/// When the vectors are to be judged: 2026-11-24T12:00:00Z.
const AT: i64 = 1_795_521_600;
/// What does not hold as long is no vector to start from.
const LONGEST: TimeDelta = TimeDelta::hours(3);
const BATCH: usize = 128;
/// One in as many of those that we refuse is shown to the others.
const REFUSED_SHARE: u64 = 8;
/// So many mutants of a hundred are made from vectors that we refuse.
const REFUSED_BASES: usize = 15;
const MAX_CHANGES: usize = 3;

pub struct Run {
    vectors: Vectors,
    root: PathBuf,
    cpp: Driver,
    java: Driver,
    ledger: Ledger,
    /// What the peers hold against vectors as they are, of those that were needed.
    before: HashMap<usize, Refusals>,
    /// The vectors that we believe and those that we refuse, to start from.
    usable: [Vec<usize>; 2],
    count: u64,
    tally: Tally,
    report: Report,
}

/// A mutant on its way.
struct Case {
    base: usize,
    seeds: Vec<u64>,
    changes: Vec<String>,
    question: Question,
    ours: Ours,
}

impl Run {
    pub fn start(project: &Path, peers: &Path, root: &Path) -> Result<Self, Box<dyn Error>> {
        let fixtures = project.join("fixtures/vectors");
        let at = DateTime::from_timestamp(AT, 0).ok_or("no such time")?;
        // The vectors are moved to the present: under faketime a JVM takes twenty times as long.
        let mut vectors = Vectors::load(&fixtures, now() - at)?;
        vectors.write(root)?;
        let ledger = fs::read_to_string(project.join("tests/peers/mutations.md"))?;
        let mut run = Self {
            vectors,
            root: root.to_owned(),
            cpp: Driver::new(peers.join("libvomsapi"), root),
            java: Driver::new(peers.join("voms-api-java"), root),
            ledger: Ledger::parse(&ledger),
            before: HashMap::new(),
            usable: Default::default(),
            count: 0,
            tally: Tally::default(),
            report: Report::new(project.join("fuzz/disagreements")),
        };
        run.check_vectors(&fixtures, at)?;
        Ok(run)
    }

    /// Keeps the vectors that are judged with their new keys and dates as they were with the old.
    fn check_vectors(&mut self, fixtures: &Path, at: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
        for base in 0..self.vectors.bases.len() {
            let case = self.case(base, Vec::new())?;
            let (name, old) = (&self.vectors.bases[base].name, &self.vectors.bases[base]);
            let path = fixtures.join(format!("{name}.pem"));
            let question = Question {
                file: path.to_string_lossy().into_owned(),
                certdir: fixtures.join(&old.certdir).to_string_lossy().into_owned(),
                vomsdir: fixtures.join(&old.vomsdir).to_string_lossy().into_owned(),
            };
            let later = ours(&case.question, &self.root, now() + LONGEST);
            if ours(&question, &self.root, at) == case.ours && later == case.ours && is_signed(old)
            {
                self.usable[usize::from(matches!(case.ours, Ours::Refused(_)))].push(base);
            }
            self.clear(&[case])?;
        }
        self.vectors.collect_values(&self.usable.concat());
        let [accepted, refused] = &self.usable;
        println!(
            "starting from {} vectors that we believe and {} that we refuse",
            accepted.len(),
            refused.len()
        );
        Ok(())
    }

    /// What the peers hold against what a mutant was made of: its vector, and those that lent it
    /// something.
    fn before(&mut self, case: &Case) -> Result<Vec<Refusals>, Box<dyn Error>> {
        let lenders = case.changes.iter().filter_map(|change| {
            change
                .trim_end_matches(" everywhere")
                .strip_suffix(')')?
                .rsplit_once('(')
                .map(|(_, name)| name)
        });
        let bases = &self.vectors.bases;
        let mut sources: Vec<usize> = lenders
            .filter_map(|name| bases.iter().position(|base| base.name == name))
            .collect();
        sources.push(case.base);
        for source in &sources {
            if self.before.contains_key(source) {
                continue;
            }
            let vector = self.case(*source, Vec::new())?;
            let said = self
                .ask(std::slice::from_ref(&vector))
                .pop()
                .ok_or("no answer")?;
            let held = match &vector.ours {
                Ours::Accepted(fqans) => refusals(&said, fqans),
                _ => Refusals::default(),
            };
            self.clear(&[vector])?;
            self.before.insert(*source, held);
        }
        Ok(sources
            .iter()
            .filter_map(|source| self.before.get(source).cloned())
            .collect())
    }

    pub fn go(&mut self, seed: u64, time: Duration) -> Result<(), Box<dyn Error>> {
        let mut chance = Chance::new(seed);
        let (started, mut told) = (Instant::now(), Instant::now());
        while started.elapsed() < time {
            let mut cases = Vec::new();
            while cases.len() < BATCH {
                let group = usize::from(chance.percent(REFUSED_BASES));
                let Some(&base) = chance.one(&self.usable[group]) else {
                    return Err("no vector can be used".into());
                };
                // One change is the most telling.
                let changes = if chance.percent(60) {
                    1
                } else {
                    2 + chance.below(MAX_CHANGES - 1)
                };
                let seeds = (0..changes).map(|_| chance.number()).collect();
                let case = self.case(base, seeds)?;
                if case.changes.is_empty() {
                    self.clear(&[case])?;
                    continue;
                }
                self.tally.count(&case.ours);
                if matches!(case.ours, Ours::Refused(_)) && chance.number() % REFUSED_SHARE != 0 {
                    self.clear(&[case])?;
                    continue;
                }
                cases.push(case);
            }
            cases.sort_by(|a, b| {
                (&a.question.certdir, &a.question.vomsdir)
                    .cmp(&(&b.question.certdir, &b.question.vomsdir))
            });
            let said = self.ask(&cases);
            for (case, said) in cases.iter().zip(&said) {
                self.tally.compare(&case.ours, said, &case.changes);
                self.judge(case, said)?;
            }
            self.clear(&cases)?;
            if told.elapsed() > Duration::from_secs(60) {
                told = Instant::now();
                println!(
                    "{} min: {}",
                    started.elapsed().as_secs() / 60,
                    self.tally.line()
                );
            }
        }
        Ok(())
    }

    pub fn finish(self) -> bool {
        println!("{}", self.tally);
        self.report.finish()
    }

    /// Makes a mutant and asks us.
    fn case(&mut self, base: usize, seeds: Vec<u64>) -> Result<Case, Box<dyn Error>> {
        let mut subject = Subject::new(&self.vectors.bases[base]);
        let mut changes: Vec<String> = seeds
            .iter()
            .filter_map(|seed| subject.change(*seed, &self.vectors))
            .collect();
        changes.sort();
        let number = self.count;
        self.count += 1;
        let mut place = |directory: &Directory, kind: &str| -> std::io::Result<String> {
            let Some(files) = &directory.changed else {
                return Ok(directory.name.clone());
            };
            let name = format!("{kind}-{number}");
            files::write(&self.root.join(&name), files, &mut self.vectors.keys)?;
            Ok(name)
        };
        let (certdir, vomsdir) = (
            place(&subject.certdir, "cas")?,
            place(&subject.vomsdir, "vos")?,
        );
        let question = Question {
            file: format!("{number}.pem"),
            certdir,
            vomsdir,
        };
        fs::write(
            self.root.join(&question.file),
            files::render(&subject.file, &mut self.vectors.keys),
        )?;
        let ours = ours(&question, &self.root, now());
        Ok(Case {
            base,
            seeds,
            changes,
            question,
            ours,
        })
    }

    fn ask(&mut self, cases: &[Case]) -> Vec<[String; 3]> {
        let (cpp, java, root) = (&mut self.cpp, &mut self.java, &self.root);
        let all = |driver: &mut Driver| {
            cases
                .iter()
                .map(|case| driver.ask(&case.question))
                .collect::<Vec<_>>()
        };
        let (cpp, java, openssl) = thread::scope(|scope| {
            let cpp = scope.spawn(|| all(cpp));
            let java = scope.spawn(|| all(java));
            let openssl: Vec<_> = cases
                .iter()
                .map(|case| openssl(&case.question, root))
                .collect();
            (
                cpp.join().unwrap_or_default(),
                java.join().unwrap_or_default(),
                openssl,
            )
        });
        let rows = cpp.into_iter().zip(java).zip(openssl);
        rows.map(|((cpp, java), openssl)| [cpp, java, openssl])
            .collect()
    }

    fn judge(&mut self, case: &Case, said: &[String; 3]) -> Result<(), Box<dyn Error>> {
        if !self.is_unexplained(case, said)? {
            return Ok(());
        }
        let (case, said) = self.smallest(case, said)?;
        let name = self.vectors.bases[case.base].name.clone();
        let finding = Finding {
            base: &name,
            seeds: &case.seeds,
            changes: &case.changes,
            question: &case.question,
            ours: &case.ours,
            said: &said,
        };
        self.report.add(&finding, &self.root)?;
        Ok(())
    }

    fn is_unexplained(&mut self, case: &Case, said: &[String; 3]) -> Result<bool, Box<dyn Error>> {
        let fqans = match &case.ours {
            Ours::Accepted(fqans) => fqans,
            Ours::Refused(_) => return Ok(false),
            Ours::Panicked(_) => return Ok(true),
        };
        let refusals = refusals(said, fqans);
        if !is_suspicious(&refusals) {
            return Ok(false);
        }
        let before = self.before(case)?;
        let explained = self.ledger.explains(&refusals, &before, &self.named(case));
        self.tally.explained += u64::from(explained);
        Ok(!explained)
    }

    /// The changes, alone and behind the name of their vector.
    fn named(&self, case: &Case) -> Vec<String> {
        let base = &self.vectors.bases[case.base].name;
        let of_base = case
            .changes
            .iter()
            .map(|change| format!("{base}: {change}"));
        of_base.chain(case.changes.iter().cloned()).collect()
    }

    /// With as few changes as will do.
    fn smallest(
        &mut self,
        case: &Case,
        said: &[String; 3],
    ) -> Result<(Case, [String; 3]), Box<dyn Error>> {
        let mut parts: Vec<Vec<u64>> = case.seeds.iter().map(|seed| vec![*seed]).collect();
        parts.extend((0..case.seeds.len()).map(|at| {
            let mut rest = case.seeds.clone();
            rest.remove(at);
            rest
        }));
        for seeds in parts
            .into_iter()
            .filter(|seeds| !seeds.is_empty() && seeds.len() < case.seeds.len())
            .collect::<BTreeSet<_>>()
        {
            let part = self.case(case.base, seeds)?;
            let answers = self
                .ask(std::slice::from_ref(&part))
                .pop()
                .ok_or("no answer")?;
            if self.is_unexplained(&part, &answers)? {
                return self.smallest(&part, &answers);
            }
            self.clear(&[part])?;
        }
        let whole = self.case(case.base, case.seeds.clone())?;
        Ok((whole, said.clone()))
    }

    fn clear(&self, cases: &[Case]) -> std::io::Result<()> {
        for question in cases.iter().map(|case| &case.question) {
            fs::remove_file(self.root.join(&question.file))?;
            for directory in [&question.certdir, &question.vomsdir] {
                if !self.vectors.directories.contains_key(directory) {
                    fs::remove_dir_all(self.root.join(directory))?;
                }
            }
        }
        Ok(())
    }
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// How often something was seen, with an example.
pub type Seen = BTreeMap<String, (u64, String)>;
