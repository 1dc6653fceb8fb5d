//! The entries of a revocation list, looked up in its bytes: lists of large CAs have a hundred
//! thousand, of which one matters.

use std::ops::Range;
use std::time::SystemTime;

use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Reader, SliceReader};
use voms_asn1::certificate_list::RevokedCertificate;
use voms_asn1::oid;

use crate::pki::certificate::{instant, minimal_integer};

const SEQUENCE: u8 = 0x30;
/// An extension with a reason, up to the reason: what nearly all entries have, if anything.
const REASON: [u8; 13] = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 10, 1];
const REMOVE_FROM_CRL: u8 = 8;

/// A list taken apart.
pub struct Parts {
    /// The signed part.
    pub signed: Range<usize>,
    /// The content of revokedCertificates.
    pub entries: Range<usize>,
    /// The list without its entries, for parsers that read the whole.
    pub rest: Vec<u8>,
}

impl Parts {
    /// Splits a list; `None` if it is malformed so far. What `rest` has is for others to judge.
    pub fn of(list: &[u8]) -> Option<Self> {
        let outer = whole_sequence(list)?;
        let signed_length = element(&list[outer..])?;
        let signed = outer..outer + signed_length;
        let start = outer + whole_sequence(&list[signed.clone()])?;
        let entries = revoked_certificates(&list[..signed.end], start)?;
        let before = &list[start..entries.start];
        let behind = &list[entries.end..signed.end];
        let shorter = sequence(&[before, behind]);
        let rest = sequence(&[&shorter, &list[signed.end..]]);
        let header = match entries.is_empty() {
            true => 0,
            false => whole_sequence(&list[entries.clone()])?,
        };
        Some(Self {
            signed,
            entries: entries.start + header..entries.end,
            rest,
        })
    }
}

/// Where revokedCertificates lies with its header: behind version, signature, issuer, thisUpdate
/// and nextUpdate.
fn revoked_certificates(list: &[u8], mut at: usize) -> Option<Range<usize>> {
    const INTEGER: u8 = 2;
    let is_time = |tag: u8| tag == 0x17 || tag == 0x18;
    let skip = |at: usize, fits: &dyn Fn(u8) -> bool| match list.get(at) {
        Some(tag) if fits(*tag) => Some(at + element(&list[at..])?),
        _ => None,
    };
    at = skip(at, &|tag| tag == INTEGER).unwrap_or(at);
    for _ in ["signature", "issuer"] {
        at = skip(at, &|tag| tag == SEQUENCE)?;
    }
    at = skip(at, &is_time)?;
    at = skip(at, &is_time).unwrap_or(at);
    let end = skip(at, &|tag| tag == SEQUENCE).unwrap_or(at);
    Some(at..end)
}

/// The length of the first element, header included.
fn element(bytes: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(bytes).ok()?;
    Some(reader.tlv_bytes().ok()?.len())
}

/// The length of the header, if the bytes are one sequence and nothing else.
fn whole_sequence(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&SEQUENCE) || element(bytes)? != bytes.len() {
        return None;
    }
    let mut reader = SliceReader::new(bytes).ok()?;
    Header::decode(&mut reader).ok()?;
    usize::try_from(reader.position()).ok()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|octet| **octet == 0).count();
    let mut out = vec![SEQUENCE];
    match content.len() {
        0..=0x7f => out.push(length[length.len() - 1]),
        _ => {
            out.push(0x80 | (length.len() - zeros) as u8);
            out.extend(&length[zeros..]);
        }
    }
    out.extend(content);
    out
}

/// Where the entries are, by a hash of the serial number.
pub struct Entries {
    /// The hash above the position in the list, sorted.
    index: Vec<u64>,
    /// Whether an entry has a critical extension that is not handled.
    pub has_unknown: bool,
}

/// What matters of one entry.
struct Entry<'a> {
    length: usize,
    serial: &'a [u8],
    /// In a list of changes, it takes the certificate off the full list (RFC 5280 section 5.3.1).
    is_removed: bool,
    has_unknown: bool,
}

