//! One change to one element.

use crate::chance::Chance;
use crate::der::{Body, Form, Node};
use crate::fields::named;
use crate::keys::Digest;
use crate::vectors::{Value, Vectors};

const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const OID: u8 = 6;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const STRINGS: [u8; 7] = [0x0c, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e];

/// Changes a field or something within, and says what: `proxy.key-usage bit flipped`.
pub fn node(root: &mut Node, chance: &mut Chance, vectors: &Vectors) -> Option<String> {
    let fields = named(root);
    let (mut path, class) = chance.one(&fields)?.clone();
    while chance.percent(65) {
        let inner = root.at(&path)?.nodes();
        let at = chance.below(inner.len());
        // What has a name is chosen by it.
        if inner.get(at).is_none_or(|inner| inner.name.is_some()) {
            break;
        }
        path.push(at);
    }
    let what = match path.split_last() {
        Some((at, parent)) if chance.percent(55) => {
            let siblings = root.at_mut(parent)?.nodes_mut()?;
            among(siblings, *at, chance, vectors)
        }
        _ => within(root.at_mut(&path)?, chance, vectors),
    };
    what.map(|what| format!("{class} {what}"))
}

/// Changes where an element stands.
fn among(
    siblings: &mut Vec<Node>,
    at: usize,
    chance: &mut Chance,
    vectors: &Vectors,
) -> Option<String> {
    let what = match chance.below(7) {
        0 => {
            siblings.remove(at);
            "dropped"
        }
        1 => {
            siblings.insert(at, siblings[at].clone());
            "duplicated"
        }
        2 => {
            let other = chance.below(siblings.len());
            if siblings[at] == siblings[other] {
                return None;
            }
            siblings.swap(at, other);
            "swapped"
        }
        3 => {
            let name = siblings[at].name.clone()?;
            let taken = chance.one(vectors.values.get(&name)?)?;
            siblings.insert(at + chance.below(2), taken.node.clone());
            return Some(format!("beside another ({})", taken.origin));
        }
        4 => {
            let taken = any(chance, vectors)?;
            siblings.insert(at, taken.node.clone());
            return Some(format!("with a stranger before it ({})", taken.origin));
        }
        5 => {
            let taken = any(chance, vectors)?;
            siblings[at] = taken.node.clone();
            return Some(format!("replaced by a stranger ({})", taken.origin));
        }
        _ => {
            let taken = siblings[at].clone();
            siblings[at] = Node::sequence(vec![taken]);
            "wrapped"
        }
    };
    Some(what.to_owned())
}

/// Any field of any vector.
fn any<'a>(chance: &mut Chance, vectors: &'a Vectors) -> Option<&'a Value> {
    let mut names: Vec<_> = vectors.values.keys().collect();
    names.sort();
    let name = *chance.one(&names)?;
    chance.one(vectors.values.get(name)?)
}

/// Changes an element itself.
fn within(node: &mut Node, chance: &mut Chance, vectors: &Vectors) -> Option<String> {
    let what = match chance.below(10) {
        0..=2 => {
            let values = vectors.values.get(node.name.as_ref()?)?;
            let taken = chance.one(values)?;
            if taken.node == *node {
                return None;
            }
            *node = taken.node.clone();
            return Some(format!("of another ({})", taken.origin));
        }
        3 => {
            let tag = other_type(node, chance)?;
            node.tag = tag;
            "of another type"
        }
        4 => {
            node.form = *chance.one(&[Form::Long, Form::Indefinite])?;
            "with another length"
        }
        5 => {
            node.body = Body::Bytes(Vec::new());
            "emptied"
        }
        6 => criticality(node)?,
        _ => value(node, chance)?,
    };
    Some(what.to_owned())
}

fn other_type(node: &mut Node, chance: &mut Chance) -> Option<u8> {
    Some(match node.tag {
        tag if STRINGS.contains(&tag) => *chance.one(&STRINGS)?,
        UTC_TIME => {
            if let Body::Bytes(text) = &mut node.body {
                text.splice(0..0, *b"20");
            }
            GENERALIZED_TIME
        }
        GENERALIZED_TIME => UTC_TIME,
        SEQUENCE => *chance.one(&[SET, 0xa0, 0xa1])?,
        SET => SEQUENCE,
        tag @ 0xa0..0xa8 => *chance.one(&[tag + 1, SEQUENCE, tag & 0x9f])?,
        tag @ 0x80..0x88 => *chance.one(&[tag + 1, tag | 0x20, 4])?,
        INTEGER => 10,
        tag => tag ^ u8::try_from(1 << chance.below(6)).unwrap_or(1),
    })
}

