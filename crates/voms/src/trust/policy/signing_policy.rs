//! `signing_policy` files, in Globus's EACL grammar (spec 8.3).
//!
//! ```text
//! access_id_CA   X509    '/C=IT/O=INFN/CN=INFN CA'
//! pos_rights     globus  CA:sign
//! cond_subjects  globus  '"/C=IT/O=INFN/*" "/C=it/O=INFN/*"'
//! ```

use crate::pki::dn::Dn;
use crate::trust::policy::{PolicyError, PolicyFault, Verdict, comparable, subject_text};

/// One `signing_policy` file: what each CA may sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningPolicy {
    entries: Vec<Entry>,
}

/// An `access_id` with the rights and conditions that follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    who: Who,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Ca(Dn),
    Anybody,
    /// Users, groups, hosts and applications, none of which issue certificates.
    Other,
}

/// A right to sign, granted or denied, and the subjects it applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    permits: bool,
    signs: bool,
    patterns: Vec<String>,
}

impl SigningPolicy {
    /// Parses a file. `#` lines and blank lines are skipped; values are bare, in `'…'` or in `"…"`.
    ///
    /// # Errors
    /// [`PolicyError`] for the first line that does not fit the grammar, is out of place or
    /// truncated.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for (number, line) in text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .lines()
            .enumerate()
        {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                policy.add(line).map_err(|fault| PolicyError {
                    line: number + 1,
                    fault,
                })?;
            }
        }
        if policy.entries.is_empty() {
            return Err(PolicyError {
                line: 1,
                fault: PolicyFault::NoCa,
            });
        }
        Ok(policy)
    }

    fn add(&mut self, line: &str) -> Result<(), PolicyFault> {
        let (keyword, rest) = line
            .split_once(char::is_whitespace)
            .ok_or(PolicyFault::NoValue)?;
        let (authority, value) = rest
            .trim()
            .split_once(char::is_whitespace)
            .ok_or(PolicyFault::NoValue)?;
        let is_of = |known: &str| authority.eq_ignore_ascii_case(known);
        let value = hidden(value.trim());
        let value = value.as_str();
        match keyword.to_ascii_lowercase().as_str() {
            "access_id_ca" => {
                if !is_of("X509") {
                    return Err(PolicyFault::CaName);
                }
                let name = shown(unquoted(value)?);
                let who = Who::Ca(Dn::parse(&name).ok_or(PolicyFault::CaName)?);
                self.entries.push(Entry {
                    who,
                    rules: Vec::new(),
                });
            }
            "access_id_anybody" => self.entries.push(Entry {
                who: Who::Anybody,
                rules: Vec::new(),
            }),
            id if id.starts_with("access_id_") => self.entries.push(Entry {
                who: Who::Other,
                rules: Vec::new(),
            }),
            rights @ ("pos_rights" | "neg_rights") => {
                let entry = self.entries.last_mut().ok_or(PolicyFault::RightsFirst)?;
                let permits = rights == "pos_rights";
                let signs = unquoted(value)?.eq_ignore_ascii_case("CA:sign");
                entry.rules.push(Rule {
                    permits,
                    // What others than Globus permit is theirs; what they deny is denied.
                    signs: signs && (!permits || is_of("globus")),
                    patterns: Vec::new(),
                });
            }
            "cond_subjects" if is_of("globus") => {
                let entry = self
                    .entries
                    .last_mut()
                    .ok_or(PolicyFault::ConditionsFirst)?;
                let rule = entry
                    .rules
                    .last_mut()
                    .ok_or(PolicyFault::ConditionsWithoutRights)?;
                rule.patterns.extend(patterns(value)?);
            }
            condition if condition.starts_with("cond_") => {
                return Err(PolicyFault::UnknownCondition);
            }
            _ => return Err(PolicyFault::UnknownKeyword),
        }
        Ok(())
    }

    /// Whether there is an entry that names the CA.
    #[must_use]
    pub fn speaks_of(&self, ca: &Dn) -> bool {
        self.entries
            .iter()
            .any(|entry| matches!(&entry.who, Who::Ca(name) if name.matches(ca)))
    }

    /// Whether `ca` may certify `subject`.
    #[must_use]
    pub fn judge(&self, ca: &Dn, subject: &Dn) -> Verdict {
        let text = subject_text(subject);
        let about = |entry: &&Entry| match &entry.who {
            Who::Ca(name) => name.matches(ca),
            Who::Anybody => true,
            Who::Other => false,
        };
        let rules = self
            .entries
            .iter()
            .filter(about)
            .flat_map(|entry| &entry.rules)
            .filter(|rule| rule.signs);
        // A right denied without a condition is denied for all subjects.
        let all = |rule: &Rule| !rule.permits && rule.patterns.is_empty();
        let fits =
            |rule: &Rule| all(rule) || rule.patterns.iter().any(|pattern| matches(pattern, text));
        Verdict::of(rules.map(|rule| (rule.permits, fits(rule))))
    }
}

