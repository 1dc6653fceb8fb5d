//! Undoes the changes that mail programs and editors make to text.

use voms::crypto::base64_decode;
use zeroize::Zeroizing;

/// The text of a file with LF line endings, without blanks around its lines and with each PEM
/// boundary on its own line, whatever mail programs and editors did to it.
pub fn tidied(file: &[u8]) -> Zeroizing<Vec<u8>> {
    const JOINT: &[u8] = b"----------BEGIN ";
    let decoded = from_utf16(file);
    let file = decoded.as_ref().map_or(file, |text| text.as_bytes());
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    // Never reallocated, so that no copy of a key stays in memory: each line adds at most one line
    // ending, and each joint one more.
    let mut text = Zeroizing::new(Vec::with_capacity(2 * file.len() + 2));
    let mut after_headers = false;
    for line in file.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let mut rest = line.trim_ascii();
        // Only the empty line that ends the headers of an encrypted key is significant (RFC 1421
        // section 4.4).
        if rest.is_empty() && !after_headers {
            continue;
        }
        after_headers = rest.starts_with(b"DEK-Info:");
        while let Some(at) = rest.windows(JOINT.len()).position(|part| part == JOINT) {
            text.extend_from_slice(&rest[..at + 5]);
            text.push(b'\n');
            rest = &rest[at + 5..];
        }
        text.extend_from_slice(rest);
        text.push(b'\n');
    }
    text
}

/// Decodes UTF-16 with a byte order mark, as some Windows editors and shells write text.
fn from_utf16(file: &[u8]) -> Option<Zeroizing<String>> {
    let unit: fn([u8; 2]) -> u16 = match file {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = file[2..]
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]));
    let mut text = Zeroizing::new(String::with_capacity(2 * file.len()));
    char::decode_utf16(units)
        .try_for_each(|c| c.map(|c| text.push(c)))
        .ok()?;
    Some(text)
}

/// A file containing only base64: mail programs save attachments like this when they drop the PEM
/// boundaries.
pub fn base64_alone(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(file.len()));
    file.split(u8::is_ascii_whitespace)
        .for_each(|word| text.extend_from_slice(word));
    let der = Zeroizing::new(base64_decode(std::str::from_utf8(&text).ok()?)?);
    (der.first() == Some(&0x30)).then_some(der)
}
