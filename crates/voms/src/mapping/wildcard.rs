//! The wildcards of LCMAPS: those of fnmatch(3), where neither slashes nor backslashes are special.

/// Whether a name has something that is matched by more than itself.
pub fn is_wild(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// Whether the whole text matches.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on if the rest does not fit: behind the last star, which takes one octet more.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
        } else if let Some(length) = pattern.get(p..).and_then(|rest| one(rest, text[t])) {
            p += length;
            t += 1;
        } else if let Some((behind, taken)) = retry {
            (p, t) = (behind, taken + 1);
            retry = Some((p, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|octet| *octet == b'*')
}

/// The length of the pattern's first element, if that matches the octet.
fn one(pattern: &[u8], octet: u8) -> Option<usize> {
    match pattern.first()? {
        b'?' => Some(1),
        b'[' => match set(&pattern[1..], octet) {
            Some((length, is_in)) => is_in.then_some(length + 1),
            // Never closed, it is an ordinary character.
            None => (octet == b'[').then_some(1),
        },
        literal => (*literal == octet).then_some(1),
    }
}

/// The length of a set with its closing bracket, and whether the octet is in it.
fn set(pattern: &[u8], octet: u8) -> Option<(usize, bool)> {
    let is_negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let first = usize::from(is_negated);
    let (mut at, mut is_in) = (first, false);
    loop {
        let from = *pattern.get(at)?;
        if from == b']' && at > first {
            return Some((at + 1, is_in != is_negated));
        }
        if let Some((length, has)) = class(&pattern[at..], octet) {
            is_in |= has;
            at += length;
            continue;
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some(b'-'), Some(to)) if *to != b']' => {
                is_in |= (from..=*to).contains(&octet);
                at += 3;
            }
            _ => {
                is_in |= from == octet;
                at += 1;
            }
        }
    }
}

/// A class such as `[:digit:]`: its length, and whether the octet is in it.
fn class(pattern: &[u8], octet: u8) -> Option<(usize, bool)> {
    let rest = pattern.strip_prefix(b"[:")?;
    let end = rest.windows(2).position(|two| two == b":]")?;
    let has = match &rest[..end] {
        b"alnum" => octet.is_ascii_alphanumeric(),
        b"alpha" => octet.is_ascii_alphabetic(),
        b"blank" => matches!(octet, b' ' | b'\t'),
        b"digit" => octet.is_ascii_digit(),
        b"lower" => octet.is_ascii_lowercase(),
        b"punct" => octet.is_ascii_punctuation(),
        b"space" => octet.is_ascii_whitespace() || octet == 0x0b,
        b"upper" => octet.is_ascii_uppercase(),
        b"xdigit" => octet.is_ascii_hexdigit(),
        _ => return None,
    };
    Some((end + 4, has))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_cross_slashes_and_sets_are_those_of_the_shell() {
        for (pattern, text, fits) in [
            ("/virgo/*", "/virgo/ligo/Role=NULL", true),
            ("/virgo/*", "/virgo", false),
            ("/virgo*", "/virgo", true),
            ("*/Role=a*b", "/v/Role=aab/Role=ab", true),
            ("*/Role=a*b", "/v/Role=aabc", false),
            ("/v[a-i]rgo", "/virgo", true),
            ("/v[!a-i]rgo", "/virgo", false),
            ("/v[^a-h]rgo", "/virgo", true),
            ("/v[]i]rgo", "/v]rgo", true),
            ("/v[[:lower:]-]rgo", "/v-rgo", true),
            ("/v[irgo", "/v[irgo", true),
            ("/v?rgo", "/vrgo", false),
            (r"/a\*", r"/a\bc", true),
            ("", "", true),
            ("**", "", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_end_in_time() {
        let (pattern, text) = ("*a".repeat(2000), "a".repeat(1999) + "b");
        assert!(!matches(&pattern, &text));
    }
}
