//! Lines of a grid-mapfile as the Grid Community Toolkit reads them.

use super::file::{Entry, LineProblem};

const SPACES: [u8; 3] = [b' ', b'\t', b'\n'];

/// Reads a line; `None` if nothing is on it.
pub fn entry(line: &[u8]) -> Option<Result<Entry, LineProblem>> {
    let line = skip(line, &SPACES);
    if matches!(line.first(), None | Some(b'#')) {
        return None;
    }
    let parts = match line.strip_prefix(b"\"") {
        Some(quoted) => closing_quote(quoted)
            .map(|end| (&quoted[..end], &quoted[end + 1..]))
            .ok_or(LineProblem::Quote),
        None => (line.iter().position(|octet| SPACES.contains(octet)))
            .map(|end| line.split_at(end))
            .ok_or(LineProblem::NoAccount),
    };
    Some(parts.map(|(name, rest)| {
        let rest = skip(rest, &SPACES);
        let is_end = |octet: &u8| SPACES.contains(octet) || *octet == b',';
        let end = rest.iter().position(is_end).unwrap_or(rest.len());
        let account = String::from_utf8_lossy(&rest[..end]).into_owned();
        Entry {
            name: comparable(&unescaped(name)),
            account: Some(account).filter(|account| !account.is_empty()),
        }
    }))
}

fn skip<'a>(text: &'a [u8], these: &[u8]) -> &'a [u8] {
    let start = text.iter().position(|octet| !these.contains(octet));
    &text[start.unwrap_or(text.len())..]
}

/// Where the name ends: at a quote without a backslash before it. That the backslash may itself be
/// escaped, the toolkit does not see.
fn closing_quote(text: &[u8]) -> Option<usize> {
    (0..text.len()).find(|&at| text[at] == b'"' && (at == 0 || text[at - 1] != b'\\'))
}

/// The name without escapes, except for octets that cannot be printed: those are written as OpenSSL
/// writes them.
fn unescaped(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let mut octet = *first;
        if octet == b'\\' {
            let Some((escaped, behind)) = rest.split_first() else {
                break;
            };
            (octet, rest) = (*escaped, behind);
            let digits = behind.get(..2).filter(|_| octet == b'x');
            if let Some(value) = digits.and_then(hexadecimal) {
                (octet, rest) = (value, &behind[2..]);
            }
        }
        match octet {
            b' '..=b'~' => out.push(char::from(octet)),
            _ => out.push_str(&format!("\\x{octet:02X}")),
        }
    }
    out
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

/// A name as the toolkit compares it: without regard to case, and to the label of some attributes.
pub fn comparable(name: &str) -> String {
    let mut name = name.to_ascii_lowercase();
    for (label, usual) in [
        ("/email=", "/emailaddress="),
        ("/e=", "/emailaddress="),
        ("/userid=", "/uid="),
    ] {
        if name.contains(label) {
            name = name.replace(label, usual);
        }
    }
    name
}
