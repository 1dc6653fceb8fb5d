//! The vectors with new keys, so that what is changed in them can be signed again.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::Value as Json;

use crate::der::{Body, Node};
use crate::fields::{self, field, is_ca};
use crate::files::{self, Files, Piece};
use crate::keys::{Keys, Signer};

/// A vector to start from.
pub struct Base {
    pub name: String,
    pub file: Vec<Piece>,
    pub certdir: String,
    pub vomsdir: String,
}

pub struct Vectors {
    pub keys: Keys,
    pub bases: Vec<Base>,
    pub directories: HashMap<String, Rc<Files>>,
    /// Values to take from other vectors, by the names of fields.
    pub values: HashMap<Rc<str>, Vec<Value>>,
}

/// A field of a vector.
pub struct Value {
    pub node: Node,
    /// The vector or directory that it is from.
    pub origin: Rc<str>,
}

/// Larger files take the others seconds.
const LARGEST: u64 = 32 << 10;
/// As many values of one field are kept.
const MAX_VALUES: usize = 400;

impl Vectors {
    /// Those of a directory that are judged by the usual rules and at the usual time, so much
    /// later.
    pub fn load(root: &Path, later: TimeDelta) -> Result<Self, Box<dyn Error>> {
        let cases: Vec<Json> = serde_json::from_slice(&fs::read(root.join("cases.json"))?)?;
        let mut bases = Vec::new();
        let mut directories = HashMap::new();
        for case in cases.iter().filter(|case| {
            ["at", "crl", "allow", "skew", "hosts"]
                .iter()
                .all(|key| case[key].is_null())
        }) {
            let text = |key: &str, usual: String| case[key].as_str().map_or(usual, str::to_owned);
            let name = text("name", String::new());
            let path = root.join(text("file", format!("{name}.pem")));
            if fs::metadata(&path)?.len() > LARGEST {
                continue;
            }
            let base = Base {
                file: files::parse(&fs::read(path)?),
                certdir: text("certdir", "certdirs/good".into()),
                vomsdir: text("vomsdir", "vomsdirs/good".into()),
                name,
            };
            for directory in [&base.certdir, &base.vomsdir] {
                if !directories.contains_key(directory) {
                    directories.insert(directory.clone(), files::read(&root.join(directory))?);
                }
            }
            bases.push(base);
        }
        let mut keys = Keys::default();
        let mut pieces: Vec<&mut Vec<Piece>> =
            bases.iter_mut().map(|base| &mut base.file).collect();
        pieces.extend(directories.values_mut().flatten().map(|(_, pieces)| pieces));
        for node in pieces.iter_mut().flat_map(|pieces| nodes(pieces)) {
            node.each_mut(&mut |node| {
                if is_key(node) {
                    keys.replace(&node.encode());
                }
            });
        }
        rekey(&mut pieces, &keys, later);
        let directories = directories
            .into_iter()
            .map(|(name, files)| (name, Rc::new(files)))
            .collect();
        Ok(Self {
            keys,
            bases,
            directories,
            values: HashMap::new(),
        })
    }

    /// Writes the directories, which the peers read.
    pub fn write(&mut self, root: &Path) -> std::io::Result<()> {
        for (name, directory) in &self.directories {
            files::write(&root.join(name), directory, &mut self.keys)?;
        }
        Ok(())
    }

    /// Takes the values of these vectors and of all directories.
    pub fn collect_values(&mut self, usable: &[usize]) {
        let mut names: Vec<&String> = self.directories.keys().collect();
        names.sort();
        let in_directories = names.iter().flat_map(|name| {
            self.directories[*name]
                .iter()
                .map(|(_, pieces)| (name.as_str(), pieces))
        });
        let all = usable
            .iter()
            .map(|at| &self.bases[*at])
            .map(|base| (base.name.as_str(), &base.file))
            .chain(in_directories);
        for (origin, piece) in
            all.flat_map(|(name, pieces)| pieces.iter().map(move |piece| (name, piece)))
        {
            let Piece::Der(_, node) = piece else { continue };
            for (path, _) in fields::named(node) {
                let Some((node, name)) = node
                    .at(&path)
                    .and_then(|node| Some((node, node.name.clone()?)))
                else {
                    continue;
                };
                let known = self.values.entry(name).or_default();
                if known.len() < MAX_VALUES && !known.iter().any(|value| value.node == *node) {
                    known.push(Value {
                        node: node.clone(),
                        origin: origin.into(),
                    });
                }
            }
        }
    }
}

fn nodes(pieces: &mut [Piece]) -> impl Iterator<Item = &mut Node> {
    pieces.iter_mut().filter_map(|piece| match piece {
        Piece::Der(_, node) => Some(node),
        Piece::Text(_) => None,
    })
}

/// Whether it has the shape of a subjectPublicKeyInfo.
fn is_key(node: &Node) -> bool {
    matches!(node.nodes(), [algorithm, bits]
        if algorithm.begins_with_an_oid() && bits.tag == 3)
}

/// Names all fields, notes who signs what, puts the new keys in the place of the old, and moves the
/// dates.
fn rekey(files: &mut [&mut Vec<Piece>], keys: &Keys, later: TimeDelta) {
    let mut known = HashMap::new();
    let identifiers: HashMap<_, _> = keys.replacements().into_iter().collect();
    for pieces in files {
        let users: Vec<Vec<u8>> = nodes(pieces)
            .filter(|node| !is_ca(node))
            .filter_map(|node| {
                fields::name(node, "user");
                field(node, "subject").map(Node::encode)
            })
            .collect();
        for piece in pieces.iter_mut() {
            let Piece::Der(label, node) = piece else {
                continue;
            };
            let role = match () {
                () if label.contains("CRL") => "crl",
                () if is_ca(node) => "ca",
                () if field(node, "issuer")
                    .is_some_and(|issuer| users.contains(&issuer.encode())) =>
                {
                    "proxy"
                }
                () => "user",
            };
            node.each_mut(&mut |node| node.name = None);
            fields::name(node, role);
            node.each_mut(&mut |node| node.signer = signer_of(node, keys, &mut known));
            node.each_mut(&mut |node| {
                if is_key(node)
                    && let Some(spki) = keys.new_spki(&node.encode())
                {
                    node.body = Node::parse(spki).body;
                }
                let tag = node.tag;
                if let Body::Bytes(bytes) = &mut node.body
                    && let Some(new) = identifiers
                        .get(bytes)
                        .cloned()
                        .or_else(|| moved(tag, bytes, later))
                {
                    *bytes = new;
                }
            });
        }
    }
}

/// A time as much later, if it is written as usual.
fn moved(tag: u8, time: &[u8], later: TimeDelta) -> Option<Vec<u8>> {
    let form = match tag {
        0x17 => "%y%m%d%H%M%SZ",
        0x18 => "%Y%m%d%H%M%SZ",
        _ => return None,
    };
    let time = std::str::from_utf8(time).ok()?;
    let moved = NaiveDateTime::parse_from_str(time, form)
        .ok()?
        .checked_add_signed(later)?;
    Some(moved.format(form).to_string().into_bytes())
}

fn signer_of(
    node: &Node,
    keys: &Keys,
    known: &mut HashMap<Vec<u8>, Option<Signer>>,
) -> Option<Signer> {
    if !node.looks_signed() {
        return None;
    }
    let [body, algorithm, signature] = node.nodes() else {
        return None;
    };
    let Body::Bytes(bits) = &signature.body else {
        return None;
    };
    let find = || keys.signer_of(&body.encode(), algorithm, bits.get(1..)?);
    *known.entry(node.encode()).or_insert_with(find)
}
