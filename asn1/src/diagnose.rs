//! Explains why bytes are not valid DER.

use std::fmt;

use asn1_rs::{Err as Nom, FromBer, Header, Length, Tag};

/// The longest input examined, in bytes.
pub const MAX_INPUT: usize = 1 << 20;
/// The most quirks reported.
pub const MAX_QUIRKS: usize = 16;
/// The deepest nesting followed.
pub const MAX_DEPTH: usize = 32;

/// A deviation from DER (X.690), at an offset in bytes from the start of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// An indefinite length, which BER allows (X.690 section 8.1.3.6).
    IndefiniteLength {
        /// Where the element begins.
        offset: usize,
    },
    /// A length in more octets than necessary, which BER allows (X.690 section 10.1).
    NonMinimalLength {
        /// Where the element begins.
        offset: usize,
    },
    /// An INTEGER in more octets than necessary (X.690 section 8.3.2).
    NonMinimalInteger {
        /// Where the INTEGER begins.
        offset: usize,
    },
    /// A string or time in constructed form, which BER allows (X.690 section 10.2).
    ConstructedString {
        /// Where the string begins.
        offset: usize,
    },
    /// A UTCTime where an attribute certificate requires GeneralizedTime.
    UtcTime {
        /// Where the time begins.
        offset: usize,
    },
    /// A GeneralizedTime not of the form `YYYYMMDDHHMMSSZ` (X.690 section 11.7, RFC 5280
    /// section 4.1.2.5.2).
    TimeForm {
        /// Where the time begins.
        offset: usize,
    },
    /// Bytes after the end of the value.
    TrailingBytes {
        /// Where they begin.
        offset: usize,
        /// How many there are.
        count: usize,
    },
    /// An element that extends past the end of the input.
    Truncated {
        /// Where the element begins.
        offset: usize,
    },
    /// An element that extends past the end of the enclosing one.
    Overrun {
        /// Where the element begins.
        offset: usize,
    },
    /// Bytes that do not form a tag and length.
    NoHeader {
        /// Where they begin.
        offset: usize,
    },
    /// Nesting deeper than [`MAX_DEPTH`].
    TooDeep {
        /// Where the element begins.
        offset: usize,
    },
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, offset) = match *self {
            Quirk::IndefiniteLength { offset } => ("indefinite length", offset),
            Quirk::NonMinimalLength { offset } => ("length longer than needed", offset),
            Quirk::NonMinimalInteger { offset } => ("INTEGER longer than needed", offset),
            Quirk::ConstructedString { offset } => ("constructed string", offset),
            Quirk::UtcTime { offset } => ("UTCTime instead of GeneralizedTime", offset),
            Quirk::TimeForm { offset } => ("GeneralizedTime not in the form of DER", offset),
            Quirk::TrailingBytes { offset, .. } => ("trailing bytes", offset),
            Quirk::Truncated { offset } => ("truncated element", offset),
            Quirk::Overrun { offset } => ("element longer than its parent", offset),
            Quirk::NoHeader { offset } => ("no tag and length", offset),
            Quirk::TooDeep { offset } => ("too deep nesting", offset),
        };
        write!(f, "{what} at byte {offset}")
    }
}

/// Walks bytes that should be an attribute certificate, or a part of one, as BER, and reports the
/// deviations from DER in byte order.
///
/// This only explains a rejection: bytes without a quirk may still be of the wrong type, and
/// extensions are not examined. Inputs beyond [`MAX_INPUT`] are not examined either, and at most
/// [`MAX_QUIRKS`] are reported.
pub fn diagnose(bytes: &[u8]) -> Vec<Quirk> {
    let mut walk = Walk {
        bytes,
        quirks: Vec::new(),
    };
    if bytes.len() <= MAX_INPUT
        && let Some(end) = walk.element(0, bytes.len(), 0)
        && end < bytes.len()
    {
        walk.report(Quirk::TrailingBytes {
            offset: end,
            count: bytes.len() - end,
        });
    }
    walk.quirks
}

struct Walk<'a> {
    bytes: &'a [u8],
    quirks: Vec<Quirk>,
}

