//! Where members of a VO register, and for which of its groups: taken from the comments of the
//! built-in entries, or else from the addresses that VOMS-Admin, and IAM at CNAF, use everywhere.

use chrono::NaiveDate;
use voms::vo::fqan::Fqan;
use voms_client::refusal::Software;
use voms_client::vomses::VomsesEntry;

use crate::home::built_in;

/// The domain of VOs that moved to IAM at CNAF: `voms-VO` is the endpoint, `iam-VO` serves the
/// pages.
const CNAF: &str = ".cloud.cnaf.infn.it";

/// How to become a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The VOMS-Admin page, or IAM's if the VO has no other known page.
    pub page: String,
    /// The page of the VO's IAM, if known.
    pub iam: Option<String>,
    /// Whether the built-in entry of the VO gives the page; otherwise it is the usual address.
    pub is_known: bool,
    /// The groups a new member applies for.
    pub groups: Vec<Fqan>,
}

impl Registration {
    /// Registration for the VO of a server.
    #[must_use]
    pub fn of(server: &VomsesEntry) -> Self {
        let page = comment(&server.vo, "Registration:").map(str::to_owned);
        let groups = comment(&server.vo, "Groups:").unwrap_or_default();
        let groups: Vec<Fqan> = groups
            .split_whitespace()
            .filter_map(|group| group.parse().ok())
            .collect();
        let at_cnaf = format!("voms-{}{CNAF}", server.vo) == server.host;
        let usual_iam = at_cnaf.then(|| format!("https://iam-{}{CNAF}/", server.vo));
        let iam = comment(&server.vo, "IAM:").map(str::to_owned).or(usual_iam);
        let usual = || {
            iam.clone()
                .unwrap_or_else(|| format!("https://{}:8443/voms/{}", server.host, server.vo))
        };
        Self {
            is_known: page.is_some(),
            page: page.unwrap_or_else(usual),
            iam,
            groups: if groups.is_empty() {
                Fqan::top_group(&server.vo).into_iter().collect()
            } else {
                groups
            },
        }
    }

    /// The registration page that matches the software of the server that answered.
    #[must_use]
    pub fn page_of(&self, software: Software) -> &str {
        match (software, &self.iam) {
            (Software::Iam, Some(iam)) => iam,
            _ => &self.page,
        }
    }
}

/// The host name that CNAF assigns to the IAM endpoint of a VO.
#[must_use]
pub fn usual_iam_host(vo: &str) -> String {
    format!("voms-{vo}{CNAF}")
}

/// When the built-in entry of a VO was last compared with its sources.
#[must_use]
pub fn built_in_date(vo: &str) -> Option<NaiveDate> {
    comment(vo, "Checked:")?.parse().ok()
}

/// The value of a `# KEY VALUE` comment in a VO's built-in entry.
fn comment(vo: &str, key: &str) -> Option<&'static str> {
    let text = built_in::entry(vo)?;
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key));
    values.next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(vo: &str) -> VomsesEntry {
        VomsesEntry::new(vo, "voms.example.org", 15000, "/CN=voms", vo)
    }

    #[test]
    fn virgos_page_and_groups_are_known() {
        let virgo = Registration::of(&server("virgo"));
        assert!(virgo.is_known);
        assert_eq!(
            virgo.page_of(Software::Voms),
            "https://voms.cnaf.infn.it:8443/voms/virgo"
        );
        assert_eq!(
            virgo.page_of(Software::Iam),
            "https://iam-virgo.cloud.cnaf.infn.it/"
        );
        assert!(built_in_date("virgo").is_some() && built_in_date("testvo").is_none());
        assert_eq!(
            virgo
                .groups
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["/virgo", "/virgo/virgo"]
        );
    }

    #[test]
    fn other_vos_get_the_usual_page_and_the_top_group() {
        let other = Registration::of(&server("testvo"));
        assert!(!other.is_known);
        assert_eq!(other.page, "https://voms.example.org:8443/voms/testvo");
        assert_eq!(
            other
                .groups
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["/testvo"]
        );
    }

    #[test]
    fn a_vo_on_iam_at_cnaf_is_recognised_by_its_host() {
        let mut juno = server("juno");
        juno.host = usual_iam_host("juno");
        let juno = Registration::of(&juno);
        assert_eq!(
            juno.page_of(Software::Iam),
            "https://iam-juno.cloud.cnaf.infn.it/"
        );
        assert_eq!(
            (juno.page.as_str(), juno.is_known),
            ("https://iam-juno.cloud.cnaf.infn.it/", false)
        );
    }
}