/// Stand for escaped quotation marks (`Let\'s Encrypt`) while quotes are looked for; private
/// characters, which no name has.
const APOSTROPHE: &str = "\u{e000}";
const QUOTE: &str = "\u{e001}";

fn hidden(value: &str) -> String {
    value.replace("\\'", APOSTROPHE).replace("\\\"", QUOTE)
}

fn shown(value: &str) -> String {
    value.replace(APOSTROPHE, "'").replace(QUOTE, "\"")
}

fn unquoted(value: &str) -> Result<&str, PolicyFault> {
    for quote in ['\'', '"'] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote).ok_or(PolicyFault::OpenQuote);
        }
    }
    Ok(value)
}

/// One pattern, bare or quoted, or several quoted ones inside other quotes.
fn patterns(value: &str) -> Result<Vec<String>, PolicyFault> {
    let listed = value
        .chars()
        .next()
        .is_some_and(|quote| value.matches(quote).count() > 2 && "'\"".contains(quote));
    let inner = if listed {
        value
    } else {
        unquoted(value)?.trim()
    };
    let quote = if inner.contains('"') { '"' } else { '\'' };
    if !inner.contains(quote) {
        return Ok(vec![comparable(&shown(inner))]);
    }
    if !inner.matches(quote).count().is_multiple_of(2) {
        return Err(PolicyFault::OpenQuote);
    }
    if inner
        .split(quote)
        .step_by(2)
        .any(|text| !text.trim().is_empty())
    {
        return Err(PolicyFault::OutsideQuotes);
    }
    let patterns: Vec<_> = inner
        .split(quote)
        .skip(1)
        .step_by(2)
        .map(|text| comparable(&shown(text.trim())))
        .collect();
    if patterns.iter().any(String::is_empty) {
        Err(PolicyFault::EmptyPattern)
    } else {
        Ok(patterns)
    }
}

