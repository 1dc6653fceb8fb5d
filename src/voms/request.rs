//! What is sent to a VOMS server: the REST query and the legacy XML document, as values (spec 4.2, 4.5).

use std::fmt::Write;

use super::fqan::Fqan;

/// A request for one attribute certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcRequest {
    /// The VO's name.
    pub vo: String,
    /// What is asked for, in order; empty for everything.
    pub fqans: Vec<Fqan>,
    /// The order asked for of what comes back.
    pub order: Vec<Fqan>,
    /// Hosts that alone shall accept it.
    pub targets: Vec<String>,
    /// Wanted life in seconds, of which a server gives as much as it allows. It is always said: servers that are not
    /// told give their maximum or, as Debian's does, none at all.
    pub lifetime: u64,
}

impl AcRequest {
    /// A request for all groups and roles, with half a day of life.
    #[must_use]
    pub fn for_everything(vo: &str) -> Self {
        let (fqans, order, targets) = (Vec::new(), Vec::new(), Vec::new());
        Self { vo: vo.to_owned(), fqans, order, targets, lifetime: 12 * 3600 }
    }

    /// The groups of `--order` are asked for as well, first, so that servers which only know the request's order put
    /// them there; a role comes first only if it is asked for anyway (spec 3.3).
    #[must_use]
    pub fn in_order(mut self) -> Self {
        if self.fqans.is_empty() {
            return self;
        }
        let wanted = self.order.iter().filter(|fqan| fqan.role().is_none() || self.fqans.contains(fqan));
        let mut merged: Vec<Fqan> = Vec::new();
        for fqan in wanted.chain(&self.fqans) {
            if !merged.contains(fqan) {
                merged.push(fqan.clone());
            }
        }
        self.fqans = merged;
        self
    }

    /// The path and query of the REST request. Nothing is percent-encoded: the C++ server does not decode, and
    /// FQANs hold no character that would need it.
    #[must_use]
    pub fn rest_target(&self) -> String {
        let fqans = if self.fqans.is_empty() { "all".to_owned() } else { join(&self.fqans) };
        let mut target = format!("/generate-ac?fqans={fqans}");
        let _ = write!(target, "&lifetime={}", self.lifetime);
        if !self.order.is_empty() {
            let _ = write!(target, "&order={}", join(&self.order));
        }
        if !self.targets.is_empty() {
            let _ = write!(target, "&targets={}", self.targets.join(","));
        }
        target
    }

    /// The same request with the top group in place of "everything", for servers that do not know that word.
    #[must_use]
    pub fn without_all(&self) -> Option<Self> {
        let top = Fqan::top_group(&self.vo).ok()?;
        self.fqans.is_empty().then(|| Self { fqans: vec![top], ..self.clone() })
    }

    /// The legacy document, to be sent in one TLS record.
    #[must_use]
    pub fn legacy_document(&self) -> String {
        let commands = match self.fqans.as_slice() {
            [] => "A".to_owned(),
            fqans => fqans.iter().map(legacy_command).collect::<Vec<_>>().join(","),
        };
        let mut xml = format!(r#"<?xml version="1.0" encoding="US-ASCII"?><voms><command>{commands}</command>"#);
        if !self.order.is_empty() {
            let order: Vec<_> = self.order.iter().map(legacy_order).collect();
            let _ = write!(xml, "<order>{}</order>", order.join(","));
        }
        if !self.targets.is_empty() {
            let _ = write!(xml, "<targets>{}</targets>", self.targets.join(","));
        }
        let _ = write!(xml, "<base64>1</base64><version>4</version><lifetime>{}</lifetime></voms>", self.lifetime);
        xml
    }
}

fn join(fqans: &[Fqan]) -> String {
    fqans.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
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
        assert_eq!(request(&[], &[]).rest_target(), "/generate-ac?fqans=all&lifetime=43200");
    }

    #[test]
    fn order_adds_groups_but_never_a_role_that_was_not_asked_for() {
        let ordered = request(&["/virgo"], &["/virgo/virgo", "/virgo/Role=VO-Admin"]).in_order();
        assert_eq!(join(&ordered.fqans), "/virgo/virgo,/virgo");
        let role = request(&["/virgo", "/virgo/Role=x"], &["/virgo/Role=x"]).in_order();
        assert_eq!(join(&role.fqans), "/virgo/Role=x,/virgo");
    }

    #[test]
    fn the_legacy_document_is_what_the_servers_golden_shows() {
        let golden = include_str!("../../fixtures/legacy/group.request");
        assert_eq!(request(&["/virgo"], &[]).legacy_document().trim(), golden.trim());
        let golden = include_str!("../../fixtures/legacy/role.request");
        assert_eq!(request(&["/virgo/virgo/Role=production"], &[]).legacy_document().trim(), golden.trim());
    }
}
