//! Options in one text, as in HTGETTOKENOPTS, split as a shell would.

/// The words; none if a quote is not closed. `#` begins a comment, as in Python's shlex even inside
/// a word.
pub fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                take_until(&mut chars, word, '\'', false)?;
            }
            '"' => {
                let word = word.get_or_insert_default();
                take_until(&mut chars, word, '"', true)?;
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            '#' => {
                words.extend(word.take());
                chars.by_ref().find(|c| *c == '\n');
            }
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

fn take_until(
    chars: &mut std::str::Chars<'_>,
    word: &mut String,
    end: char,
    escapes: bool,
) -> Option<()> {
    loop {
        match chars.next()? {
            c if c == end => return Some(()),
            '\\' if escapes => match chars.next()? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_as_a_shell_splits_them() {
        for (text, words) in [
            (
                "-a vault.ligo.org  -i igwn\n",
                &["-a", "vault.ligo.org", "-i", "igwn"][..],
            ),
            (
                "--scopes 'a b' --audience=\"x y\"",
                &["--scopes", "a b", "--audience=x y"],
            ),
            ("-i igwn # -r other\n-q", &["-i", "igwn", "-q"]),
            ("a#b c\nd", &["a", "d"]),
            (r#"a\ b "c\"d\e" '\'"#, &["a b", r#"c"d\e"#, r"\"]),
            ("'' \"\"", &["", ""]),
            ("", &[]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        for open in ["'a", "\"a", "a\\", "\"\\"] {
            assert!(split(open).is_none(), "{open}");
        }
    }
}
