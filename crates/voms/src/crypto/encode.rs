//! Values for OpenSSL's builders.

use std::time::SystemTime;

use der::asn1::ObjectIdentifier;
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::error::ErrorStack;
use openssl::x509::X509Extension;

use crate::time::seconds;

/// An extension for OpenSSL's builders.
///
/// # Errors
/// OpenSSL's.
pub fn extension(
    id: ObjectIdentifier,
    critical: bool,
    value: &[u8],
) -> Result<X509Extension, ErrorStack> {
    let id = Asn1Object::from_str(&id.to_string())?;
    X509Extension::new_from_der(&id, critical, &*Asn1OctetString::new_from_bytes(value)?)
}

/// A point in time for OpenSSL's builders.
///
/// # Errors
/// OpenSSL's.
pub fn asn1_time(time: impl Into<SystemTime>) -> Result<Asn1Time, ErrorStack> {
    Asn1Time::from_unix(unix_seconds(time))
}

/// A point in time for OpenSSL's verification parameters: whole seconds since 1970.
pub fn unix_seconds(time: impl Into<SystemTime>) -> i64 {
    seconds(time.into())
}
