//! Validity periods that touch the years from 1950 to 1969, which the decoder refuses: roots that
//! "have always been valid" begin there.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use chrono::NaiveDate;
use der::{Decode, Header, Reader, SliceReader, Tag};

/// The decoder gets this year instead: the first after 1970 that has a 29 February.
const STAND_IN: &str = "1972";

/// The certificate with other years in the place of those before 1970, and its true validity
/// period; `None` if it has no such year, or none that can be read.
pub fn with_later_years(der: &[u8]) -> Option<(Vec<u8>, [SystemTime; 2])> {
    let mut changed = der.to_vec();
    let times = validity(der).ok()?;
    let mut period = [SystemTime::UNIX_EPOCH; 2];
    let mut is_early = false;
    for ((tag, range), end) in times.into_iter().zip(&mut period) {
        let text = std::str::from_utf8(&der[range.clone()]).ok()?;
        let (digits, year, rest) = year(tag, text)?;
        *end = point(year, rest)?;
        if year < 1970 {
            is_early = true;
            let stand_in = &STAND_IN.as_bytes()[STAND_IN.len() - digits..];
            changed[range.start..range.start + digits].copy_from_slice(stand_in);
        }
    }
    is_early.then_some((changed, period))
}

/// How many digits the year has, the year, and the text behind it (RFC 5280 section 4.1.2.5).
fn year(tag: Tag, text: &str) -> Option<(usize, i32, &str)> {
    let digits = match tag {
        Tag::UtcTime => 2,
        Tag::GeneralizedTime => 4,
        _ => return None,
    };
    let (year, rest) = text.split_at_checked(digits)?;
    let year = number(year)?;
    let year = match digits {
        2 if year >= 50 => 1900 + year,
        2 => 2000 + year,
        _ => year,
    };
    (year >= 1950).then_some((digits, i32::try_from(year).ok()?, rest))
}

/// The point in time of `MMDDHHMMSSZ` in that year.
fn point(year: i32, rest: &str) -> Option<SystemTime> {
    let part = |at: usize| number(rest.get(at..at + 2)?);
    let date = NaiveDate::from_ymd_opt(year, part(0)?, part(2)?)?;
    let time = date.and_hms_opt(part(4)?, part(6)?, part(8)?)?;
    if rest.get(10..) != Some("Z") {
        return None;
    }
    let seconds = time.and_utc().timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    }
}

fn number(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().ok())?
}

/// The tags and contents of notBefore and notAfter.
fn validity(der: &[u8]) -> der::Result<[(Tag, Range<usize>); 2]> {
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?;
    Header::decode(&mut reader)?;
    let version = reader.peek_byte() == Some(0xa0);
    // Version, serial number, signature algorithm, issuer.
    for _ in 0..if version { 4 } else { 3 } {
        reader.tlv_bytes()?;
    }
    Header::decode(&mut reader)?;
    let mut time = || -> der::Result<(Tag, Range<usize>)> {
        let header = Header::decode(&mut reader)?;
        let start = usize::try_from(reader.position())?;
        let length = usize::try_from(header.length())?;
        reader.read_slice(header.length())?;
        Ok((header.tag(), start..start + length))
    };
    Ok([time()?, time()?])
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::{X509Builder, X509Name};

    use super::*;
    use crate::pki::certificate::Certificate;
    use crate::time::when;

    /// A self-signed certificate whose times are replaced, which only breaks its signature.
    fn certificate(from: &str, until: &str) -> Vec<u8> {
        let key = PKey::ec_gen("prime256v1").unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "Root").unwrap();
        let name = name.build();
        let mut builder = X509Builder::new().unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        let time = |text: &str| Asn1Time::from_str_x509(text).unwrap();
        let generalized = |text: &str| text.len() == 15;
        let stand_in = |text: &str| match generalized(text) {
            true => time("20600101000000Z"),
            false => time("200101000000Z"),
        };
        builder.set_not_before(&stand_in(from)).unwrap();
        builder.set_not_after(&stand_in(until)).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let mut der = builder.build().to_der().unwrap();
        for ((_, range), text) in validity(&der).unwrap().into_iter().zip([from, until]) {
            der[range].copy_from_slice(text.as_bytes());
        }
        der
    }

    #[test]
    fn a_validity_period_from_before_1970_is_read_as_it_is() {
        let cases = [
            (
                "600229120000Z",
                "491231235959Z",
                "1960-02-29 12:00:00",
                "2049-12-31 23:59:59",
            ),
            (
                "500101000000Z",
                "691231235959Z",
                "1950-01-01 00:00:00",
                "1969-12-31 23:59:59",
            ),
            (
                "19680229000000Z",
                "700101000000Z",
                "1968-02-29 00:00:00",
                "1970-01-01 00:00:00",
            ),
            (
                "600101000000Z",
                "99991231235959Z",
                "1960-01-01 00:00:00",
                "9999-12-31 23:59:59",
            ),
        ];
        for (from, until, begins, ends) in cases {
            let der = certificate(from, until);
            let read = Certificate::from_der(&der).unwrap();
            assert_eq!(when(&read.not_before()), format!("{begins} UTC"));
            assert_eq!(when(&read.not_after()), format!("{ends} UTC"));
            assert_eq!(read.der(), der);
        }
    }

    #[test]
    fn times_that_do_not_exist_or_are_older_are_refused() {
        for from in [
            "19491231235959Z",
            "00000101000000Z",
            "590229000000Z",
            "601301000000Z",
            "6001010000000",
        ] {
            let der = certificate(from, "491231235959Z");
            assert!(Certificate::from_der(&der).is_err(), "{from}");
        }
    }
}
