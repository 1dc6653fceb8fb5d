//! The certificates that callers hand over: objects of the process's libcrypto, borrowed for one
//! call.

use std::ffi::c_int;
use std::ptr::NonNull;

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::x509::{X509 as OwnX509, X509Ref};
use openssl_sys::{OPENSSL_STACK, OPENSSL_sk_num, OPENSSL_sk_value, X509, X509_free, X509_up_ref};
use voms::pki::certificate::Certificate;

/// OpenSSL's own limit on the depth of chains; no TLS library hands over more.
pub const MAX_CERTIFICATES: usize = 100;

/// A caller's certificate. It must be valid as long as this is used, which is one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Handed(NonNull<X509>);

impl Handed {
    /// `None` for NULL.
    ///
    /// # Safety
    /// The pointer is NULL or a certificate, which stays valid for the call.
    pub unsafe fn new(certificate: *mut X509) -> Option<Self> {
        NonNull::new(certificate).map(Self)
    }

    /// One of our own.
    ///
    /// # Safety
    /// It lives as long as this is used.
    pub unsafe fn of(certificate: &OwnX509) -> Self {
        // SAFETY: the pointer is never NULL.
        Self(unsafe { NonNull::new_unchecked(certificate.as_ptr()) })
    }

    pub fn as_ptr(self) -> *mut X509 {
        self.0.as_ptr()
    }

    /// Its encoding; `None` if it has none, as one without a public key.
    pub fn der(self) -> Option<Vec<u8>> {
        // SAFETY: who made `self` has promised that it is a certificate. It is only read.
        let x509 = unsafe { X509Ref::from_ptr(self.as_ptr()) };
        x509.to_der().ok()
    }

    /// The certificate as we read it, if it has an encoding and that is a certificate's.
    pub fn read(self) -> Option<Certificate> {
        Certificate::from_der(&self.der()?).ok()
    }
}

/// A stack of certificates, without what is NULL in it; `None` if it has more than
/// [`MAX_CERTIFICATES`].
///
/// # Safety
/// The pointer is NULL or a stack of certificates (or NULLs), which stay valid for the call.
pub unsafe fn stack(stack: *const OPENSSL_STACK) -> Option<Vec<Handed>> {
    // SAFETY: OPENSSL_sk_num takes a stack or NULL, for which it returns -1.
    let count = unsafe { OPENSSL_sk_num(stack) };
    let count = usize::try_from(count).unwrap_or(0);
    if count > MAX_CERTIFICATES {
        return None;
    }
    let at = |index: usize| {
        let index = c_int::try_from(index).ok()?;
        // SAFETY: the index is below the number of members, which are certificates or NULL.
        unsafe { Handed::new(OPENSSL_sk_value(stack, index).cast()) }
    };
    Some((0..count).filter_map(at).collect())
}

/// A reference of our own to a caller's certificate, which so lives as long as this.
pub struct Owned(NonNull<X509>);

// SAFETY: a certificate's number of references is atomic, and we neither read nor change the rest.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

impl Owned {
    pub fn of(handed: Handed) -> Self {
        // SAFETY: it is a valid certificate.
        unsafe { X509_up_ref(handed.as_ptr()) };
        Self(handed.0)
    }

    pub fn as_ptr(&self) -> *mut X509 {
        self.0.as_ptr()
    }

    pub fn as_handed(&self) -> Handed {
        Handed(self.0)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { X509_free(self.0.as_ptr()) };
    }
}
