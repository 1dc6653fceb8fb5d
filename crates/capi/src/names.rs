//! Names as `X509_NAME_oneline` writes them, which gridmaps and logs have.

use std::ffi::{CStr, c_char, c_int, c_long, c_uchar, c_void};
use std::ptr;

use foreign_types::ForeignTypeRef;
use openssl_sys::{X509_NAME, X509_NAME_free};
use voms::openssl_types;
use voms::pki::certificate::Certificate;

use crate::handed::Handed;

unsafe extern "C" {
    fn X509_NAME_oneline(name: *const X509_NAME, buffer: *mut c_char, size: c_int) -> *mut c_char;
    fn CRYPTO_free(pointer: *mut c_void, file: *const c_char, line: c_int);
}

/// Subject and issuer of a certificate.
#[derive(Default)]
pub struct Names {
    pub subject: Vec<u8>,
    pub issuer: Vec<u8>,
}

/// The names of a caller's certificate.
pub fn of_handed(certificate: Handed) -> Names {
    let x509 = certificate.as_ptr();
    // SAFETY: the certificate is valid, and so are its names as long as it is.
    unsafe {
        Names {
            subject: oneline(openssl_sys::X509_get_subject_name(x509)),
            issuer: oneline(openssl_sys::X509_get_issuer_name(x509)),
        }
    }
}

/// The names of a signer.
pub fn of_signer(certificate: &Certificate) -> Names {
    let Ok(x509) = openssl_types::x509(certificate) else {
        return Names::default();
    };
    let (subject, issuer) = (x509.subject_name(), x509.issuer_name());
    // SAFETY: both names live as long as the certificate.
    unsafe {
        Names {
            subject: oneline(subject.as_ptr()),
            issuer: oneline(issuer.as_ptr()),
        }
    }
}

/// A name in DER.
pub fn of_der(name: &[u8]) -> Vec<u8> {
    let Ok(length) = c_long::try_from(name.len()) else {
        return Vec::new();
    };
    let mut start: *const c_uchar = name.as_ptr();
    // SAFETY: at most `length` bytes of the slice are read.
    let name = unsafe { openssl_sys::d2i_X509_NAME(ptr::null_mut(), &raw mut start, length) };
    // SAFETY: the name is NULL or valid.
    let text = unsafe { oneline(name) };
    // SAFETY: it is ours; NULL is allowed.
    unsafe { X509_NAME_free(name) };
    text
}

/// # Safety
/// The name is NULL or valid.
unsafe fn oneline(name: *const X509_NAME) -> Vec<u8> {
    if name.is_null() {
        return Vec::new();
    }
    // SAFETY: without a buffer, OpenSSL allocates one, or returns NULL.
    let text = unsafe { X509_NAME_oneline(name, ptr::null_mut(), 0) };
    if text.is_null() {
        return Vec::new();
    }
    // SAFETY: what it returns is a C string.
    let copy = unsafe { CStr::from_ptr(text) }.to_bytes().to_vec();
    // SAFETY: OpenSSL has allocated it for us.
    unsafe { CRYPTO_free(text.cast(), ptr::null(), 0) };
    copy
}
