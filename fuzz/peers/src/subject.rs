//! A credential and the directories that judge it, with what has been changed in them.

use std::path::PathBuf;
use std::rc::Rc;

use crate::chance::Chance;
use crate::der::{Body, Node};
use crate::fields::{field, field_mut, named};
use crate::files::{Files, Piece};
use crate::keys::{Digest, Signer};
use crate::mutate;
use crate::vectors::{Base, Vectors};

/// A directory of the vectors, or a changed copy of one.
#[derive(Clone)]
pub struct Directory {
    pub name: String,
    pub changed: Option<Files>,
}

#[derive(Clone)]
pub struct Subject {
    pub file: Vec<Piece>,
    pub certdir: Directory,
    pub vomsdir: Directory,
}

impl Subject {
    pub fn new(base: &Base) -> Self {
        let directory = |name: &String| Directory {
            name: name.clone(),
            changed: None,
        };
        Self {
            file: base.file.clone(),
            certdir: directory(&base.certdir),
            vomsdir: directory(&base.vomsdir),
        }
    }

    /// Changes one thing and says which; the same for the same seed.
    pub fn change(&mut self, seed: u64, vectors: &Vectors) -> Option<String> {
        let mut chance = Chance::new(seed);
        match chance.below(100) {
            0..72 => self.change_field(&mut chance, vectors),
            72..82 => self.change_chain(&mut chance, vectors),
            82..86 => self.borrow_directory(&mut chance, vectors),
            86..96 => change_directory(&mut self.certdir, &mut chance, vectors),
            _ => change_directory(&mut self.vomsdir, &mut chance, vectors),
        }
    }

    fn certificates(&self) -> Vec<usize> {
        (0..self.file.len())
            .filter(|at| matches!(self.file[*at], Piece::Der(..)))
            .collect()
    }

    fn node_mut(&mut self, at: usize) -> Option<&mut Node> {
        match self.file.get_mut(at)? {
            Piece::Der(_, node) => Some(node),
            Piece::Text(_) => None,
        }
    }

    fn change_field(&mut self, chance: &mut Chance, vectors: &Vectors) -> Option<String> {
        let at = *chance.one(&self.certificates())?;
        let follow = chance.percent(60);
        let node = self.node_mut(at)?;
        let before = (
            field(node, "subject").cloned(),
            field(node, "key").map(Node::encode),
        );
        let class = mutate::node(node, chance, vectors)?;
        let after = (
            field(node, "subject").cloned(),
            field(node, "key").map(Node::encode),
        );
        if let (Some(old), Some(new)) = (&before.0, &after.0)
            && old != new
            && follow
        {
            self.rename(old, new);
            return Some(format!("{class} everywhere"));
        }
        if let (Some(old), Some(new)) = (before.1, after.1)
            && let (Some(old), Some(new)) =
                (vectors.keys.with_spki(&old), vectors.keys.with_spki(&new))
        {
            self.resign(at, old, new);
        }
        Some(class)
    }

    /// The subject under its new name wherever it is named, also in front of the names of proxies.
    fn rename(&mut self, old: &Node, new: &Node) {
        for piece in &mut self.file {
            if let Piece::Der(_, node) = piece {
                renamed(node, old, new);
            }
        }
    }

    /// What the old key signed below a certificate is signed by its new one.
    fn resign(&mut self, above: usize, old: usize, new: usize) {
        for (at, piece) in self.file.iter_mut().enumerate() {
            if let Piece::Der(_, node) = piece
                && at != above
                && let Some(signer) = &mut node.signer
                && signer.key == old
            {
                signer.key = new;
            }
        }
    }

