//! Identity providers: the list, and which of them a user means (ECP spec section 3).

use url::Url;

use crate::error::EcpError;

/// An identity provider that supports ECP.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Idp {
    /// The institution's name.
    pub name: String,
    /// Its ECP endpoint.
    pub url: Url,
    /// Whether it accepts only Kerberos tickets.
    pub kerberos: bool,
}

impl Idp {
    /// A provider that accepts passwords.
    #[must_use]
    pub fn new(name: impl Into<String>, url: Url) -> Self {
        Self {
            name: name.into(),
            url,
            kerberos: false,
        }
    }
}

const KERBEROS: &str = " (Kerberos)";

/// The providers known without a list: LIGO's and KAGRA's.
const BUILT_IN: &str = "\
https://login.ligo.org/idp/profile/SAML2/SOAP/ECP LIGO Scientific Collaboration
https://login2.ligo.org/idp/profile/SAML2/SOAP/ECP LIGO Scientific Collaboration 2
https://shibbi.pki.itc.u-tokyo.ac.jp/idp/profile/SAML2/SOAP/ECP KAGRA
";

/// Parses a list: one per line, an https URL, a space, a name. Other lines are ignored.
#[must_use]
pub fn parse(text: &str) -> Vec<Idp> {
    let line = |line: &str| {
        let (url, name) = line.trim().split_once(char::is_whitespace)?;
        let url = Url::parse(url)
            .ok()
            .filter(|url| url.scheme() == "https" && url.host_str().is_some())?;
        let name = name.trim();
        let institution = name.strip_suffix(KERBEROS).unwrap_or(name);
        let well_formed = !institution.is_empty() && !institution.chars().any(char::is_control);
        well_formed.then(|| Idp {
            name: institution.to_owned(),
            url,
            kerberos: name.ends_with(KERBEROS),
        })
    };
    text.trim_start_matches('\u{feff}')
        .lines()
        .filter_map(line)
        .collect()
}

/// The built-in list.
#[must_use]
pub fn built_in() -> Vec<Idp> {
    parse(BUILT_IN)
}

/// The URL itself, if the user gave one.
#[must_use]
pub fn as_address(value: &str) -> Option<Idp> {
    let url = Url::parse(value)
        .ok()
        .filter(|url| url.scheme() == "https" && value.ends_with("/SOAP/ECP"))?;
    Some(Idp::new(url.host_str()?.to_owned(), url))
}

/// The identity provider whose name or URL contains `value`. If the institution's name matched, its
/// backups from the list follow; if the URL matched, it stands alone.
///
/// # Errors
/// [`EcpError::UnknownIdp`], [`EcpError::AmbiguousIdp`].
pub fn choose(list: &[Idp], value: &str, kerberos: bool) -> Result<Vec<Idp>, EcpError> {
    let wanted = value.to_lowercase();
    let among = |part: fn(&Idp) -> &str| -> Vec<Idp> {
        let plain = list.iter().filter(|idp| !idp.kerberos);
        plain
            .filter(|idp| part(idp).to_lowercase().contains(&wanted))
            .cloned()
            .collect()
    };
    let by_name = among(|idp| &idp.name);
    let by_address = by_name.is_empty();
    let found = if by_address {
        among(|idp| idp.url.as_str())
    } else {
        by_name
    };
    let Some(first) = main_of(&found) else {
        let names: Vec<String> = found.into_iter().map(|idp| idp.name).collect();
        let value = value.to_owned();
        return Err(match names.is_empty() {
            true => EcpError::UnknownIdp(value),
            false => EcpError::AmbiguousIdp { value, names },
        });
    };
    let ticket = list
        .iter()
        .find(|idp| kerberos && idp.kerberos && idp.name == first.name);
    let backups = list
        .iter()
        .filter(|idp| !by_address && !idp.kerberos && is_backup_of(idp, first));
    Ok(std::iter::once(ticket.unwrap_or(first))
        .chain(backups)
        .cloned()
        .collect())
}

const MAIN: [&str; 4] = ["1", "main", "primary", "principal"];
const BACKUP: [&str; 2] = ["backup", "secondary"];
const TEST: &str = "test";

