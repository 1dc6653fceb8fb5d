//! PEM blocks as found in credential files: in any order, with text between them and CRLF line
//! endings (RFC 7468, RFC 1421 headers).

use zeroize::Zeroizing;

use crate::crypto::{base64_decode, base64_encode};
use crate::pki::base64::Decoder;

/// OpenSSL's label of a certificate with trust settings.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// One `-----BEGIN LABEL-----` … `-----END LABEL-----` block, borrowed from its file.
///
/// The text may hold a private key, so it is not printed.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    at: usize,
    label: &'a str,
    text: &'a [u8],
}

impl<'a> Block<'a> {
    /// The label after `BEGIN`, such as `CERTIFICATE`.
    #[must_use]
    pub fn label(&self) -> &'a str {
        self.label
    }

    /// The whole block with LF line endings and no trailing blanks, as OpenSSL's PEM reader accepts
    /// it; wiped on drop.
    #[must_use]
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        // Never reallocated, so that no copy of a key stays in memory.
        let mut text = Zeroizing::new(Vec::with_capacity(self.text.len() + 1));
        for line in lines(self.text) {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text
    }

    /// The position of the block in its file, without the final line ending.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.at..self.at + self.text.len()
    }

    /// Whether the block is a certificate, under any certificate label.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self.label, "CERTIFICATE" | "X509 CERTIFICATE" | TRUSTED)
    }

    /// Whether the block is a private key, encrypted or not.
    #[must_use]
    pub fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// Whether the block is a private key that needs a passphrase.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY"
            || lines(self.text)
                .any(|line| line.starts_with(b"Proc-Type:") && contains(line, b"ENCRYPTED"))
    }

    /// The decoded body; `None` if it is not base64.
    ///
    /// For a `TRUSTED CERTIFICATE`, only the certificate, without OpenSSL's trust settings, which
    /// follow it in the same block.
    #[must_use]
    pub fn der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut der = self.body()?;
        if self.label == TRUSTED {
            let length = stated_length(&der).filter(|length| *length <= der.len())?;
            der.truncate(length);
        }
        Some(der)
    }

    /// The decoded body of what is no secret; `None` if it is not base64.
    pub(crate) fn public(&self) -> Option<Vec<u8>> {
        let mut decoder = Decoder::for_text(self.text.len());
        for line in lines(self.text).filter(|line| !line.starts_with(b"-----")) {
            decoder.feed(line)?;
        }
        let mut der = decoder.end()?;
        if self.label == TRUSTED {
            let length = stated_length(&der).filter(|length| *length <= der.len())?;
            der.truncate(length);
        }
        Some(der)
    }

    /// OpenSSL's trust settings behind a `TRUSTED CERTIFICATE`; empty if there are none, `None` if
    /// the body is not base64.
    pub(crate) fn trust_settings(&self) -> Option<Vec<u8>> {
        if self.label != TRUSTED {
            return Some(Vec::new());
        }
        let body = self.body()?;
        let settings = body.get(stated_length(&body)?..)?;
        Some(settings.to_vec())
    }

    fn body(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut body = Zeroizing::new(Vec::with_capacity(self.text.len()));
        for line in lines(self.text).filter(|line| !line.starts_with(b"-----")) {
            line.split(u8::is_ascii_whitespace)
                .for_each(|word| body.extend_from_slice(word));
        }
        base64_decode(std::str::from_utf8(&body).ok()?).map(Zeroizing::new)
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr(b'\n', text);
        rest = end.map(|end| &text[end + 1..]);
        Some(text[..end.unwrap_or(text.len())].trim_ascii_end())
    })
}

fn contains(line: &[u8], what: &[u8]) -> bool {
    line.windows(what.len()).any(|part| part == what)
}

/// The length the first DER element declares, header included; fewer bytes may be present.
pub fn stated_length(der: &[u8]) -> Option<usize> {
    let (&first, rest) = der.get(1..)?.split_first()?;
    match first {
        0..=0x7f => Some(2 + usize::from(first)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            Some(
                rest.get(..count)?
                    .iter()
                    .fold(0, |sum, &byte| sum << 8 | usize::from(byte))
                    + 2
                    + count,
            )
        }
        _ => None,
    }
}