    fn change_chain(&mut self, chance: &mut Chance, vectors: &Vectors) -> Option<String> {
        let places = self.certificates();
        let (one, other) = (*chance.one(&places)?, *chance.one(&places)?);
        let role = match &self.file[one] {
            Piece::Der(_, node) => node.name.clone().unwrap_or_else(|| "certificate".into()),
            Piece::Text(_) => return None,
        };
        let what = match chance.below(7) {
            0 => {
                self.file.remove(one);
                "dropped"
            }
            1 => {
                self.file.insert(other, self.file[one].clone());
                "duplicated"
            }
            2 if one != other => {
                self.file.swap(one, other);
                "swapped"
            }
            3 => {
                let role = chance.one(&["proxy", "user", "ca"])?;
                let taken = chance.one(vectors.values.get(*role)?)?;
                self.file
                    .insert(one, Piece::Der("CERTIFICATE".into(), taken.node.clone()));
                return Some(format!("{role} inserted ({})", taken.origin));
            }
            4 | 5 => {
                let taken = chance.one(vectors.values.get("proxy")?)?;
                self.graft(taken.node.clone(), vectors)?;
                return Some(format!("proxy added below ({})", taken.origin));
            }
            6 => {
                let digest = *chance.one(&[
                    Digest::Sha1,
                    Digest::Sha384,
                    Digest::Sha512,
                    Digest::Md5,
                    Digest::Pss,
                ])?;
                let from = vectors.values.get("outer-algorithm")?;
                let node = self.node_mut(one)?;
                let algorithm = mutate::algorithm(digest, from)?;
                node.signer.as_mut()?.digest = digest;
                field_mut(node, "algorithm")?.body = algorithm.body.clone();
                node.nodes_mut()?.get_mut(1)?.body = algorithm.body;
                return Some(format!("{role} signed with {digest:?}"));
            }
            _ => return None,
        };
        Some(format!("{role} {what}"))
    }

    /// Another vector's proxy issued by the first certificate.
    fn graft(&mut self, mut proxy: Node, vectors: &Vectors) -> Option<()> {
        let first = *self.certificates().first()?;
        let Piece::Der(_, above) = &self.file[first] else {
            return None;
        };
        let subject = field(above, "subject")?.clone();
        let key = vectors.keys.with_spki(&field(above, "key")?.encode())?;
        let last = field(&proxy, "subject")?.nodes().last()?.clone();
        let names = [subject.nodes(), &[last]].concat();
        field_mut(&mut proxy, "subject")?.body = Body::Nodes(names);
        field_mut(&mut proxy, "issuer")?.body = subject.body;
        let digest = proxy.signer?.digest;
        proxy.signer = Some(Signer { key, digest });
        self.file
            .insert(first, Piece::Der("CERTIFICATE".into(), proxy));
        Some(())
    }

    fn borrow_directory(&mut self, chance: &mut Chance, vectors: &Vectors) -> Option<String> {
        let other = chance.one(&vectors.bases)?;
        if chance.percent(70) {
            self.certdir = Directory {
                name: other.certdir.clone(),
                changed: None,
            };
            Some(format!("other CAs ({})", other.name))
        } else {
            self.vomsdir = Directory {
                name: other.vomsdir.clone(),
                changed: None,
            };
            Some(format!("other LSC files ({})", other.name))
        }
    }
}

/// Replaces a name at the start of others; not in what has been replaced, which may hold it again.
fn renamed(node: &mut Node, old: &Node, new: &Node) {
    let prefix = old.nodes();
    if node.tag == old.tag && !prefix.is_empty() && node.nodes().starts_with(prefix) {
        let rest = &node.nodes()[prefix.len()..];
        node.body = Body::Nodes([new.nodes(), rest].concat());
        return;
    }
    for inner in node.nodes_mut().into_iter().flatten() {
        renamed(inner, old, new);
    }
}

/// Changes one file, and those that were the same.
fn change_directory(
    directory: &mut Directory,
    chance: &mut Chance,
    vectors: &Vectors,
) -> Option<String> {
    let known: &Rc<Files> = vectors.directories.get(&directory.name)?;
    let files = directory.changed.get_or_insert_with(|| (**known).clone());
    let (path, pieces) = chance.one(files)?.clone();
    let mut new = pieces.clone();
    let at = chance.below(new.len());
    let class = match new.get_mut(at)? {
        Piece::Der(_, node) => mutate::node(node, chance, vectors)?,
        Piece::Text(text) => format!("{} {}", kind(&path), mutate::text(text, chance)?),
    };
    for (_, other) in files.iter_mut().filter(|(_, other)| *other == pieces) {
        other.clone_from(&new);
    }
    Some(class)
}

fn kind(path: &PathBuf) -> String {
    path.extension()
        .map_or_else(|| "file".into(), |end| end.to_string_lossy().into_owned())
}

/// Whether anything in it can be changed and signed again.
pub fn is_signed(base: &Base) -> bool {
    let is_signed = |node: &Node| node.signer.is_some() && !named(node).is_empty();
    base.file
        .iter()
        .any(|piece| matches!(piece, Piece::Der(_, node) if is_signed(node)))
}
