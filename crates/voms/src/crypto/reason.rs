//! OpenSSL's errors by number: library and reason, from its headers `err.h`, `evperr.h`,
//! `asn1err.h` and `pkcs12err.h`. Texts may change with a release, these do not.

use std::ffi::c_int;

use openssl::error::ErrorStack;

/// The reasons alone: OpenSSL's own format starts with an error number that means nothing to users.
#[must_use]
pub fn in_words(errors: &ErrorStack) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in errors.errors().iter().filter_map(|error| error.reason()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        return "OpenSSL gives no reason".to_owned();
    }
    reasons.join(", ")
}

/// The library and the reason.
pub(crate) type Reason = (c_int, c_int);

const EVP: c_int = 6;
const ASN1: c_int = 13;
const PKCS12: c_int = 35;

/// `ERR_R_UNSUPPORTED`, a reason of any library.
const UNSUPPORTED: c_int = 268 | 2 << 18;

/// A cipher or digest that is missing here. The decoders also give the first for the noise that a
/// wrong passphrase sometimes decrypts to.
pub(crate) const MISSING: [Reason; 5] = [
    (EVP, UNSUPPORTED),
    (EVP, 107), // EVP_R_UNSUPPORTED_CIPHER
    (EVP, 118), // EVP_R_UNSUPPORTED_PRIVATE_KEY_ALGORITHM
    (EVP, 125), // EVP_R_UNSUPPORTED_PRF
    (EVP, 156), // EVP_R_UNSUPPORTED_ALGORITHM
];

/// An algorithm of a PKCS#12 file that OpenSSL does not know.
pub(crate) const UNKNOWN: [Reason; 7] = [
    (ASN1, UNSUPPORTED),
    (EVP, 121), // EVP_R_UNKNOWN_PBE_ALGORITHM
    (EVP, 160), // EVP_R_UNKNOWN_CIPHER
    (EVP, 161), // EVP_R_UNKNOWN_DIGEST
    (PKCS12, UNSUPPORTED),
    (PKCS12, 118), // PKCS12_R_UNKNOWN_DIGEST_ALGORITHM
    (PKCS12, 119), // PKCS12_R_UNSUPPORTED_PKCS12_MODE
];

/// The password does not fit the file.
pub(crate) const MAC: [Reason; 1] = [(PKCS12, 113)]; // PKCS12_R_MAC_VERIFY_FAILURE

/// A string with bytes that are invalid in its type.
pub(crate) const CHARACTERS: [Reason; 4] = [
    (ASN1, 124), // ASN1_R_ILLEGAL_CHARACTERS
    (ASN1, 129), // ASN1_R_INVALID_BMPSTRING_LENGTH
    (ASN1, 133), // ASN1_R_INVALID_UNIVERSALSTRING_LENGTH
    (ASN1, 134), // ASN1_R_INVALID_UTF8STRING
];
