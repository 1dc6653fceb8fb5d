//! The REST query and the legacy XML document sent to a VOMS server, as values (spec 4.2, 4.5).

use std::fmt::Write;

use voms::vo::fqan::Fqan;

/// Maximum total length of the FQANs IAM accepts in one request, in characters.
pub const MAX_FQANS_LENGTH: usize = 512;

/// A request for one attribute certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcRequest {
    /// The VO's name.
    pub vo: String,
    /// The requested FQANs, in order; empty for everything.
    pub fqans: Vec<Fqan>,
    /// The requested order of the granted FQANs.
    pub order: Vec<Fqan>,
    /// Target hosts: only these may accept the attribute certificate.
    pub targets: Vec<String>,
    /// Requested lifetime in seconds, which the server may shorten. It is always sent: without it,
    /// servers use their maximum or, in the case of Debian's, zero.
    pub lifetime: u64,
}

/// A month in seconds: longer than any server allows.
pub const MAX_LIFETIME: u64 = 30 * 86_400;

impl AcRequest {
    /// Whether the longest lifetime the server allows is requested.
    #[must_use]
    pub fn wants_longest(&self) -> bool {
        self.lifetime >= MAX_LIFETIME
    }

    /// A request for all groups and roles with a lifetime of 12 hours.
    #[must_use]
    pub fn for_everything(vo: &str) -> Self {
        Self {
            vo: vo.to_owned(),
            fqans: Vec::new(),
            order: Vec::new(),
            targets: Vec::new(),
            lifetime: 12 * 3600,
        }
    }

    /// The same request with these FQANs; see [`AcRequest::fqans`].
    #[must_use]
    pub fn with_fqans(self, fqans: Vec<Fqan>) -> Self {
        Self { fqans, ..self }
    }

    /// The same request with this order; see [`AcRequest::order`].
    #[must_use]
    pub fn with_order(self, order: Vec<Fqan>) -> Self {
        Self { order, ..self }
    }

    /// The same request with these targets; see [`AcRequest::targets`].
    #[must_use]
    pub fn with_targets(self, targets: Vec<String>) -> Self {
        Self { targets, ..self }
    }

    /// The same request with this lifetime in seconds; see [`AcRequest::lifetime`].
    #[must_use]
    pub fn with_lifetime(self, lifetime: u64) -> Self {
        Self { lifetime, ..self }
    }

    /// The same request for the granted FQANs in the wanted order, if they were not granted in that
    /// order and asking again can help. The order never adds anything: FQANs that were not granted
    /// are not requested, and a role is included only if it was granted anyway (spec 3.3).
    #[must_use]
    pub fn reordered(&self, granted: &[Fqan]) -> Option<Self> {
        let wanted = self.in_order(granted);
        if self.order.is_empty() || granted.starts_with(&wanted) || self.fqans.starts_with(&wanted)
        {
            return None;
        }
        let mut fqans = wanted;
        // Roles granted as part of "everything" would otherwise be missing from the new answer.
        let others: Vec<&Fqan> = granted
            .iter()
            .filter(|fqan| !fqans.contains(fqan))
            .collect();
        if self.fqans.is_empty() {
            fqans.extend(
                others
                    .into_iter()
                    .filter(|fqan| fqan.role().is_some())
                    .cloned(),
            );
        }
        (join(&fqans).len() <= MAX_FQANS_LENGTH).then(|| Self {
            fqans,
            ..self.clone()
        })
    }

    /// The granted FQANs that should come first: those in `order`, then those requested.
    #[must_use]
    pub fn in_order(&self, granted: &[Fqan]) -> Vec<Fqan> {
        let mut wanted: Vec<Fqan> = Vec::new();
        for fqan in self.order.iter().chain(&self.fqans) {
            if granted.contains(fqan) && !wanted.contains(fqan) {
                wanted.push(fqan.clone());
            }
        }
        wanted
    }

    /// The path and query of the REST request. If no FQANs are requested, the server grants its
    /// defaults: the C++ server the top group and with it all groups, IAM all groups that are not
    /// optional. Nothing is percent-encoded: the C++ server does not decode, and FQANs contain no
    /// character that would need it.
    #[must_use]
    pub fn rest_target(&self) -> String {
        self.rest_target_of(&join(&self.fqans))
    }

    /// The REST request with the keyword for everything, roles included, which only the C++ server
    /// understands.
    #[must_use]
    pub fn rest_target_for_all(&self) -> String {
        self.rest_target_of("all")
    }

    fn rest_target_of(&self, fqans: &str) -> String {
        let mut target = format!("/generate-ac?lifetime={}", self.lifetime);
        if !fqans.is_empty() {
            target = format!("/generate-ac?fqans={fqans}&lifetime={}", self.lifetime);
        }
        if !self.order.is_empty() {
            let _ = write!(target, "&order={}", join(&self.order));
        }
        if !self.targets.is_empty() {
            let _ = write!(target, "&targets={}", self.targets.join(","));
        }
        target
    }

