//! Labels of the attributes in distinguished names.

use x509_cert::der::asn1::ObjectIdentifier;

/// Labels as printed by OpenSSL; where it knows two, the one used in map files comes first.
const LABELS: &[(&str, &str)] = &[
    ("C", "2.5.4.6"),
    ("ST", "2.5.4.8"),
    ("L", "2.5.4.7"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("CN", "2.5.4.3"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("serialNumber", "2.5.4.5"),
    ("SN", "2.5.4.4"),
    ("GN", "2.5.4.42"),
    ("title", "2.5.4.12"),
    ("initials", "2.5.4.43"),
    ("generationQualifier", "2.5.4.44"),
    ("pseudonym", "2.5.4.65"),
    ("street", "2.5.4.9"),
    ("postalCode", "2.5.4.17"),
    ("description", "2.5.4.13"),
    ("name", "2.5.4.41"),
    ("dnQualifier", "2.5.4.46"),
    ("x500UniqueIdentifier", "2.5.4.45"),
    ("organizationIdentifier", "2.5.4.97"),
    ("businessCategory", "2.5.4.15"),
    ("unstructuredName", "1.2.840.113549.1.9.2"),
];

/// Other tools' spellings of the same attributes, compared case-insensitively.
const ALIASES: &[(&str, &str)] = &[
    ("userid", "0.9.2342.19200300.100.1.1"),
    ("e", "1.2.840.113549.1.9.1"),
    ("email", "1.2.840.113549.1.9.1"),
    ("s", "2.5.4.8"),
    ("surname", "2.5.4.4"),
    ("givenname", "2.5.4.42"),
];

/// The label of an attribute, or its OID.
pub(super) fn label_of(oid: ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    let known = LABELS.iter().find(|(_, oid)| *oid == dotted);
    known.map_or(dotted, |(label, _)| (*label).to_owned())
}

/// The attribute that a label stands for. Longer texts are no labels, as OIDs may be written with
/// any number of zeros; what is printed counts on that.
pub(super) fn label_oid(label: &str) -> Option<ObjectIdentifier> {
    if label.len() > LONGEST_LABEL {
        return None;
    }
    let known = LABELS
        .iter()
        .chain(ALIASES)
        .find(|(name, _)| name.eq_ignore_ascii_case(label))
        .map(|(_, oid)| *oid);
    let dotted = || {
        label
            .starts_with(|c: char| c.is_ascii_digit())
            .then_some(label)
    };
    ObjectIdentifier::new(known.or_else(dotted)?).ok()
}

/// Whether the text begins with what reads as an attribute label, of at most [`LONGEST_LABEL`].
pub(super) fn begins_label(text: &str) -> bool {
    let end = text
        .bytes()
        .take(LONGEST_LABEL + 1)
        .position(|byte| byte == b'=');
    end.and_then(|end| text.get(..end))
        .is_some_and(|label| label_oid(label).is_some())
}

/// In bytes; long enough for every OID that a certificate can name: 39 bytes of DER at most, which
/// make up to four characters each.
const LONGEST_LABEL: usize = 160;
