//! PEM blocks as they are met in credential files: any order, text between them, CRLF (RFC 7468, RFC 1421 headers).

use openssl::base64;
use zeroize::Zeroizing;

/// One `-----BEGIN LABEL-----` … `-----END LABEL-----` block.
///
/// The text may hold a private key, so it is wiped when dropped and is not printed.
pub struct Block {
    label: String,
    text: Zeroizing<String>,
}

impl Block {
    /// What stands between `BEGIN` and the dashes, such as `CERTIFICATE`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The whole block with line feeds, as OpenSSL's PEM reader takes it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the block is a certificate under any of its labels.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
    }

    /// Whether the block is a private key, encrypted or not.
    #[must_use]
    pub fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// Whether the block is a private key that wants a passphrase.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY"
            || self.text.lines().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"))
    }

    /// The decoded body; `None` when it is not base64.
    ///
    /// Of a `TRUSTED CERTIFICATE` only the certificate: OpenSSL's trust settings follow it in the same block.
    #[must_use]
    pub fn der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut body = Zeroizing::new(String::with_capacity(self.text.len()));
        for word in self.text.lines().filter(|line| !line.starts_with("-----")).flat_map(str::split_whitespace) {
            body.push_str(word);
        }
        let mut der = Zeroizing::new(base64::decode_block(&body).ok()?);
        if self.label == "TRUSTED CERTIFICATE" {
            let length = first_element(&der)?;
            der.truncate(length);
        }
        Some(der)
    }
}

/// The length of the first DER element, header included.
fn first_element(der: &[u8]) -> Option<usize> {
    let (&first, rest) = der.get(1..)?.split_first()?;
    let total = match first {
        0..=0x7f => 2 + usize::from(first),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            rest.get(..count)?.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)) + 2 + count
        }
        _ => return None,
    };
    (total <= der.len()).then_some(total)
}

/// Splits a file into its blocks, in order; a block without its end line is left out.
#[must_use]
pub fn blocks(file: &[u8]) -> Vec<Block> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let text = Zeroizing::new(String::from_utf8_lossy(file).into_owned());
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    for (at, line) in lines.iter().enumerate() {
        if let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) {
            open = Some((at, label));
        }
        let end = line.strip_prefix("-----END ").and_then(|rest| rest.strip_suffix("-----"));
        if let Some((from, label)) = open.filter(|(_, label)| end == Some(label)) {
            blocks.push(Block { label: label.to_owned(), text: joined(&lines[from..=at]) });
            open = None;
        }
    }
    blocks
}

/// Whether every line that begins a certificate begins a block: what one reader skips, another one may take.
#[must_use]
pub fn is_whole(file: &[u8]) -> bool {
    let text = Zeroizing::new(String::from_utf8_lossy(file).into_owned());
    let begins = |line: &str| line.contains("-----BEGIN ") && line.contains("CERTIFICATE-----");
    text.lines().filter(|line| begins(line)).count()
        == blocks(file).iter().filter(|block| block.is_certificate()).count()
}

/// Lines in one allocation of the right size, so that no copy of a key is left behind by growing.
fn joined(lines: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(lines.iter().map(|line| line.len() + 1).sum()));
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Encodes one block with lines of 64 characters.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(base64::encode_block(der));
    let mut out = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 32));
    out.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_between_text_and_crlf() {
        let file = b"Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nAAEC\r\n-----END CERTIFICATE-----\r\njunk\n\
            -----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAEC\n-----END RSA PRIVATE KEY-----";
        let found = blocks(file);
        assert_eq!(found.len(), 2);
        assert!(found[0].is_certificate());
        assert_eq!(found[0].der().unwrap().as_slice(), [0, 1, 2]);
        assert!(found[1].is_private_key() && found[1].is_encrypted());
    }

    #[test]
    fn a_block_cut_short_is_no_block() {
        let good = b"\xef\xbb\xbf-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n".as_slice();
        assert!(is_whole(good) && blocks(good).len() == 1);
        assert!(!is_whole(&[good, b"-----BEGIN CERTIFICATE-----\n"].concat()));
        assert!(!is_whole(&[good, b"x-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"].concat()));
        assert!(blocks(b"-----BEGIN CERTIFICATE-----\nAAEC\n").is_empty());
        assert!(blocks(&[0xff; 64]).is_empty());
    }

    #[test]
    fn only_the_certificate_of_a_trusted_certificate_is_taken() {
        let text = encode("TRUSTED CERTIFICATE", &[0x30, 0x02, 0x05, 0x00, 0x30, 0x00]);
        assert_eq!(blocks(text.as_bytes())[0].der().unwrap().as_slice(), [0x30, 0x02, 0x05, 0x00]);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let der: Vec<u8> = (0..200).map(|i| i as u8).collect();
        assert_eq!(blocks(encode("X", &der).as_bytes())[0].der().unwrap().as_slice(), der);
    }
}