    /// The legacy document, to be sent in a single TLS record.
    #[must_use]
    pub fn legacy_document(&self) -> String {
        let commands = match self.fqans.as_slice() {
            [] => "A".to_owned(),
            fqans => fqans
                .iter()
                .map(legacy_command)
                .collect::<Vec<_>>()
                .join(","),
        };
        let mut xml = format!(
            r#"<?xml version="1.0" encoding="US-ASCII"?><voms><command>{commands}</command>"#
        );
        if !self.order.is_empty() {
            let order: Vec<_> = self.order.iter().map(legacy_order).collect();
            let _ = write!(xml, "<order>{}</order>", order.join(","));
        }
        if !self.targets.is_empty() {
            let _ = write!(xml, "<targets>{}</targets>", self.targets.join(","));
        }
        let _ = write!(
            xml,
            "<base64>1</base64><version>4</version><lifetime>{}</lifetime></voms>",
            self.lifetime
        );
        xml
    }
}

fn join(fqans: &[Fqan]) -> String {
    fqans
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

fn legacy_command(fqan: &Fqan) -> String {
    match fqan.role() {
        Some(role) => format!("B{}:{role}", fqan.group()),
        None => format!("G{}", fqan.group()),
    }
}

fn legacy_order(fqan: &Fqan) -> String {
    match fqan.role() {
        Some(role) => format!("{}:{role}", fqan.group()),
        None => fqan.group().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fqans: &[&str], order: &[&str]) -> AcRequest {
        let parse = |list: &[&str]| list.iter().map(|fqan| fqan.parse().unwrap()).collect();
        AcRequest {
            vo: "virgo".to_owned(),
            fqans: parse(fqans),
            order: parse(order),
            targets: Vec::new(),
            lifetime: 43_200,
        }
    }

    #[test]
    fn the_query_is_raw() {
        assert_eq!(
            request(&["/virgo/virgo/Role=production", "/virgo"], &[]).rest_target(),
            "/generate-ac?fqans=/virgo/virgo/Role=production,/virgo&lifetime=43200"
        );
        assert_eq!(
            request(&[], &[]).rest_target(),
            "/generate-ac?lifetime=43200"
        );
        assert_eq!(
            request(&[], &[]).rest_target_for_all(),
            "/generate-ac?fqans=all&lifetime=43200"
        );
    }

    fn reordered(fqans: &[&str], order: &[&str], granted: &[&str]) -> Option<String> {
        let request = request(fqans, order);
        let granted: Vec<Fqan> = granted.iter().map(|fqan| fqan.parse().unwrap()).collect();
        request.reordered(&granted).map(|again| join(&again.fqans))
    }

    #[test]
    fn what_was_granted_is_asked_for_again_in_the_order_wanted() {
        let granted = ["/virgo", "/virgo/virgo"];
        assert_eq!(
            reordered(&["/virgo"], &["/virgo/virgo"], &granted).unwrap(),
            "/virgo/virgo,/virgo"
        );
        assert_eq!(
            reordered(&[], &["/virgo/virgo"], &granted).unwrap(),
            "/virgo/virgo"
        );
        let roles = ["/virgo", "/virgo/virgo", "/virgo/Role=x"];
        assert_eq!(
            reordered(&[], &["/virgo/virgo"], &roles).unwrap(),
            "/virgo/virgo,/virgo/Role=x"
        );
        assert_eq!(
            reordered(&["/virgo"], &["/virgo/Role=x"], &roles).unwrap(),
            "/virgo/Role=x,/virgo"
        );
    }

    #[test]
    fn order_adds_nothing_that_was_not_granted_and_never_asks_twice_in_vain() {
        let granted = ["/virgo", "/virgo/virgo"];
        assert_eq!(
            reordered(&["/virgo"], &["/virgo/ligo", "/virgo/Role=x"], &granted),
            None
        );
        assert_eq!(reordered(&["/virgo"], &["/virgo"], &granted), None);
        assert_eq!(reordered(&["/virgo/virgo"], &[], &granted), None);
        assert_eq!(
            reordered(&["/virgo/virgo", "/virgo"], &["/virgo/virgo"], &granted),
            None
        );
    }

    #[test]
    fn a_request_that_would_be_too_long_is_not_made_for_the_orders_sake() {
        let groups: Vec<String> = (0..60)
            .map(|number| format!("/virgo/group{number}"))
            .collect();
        let mut groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let granted = groups.clone();
        groups.reverse();
        assert_eq!(reordered(&[], &groups, &granted), None);
    }

    #[test]
    fn the_legacy_document_is_what_the_servers_golden_shows() {
        let golden = include_str!("../../../fixtures/legacy/group.request");
        assert_eq!(
            request(&["/virgo"], &[]).legacy_document().trim(),
            golden.trim()
        );
        let golden = include_str!("../../../fixtures/legacy/role.request");
        assert_eq!(
            request(&["/virgo/virgo/Role=production"], &[])
                .legacy_document()
                .trim(),
            golden.trim()
        );
    }
}
