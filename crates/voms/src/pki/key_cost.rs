//! The cost of decrypting something under a password, as set by its creator, determined before
//! paying it (RFC 7292 section 4, RFC 7914 section 7, RFC 8018 appendix A).

use crate::pki::key::KeyError;

/// For a whole file: a few seconds on one current core. Programs write 2,000 to 600,000 for each
/// part of a bundle; GnuTLS gives every certificate a part of its own.
pub(super) const MAX_ROUNDS: u64 = 6_000_000;

/// PBES1 and PBKDF2 (1.2.840.113549.1.5), all but the last arc.
const PKCS5: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05";
/// The ciphers of PKCS#12 (1.2.840.113549.1.12.1), all but the last arc.
const PKCS12: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
/// 1.3.6.1.4.1.11591.4.11.
const SCRYPT: &[u8] = b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";

/// Rejects an encrypted PKCS#8 key that would take unreasonably long to decrypt.
pub(super) fn check_key(der: &[u8]) -> Result<(), KeyError> {
    check(rounds_named_in(der))
}

/// The same check for a PKCS#12 bundle in DER, except for its encrypted parts.
pub(super) fn check_bundle(der: &[u8]) -> Result<(), KeyError> {
    check(rounds_named_in(der).saturating_add(rounds_of_mac(der).unwrap_or(0)))
}

fn check(rounds: u64) -> Result<(), KeyError> {
    if rounds > MAX_ROUNDS {
        Err(KeyError::TooCostly(rounds))
    } else {
        Ok(())
    }
}

/// The iteration counts of all algorithms together. Searched for by bytes, as inner parts may still
/// be BER.
fn rounds_named_in(bytes: &[u8]) -> u64 {
    let after = |at: usize| {
        let rest = &bytes[at..];
        let last_arc = |rest: &'_ [u8]| {
            rest.get(1..)
                .and_then(|rest| numbers(rest)?.first().copied())
        };
        if let Some(rest) = rest.strip_prefix(SCRYPT) {
            return numbers(rest)
                .map(|all| all.iter().take(3).copied().fold(1, u64::saturating_mul));
        }
        rest.strip_prefix(PKCS5)
            .or(rest.strip_prefix(PKCS12))
            .and_then(last_arc)
    };
    (0..bytes.len())
        .filter_map(after)
        .fold(0, u64::saturating_add)
}

/// The integers that follow the salt in the parameters.
fn numbers(parameters: &[u8]) -> Option<Vec<u64>> {
    let rest = inside(parameters, 0x30)?;
    let (_, mut rest) = element(rest, 0x04)?;
    let mut numbers = Vec::new();
    while let Some((number, behind)) = element(rest, 0x02) {
        numbers.push(value(number));
        rest = behind;
    }
    Some(numbers)
}

/// `MacData` is the third field of a bundle, and the iteration count is its third field.
fn rounds_of_mac(bundle: &[u8]) -> Option<u64> {
    let (_, rest) = element(inside(bundle, 0x30)?, 0x02)?;
    let (_, rest) = element(rest, 0x30)?;
    let (_, rest) = element(inside(rest, 0x30)?, 0x30)?;
    let (_, rest) = element(rest, 0x04)?;
    element(rest, 0x02).map(|(count, _)| value(count))
}

/// What follows the header of an element with that tag, of definite or indefinite length.
fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    header(bytes, tag).map(|(_, rest)| rest)
}

/// The contents of a definite-length element, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = header(bytes, tag)?;
    rest.split_at_checked(length?)
}

fn header(bytes: &[u8], tag: u8) -> Option<(Option<usize>, &[u8])> {
    let [found, first, rest @ ..] = bytes else {
        return None;
    };
    if *found != tag {
        return None;
    }
    match first {
        0..=0x7f => Some((Some(usize::from(*first)), rest)),
        0x80 => Some((None, rest)),
        _ => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            Some((usize::try_from(value(length)).ok(), rest))
        }
    }
}

/// An unsigned integer, saturating.
fn value(bytes: &[u8]) -> u64 {
    let significant = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len());
    match &bytes[significant..] {
        short if short.len() <= 8 => short
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_read_in_every_form() {
        let salt = b"\x04\x02ab".as_slice();
        let all = |oid: &[u8], header: &[u8], numbers: &[u8]| {
            rounds_named_in(
                &[b"\x30\x20\x06\x09", oid, header, salt, numbers, b"\x04\x00"].concat(),
            )
        };
        let pbkdf2 = [PKCS5, b"\x0c"].concat();
        assert_eq!(
            all(&pbkdf2, b"\x30\x08", b"\x02\x02\x08\x00\x02\x01\x20"),
            2048
        );
        assert_eq!(
            all(&pbkdf2, b"\x30\x80", b"\x02\x04\x7f\xff\xff\xff"),
            0x7fff_ffff
        );
        assert_eq!(
            all(
                &[PKCS12, b"\x03"].concat(),
                b"\x30\x81\x0a",
                b"\x02\x04\x7f\xff\xff\xff"
            ),
            0x7fff_ffff
        );
        assert_eq!(
            all(&pbkdf2, b"\x30\x0f", b"\x02\x09\x01\0\0\0\0\0\0\0\0"),
            u64::MAX
        );
        let scrypt = all(
            SCRYPT,
            b"\x30\x0f",
            b"\x02\x02\x40\x00\x02\x01\x08\x02\x01\x02\x02\x01\x20",
        );
        assert_eq!(scrypt, 16384 * 8 * 2);
        assert_eq!(all(&pbkdf2, b"\x30\x04", b""), 0);
        assert_eq!(rounds_named_in(&pbkdf2), 0);
    }

    #[test]
    fn the_rounds_of_a_file_count_together() {
        let one = |rounds: &[u8]| {
            let header = [&[0x30, 0x0a], b"\x04\x02ab".as_slice(), &[2, 4]].concat();
            [PKCS5, b"\x0c", &header, rounds].concat()
        };
        let (half, more) = (one(&3_000_000_u32.to_be_bytes()), one(&[0, 0, 0, 1]));
        let two = [half.clone(), half].concat();
        assert!(check_key(&two).is_ok() && check_bundle(&two).is_ok());
        let three = [two, more].concat();
        for check in [check_key, check_bundle] {
            assert!(matches!(check(&three), Err(KeyError::TooCostly(6_000_001))));
        }
    }
}
