//! The text that `VOMS_Export` makes: certificates of holders and attribute certificates in turn,
//! in base64 with an alphabet of its own and without padding.

const ALPHABET: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]";

pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=three.len() {
            text.push(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_without_padding() {
        for (bytes, text) in [
            (&b""[..], &b""[..]),
            (&[0], b"aa"),
            (&[0xff, 0xff], b"]]8"),
            (&[0x30, 0x82, 0x03], b"miid"),
        ] {
            assert_eq!(encode(bytes), text);
        }
    }
}
