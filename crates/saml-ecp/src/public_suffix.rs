//! Public suffixes: domains such as `ac.uk` under which anybody may have a name, so that no cookie
//! may be for all of it (RFC 6265 section 5.3 step 5).
//!
//! The list is that of Mozilla in 90 kB; the crate `psl` has it as code of 700 kB.

/// A line for each domain: the domain, and the labels below it that make public suffixes.
const LIST: &str = include_str!("public_suffixes.txt");

/// Whether a domain, in ASCII and without a leading dot, is a public suffix.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    // Whatever the list says, top-level domains are public.
    let Some((label, parent)) = domain.split_once('.') else {
        return true;
    };
    let line = LIST.lines().find_map(|line| {
        let (of, labels) = line.split_once(' ')?;
        (of == parent).then_some(labels)
    });
    let is = |mark: &str, known: &str| known.strip_prefix(mark) == Some(label);
    let labels = || line.unwrap_or_default().split(' ');
    let excepted = labels().any(|known| is("!", known));
    !excepted && labels().any(|known| known == "*" || is("", known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_public_and_what_is_registered_below_them_is_not() {
        for public in [
            "org",
            "ac.uk",
            "AC.UK",
            "ac.uk.",
            "nosuchtld",
            "www.fk",
            "anything.kawasaki.jp",
            "k12.ca.us",
            "github.io",
            "xn--55qx5d.cn",
        ] {
            assert!(is_public_suffix(public), "{public}");
        }
        for own in [
            "ligo.org",
            "cf.ac.uk",
            "cardiff.co.uk",
            "city.kawasaki.jp",
            "www.ck",
            "example.nosuchtld",
            "a.b.kawasaki.jp",
            "ligo.github.io",
        ] {
            assert!(!is_public_suffix(own), "{own}");
        }
    }

    #[test]
    fn the_list_is_whole() {
        let rules: usize = LIST
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split(' ').count() - 1)
            .sum();
        assert!(rules > 8000 && LIST.is_ascii(), "{rules}");
    }
}