/// Splits a file into its blocks, in order; a block without an end line is skipped.
#[must_use]
pub fn blocks(file: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    let mut at = if file.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    while at < file.len() {
        let end = memchr::memchr(b'\n', &file[at..]).map_or(file.len(), |length| at + length);
        let line = file[at..end].trim_ascii_end();
        if let Some(label) = boundary(line, b"-----BEGIN ") {
            open = Some((at, label));
        } else if let Some(label) = boundary(line, b"-----END ")
            && let Some((from, _)) = open.filter(|(_, begun)| *begun == label)
        {
            blocks.push(Block {
                at: from,
                label,
                text: &file[from..end],
            });
            open = None;
        }
        at = end + 1;
    }
    blocks
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn boundary<'a>(line: &'a [u8], begin: &[u8]) -> Option<&'a str> {
    std::str::from_utf8(line.strip_prefix(begin)?.strip_suffix(b"-----")?).ok()
}

/// Whether every line that begins a certificate begins a block: what one reader skips, another may
/// accept.
#[must_use]
pub fn is_whole(file: &[u8]) -> bool {
    has_only(file, &blocks(file))
}

/// Whether the file begins no other certificates than those in these blocks of it.
pub(crate) fn has_only(file: &[u8], blocks: &[Block<'_>]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let line_from = |at: usize| {
        let end = memchr::memchr(b'\n', &file[at..]).map_or(file.len(), |length| at + length);
        &file[at..end]
    };
    let mut last_line = None;
    let begun = memchr::memmem::find_iter(file, BEGIN).filter(|at| {
        // A line counts once, however often it says so.
        let line = line_from(*at);
        let end = at + line.len();
        let is_new = last_line.replace(end) != Some(end);
        is_new && contains(line, b"CERTIFICATE-----")
    });
    let begun = begun.count();
    begun == blocks.iter().filter(|block| block.is_certificate()).count()
}

/// Encodes one block with lines of 64 characters.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(base64_encode(der));
    let mut out = Zeroizing::new(String::with_capacity(
        body.len() + body.len() / 64 + 2 * label.len() + 32,
    ));
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
        let good = b"\xef\xbb\xbf-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
            .as_slice();
        assert!(is_whole(good) && blocks(good).len() == 1);
        assert!(!is_whole(
            &[good, b"-----BEGIN CERTIFICATE-----\n"].concat()
        ));
        assert!(!is_whole(
            &[
                good,
                b"x-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
            ]
            .concat()
        ));
        assert!(blocks(b"-----BEGIN CERTIFICATE-----\nAAEC\n").is_empty());
        assert!(blocks(&[0xff; 64]).is_empty());
    }

    #[test]
    fn only_the_certificate_of_a_trusted_certificate_is_taken() {
        let text = encode("TRUSTED CERTIFICATE", &[0x30, 0x02, 0x05, 0x00, 0x30, 0x00]);
        assert_eq!(
            blocks(text.as_bytes())[0].der().unwrap().as_slice(),
            [0x30, 0x02, 0x05, 0x00]
        );
        let settings = |text: &str| blocks(text.as_bytes())[0].trust_settings();
        assert_eq!(settings(&text), Some(vec![0x30, 0x00]));
        assert_eq!(
            settings(&encode("CERTIFICATE", &[0x30, 0, 0x30, 0])),
            Some(Vec::new())
        );
    }

    #[test]
    fn lengths_are_those_of_the_first_bytes() {
        assert_eq!(stated_length(&[0x30, 0x82, 0x01, 0x00]), Some(260));
        assert_eq!(stated_length(&[0x30, 0x05]), Some(7));
        assert_eq!(stated_length(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(stated_length(&[]), None);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let der: Vec<u8> = (0..200).map(|i| i as u8).collect();
        assert_eq!(
            blocks(encode("X", &der).as_bytes())[0]
                .der()
                .unwrap()
                .as_slice(),
            der
        );
    }
}
