//! Base64 (RFC 4648 section 4) of public data: certificates and revocation lists. OpenSSL would
//! have to be initialised first, and would copy the data.

const SPACE: u8 = 0x80;
const PADDING: u8 = 0x81;
const INVALID: u8 = 0xff;

const VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [INVALID; 256];
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    values[b' ' as usize] = SPACE;
    values[b'\t' as usize] = SPACE;
    values[b'\r' as usize] = SPACE;
    values[0x0c] = SPACE;
    values[b'=' as usize] = PADDING;
    values
};

/// Decodes a text that comes in lines.
pub struct Decoder {
    out: Vec<u8>,
    /// The characters of a group that has begun.
    group: u32,
    count: usize,
    padding: usize,
}

impl Decoder {
    /// A decoder with room for a text of that length.
    pub fn for_text(length: usize) -> Self {
        Self {
            out: Vec::with_capacity(length / 4 * 3),
            group: 0,
            count: 0,
            padding: 0,
        }
    }

    /// Takes one more line; `None` if it is malformed.
    pub fn feed(&mut self, mut line: &[u8]) -> Option<()> {
        if self.count == 0 && self.padding == 0 {
            let (fours, rest) = line.as_chunks::<4>();
            let start = self.out.len();
            self.out.resize(start + 3 * fours.len(), 0);
            let (threes, _) = self.out[start..].as_chunks_mut::<3>();
            let mut all = 0;
            for (four, three) in fours.iter().zip(threes) {
                let [a, b, c, d] = four.map(|character| VALUES[usize::from(character)]);
                all |= a | b | c | d;
                *three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
            }
            match all < SPACE {
                true => line = rest,
                // Something else is among them: the slow way finds out where.
                false => self.out.truncate(start),
            }
        }
        line.iter().try_for_each(|character| self.take(*character))
    }

    fn take(&mut self, character: u8) -> Option<()> {
        match VALUES[usize::from(character)] {
            SPACE => {}
            PADDING => self.padding += 1,
            INVALID => return None,
            value => {
                if self.padding > 0 {
                    return None;
                }
                self.group = self.group << 6 | u32::from(value);
                self.count += 1;
                if self.count == 4 {
                    self.out.extend(&self.group.to_be_bytes()[1..]);
                    (self.group, self.count) = (0, 0);
                }
            }
        }
        Some(())
    }

    /// The octets; `None` if characters are missing.
    pub fn end(mut self) -> Option<Vec<u8>> {
        match (self.count, self.padding) {
            (0, 0) => {}
            (2, 2) => self.out.push((self.group >> 4) as u8),
            (3, 1) => self.out.extend(&((self.group >> 2) as u16).to_be_bytes()),
            _ => return None,
        }
        Some(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::base64_encode;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut decoder = Decoder::for_text(text.len());
        text.split('\n')
            .try_for_each(|line| decoder.feed(line.as_bytes()))?;
        decoder.end()
    }

    #[test]
    fn what_openssl_encodes_is_decoded_however_it_is_broken_into_lines() {
        let octets: Vec<u8> = (0..=255).chain([0, 255, 62, 63]).collect();
        for length in 0..octets.len() {
            let text = base64_encode(&octets[..length]);
            assert_eq!(decoded(&text).as_deref(), Some(&octets[..length]));
            for width in [1, 3, 64, 65] {
                let lines: Vec<&str> = text
                    .as_bytes()
                    .chunks(width)
                    .map(|line| std::str::from_utf8(line).unwrap())
                    .collect();
                assert_eq!(
                    decoded(&lines.join(" \r\n")).as_deref(),
                    Some(&octets[..length])
                );
            }
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in [
            "A", "AB", "ABC", "ABCDE", "AB=", "A===", "AB.D", "-BCD", "AB\u{e9}", "====", "=",
            "AB==CD==", "AB=C",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
