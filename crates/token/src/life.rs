//! Lives as htgettoken's options give them.

/// Seconds from a number and `s`, `m`, `h` or `d`.
#[must_use]
pub fn seconds(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number = &text[..text.len() - unit.len_utf8()];
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_and_its_unit() {
        assert_eq!(seconds("7d"), Some(604_800));
        assert_eq!(seconds("0s"), Some(0));
        assert_eq!(seconds("90m"), Some(5400));
        for text in [
            "",
            "7",
            "d",
            "-1d",
            "1 d",
            "7w",
            "1.5h",
            "99999999999999999999s",
            "9999999999999999d",
            "7ä",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