/// Turns an extension's criticality over.
fn criticality(node: &mut Node) -> Option<&'static str> {
    let parts = node.nodes_mut()?;
    match parts.get(1)?.tag {
        BOOLEAN => {
            parts.remove(1);
            Some("not critical")
        }
        4 if parts[0].tag == OID => {
            parts.insert(1, Node::bytes(BOOLEAN, &[0xff]));
            Some("critical")
        }
        _ => None,
    }
}

fn value(node: &mut Node, chance: &mut Chance) -> Option<&'static str> {
    let Body::Bytes(bytes) = &mut node.body else {
        return members(node, chance);
    };
    match node.tag {
        INTEGER => {
            let numbers: [&[u8]; 9] = [
                &[0],
                &[1],
                &[2],
                &[0xff],
                &[0x80],
                &[0, 0x80],
                &[0x7f, 0xff, 0xff, 0xff],
                &[1, 0, 0, 0, 0, 0, 0, 0, 0],
                &[7; 21],
            ];
            *bytes = chance.one(&numbers)?.to_vec();
            Some("another number")
        }
        BOOLEAN => {
            *bytes = chance
                .one(&[vec![0], vec![1], vec![0xff], vec![0xff, 0xff]])?
                .clone();
            Some("another truth")
        }
        UTC_TIME | GENERALIZED_TIME => {
            let times: [&[u8]; 8] = [
                b"261124120000Z",
                b"261124115959Z",
                b"20261124120001Z",
                b"20261124115600Z",
                b"20261124120000+0100",
                b"2611241200Z",
                b"99991231235959Z",
                b"491231235959Z",
            ];
            *bytes = chance.one(&times)?.to_vec();
            Some("another time")
        }
        OID => {
            let last = bytes.last_mut()?;
            *last ^= 1 << chance.below(3);
            Some("another identifier")
        }
        _ if bytes.is_ascii() && bytes.len() > 3 => text(bytes, chance),
        _ => {
            let at = chance.below(bytes.len());
            *bytes.get_mut(at)? ^= 1 << chance.below(8);
            Some("bit flipped")
        }
    }
}

fn members(node: &mut Node, chance: &mut Chance) -> Option<&'static str> {
    let nodes = node.nodes_mut()?;
    if nodes.len() < 2 {
        return None;
    }
    if chance.percent(50) {
        nodes.reverse();
        return Some("reversed");
    }
    let half = nodes.len() / 2;
    nodes.truncate(half);
    Some("cut in half")
}

/// Changes a text.
pub fn text(bytes: &mut Vec<u8>, chance: &mut Chance) -> Option<&'static str> {
    if bytes.is_empty() {
        return None;
    }
    let at = chance.below(bytes.len());
    Some(match chance.below(9) {
        0 => {
            let letter = bytes.get_mut(at)?;
            if !letter.is_ascii_alphabetic() {
                return None;
            }
            *letter ^= 0x20;
            "case changed"
        }
        1 => {
            bytes.insert(at, b' ');
            "blank inserted"
        }
        2 => {
            bytes.push(b' ');
            "blank at the end"
        }
        3 => {
            bytes.insert(at, *chance.one(b"\0\n\r\t/=:,\\*?\"'#+\x7f\xe9")?);
            "character inserted"
        }
        4 => {
            bytes.remove(at);
            "character dropped"
        }
        5 => {
            bytes.truncate(at);
            "cut short"
        }
        6 => {
            let twice = bytes.clone();
            bytes.extend(twice);
            "twice"
        }
        7 => {
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
            if one == other {
                lines.remove(one);
            } else {
                lines.swap(one, other);
            }
            let joined = lines.concat();
            if joined == *bytes {
                return None;
            }
            *bytes = joined;
            "lines changed"
        }
        _ => {
            let end = (at + 1 + chance.below(8)).min(bytes.len());
            let part = bytes.get(at..end)?.to_vec();
            bytes.splice(at..at, part);
            "part repeated"
        }
    })
}

/// The identifier of an algorithm for RSA.
pub fn algorithm(digest: Digest, known: &[Value]) -> Option<Node> {
    let last = match digest {
        Digest::Md5 => 4,
        Digest::Sha1 => 5,
        Digest::Sha256 => 11,
        Digest::Sha384 => 12,
        Digest::Sha512 => 13,
        Digest::Sha224 => 14,
        Digest::Pss => 10,
        Digest::None => return None,
    };
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];
    let is_it = |node: &&Node| {
        node.nodes()
            .first()
            .is_some_and(|id| id.body == Body::Bytes(rsa.to_vec()))
    };
    known.iter().map(|value| &value.node).find(is_it).cloned()
}
