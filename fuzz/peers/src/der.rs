//! DER as a tree that can be mutated: every element in it, also those inside of OCTET STRINGs, and
//! who signed what.

use std::rc::Rc;

use crate::keys::Signer;

/// How the length of an element is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Shortest,
    /// One byte more than it takes.
    Long,
    Indefinite,
    /// Not an element that this module can write: the bytes are all of it.
    Opaque,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    Bytes(Vec<u8>),
    Nodes(Vec<Node>),
}

/// One element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub tag: u8,
    pub form: Form,
    pub body: Body,
    /// The field of a certificate, list or attribute certificate that it is.
    pub name: Option<Rc<str>>,
    /// Who signs its first part; its third is the signature.
    pub signer: Option<Signer>,
}

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 6;
const BIT_STRING: u8 = 0x03;
const DEEPEST: usize = 40;

impl Node {
    pub fn new(tag: u8, body: Body) -> Self {
        Self {
            tag,
            form: Form::Shortest,
            body,
            name: None,
            signer: None,
        }
    }

    pub fn bytes(tag: u8, bytes: &[u8]) -> Self {
        Self::new(tag, Body::Bytes(bytes.to_vec()))
    }

    pub fn sequence(nodes: Vec<Self>) -> Self {
        Self::new(SEQUENCE, Body::Nodes(nodes))
    }

    /// The element that these bytes are, or the bytes as they are.
    pub fn parse(der: &[u8]) -> Self {
        match elements(der, DEEPEST) {
            Some(mut nodes) if nodes.len() == 1 => nodes.remove(0),
            _ => Self {
                form: Form::Opaque,
                ..Self::bytes(SEQUENCE, der)
            },
        }
    }

    pub fn nodes(&self) -> &[Self] {
        match &self.body {
            Body::Nodes(nodes) => nodes,
            Body::Bytes(_) => &[],
        }
    }

    pub fn nodes_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.body {
            Body::Nodes(nodes) => Some(nodes),
            Body::Bytes(_) => None,
        }
    }

    pub fn at(&self, path: &[usize]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |node, step| node.nodes().get(*step))
    }

    pub fn at_mut(&mut self, path: &[usize]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |node, step| node.nodes_mut()?.get_mut(*step))
    }

    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// Something to sign, an algorithm and a signature.
    pub fn looks_signed(&self) -> bool {
        self.tag == SEQUENCE
            && matches!(self.nodes(), [body, algorithm, signature]
                if body.tag == SEQUENCE && body.nodes().len() >= 5
                && algorithm.begins_with_an_oid() && signature.tag == BIT_STRING)
    }

    /// Whether it is the identifier of an algorithm, by its shape.
    pub fn begins_with_an_oid(&self) -> bool {
        self.tag == SEQUENCE && self.nodes().first().is_some_and(|id| id.tag == OID)
    }

    /// The bytes as they stand, old signatures among them.
    pub fn encode(&self) -> Vec<u8> {
        self.write(&mut |node| node.nodes().iter().flat_map(Self::encode).collect())
    }

    /// The bytes, with whatever `contents` makes of those that hold others.
    pub fn write(&self, contents: &mut dyn FnMut(&Self) -> Vec<u8>) -> Vec<u8> {
        let body = match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Nodes(_) => contents(self),
        };
        header(self.tag, self.form, body)
    }

    /// Calls for every element, the outermost first.
    pub fn each_mut(&mut self, what: &mut dyn FnMut(&mut Self)) {
        what(self);
        for node in self.nodes_mut().into_iter().flatten() {
            node.each_mut(what);
        }
    }
}

fn header(tag: u8, form: Form, body: Vec<u8>) -> Vec<u8> {
    if form == Form::Opaque {
        return body;
    }
    if form == Form::Indefinite {
        return [&[tag, 0x80][..], &body, &[0, 0]].concat();
    }
    let length = body.len().to_be_bytes();
    let skipped = length.iter().take_while(|byte| **byte == 0).count().min(7);
    let mut digits = length[skipped..].to_vec();
    if form == Form::Long {
        digits.insert(0, 0);
    }
    let mut out = vec![tag];
    if form == Form::Shortest && body.len() < 0x80 {
        out.extend(digits);
    } else {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
        out.extend(digits);
    }
    out.extend(body);
    out
}

/// The elements in a row, if the bytes are nothing else and would be written the same.
fn elements(mut der: &[u8], deep: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while let [tag, ..] = *der {
        let (start, length) = extent(der)?;
        let content = der.get(start..start.checked_add(length)?)?;
        let inner = match deep {
            0 => None,
            _ if tag & 0x20 != 0 => Some(elements(content, deep - 1)?),
            _ if tag == OCTET_STRING && !content.is_empty() => elements(content, deep - 1),
            _ => None,
        };
        let node = Node::new(
            tag,
            inner.map_or_else(|| Body::Bytes(content.to_vec()), Body::Nodes),
        );
        if node.encode() != der[..start + length] {
            return None;
        }
        nodes.push(node);
        der = &der[start + length..];
    }
    Some(nodes)
}

/// Where the content of the first element starts, and how long it is.
fn extent(der: &[u8]) -> Option<(usize, usize)> {
    let (tag, first) = (*der.first()?, *der.get(1)?);
    if tag & 0x1f == 0x1f || first == 0x80 {
        return None;
    }
    if first < 0x80 {
        return Some((2, first.into()));
    }
    let start = 2 + usize::from(first & 0x7f);
    let digits = der.get(2..start).filter(|digits| digits.len() <= 4)?;
    Some((
        start,
        digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
    ))
}
