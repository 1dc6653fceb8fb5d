//! `namespaces` files, in the EUGridPMA's grammar (spec 8.4).
//!
//! ```text
//! TO Issuer "/C=IT/O=INFN/CN=INFN CA" \
//!   PERMIT Subject "/C=IT/O=INFN/.*"
//! TO Issuer SELF DENY Subject ".*/CN=Mallory"
//! ```

use regex_lite::{Regex, RegexBuilder};

use crate::pki::dn::Dn;
use crate::trust::policy::{PolicyError, PolicyFault, SPELLINGS, Verdict, decoded, subject_text};

/// The most memory a compiled pattern may use, in bytes: patterns come from files.
const PATTERN_LIMIT: usize = 1 << 18;
/// Real CAs need about twenty.
const MAX_RULES: usize = 200;

/// One `namespaces` file.
#[derive(Debug, Clone, Default)]
pub struct Namespaces {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    /// `None` for `SELF`, the CA the file belongs to.
    issuer: Option<Dn>,
    permits: bool,
    subject: Regex,
}

impl Namespaces {
    /// Parses a file: `#` comments, `\` line continuations, case-insensitive keywords. A version
    /// header must say 1.0.
    ///
    /// # Errors
    /// [`PolicyError`] for the first line that does not fit the grammar.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut rules = Vec::new();
        for (line, statement) in statements(text)? {
            if rules.len() == MAX_RULES {
                return Err(PolicyError {
                    line,
                    fault: PolicyFault::TooManyRules(MAX_RULES),
                });
            }
            rules.push(rule(&statement).map_err(|fault| PolicyError { line, fault })?);
        }
        if rules.is_empty() {
            return Err(PolicyError {
                line: 1,
                fault: PolicyFault::NoRule,
            });
        }
        Ok(Self { rules })
    }

    /// Whether there is a rule that names the CA.
    #[must_use]
    pub fn speaks_of(&self, ca: &Dn) -> bool {
        self.rules.iter().any(|rule| {
            rule.issuer
                .as_ref()
                .is_some_and(|issuer| issuer.matches(ca))
        })
    }

    /// Whether there is a rule about the CA the file belongs to, as `SELF`.
    #[must_use]
    pub fn speaks_of_itself(&self) -> bool {
        self.rules.iter().any(|rule| rule.issuer.is_none())
    }

    /// Whether `ca` may certify `subject`; `own` says that the file belongs to `ca`.
    #[must_use]
    pub fn judge(&self, ca: &Dn, own: bool, subject: &Dn) -> Verdict {
        let text = lower_beyond_ascii(subject_text(subject));
        let about = |rule: &&Rule| {
            rule.issuer
                .as_ref()
                .map_or(own, |issuer| issuer.matches(ca))
        };
        Verdict::of(
            self.rules
                .iter()
                .filter(about)
                .map(|rule| (rule.permits, rule.subject.is_match(&text))),
        )
    }
}

/// The logical lines, continuations joined, each with the number of its first line.
fn statements(text: &str) -> Result<Vec<(usize, String)>, PolicyError> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut going_on = false;
    for (number, line) in text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .lines()
        .enumerate()
    {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let comment = comment.trim().to_ascii_uppercase();
            let version = comment.strip_prefix("NAMESPACES-VERSION:");
            if version.is_some_and(|version| version.trim() != "1.0") {
                return Err(PolicyError {
                    line: number + 1,
                    fault: PolicyFault::Version,
                });
            }
            continue;
        }
        if line.is_empty() {
            going_on = false;
            continue;
        }
        let (content, continued) = line
            .strip_suffix('\\')
            .map_or((line, false), |content| (content.trim_end(), true));
        match found.last_mut().filter(|_| going_on) {
            Some((_, statement)) => {
                statement.push(' ');
                statement.push_str(content);
            }
            None => found.push((number + 1, content.to_owned())),
        }
        going_on = continued;
    }
    Ok(found)
}

fn rule(statement: &str) -> Result<Rule, PolicyFault> {
    let words = words(statement)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [to, issuer_word, issuer, right, subject_word, subject] = words.as_slice() else {
        return Err(PolicyFault::Words);
    };
    let is = |word: &str, keyword: &str| word.eq_ignore_ascii_case(keyword);
    if !is(to, "TO") || !is(issuer_word, "Issuer") || !is(subject_word, "Subject") {
        return Err(PolicyFault::Grammar);
    }
    let permits = match right.to_ascii_uppercase().as_str() {
        "PERMIT" => true,
        "DENY" => false,
        _ => return Err(PolicyFault::Right),
    };
    let issuer = match issuer {
        own if is(own, "SELF") => None,
        name => Some(Dn::parse(name).ok_or(PolicyFault::IssuerName)?),
    };
    let subject = comparable_pattern(subject);
    let compiled = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        builder
            .case_insensitive(true)
            .dot_matches_new_line(true)
            .size_limit(PATTERN_LIMIT);
        builder.build().map_err(|_| PolicyFault::Expression)
    };
    // Compiled alone first: a stray parenthesis in it could close the group around it.
    compiled(&subject)?;
    Ok(Rule {
        issuer,
        permits,
        subject: compiled(&format!("^(?:{subject})$"))?,
    })
}

/// Normalizes the labels. The rest keeps its case, as `\S` is not `\s`, except for non-ASCII
/// letters, which the regular expressions do not match case-insensitively.
fn comparable_pattern(pattern: &str) -> String {
    let text = decoded(&with_literals(pattern));
    lower_beyond_ascii(&SPELLINGS.iter().fold(text, |text, (label, spelling)| {
        respelled(&text, label, spelling)
    }))
}

