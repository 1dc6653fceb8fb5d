//! Object identifiers of proxy certificates, attribute certificates and VOMS.

use der::asn1::ObjectIdentifier;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// `id-pe-proxyCertInfo`, the ProxyCertInfo extension (RFC 3820 section 3.8).
pub const PROXY_CERT_INFO: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.14");
/// The ProxyCertInfo extension of the drafts before RFC 3820 (Globus Toolkit 3).
pub const DRAFT_PROXY_CERT_INFO: ObjectIdentifier = oid("1.3.6.1.4.1.3536.1.222");

/// `id-ppl-anyLanguage`, a policy in a language agreed elsewhere (RFC 3820 section 3.8.2).
pub const ANY_LANGUAGE: ObjectIdentifier = oid("1.3.6.1.5.5.7.21.0");
/// `id-ppl-inheritAll`, all rights of the issuer (RFC 3820 section 3.8.2).
pub const INHERIT_ALL: ObjectIdentifier = oid("1.3.6.1.5.5.7.21.1");
/// `id-ppl-independent`, no rights of the issuer (RFC 3820 section 3.8.2).
pub const INDEPENDENT: ObjectIdentifier = oid("1.3.6.1.5.5.7.21.2");
/// The Globus limited proxy, rejected where jobs are started.
pub const LIMITED: ObjectIdentifier = oid("1.3.6.1.4.1.3536.1.1.1.9");
/// The Globus restricted proxy, the language of a policy given without one.
pub const GLOBUS_RESTRICTED: ObjectIdentifier = oid("1.3.6.1.4.1.3536.1.1.1.8");

/// VOMS data that predates attribute certificates, a proxy extension.
pub const VOMS_RAW: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.1");
/// A file included by the user, a proxy extension.
pub const VOMS_INCLUDED_FILE: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.2");
/// The name of the VO, a proxy extension.
pub const VOMS_VO_NAME: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.3");
/// The FQANs, an attribute of the AC (GFD.182).
pub const VOMS_FQANS: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.4");
/// The attribute certificates, a proxy extension (GFD.182).
pub const VOMS_AC_SEQ: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.5");
/// The certificates of the AC issuer, an AC extension (GFD.182).
pub const VOMS_CERTS: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.10");
/// The generic attributes, an AC extension (GFD.182).
pub const VOMS_GENERIC_ATTRIBUTES: ObjectIdentifier = oid("1.3.6.1.4.1.8005.100.100.11");

/// `id-ce-targetInformation`, the services an AC is meant for (RFC 5755 section 4.3.2).
pub const TARGETS: ObjectIdentifier = oid("2.5.29.55");
/// `id-ce-noRevAvail`, no revocation information exists (RFC 5755 section 4.3.6).
pub const NO_REV_AVAIL: ObjectIdentifier = oid("2.5.29.56");
/// `id-ce-cRLNumber` (RFC 5280 section 5.2.3).
pub const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
/// `id-ce-cRLReasons` (RFC 5280 section 5.3.1).
pub const CRL_REASON: ObjectIdentifier = oid("2.5.29.21");
/// `id-ce-invalidityDate` (RFC 5280 section 5.3.2).
pub const INVALIDITY_DATE: ObjectIdentifier = oid("2.5.29.24");
/// `id-ce-issuingDistributionPoint` (RFC 5280 section 5.2.5).
pub const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = oid("2.5.29.28");
/// `id-ce-deltaCRLIndicator` (RFC 5280 section 5.2.4).
pub const DELTA_CRL_INDICATOR: ObjectIdentifier = oid("2.5.29.27");
/// `id-ce-nameConstraints` (RFC 5280 section 4.2.1.10).
pub const NAME_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.30");
/// `id-ce-cRLDistributionPoints` (RFC 5280 section 4.2.1.13).
pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = oid("2.5.29.31");
/// `id-ce-authorityKeyIdentifier` (RFC 5280 section 4.2.1.1).
pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.35");
/// `id-ce-subjectKeyIdentifier` (RFC 5280 section 4.2.1.2).
pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.14");
/// `id-ce-keyUsage` (RFC 5280 section 4.2.1.3).
pub const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
/// `id-ce-subjectAltName` (RFC 5280 section 4.2.1.6).
pub const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");
/// `id-ce-issuerAltName` (RFC 5280 section 4.2.1.7).
pub const ISSUER_ALT_NAME: ObjectIdentifier = oid("2.5.29.18");
/// `id-ce-basicConstraints` (RFC 5280 section 4.2.1.9).
pub const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
/// `id-ce-extKeyUsage` (RFC 5280 section 4.2.1.12).
pub const CERTIFICATE_POLICIES: ObjectIdentifier = oid("2.5.29.32");
/// policyConstraints (RFC 5280 section 4.2.1.11).
pub const POLICY_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.36");
/// policyMappings (RFC 5280 section 4.2.1.5).
pub const POLICY_MAPPINGS: ObjectIdentifier = oid("2.5.29.33");
/// inhibitAnyPolicy (RFC 5280 section 4.2.1.14).
pub const INHIBIT_ANY_POLICY: ObjectIdentifier = oid("2.5.29.54");
/// extKeyUsage (RFC 5280 section 4.2.1.12).
pub const EXT_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");

/// `md5WithRSAEncryption` (RFC 3279 section 2.2.1).
pub const MD5_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.4");
/// `sha1WithRSAEncryption` (RFC 3279 section 2.2.1).
pub const SHA1_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.5");
/// `sha1WithRSASignature`, an older name of the same (NIST's OIW registry).
pub const OIW_SHA1_WITH_RSA: ObjectIdentifier = oid("1.3.14.3.2.29");
/// `md2WithRSAEncryption` (RFC 3279 section 2.2.1).
pub const MD2_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.2");
/// `md4WithRSAEncryption` (PKCS #1).
pub const MD4_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.3");
/// `id-dsa-with-sha1` (RFC 3279 section 2.2.2).
pub const DSA_WITH_SHA1: ObjectIdentifier = oid("1.2.840.10040.4.3");
/// `id-RSASSA-PSS` (RFC 4055 section 3.1).
pub const RSASSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
/// `id-sha1`, the digest (RFC 3279 section 2.1).
pub const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");
/// `md5`, the digest (RFC 3279 section 2.1).
pub const MD5: ObjectIdentifier = oid("1.2.840.113549.2.5");
/// `sha256WithRSAEncryption` (RFC 4055 section 5).
pub const SHA256_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
/// `sha384WithRSAEncryption` (RFC 4055 section 5).
pub const SHA384_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
/// `sha512WithRSAEncryption` (RFC 4055 section 5).
pub const SHA512_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.13");
/// `ecdsa-with-SHA1` (RFC 3279 section 2.2.3).
pub const ECDSA_WITH_SHA1: ObjectIdentifier = oid("1.2.840.10045.4.1");
/// `ecdsa-with-SHA256` (RFC 5758 section 3.2).
pub const ECDSA_WITH_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
/// `ecdsa-with-SHA384` (RFC 5758 section 3.2).
pub const ECDSA_WITH_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
/// `ecdsa-with-SHA512` (RFC 5758 section 3.2).
pub const ECDSA_WITH_SHA512: ObjectIdentifier = oid("1.2.840.10045.4.3.4");
/// `netscape-cert-type`, the predecessor of `id-ce-extKeyUsage`; still found in certificates and
/// proxies.
pub const NETSCAPE_CERT_TYPE: ObjectIdentifier = oid("2.16.840.1.113730.1.1");
