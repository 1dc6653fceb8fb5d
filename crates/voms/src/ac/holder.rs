//! Whether an attribute certificate is the user's.

use voms_asn1::attribute_certificate::Holder;

use crate::ac::finding::HolderProblem;
use crate::pki::certificate::{Certificate, minimal_integer};
use crate::pki::dn::Dn;

/// Why the holder is not the user's certificate.
///
/// Servers name the certificate by its serial number, and by its subject or, as RFC 5755 section
/// 4.2.2 requires, its issuer (spec 2.4). Which one it is shows in the name: a CA's is the issuer,
/// and no other name is. `is_ca` says whether the user's subject is the name of a trusted CA.
pub(super) fn problem(
    holder: &Holder,
    user: &Certificate,
    is_ca: impl FnOnce() -> bool,
) -> Option<HolderProblem> {
    if holder.object_digest_info.is_some() {
        return Some(HolderProblem::ObjectDigest);
    }
    if holder.entity_name.is_some() {
        return Some(HolderProblem::EntityName);
    }
    let Some(id) = &holder.base_certificate_id else {
        return Some(HolderProblem::Missing);
    };
    if id.issuer_uid.is_some() {
        return Some(HolderProblem::UniqueId);
    }
    let Some(name) = holder.directory_name().map(Dn::from_name) else {
        return Some(HolderProblem::NotOneName);
    };
    let serial = id.serial.as_bytes();
    let (is_issuer, is_subject) = (name.matches(user.issuer()), name.matches(user.subject()));
    if !is_issuer && !is_subject {
        let serial = serial.to_vec();
        return Some(HolderProblem::OtherName { name, serial });
    }
    if minimal_integer(serial) != minimal_integer(user.serial_bytes()) {
        let serial = serial.to_vec();
        return Some(HolderProblem::OtherSerial { name, serial });
    }
    (!is_issuer && is_ca()).then(|| HolderProblem::IssuedByNamesake {
        name,
        serial: serial.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use der::Decode;
    use der::asn1::Int;
    use openssl::bn::BigNum;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::{X509Builder, X509Name};
    use voms_asn1::attribute_certificate::IssuerSerial;
    use x509_cert::ext::pkix::name::GeneralName;
    use x509_cert::name::Name;

    use super::*;
    use crate::openssl_types;

    /// A certificate of serial number 7 that Ada's CA issued.
    fn ada() -> Certificate {
        let name = |text: &str| {
            let mut name = X509Name::builder().unwrap();
            name.append_entry_by_text("CN", text).unwrap();
            name.build()
        };
        let key = PKey::ec_gen("prime256v1").unwrap();
        let mut builder = X509Builder::new().unwrap();
        builder.set_subject_name(&name("Ada")).unwrap();
        builder.set_issuer_name(&name("CA")).unwrap();
        let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        let day = openssl_types::asn1_time(std::time::SystemTime::UNIX_EPOCH).unwrap();
        builder.set_not_before(&day).unwrap();
        builder.set_not_after(&day).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        openssl_types::certificate(&builder.build()).unwrap()
    }

    fn named(name: &[u8], serial: u8) -> Holder {
        let name = GeneralName::DirectoryName(Name::from_der(name).unwrap());
        Holder {
            base_certificate_id: Some(IssuerSerial {
                issuer: vec![name],
                serial: Int::new(&[serial]).unwrap(),
                issuer_uid: None,
            }),
            ..Holder::default()
        }
    }

    #[test]
    fn the_user_is_named_by_subject_or_issuer_and_serial_number() {
        let user = ada();
        for name in [user.subject_der(), user.issuer_der()] {
            assert_eq!(problem(&named(name, 7), &user, || false), None);
            let other = problem(&named(name, 8), &user, || false);
            assert!(matches!(other, Some(HolderProblem::OtherSerial { .. })));
        }
    }

    #[test]
    fn the_name_of_a_ca_is_an_issuer_no_matter_who_else_bears_it() {
        let user = ada();
        let subject = problem(&named(user.subject_der(), 7), &user, || true);
        assert!(matches!(
            subject,
            Some(HolderProblem::IssuedByNamesake { .. })
        ));
        assert_eq!(problem(&named(user.issuer_der(), 7), &user, || true), None);
    }

    #[test]
    fn an_entity_name_no_name_and_two_names_are_distinct_problems() {
        let user = ada();
        let good = named(user.subject_der(), 7);
        let names = good.base_certificate_id.clone().unwrap().issuer;
        let entity = Holder {
            entity_name: Some(names.clone()),
            ..good.clone()
        };
        assert_eq!(
            problem(&entity, &user, || false),
            Some(HolderProblem::EntityName)
        );
        let nameless = problem(&Holder::default(), &user, || false);
        assert_eq!(nameless, Some(HolderProblem::Missing));
        let mut two = good;
        two.base_certificate_id
            .as_mut()
            .unwrap()
            .issuer
            .extend(names);
        assert_eq!(
            problem(&two, &user, || false),
            Some(HolderProblem::NotOneName)
        );
    }

    #[test]
    fn an_empty_serial_number_is_reported_as_empty() {
        let name = Dn::parse("/CN=Ada").unwrap();
        let told = |serial: &[u8]| {
            let (name, serial) = (name.clone(), serial.to_vec());
            HolderProblem::OtherSerial { name, serial }.to_string()
        };
        assert!(told(&[]).ends_with("/CN=Ada, without a serial number"));
        assert!(told(&[1, 255]).ends_with("/CN=Ada, serial 01ff"));
    }
}