/// Replaces a label, ignoring case.
fn respelled(text: &str, label: &str, spelling: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (at, _) in text.to_ascii_lowercase().match_indices(label) {
        out.push_str(&text[end..at]);
        out.push_str(spelling);
        end = at + label.len();
    }
    out + &text[end..]
}

fn lower_beyond_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            out.extend(letter.to_lowercase());
        }
    }
    out
}

/// Decodes an ASCII `\xHH` to its character, which must not become a regular expression operator.
fn with_literals(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("\\x") {
        out.push_str(before);
        let code = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(u8::is_ascii);
        match code {
            Some(code) => {
                out.push_str(&regex_lite::escape(&char::from(code).to_string()));
                rest = &after[2..];
            }
            None => {
                out.push_str("\\x");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Splits a statement into words, some of them quoted.
fn words(statement: &str) -> Result<Vec<String>, PolicyFault> {
    let mut words = Vec::new();
    let mut rest = statement.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(PolicyFault::OpenQuote)?,
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str, own: bool, subject: &str) -> Verdict {
        let ca = Dn::parse("/C=IT/O=INFN/CN=INFN CA").unwrap();
        Namespaces::parse(text)
            .unwrap()
            .judge(&ca, own, &Dn::parse(subject).unwrap())
    }

    const FILE: &str = "#NAMESPACES-VERSION: 1.0\n# INFN\nto issuer \"/C=IT/O=INFN/CN=INFN CA\" \\\n  \
        PERMIT Subject \"/C=IT/O=INFN/.*\"\n\nTO Issuer SELF DENY Subject \".*/CN=Mallory\"\n";

    #[test]
    fn a_subject_within_the_expression_is_permitted_and_a_denial_wins() {
        assert_eq!(
            judged(FILE, true, "/c=it/O=INFN/CN=Ada"),
            Verdict::Permitted
        );
        assert_eq!(
            judged(FILE, true, "/C=IT/O=INFN/CN=Mallory"),
            Verdict::Denied
        );
        assert_eq!(
            judged(FILE, false, "/C=IT/O=INFN/CN=Mallory"),
            Verdict::Permitted
        );
        assert_eq!(
            judged(FILE, true, "/C=IT/O=INFN2/CN=Ada"),
            Verdict::NotPermitted
        );
    }

    #[test]
    fn a_denial_matches_names_as_they_are() {
        let dot = r#"TO Issuer SELF PERMIT Subject "/DC=t/CN=a\x2Eb""#;
        assert_eq!(judged(dot, true, "/DC=t/CN=a.b"), Verdict::Permitted);
        assert_eq!(judged(dot, true, "/DC=t/CN=axb"), Verdict::NotPermitted);
        let text =
            "TO Issuer SELF PERMIT Subject \".*\"\nTO Issuer SELF DENY Subject \".*Mallory\"\n";
        assert_eq!(
            judged(text, true, r"/DC=t/CN=a\x0AMallory"),
            Verdict::Denied
        );
        for pattern in [
            r"\/DC=t\/CN=\S+",
            ".*/CN=Zoë",
            r".*/CN=Zo\xC3\xAB",
            r"/DC=t/CN=Z\S\S",
        ] {
            let text = format!(
                "TO Issuer SELF PERMIT Subject \".*\"\nTO Issuer SELF DENY Subject \"{pattern}\"\n"
            );
            assert_eq!(
                judged(&text, true, "/DC=t/CN=Zoë"),
                Verdict::Denied,
                "{pattern}"
            );
            assert_eq!(
                judged(&text, true, "/dc=t/cn=zOË"),
                Verdict::Denied,
                "{pattern}"
            );
        }
    }

    #[test]
    fn the_expression_has_to_match_the_whole_name() {
        let text = "TO Issuer SELF PERMIT Subject \"/O=x\"";
        assert_eq!(judged(text, true, "/O=x"), Verdict::Permitted);
        assert_eq!(judged(text, true, "/O=x/CN=y"), Verdict::NotPermitted);
        let alternatives = "TO Issuer SELF PERMIT Subject \"/O=x|/O=y\"";
        assert_eq!(
            judged(alternatives, true, "/O=y/CN=z"),
            Verdict::NotPermitted
        );
    }

    #[test]
    fn what_the_grammar_does_not_know_is_named_with_its_line() {
        let refused = |text: &str| Namespaces::parse(text).unwrap_err().to_string();
        assert_eq!(
            refused("#NAMESPACES-VERSION: 2.0\n"),
            "line 1: a version other than 1.0"
        );
        assert_eq!(refused("\n"), "line 1: there is no rule");
        assert_eq!(
            refused("\nTO Issuer \"/O=x\n"),
            "line 2: a quotation mark is not closed"
        );
        assert_eq!(
            refused("TO Issuer SELF ALLOW Subject \".*\""),
            "line 1: neither PERMIT nor DENY"
        );
        for pattern in ["(", "/O=x)|(?:.*"] {
            let text = format!("TO Issuer SELF PERMIT Subject \"{pattern}\"");
            assert_eq!(
                refused(&text),
                "line 1: the subject is not a regular expression"
            );
        }
        let many = "TO Issuer SELF PERMIT Subject \".*\"\n".repeat(201);
        assert_eq!(refused(&many), "line 201: there are more than 200 rules");
    }
}
