//! Reads XML the way VOMS servers write it.
//!
//! The C++ server does not escape the text in its XML. IAM's VOMS-AA escapes it as XML requires,
//! and writes the carriage return at the end of each base64 line as `&#13;`. So this module
//! searches for known elements rather than parsing XML, and it is the only place where references
//! are resolved.

/// Maximum length of a reference, in bytes after the `&`; allows for some leading zeros.
const MAX_REFERENCE: usize = 32;

/// The raw content of the first element with this name.
pub fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

/// The raw contents of all elements with this name, in order.
pub fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(&open)? + open.len();
        let length = rest[start..].find(&close)?;
        let content = &rest[start..start + length];
        rest = &rest[start + length + close.len()..];
        Some(content)
    })
}

/// Resolves character references and the five predefined entities (XML 1.0 sections 4.1 and 4.6) in
/// raw content, once. Anything that merely looks like a reference, or refers to a character that
/// XML forbids, is left unchanged: servers that do not escape send such text.
#[must_use]
pub fn resolve(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match reference(rest) {
            Some((character, length)) => {
                out.push(character);
                rest = &rest[length..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out
}

/// The character a reference stands for, and the reference's length in bytes after the `&`.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text
        .bytes()
        .take(MAX_REFERENCE)
        .position(|byte| byte == b';')?;
    let name = &text[..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => numbered(name.strip_prefix('#')?)?,
    };
    Some((character, end + 1))
}

fn numbered(digits: &str) -> Option<char> {
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    // `from_str_radix` would accept a sign.
    let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let number = valid
        .then(|| u32::from_str_radix(digits, radix).ok())
        .flatten()?;
    char::from_u32(number).filter(|character| is_allowed(*character))
}

/// `Char` of XML 1.0 section 2.2.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_once() {
        assert_eq!(
            resolve("a&#13;\nb&#xD;&#xd;&#10;&#0000013;"),
            "a\r\nb\r\r\n\r"
        );
        assert_eq!(resolve("&lt;&gt;&amp;&quot;&apos;"), "<>&\"'");
        assert_eq!(resolve("&amp;lt; &#38;#13;"), "&lt; &#13;");
        assert_eq!(resolve("Zo&#235; &#x1F600;"), "Zoë \u{1f600}");
    }

    #[test]
    fn what_is_not_a_reference_stays_as_it_is_written() {
        for text in [
            "AT&T; R&D &c",
            "&",
            "&#",
            "&#;",
            "&#x;",
            "&#13",
            "&#+13;",
            "&#1a;",
            "&nbsp;",
            "&#0;",
            "&#8;",
            "&#xD800;",
            "&#xFFFE;",
            "&#x110000;",
            "&#99999999999999999999;",
            "&#00000000000000000000000000000000000000013;",
            "&é;",
        ] {
            assert_eq!(resolve(text), text);
        }
        assert_eq!(resolve("&&#65;&"), "&A&");
    }

    #[test]
    fn an_element_ends_at_its_first_end_tag() {
        assert_eq!(element("<a>1</a><a>2</a>", "a"), Some("1"));
        assert_eq!(
            elements("<a>1</a><a>2</a><a>3", "a").collect::<Vec<_>>(),
            ["1", "2"]
        );
    }
}