/// Splits off the last word of a name, without brackets, if it distinguishes an institution's
/// entries.
fn rank(name: &str) -> (&str, Option<String>) {
    let Some((institution, word)) = name.rsplit_once(' ') else {
        return (name, None);
    };
    let word = word.trim_matches(|c| "()[]".contains(c)).to_lowercase();
    let known = is_main(&word) || is_backup(&word) || word == TEST;
    if known {
        (institution, Some(word))
    } else {
        (name, None)
    }
}

fn is_main(word: &str) -> bool {
    MAIN.contains(&word)
}

fn is_backup(word: &str) -> bool {
    BACKUP.contains(&word) || word.parse::<u32>().is_ok_and(|number| number > 1)
}

/// Whether an entry is a backup for another, and so may receive the same password.
fn is_backup_of(idp: &Idp, main: &Idp) -> bool {
    let ((ours, our_rank), (its, its_rank)) = (rank(&idp.name), rank(&main.name));
    ours == its
        && our_rank.is_some_and(|word| is_backup(&word))
        && its_rank.is_none_or(|word| is_main(&word))
}

fn main_of(found: &[Idp]) -> Option<&Idp> {
    if let [only] = found {
        return Some(only);
    }
    let main = found
        .iter()
        .find(|idp| rank(&idp.name).1.is_some_and(|word| is_main(&word)));
    let mut left = found
        .iter()
        .filter(|idp| rank(&idp.name).1.is_none_or(|word| is_main(&word)));
    main.or_else(|| left.next().filter(|_| left.next().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(value: &str, kerberos: bool) -> Vec<String> {
        let list = format!(
            "{BUILT_IN}https://idp.cf.ac.uk/SOAP/ECP Cardiff University\n\
             https://idp.fnal.gov/idp/SOAP/ECP Fermilab\nhttps://idp.fnal.gov/idp-krb/SOAP/ECP Fermilab (Kerberos)\n\
             http://not.secure/SOAP/ECP Insecure\n"
        );
        let chosen = choose(&parse(&list), value, kerberos);
        chosen
            .map(|all| all.iter().map(|idp| idp.url.to_string()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn a_provider_is_found_by_part_of_its_name_or_address() {
        let ligo = [
            "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP",
            "https://login2.ligo.org/idp/profile/SAML2/SOAP/ECP",
        ];
        assert_eq!(chosen("LIGO", false), ligo);
        assert_eq!(chosen("ligo.org", false), ligo[..1]);
        assert_eq!(chosen("LIGO.ORG", true), ligo[..1]);
        assert_eq!(chosen("login2", false), ligo[1..]);
        assert_eq!(chosen("Collaboration 2", false), ligo[1..]);
        assert_eq!(
            chosen("idp.cf.ac.uk", false),
            ["https://idp.cf.ac.uk/SOAP/ECP"]
        );
        assert_eq!(
            chosen("fermi", false),
            ["https://idp.fnal.gov/idp/SOAP/ECP"]
        );
        assert_eq!(
            chosen("fermi", true),
            ["https://idp.fnal.gov/idp-krb/SOAP/ECP"]
        );
        assert!(chosen("i", false).is_empty() && chosen("nosuch", false).is_empty());
        assert!(chosen("Insecure", false).is_empty());
        assert!(
            as_address("https://a.b/SOAP/ECP").is_some()
                && as_address("http://a.b/SOAP/ECP").is_none()
        );
    }

    #[test]
    fn only_entries_named_as_backups_are_used_as_backups() {
        let names = [
            "Paris 8",
            "Paris 7",
            "Uni",
            "Uni (Test)",
            "Lab (Main)",
            "Lab (Backup)",
            "Lab test",
            "Solo 2",
        ];
        let lines = names
            .iter()
            .enumerate()
            .map(|(at, name)| format!("https://idp{at}.example/SOAP/ECP {name}\n"));
        let list = parse(&lines.collect::<String>());
        for (value, wanted) in [
            ("Paris 8", &["Paris 8"][..]),
            ("Uni", &["Uni"]),
            ("Uni (Test)", &["Uni (Test)"]),
            ("Lab", &["Lab (Main)", "Lab (Backup)"]),
            ("Lab (Backup)", &["Lab (Backup)"]),
            ("idp4", &["Lab (Main)"]),
            ("Solo", &["Solo 2"]),
        ] {
            let names: Vec<String> = choose(&list, value, false)
                .unwrap()
                .into_iter()
                .map(|idp| idp.name)
                .collect();
            assert_eq!(names, wanted, "{value}");
        }
    }
}
