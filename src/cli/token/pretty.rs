//! JSON as people read it, in the order in which it was written.

use crate::cli::output;

/// A whole JSON document in lines, two blanks deeper at each level. `number` may put something else
/// in the place of a number.
pub fn indented(document: &str, number: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(2 * document.len());
    let mut depth = 0;
    let mut rest = document.trim();
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                taken = string_end(rest);
                out.push_str(&printable(&rest[..taken]));
            }
            '{' | '[' => {
                let after = rest[1..].trim_start();
                if after.starts_with(['}', ']']) {
                    out.extend([c, if c == '{' { '}' } else { ']' }]);
                    taken = rest.len() - after.len() + 1;
                } else {
                    depth += 1;
                    out.push(c);
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            _ => {
                let ends = |c: char| ",]}".contains(c) || c.is_ascii_whitespace();
                taken = rest.find(ends).unwrap_or(rest.len());
                let word = &rest[..taken];
                out.push_str(&number(word).unwrap_or_else(|| word.to_owned()));
            }
        }
        rest = &rest[taken..];
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Where the string at the beginning ends.
fn string_end(text: &str) -> usize {
    let mut escaped = true; // the first quote
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A JSON string in which nothing controls the terminal, with the same value.
fn printable(string: &str) -> String {
    let mut out = String::with_capacity(string.len());
    let mut buffer = [0; 4];
    for c in string.chars() {
        let text = &*c.encode_utf8(&mut buffer);
        if output::harmless(text) == text {
            out.push(c);
        } else {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_its_order_and_its_values() {
        let text = r#" {"z":1,"a":["x, y: {}",{} , [ ],{"k\"":null}],"n":-1.5e3,"del":""} "#
            .replace("del\":\"", "del\":\"\u{7f}\u{202e}");
        let shown = indented(&text, |_| None);
        let lines = [
            "{",
            "  \"z\": 1,",
            "  \"a\": [",
            "    \"x, y: {}\",",
            "    {},",
            "    [],",
            "    {",
            "      \"k\\\"\": null",
            "    }",
            "  ],",
            "  \"n\": -1.5e3,",
            "  \"del\": \"\\u007f\\u202e\"",
            "}",
        ];
        assert_eq!(shown.lines().collect::<Vec<_>>(), lines);
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&shown), parse(&text));
    }

    #[test]
    fn only_numbers_are_replaced() {
        let shown = indented(r#"{"1":[1,"1",true]}"#, |word| {
            (word == "1").then(|| "\"one\"".to_owned())
        });
        assert_eq!(
            shown.split_whitespace().collect::<String>(),
            r#"{"1":["one","1",true]}"#
        );
    }
}
