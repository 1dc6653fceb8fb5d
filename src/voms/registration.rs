//! Where one becomes a member of a VO, and of which of its groups: from the comments of the built-in entries, else by the
//! address that VOMS Admin uses everywhere.

use super::fqan::Fqan;
use super::vomses::{BUILT_IN, VomsesEntry};

/// How to become a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The page where one applies.
    pub page: String,
    /// Whether the VO's own entry names that page; else it is where such pages usually are.
    pub is_known: bool,
    /// What a newcomer applies for.
    pub groups: Vec<Fqan>,
}

impl Registration {
    /// Of the VO that a server speaks for.
    #[must_use]
    pub fn of(server: &VomsesEntry) -> Self {
        let text = BUILT_IN.iter().find(|(name, _)| *name == server.vo).map_or("", |(_, text)| text);
        let comment = |key: &str| {
            let mut values = text.lines().filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key));
            values.next().map(str::trim)
        };
        let page = comment("Registration:").map(str::to_owned);
        let groups: Vec<Fqan> =
            comment("Groups:").unwrap_or_default().split_whitespace().filter_map(|group| group.parse().ok()).collect();
        Self {
            is_known: page.is_some(),
            page: page.unwrap_or_else(|| format!("https://{}:8443/voms/{}", server.host, server.vo)),
            groups: if groups.is_empty() { Fqan::top_group(&server.vo).into_iter().collect() } else { groups },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(vo: &str) -> VomsesEntry {
        let host = "voms.example.org".to_owned();
        VomsesEntry { alias: vo.to_owned(), host, port: 15000, dn: "/CN=voms".to_owned(), vo: vo.to_owned() }
    }

    #[test]
    fn virgos_page_and_groups_are_known() {
        let virgo = Registration::of(&server("virgo"));
        assert!(virgo.is_known);
        assert_eq!(virgo.page, "https://voms.cnaf.infn.it:8443/voms/virgo");
        assert_eq!(virgo.groups.iter().map(ToString::to_string).collect::<Vec<_>>(), ["/virgo", "/virgo/virgo"]);
    }

    #[test]
    fn of_other_vos_the_usual_page_and_the_top_group_are_told() {
        let other = Registration::of(&server("testvo"));
        assert!(!other.is_known);
        assert_eq!(other.page, "https://voms.example.org:8443/voms/testvo");
        assert_eq!(other.groups.iter().map(ToString::to_string).collect::<Vec<_>>(), ["/testvo"]);
    }
}