impl Entries {
    /// Reads all entries once; `None` if one is malformed.
    pub fn read(
        list: &[u8],
        range: Range<usize>,
        is_delta: bool,
        known: &[ObjectIdentifier],
    ) -> Option<Self> {
        const SHORTEST: usize = 24;
        let mut index = Vec::with_capacity(range.len() / SHORTEST);
        let mut has_unknown = false;
        let mut at = range.start;
        while at < range.end {
            let rest = &list[at..range.end];
            let mut decoded = None;
            let entry = match usual(rest) {
                Some(entry) => entry,
                None => unusual(rest, known, &mut decoded)?,
            };
            has_unknown |= entry.has_unknown;
            if !(is_delta && entry.is_removed) {
                index.push(hash(entry.serial) | u64::from(u32::try_from(at).ok()?));
            }
            at += entry.length;
        }
        index.sort_unstable();
        index.shrink_to_fit();
        Some(Self { index, has_unknown })
    }

    /// When the certificate with this serial number was revoked; of several entries the last
    /// counts.
    pub fn find(&self, list: &[u8], serial: &[u8]) -> Option<SystemTime> {
        const POSITION: u64 = u32::MAX as u64;
        let serial = minimal_integer(serial);
        let wanted = hash(serial);
        let first = self.index.partition_point(|one| one & !POSITION < wanted);
        let same = self.index[first..].iter();
        let revoked = same
            .take_while(|one| **one & !POSITION == wanted)
            .filter_map(|one| {
                let entry = &list[usize::try_from(one & POSITION).ok()?..];
                RevokedCertificate::from_der(&entry[..element(entry)?]).ok()
            })
            .filter(|entry| minimal_integer(entry.user_certificate.as_bytes()) == serial);
        revoked.last().map(|entry| instant(entry.revocation_date))
    }
}

/// A hash in the upper half.
fn hash(serial: &[u8]) -> u64 {
    let mixed = serial.iter().fold(0_u64, |hash, octet| {
        (hash.rotate_left(5) ^ u64::from(*octet)).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    mixed & !u64::from(u32::MAX)
}

/// An entry as nearly all are: short, with a time before 2050, and at most a reason.
fn usual(rest: &[u8]) -> Option<Entry<'_>> {
    let [SEQUENCE, length @ 0..=0x7f, 2, serial_length @ 1..=0x7f, ..] = rest else {
        return None;
    };
    let entry = rest.get(..2 + usize::from(*length))?;
    let (serial, behind) = entry
        .get(4..)?
        .split_at_checked(usize::from(*serial_length))?;
    let (time, extensions) = behind.split_at_checked(15)?;
    let reason = match extensions.split_at_checked(REASON.len()) {
        Some((head, [reason])) if head == REASON => Some(*reason),
        _ if extensions.is_empty() => None,
        _ => return None,
    };
    let fits = minimal_integer(serial).len() == serial.len() && is_utc_time(time);
    fits.then_some(Entry {
        length: entry.len(),
        serial,
        is_removed: reason == Some(REMOVE_FROM_CRL),
        has_unknown: false,
    })
}

/// Whether this is certainly a UTCTime.
fn is_utc_time(time: &[u8]) -> bool {
    let [0x17, 13, digits @ .., b'Z'] = time else {
        return false;
    };
    if digits.len() != 12 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let two = |at: usize| (digits[at] - b'0') * 10 + (digits[at + 1] - b'0');
    // Days that not every month has are for the real parser.
    (1..=12).contains(&two(2))
        && (1..=28).contains(&two(4))
        && two(6) < 24
        && two(8) < 60
        && two(10) < 60
}

/// Any other entry.
fn unusual<'a>(
    rest: &[u8],
    known: &[ObjectIdentifier],
    decoded: &'a mut Option<RevokedCertificate>,
) -> Option<Entry<'a>> {
    let length = element(rest)?;
    let entry = decoded.insert(RevokedCertificate::from_der(&rest[..length]).ok()?);
    let extensions = || entry.crl_entry_extensions.iter().flatten();
    let is_removed = extensions().any(|extension| {
        let reason = extension.extn_value.as_bytes();
        extension.extn_id == oid::CRL_REASON && reason == [10, 1, REMOVE_FROM_CRL]
    });
    let has_unknown =
        extensions().any(|extension| extension.critical && !known.contains(&extension.extn_id));
    Some(Entry {
        length,
        serial: minimal_integer(entry.user_certificate.as_bytes()),
        is_removed,
        has_unknown,
    })
}
