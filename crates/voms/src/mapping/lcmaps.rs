//! Lines of grid-mapfiles, voms-mapfiles and ban files as LCMAPS reads them.

use super::file::{Entry, LineProblem};

const DELIMITERS: [u8; 3] = [b' ', b'\t', b','];

/// Reads a line; `None` if nothing is on it.
pub fn entry(line: &[u8]) -> Option<Result<Entry, LineProblem>> {
    let start = line.iter().position(|octet| !is_space(*octet))?;
    let line = &line[start..];
    if line[0] == b'#' {
        return None;
    }
    Some(split(line).and_then(|(name, rest)| {
        Ok(Entry {
            // Unlike Globus, LCMAPS compares it with its escapes.
            name: String::from_utf8_lossy(name).into_owned(),
            account: account(rest)?,
        })
    }))
}

fn is_space(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

fn split(line: &[u8]) -> Result<(&[u8], &[u8]), LineProblem> {
    match line.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = unescaped(quoted, |octet| octet == b'"')?.ok_or(LineProblem::Quote)?;
            Ok((&quoted[..end], &quoted[end + 1..]))
        }
        None => {
            let end = unescaped(line, is_space)?.unwrap_or(line.len());
            Ok(line.split_at(end))
        }
    }
}

/// Where the first such character stands that has no backslash before it.
fn unescaped(text: &[u8], wanted: impl Fn(u8) -> bool) -> Result<Option<usize>, LineProblem> {
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        if *octet == b'\\' {
            at += 1;
            text.get(at).ok_or(LineProblem::Continued)?;
        } else if wanted(*octet) {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

/// The first account, before any comment.
fn account(rest: &[u8]) -> Result<Option<String>, LineProblem> {
    let start = rest.iter().position(|octet| !DELIMITERS.contains(octet));
    let rest = &rest[start.unwrap_or(rest.len())..];
    let accounts = &rest[..unescaped(rest, |octet| octet == b'#')?.unwrap_or(rest.len())];
    let end = unescaped(accounts, |octet| DELIMITERS.contains(&octet))?;
    let mut account = Vec::new();
    let mut octets = accounts[..end.unwrap_or(accounts.len())].iter();
    while let Some(octet) = octets.next() {
        account.extend(if *octet == b'\\' {
            octets.next()
        } else {
            Some(octet)
        });
    }
    let account = String::from_utf8_lossy(&account).into_owned();
    Ok(Some(account).filter(|account| !account.is_empty()))
}