/// Glob matching: `*` matches any text, `?` one character, and a backslash escapes the next
/// character. Takes linear memory, and time at most the product of the lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let (literal, width) = match pattern.get(p) {
            Some('\\') if p + 1 < pattern.len() => (pattern.get(p + 1), 2),
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => (text.get(t), 1),
            other => (other, 1),
        };
        if literal == text.get(t) {
            (p, t) = (p + width, t + 1);
        } else if let Some((after, from)) = star {
            (p, t) = (after, from + 1);
            star = Some((after, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(policy: &str, subject: &str) -> Verdict {
        let ca = Dn::parse("/C=IT/O=INFN/CN=INFN CA").unwrap();
        SigningPolicy::parse(policy)
            .unwrap()
            .judge(&ca, &Dn::parse(subject).unwrap())
    }

    const POLICY: &str = "# INFN\naccess_id_CA\tX509   '/C=IT/O=INFN/CN=INFN CA'\npos_rights globus CA:sign\n\
        cond_subjects globus '\"/C=IT/O=INFN/*\" \"/C=it/O=Lab?/*\"'\n";

    #[test]
    fn a_subject_within_a_pattern_is_permitted_and_others_are_not() {
        assert_eq!(judged(POLICY, "/C=IT/O=INFN/CN=Ada"), Verdict::Permitted);
        assert_eq!(judged(POLICY, "/C=it/O=infn/CN=Ada"), Verdict::Permitted);
        assert_eq!(judged(POLICY, "/C=IT/O=Lab1/CN=Ada"), Verdict::Permitted);
        assert_eq!(judged(POLICY, "/C=IT/O=Lab/CN=Ada"), Verdict::NotPermitted);
        assert_eq!(judged(POLICY, "/C=FR/O=INFN/CN=Ada"), Verdict::NotPermitted);
    }

    #[test]
    fn the_value_may_stand_bare_or_in_either_quotes() {
        for value in [
            "/C=IT/*",
            "'/C=IT/*'",
            "\"/C=IT/*\"",
            "'\"/C=IT/*\"'",
            "\"'/C=IT/*'\"",
        ] {
            let policy = format!(
                "access_id_CA X509 /C=IT/O=INFN/CN=INFN CA\npos_rights globus CA:sign\ncond_subjects globus {value}\n"
            );
            assert_eq!(judged(&policy, "/C=IT/O=x"), Verdict::Permitted, "{value}");
        }
    }

    #[test]
    fn a_negative_right_wins() {
        let policy =
            format!("{POLICY}neg_rights globus CA:sign\ncond_subjects globus '\"*/CN=Mallory\"'\n");
        assert_eq!(judged(&policy, "/C=IT/O=INFN/CN=Mallory"), Verdict::Denied);
        assert_eq!(judged(&policy, "/C=IT/O=INFN/CN=Ada"), Verdict::Permitted);
    }

    #[test]
    fn patterns_may_be_quoted_one_by_one_and_match_names_as_they_are() {
        for pattern in ["\"/O=x/CN=Bob\" \"/O=x/CN=Zoë\"", r"'/O=x/CN=Zo\xC3\xAB'"] {
            let policy =
                format!("{POLICY}neg_rights globus CA:sign\ncond_subjects globus {pattern}\n");
            assert_eq!(judged(&policy, "/O=x/CN=Zoë"), Verdict::Denied, "{pattern}");
        }
        assert_eq!(
            judged(
                &format!("{POLICY}neg_rights globus CA:sign\n"),
                "/C=IT/O=INFN/CN=Ada"
            ),
            Verdict::Denied
        );
    }

    #[test]
    fn quotation_marks_may_be_escaped_in_names_and_patterns() {
        let policy = r#"
            access_id_CA X509 '/C=US/O=Let\'s Encrypt/CN=R13'
            pos_rights globus CA:sign
            cond_subjects globus '"/CN=it\'s me" "/O=Let\'s/*"'
        "#;
        let policy = SigningPolicy::parse(policy).unwrap();
        let dn = |text| Dn::parse(text).unwrap();
        let ca = dn("/C=US/O=Let's Encrypt/CN=R13");
        for subject in ["/CN=it's me", "/O=Let's/CN=Ada"] {
            assert_eq!(
                policy.judge(&ca, &dn(subject)),
                Verdict::Permitted,
                "{subject}"
            );
        }
        assert_eq!(policy.judge(&ca, &dn("/CN=its me")), Verdict::NotPermitted);
    }

    #[test]
    fn entries_of_other_cas_and_of_users_do_not_count() {
        let other = POLICY.replace("CN=INFN CA", "CN=Other CA");
        assert_eq!(judged(&other, "/C=IT/O=INFN/CN=Ada"), Verdict::NotPermitted);
        let user = POLICY.replace("access_id_CA", "access_id_USER");
        assert_eq!(judged(&user, "/C=IT/O=INFN/CN=Ada"), Verdict::NotPermitted);
        let anybody = POLICY.replace(
            "access_id_CA\tX509   '/C=IT/O=INFN/CN=INFN CA'",
            "access_id_ANYBODY globus *",
        );
        assert_eq!(judged(&anybody, "/C=IT/O=INFN/CN=Ada"), Verdict::Permitted);
    }

    #[test]
    fn other_spellings_of_a_label_are_the_same() {
        let policy = POLICY.replace("/C=it/O=Lab?/*", "/O=x/Email=*@infn.it");
        assert_eq!(
            judged(&policy, "/O=x/emailAddress=ada@infn.it"),
            Verdict::Permitted
        );
    }

    #[test]
    fn what_others_than_globus_permit_permits_nothing() {
        let subject = "/C=IT/O=INFN/CN=Mario";
        assert_eq!(judged(POLICY, subject), Verdict::Permitted);
        let of_others = POLICY.replace("pos_rights globus", "pos_rights globs");
        assert_eq!(judged(&of_others, subject), Verdict::NotPermitted);
        let also_denied =
            format!("{POLICY}neg_rights globs CA:sign\ncond_subjects globus '\"*/CN=Mario\"'\n");
        assert_eq!(judged(&also_denied, subject), Verdict::Denied);
        for (from, to) in [
            ("cond_subjects globus", "cond_subjects globs"),
            ("X509", "X400"),
        ] {
            assert!(
                SigningPolicy::parse(&POLICY.replace(from, to)).is_err(),
                "{to}"
            );
        }
    }

    #[test]
    fn what_the_grammar_does_not_know_is_named_with_its_line() {
        let refused = |text: &str| SigningPolicy::parse(text).unwrap_err().to_string();
        assert_eq!(refused("\n"), "line 1: there is no access_id_CA line");
        assert_eq!(
            refused("pos_rights globus CA:sign\n"),
            "line 1: rights before any access_id"
        );
        assert_eq!(
            refused("# x\nhello world here\n"),
            "line 2: an unknown keyword"
        );
        assert_eq!(
            refused("access_id_CA X509 '/CN=x\n"),
            "line 1: a quotation mark is not closed"
        );
        assert_eq!(
            refused("access_id_CA X509 hello\n"),
            "line 1: the CA's name is not a distinguished name"
        );
        let conditions = "access_id_CA X509 /CN=x\npos_rights globus CA:sign\ncond_subjects";
        assert_eq!(
            refused(&format!("{conditions} globus x '\"/CN=*\"'\n")),
            "line 3: text outside of the quotation marks"
        );
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        assert!(!matches(&"*a".repeat(1000), &"a".repeat(999)));
        assert!(matches(r"/cn=a\*b*", "/cn=a*bc"));
        assert!(!matches(r"/cn=a\*b", "/cn=axb"));
    }
}