/// The walk ends with `None` where the bytes stop making sense, or after [`MAX_QUIRKS`].
impl Walk<'_> {
    fn report(&mut self, quirk: Quirk) -> Option<()> {
        self.quirks.push(quirk);
        (self.quirks.len() < MAX_QUIRKS).then_some(())
    }

    fn stop(&mut self, quirk: Quirk) -> Option<usize> {
        self.quirks.push(quirk);
        None
    }

    /// Examines the element at `offset`, which must end by `end`, and returns where it ends.
    fn element(&mut self, offset: usize, end: usize, depth: usize) -> Option<usize> {
        if depth > MAX_DEPTH {
            return self.stop(Quirk::TooDeep { offset });
        }
        let input = self.bytes.get(offset..end)?;
        let (rest, header) = match Header::from_ber(input) {
            Ok(read) => read,
            Err(Nom::Incomplete(_)) => return self.stop(self.overrun(offset, end)),
            Err(_) => return self.stop(Quirk::NoHeader { offset }),
        };
        let start = end - rest.len();
        match header.length() {
            Length::Indefinite => self.indefinite(offset, start, end, depth),
            Length::Definite(length) => match start.checked_add(length) {
                Some(own_end) if own_end <= end => {
                    if !is_minimal(length, start - offset, &header) {
                        self.report(Quirk::NonMinimalLength { offset })?;
                    }
                    self.definite(&header, offset, start..own_end, depth)
                }
                _ => self.stop(self.overrun(offset, end)),
            },
        }
    }

    fn definite(
        &mut self,
        header: &Header<'_>,
        offset: usize,
        content: std::ops::Range<usize>,
        depth: usize,
    ) -> Option<usize> {
        let (start, end) = (content.start, content.end);
        self.value(header, offset, content)?;
        let mut at = start;
        while header.is_constructed() && at < end {
            at = self.element(at, end, depth + 1)?;
        }
        Some(end)
    }

    fn indefinite(
        &mut self,
        offset: usize,
        start: usize,
        end: usize,
        depth: usize,
    ) -> Option<usize> {
        self.report(Quirk::IndefiniteLength { offset })?;
        let mut at = start;
        loop {
            match self.bytes.get(at..end)? {
                [0, 0, ..] => return Some(at + 2),
                [] => return self.stop(self.overrun(offset, end)),
                _ => at = self.element(at, end, depth + 1)?,
            }
        }
    }

    fn value(
        &mut self,
        header: &Header<'_>,
        offset: usize,
        content: std::ops::Range<usize>,
    ) -> Option<()> {
        if !header.is_universal() {
            return Some(());
        }
        let quirk = match (header.tag(), self.bytes.get(content)?) {
            (tag, _) if header.is_constructed() && !is_container(tag) => {
                Quirk::ConstructedString { offset }
            }
            (Tag::UtcTime, _) => Quirk::UtcTime { offset },
            (Tag::GeneralizedTime, time) if !is_der_time(time) => Quirk::TimeForm { offset },
            (Tag::Integer, [0, next, ..]) if *next < 0x80 => Quirk::NonMinimalInteger { offset },
            (Tag::Integer, [0xff, next, ..]) if *next >= 0x80 => {
                Quirk::NonMinimalInteger { offset }
            }
            _ => return Some(()),
        };
        self.report(quirk)
    }

    fn overrun(&self, offset: usize, end: usize) -> Quirk {
        match end == self.bytes.len() {
            true => Quirk::Truncated { offset },
            false => Quirk::Overrun { offset },
        }
    }
}

fn is_container(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Sequence | Tag::Set | Tag::External | Tag::EmbeddedPdv
    )
}

fn is_der_time(time: &[u8]) -> bool {
    matches!(time, [digits @ .., b'Z'] if digits.len() == 14 && digits.iter().all(u8::is_ascii_digit))
}

fn is_minimal(length: usize, header_len: usize, header: &Header<'_>) -> bool {
    let tag_len = header.raw_tag().map_or(1, <[u8]>::len);
    let needed = match length {
        0..=0x7f => 1,
        _ => 1 + (usize::BITS - length.leading_zeros()).div_ceil(8) as usize,
    };
    header_len == tag_len + needed
}
