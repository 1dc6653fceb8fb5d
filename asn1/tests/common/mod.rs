#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader};
use voms_asn1::{EncodedAc, oid};
use x509_cert::Certificate;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VOMS64: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]";

/// What a legacy server sends in place of an AC.
pub const NO_AC: &[u8] = b"A";

pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(path)
}

pub fn read(path: &str) -> Vec<u8> {
    fs::read(fixture(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub fn files(dir: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(fixture(dir)).unwrap();
    let mut files: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == extension));
    files.sort();
    files
}

pub fn decode64(text: &str, alphabet: &[u8; 64]) -> Vec<u8> {
    let (mut out, mut buffer, mut bits) = (Vec::new(), 0u32, 0);
    for c in text
        .bytes()
        .filter(|c| !c.is_ascii_whitespace() && *c != b'=')
    {
        let digit = alphabet.iter().position(|a| *a == c).unwrap();
        buffer = buffer << 6 | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
        }
    }
    out
}

pub fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let pieces = text.split(start).skip(1);
    pieces
        .map(|piece| piece.split(end).next().unwrap())
        .collect()
}

/// What is in each `<ac>` of the `.EXTENSION` files in `dir`.
pub fn ac_elements(dir: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for file in files(dir, extension) {
        let text = String::from_utf8(fs::read(&file).unwrap()).unwrap();
        for ac in between(&text, "<ac>", "</ac>") {
            let ac = ac.replace("&#13;", "");
            let alphabet = if ac.contains('\n') { BASE64 } else { VOMS64 };
            all.push((file.display().to_string(), decode64(&ac, alphabet)));
        }
    }
    all
}

pub fn certificates(pem: &str) -> Vec<Certificate> {
    between(
        pem,
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
    )
    .into_iter()
    .map(|body| Certificate::from_der(&decode64(body, BASE64)).unwrap())
    .collect()
}

/// The value of each AC extension in the proxies of `dir`.
pub fn ac_seqs(dir: &str) -> Vec<(String, Vec<u8>)> {
    extension_values(dir, oid::VOMS_AC_SEQ)
}

pub fn extension_values(dir: &str, oid: der::asn1::ObjectIdentifier) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for file in files(dir, "pem") {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        for certificate in certificates(&text) {
            let extensions = certificate.tbs_certificate().extensions();
            for extension in extensions.into_iter().flatten() {
                if extension.extn_id == oid {
                    let value = extension.extn_value.as_bytes().to_vec();
                    all.push((file.display().to_string(), value));
                }
            }
        }
    }
    all
}

pub fn role() -> EncodedAc {
    EncodedAc::from_der(&read("ac/role.der")).unwrap()
}

/// A tag, a definite length and the parts.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        n @ 0..=0x7f => out.push(n as u8),
        n @ 0x80..=0xff => out.extend([0x81, n as u8]),
        n @ 0x100..=0xffff => out.extend([0x82, (n >> 8) as u8, n as u8]),
        n => out.extend([0x83, (n >> 16) as u8, (n >> 8) as u8, n as u8]),
    }
    out.extend(content);
    out
}

pub fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// The elements of a SEQUENCE.
pub fn elements(sequence: &[u8]) -> Vec<Vec<u8>> {
    let content = AnyRef::from_der(sequence).unwrap().value();
    let mut reader = SliceReader::new(content).unwrap();
    let mut all = Vec::new();
    while !reader.is_finished() {
        all.push(reader.tlv_bytes().unwrap().to_vec());
    }
    all
}

/// `ac/role.der` with the elements of its acinfo changed.
pub fn role_with(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut ac = elements(&read("ac/role.der"));
    let mut acinfo = elements(&ac[0]);
    change(&mut acinfo);
    ac[0] = seq(&slices(&acinfo));
    seq(&slices(&ac))
}

pub fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

/// Where the elements of an acinfo are.
pub const HOLDER: usize = 1;
pub const SIGNATURE: usize = 3;
pub const SERIAL: usize = 4;
pub const VALIDITY: usize = 5;
pub const ATTRIBUTES: usize = 6;
pub const EXTENSIONS: usize = 7;
