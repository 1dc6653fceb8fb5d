//! Certificates that form no chain: unordered, incomplete, or with others among them, as they come
//! from callers that have verified them already and ask for the attributes alone.

use der::asn1::ObjectIdentifier;
use voms_asn1::oid;

use crate::pki::certificate::Certificate;

/// A certificate and those that came with it, in any order. That one issued another is taken from
/// nothing but their names: who has verified the chain vouches for it.
#[derive(Debug, Clone)]
pub struct LooseChain {
    leaf: Certificate,
    others: Vec<Certificate>,
}

/// Where attribute certificates are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reach {
    /// In the leaf.
    Leaf,
    /// In the leaf, else in the first of the others that has any.
    #[default]
    First,
    /// In the last that has any.
    Last,
}

impl LooseChain {
    /// A certificate, and others as they came.
    #[must_use]
    pub fn new(leaf: Certificate, others: Vec<Certificate>) -> Self {
        Self { leaf, others }
    }

    /// The user's own certificate, which attribute certificates name as their holder: the leaf, or
    /// what its name as a proxy was made from (RFC 3820 section 3.4).
    #[must_use]
    pub fn holder(&self) -> Option<&Certificate> {
        if !self.leaf.is_proxy() {
            return Some(&self.leaf);
        }
        let distance = |user: &Certificate| self.leaf.subject().common_names_below(user.subject());
        let users = self.others.iter().filter(|other| !other.is_proxy());
        let above = users.filter_map(|user| Some((distance(user).filter(|far| *far > 0)?, user)));
        above.min_by_key(|(far, _)| *far).map(|(_, user)| user)
    }

    /// Whether the first certificate that is not a proxy has a subject name, as a user's must.
    #[must_use]
    pub fn has_user(&self) -> bool {
        let first = self.all().find(|one| !one.is_proxy());
        first.is_some_and(|one| !one.subject().is_empty())
    }

    /// Whether a proxy in it is independent: then the leaf has none of the user's rights (RFC 3820
    /// section 3.8.2).
    #[must_use]
    pub fn is_independent(&self) -> bool {
        let mut types = self.all().filter_map(Certificate::proxy_type);
        types.any(|kind| kind.is_independent())
    }

    /// The certificate whose attribute certificates count;
    /// [`carried_by`](super::embedded::carried_by) has them.
    #[must_use]
    pub fn carrier(&self, reach: Reach) -> Option<&Certificate> {
        let carries = |one: &&Certificate| one.extension(oid::VOMS_AC_SEQ).is_some();
        match reach {
            Reach::Leaf => Some(&self.leaf).filter(carries),
            Reach::First => self.all().find(carries),
            Reach::Last => self.all().filter(carries).last(),
        }
    }

    /// Whether one of these extensions is where attribute certificates are looked for.
    #[must_use]
    pub fn has_any(&self, extensions: &[ObjectIdentifier], reach: Reach) -> bool {
        let mut looked_at = self.all().take(match reach {
            Reach::Leaf => 1,
            Reach::First | Reach::Last => usize::MAX,
        });
        let has = |one: &Certificate| extensions.iter().any(|id| one.extension(*id).is_some());
        looked_at.any(has)
    }

    fn all(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf).chain(&self.others)
    }
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::bn::BigNum;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::{X509Builder, X509Name};

    use super::*;
    use crate::openssl_types;

    fn name(common_names: &[&str]) -> X509Name {
        let mut name = X509Name::builder().unwrap();
        for text in common_names {
            name.append_entry_by_text("CN", text).unwrap();
        }
        name.build()
    }

    fn certificate(
        subject: &[&str],
        issuer: &[&str],
        extension: Option<(ObjectIdentifier, &[u8])>,
    ) -> Certificate {
        let key = PKey::ec_gen("prime256v1").unwrap();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder.set_subject_name(&name(subject)).unwrap();
        builder.set_issuer_name(&name(issuer)).unwrap();
        let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        let day = Asn1Time::from_unix(0).unwrap();
        builder.set_not_before(&day).unwrap();
        builder.set_not_after(&day).unwrap();
        builder.set_pubkey(&key).unwrap();
        if let Some((id, value)) = extension {
            let extension = openssl_types::extension(id, false, value).unwrap();
            builder.append_extension(extension).unwrap();
        }
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        openssl_types::certificate(&builder.build()).unwrap()
    }

    #[test]
    fn the_holder_is_found_by_name_and_not_by_place() {
        let leaf = certificate(&["Ada", "proxy", "proxy"], &["Ada", "proxy"], None);
        let between = certificate(&["Ada", "proxy"], &["Ada"], None);
        let [ada, eve, ca] = ["Ada", "Eve", "CA"].map(|name| certificate(&[name], &["CA"], None));
        let all = vec![ca.clone(), eve.clone(), between, ada.clone()];
        assert_eq!(LooseChain::new(leaf.clone(), all).holder(), Some(&ada));
        assert_eq!(LooseChain::new(leaf, vec![ca, eve.clone()]).holder(), None);
        assert_eq!(LooseChain::new(eve.clone(), vec![ada]).holder(), Some(&eve));
    }

    #[test]
    fn of_two_users_whose_names_fit_the_nearer_one_is_the_holder() {
        let leaf = certificate(&["Ada", "robot", "proxy"], &["Ada", "robot"], None);
        let [ada, robot] =
            [&["Ada"][..], &["Ada", "robot"]].map(|name| certificate(name, &["CA"], None));
        let chain = LooseChain::new(leaf, vec![ada, robot.clone()]);
        assert_eq!(chain.holder(), Some(&robot));
    }

    #[test]
    fn the_first_carrier_ends_the_search_unless_the_last_is_wanted() {
        let plain = certificate(&["Ada", "proxy"], &["Ada"], None);
        let [first, last] = ["1", "2"].map(|serial| {
            certificate(
                &["Ada", serial],
                &["Ada"],
                Some((oid::VOMS_AC_SEQ, &[0x30, 0])),
            )
        });
        let all = vec![plain.clone(), first.clone(), last.clone()];
        let chain = LooseChain::new(plain, all);
        assert_eq!(chain.carrier(Reach::Leaf), None);
        assert_eq!(chain.carrier(Reach::First), Some(&first));
        assert_eq!(chain.carrier(Reach::Last), Some(&last));
    }
}
