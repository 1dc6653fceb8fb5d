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

/// A list from the network, joined with the built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The built-in entries, then those of the list.
    pub list: Vec<Idp>,
    /// The entries of the list that are left out, since they [contradict](contradicting) a built-in
    /// one.
    pub left_out: Vec<Idp>,
}

/// Joins a list with the built-in one, whose entries stand: a password for LIGO goes nowhere else
/// because somebody changed a list.
#[must_use]
pub fn join(list: Vec<Idp>) -> Joined {
    let mut joined = built_in();
    let (left_out, kept): (Vec<Idp>, Vec<Idp>) = list.into_iter().partition(contradicts);
    let known = |idp: &Idp| joined.iter().any(|own| own.is_at_the_same(idp));
    let new: Vec<Idp> = kept.into_iter().filter(|idp| !known(idp)).collect();
    joined.extend(new);
    Joined {
        list: joined,
        left_out,
    }
}

/// The entries for an institution that is built in, at a host where that has none.
#[must_use]
pub fn contradicting(list: &[Idp]) -> Vec<Idp> {
    list.iter()
        .filter(|idp| contradicts(idp))
        .cloned()
        .collect()
}

fn contradicts(idp: &Idp) -> bool {
    let institution = rank(&idp.name).0;
    let mut hosts = built_in()
        .into_iter()
        .filter(|own| rank(&own.name).0.eq_ignore_ascii_case(institution))
        .map(|own| own.url.host_str().map(str::to_owned))
        .peekable();
    hosts.peek().is_some() && !hosts.any(|host| host.as_deref() == idp.url.host_str())
}

impl Idp {
    fn is_at_the_same(&self, other: &Self) -> bool {
        self.url == other.url && self.kerberos == other.kerberos
    }
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
/// backups from the list follow; if the URL matched, it stands alone. An entry that calls itself
/// the main one does not come before a built-in one.
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
    let own = built_in();
    let shadows = |idp: &Idp| !own.contains(idp) && found.iter().any(|other| own.contains(other));
    let Some(first) = main_of(&found).filter(|first| !shadows(first)) else {
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
    fn a_list_does_not_change_where_a_built_in_institution_is() {
        let text = "https://rogue.example/SOAP/ECP LIGO Scientific Collaboration\n\
            https://rogue.example/SOAP/ECP ligo scientific collaboration (Backup)\n\
            https://rogue.example/SOAP/ECP LIGO Scientific Collaboration (Kerberos)\n\
            https://login.ligo.org/idp/profile/SAML2/SOAP/ECP LIGO of old\n\
            https://idp.cf.ac.uk/SOAP/ECP Cardiff University\n";
        let Joined { list, left_out } = join(parse(text));
        let rogue = parse(text)[..3].to_vec();
        assert_eq!(left_out, rogue);
        assert_eq!(contradicting(&parse(text)), rogue);
        assert_eq!(list.len(), 4);
        assert_eq!(list[..3], built_in());
        assert_eq!(choose(&list, "LIGO", true).unwrap(), built_in()[..2]);
        let twice = join(built_in());
        assert_eq!((twice.list, twice.left_out), (built_in(), Vec::new()));
    }

    #[test]
    fn an_entry_that_calls_itself_the_main_one_does_not_shadow_a_built_in_one() {
        let rogue = "https://login.ligo.org.example/SOAP/ECP The LIGO (Main)\n";
        let Joined { list, left_out } = join(parse(rogue));
        assert!(left_out.is_empty());
        for value in ["LIGO", "login.ligo.org"] {
            let chosen = choose(&list, value, false);
            let ambiguous = matches!(chosen, Err(EcpError::AmbiguousIdp { .. }));
            assert!(ambiguous, "{value}: {chosen:?}");
        }
        assert_eq!(choose(&list, "The LIGO", false).unwrap(), parse(rogue));
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
