//! Files of PEM blocks and text.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use openssl::base64;

use crate::der::{Form, Node};
use crate::keys::{Keys, encode};

/// A part of a file.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    Text(Vec<u8>),
    /// With the label of its block; without one it is DER.
    Der(String, Node),
}

pub type Files = Vec<(PathBuf, Vec<Piece>)>;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

pub fn parse(file: &[u8]) -> Vec<Piece> {
    let whole = Node::parse(file);
    if whole.form != Form::Opaque {
        return vec![Piece::Der(String::new(), whole)];
    }
    let Ok(text) = std::str::from_utf8(file) else {
        return vec![Piece::Text(file.to_vec())];
    };
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some((start, end, label, node)) = block(text, from) {
        if start > from {
            pieces.push(Piece::Text(text[from..start].into()));
        }
        pieces.push(match node {
            Some(node) => Piece::Der(label, node),
            None => Piece::Text(text[start..end].into()),
        });
        from = end;
    }
    if from < text.len() {
        pieces.push(Piece::Text(text[from..].into()));
    }
    pieces
}

/// Where the next block starts and ends, its label, and what is in it if that is DER.
fn block(text: &str, from: usize) -> Option<(usize, usize, String, Option<Node>)> {
    let start = from + text[from..].find(BEGIN)?;
    let label_at = start + BEGIN.len();
    let label = &text[label_at..label_at + text[label_at..].find(DASHES)?];
    let body_at = label_at + label.len() + DASHES.len();
    let last = format!("-----END {label}-----");
    let body = &text[body_at..body_at + text[body_at..].find(&last)?];
    let line_end = usize::from(text[body_at + body.len() + last.len()..].starts_with('\n'));
    let end = body_at + body.len() + last.len() + line_end;
    let letters: String = body.split_ascii_whitespace().collect();
    let node = base64::decode_block(&letters)
        .ok()
        .map(|der| Node::parse(&der));
    let readable = node.filter(|node| node.form != Form::Opaque && !label.contains("KEY"));
    Some((start, end, label.to_owned(), readable))
}

pub fn render(pieces: &[Piece], keys: &mut Keys) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.extend(text),
            Piece::Der(label, node) if label.is_empty() => out.extend(encode(node, keys)),
            Piece::Der(label, node) => out.extend(pem(label, &encode(node, keys)).bytes()),
        }
    }
    out
}

fn pem(label: &str, der: &[u8]) -> String {
    let letters = base64::encode_block(der);
    let lines: Vec<_> = letters
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "{BEGIN}{label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// All files below a directory, by their paths in it.
pub fn read(directory: &Path) -> io::Result<Files> {
    let mut files = Vec::new();
    let mut left = vec![PathBuf::new()];
    while let Some(inner) = left.pop() {
        for entry in fs::read_dir(directory.join(&inner))? {
            let path = inner.join(entry?.file_name());
            if directory.join(&path).is_dir() {
                left.push(path);
            } else {
                files.push((path.clone(), parse(&fs::read(directory.join(path))?)));
            }
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}

pub fn write(directory: &Path, files: &Files, keys: &mut Keys) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for (path, pieces) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(path, render(pieces, keys))?;
    }
    Ok(())
}
