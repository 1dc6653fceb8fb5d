//! Certificates that are read here, for callers who have a file instead of OpenSSL's objects.

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use libc::FILE;
use openssl::x509::X509;
use voms::pki::pem;
use zeroize::Zeroizing;

use crate::c::retrieved;
use crate::code::{self, Refusal};
use crate::handed::{Handed, MAX_CERTIFICATES};
use crate::session::{Session, VomsData};
use crate::{host, judge};

/// Far longer than any proxy.
const MAX_LENGTH: usize = 1 << 20;

/// The certificates of a proxy file.
pub struct ProxyFile {
    proxy: X509,
    others: Vec<X509>,
}

impl ProxyFile {
    /// What is left of a stream.
    ///
    /// # Safety
    /// The stream is NULL or open for reading.
    pub unsafe fn of_stream(stream: *mut FILE) -> Result<Self, Refusal> {
        if stream.is_null() {
            return Err(judge::parameters());
        }
        let mut bytes = Zeroizing::new(vec![0; MAX_LENGTH + 1]);
        // SAFETY: the stream is open, and the block writable for the length given.
        let length = unsafe { libc::fread(bytes.as_mut_ptr().cast(), 1, bytes.len(), stream) };
        bytes.truncate(length);
        Self::of(&bytes)
    }

    /// The user's own proxy: where `X509_USER_PROXY` says, else the usual place in `/tmp`.
    pub fn of_user() -> Result<Self, Refusal> {
        let path = host::directory(c"X509_USER_PROXY").unwrap_or_else(|| {
            // SAFETY: geteuid cannot fail.
            PathBuf::from(format!("/tmp/x509up_u{}", unsafe { libc::geteuid() }))
        });
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LENGTH + 1));
        let mut read = || -> std::io::Result<usize> {
            // A pipe of this name would be waited for.
            let flags = libc::O_NONBLOCK | libc::O_CLOEXEC;
            let file = File::options().read(true).custom_flags(flags).open(&path)?;
            file.take(MAX_LENGTH as u64 + 1).read_to_end(&mut bytes)
        };
        let read = read();
        read.map_err(|error| {
            let message = format!("Cannot read the proxy {}: {error}", path.display());
            Refusal::new(code::NO_IDENTITY, message)
        })?;
        Self::of(&bytes)
    }

    fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_LENGTH {
            return Err(judge::too_many());
        }
        let blocks = pem::blocks(bytes);
        // As OpenSSL's callers do, up to the first that cannot be read.
        let all = blocks.iter().filter(|block| block.is_certificate());
        let mut all = all.map_while(|block| X509::from_der(&block.der()?).ok());
        let proxy = all.next().ok_or_else(judge::parameters)?;
        let others: Vec<X509> = all.take(MAX_CERTIFICATES + 1).collect();
        match others.len() {
            ..=MAX_CERTIFICATES => Ok(Self { proxy, others }),
            _ => Err(judge::too_many()),
        }
    }

    /// The proxy.
    pub fn certificate(&self) -> Handed {
        Handed::of(&self.proxy)
    }

    /// The others, in the order of the file.
    pub fn chain(&self) -> Vec<Handed> {
        self.others.iter().map(Handed::of).collect()
    }

    /// All of them as DER, the proxy first.
    pub fn der(&self) -> Vec<Vec<u8>> {
        let all = std::iter::once(&self.proxy).chain(&self.others);
        all.filter_map(|one| one.to_der().ok()).collect()
    }

    fn retrieve(&self, session: &Session, how: c_int) -> Result<(), Refusal> {
        session.retrieve(self.certificate(), Some(Some(self.chain())), how)
    }
}

/// Adds the attributes of a proxy that is read from a stream.
///
/// # Safety
/// The stream is NULL or open for reading, and `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_RetrieveFromFile(
    file: *mut FILE,
    how: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let retrieve = |session: &Session| {
        // SAFETY: the caller's promise.
        unsafe { ProxyFile::of_stream(file) }?.retrieve(session, how)
    };
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, retrieve) }
}

/// Adds the attributes of the user's own proxy.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_RetrieveFromProxy(
    how: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        retrieved(vd, error, |session| {
            ProxyFile::of_user()?.retrieve(session, how)
        })
    }
}

/// Refuses: nobody could tell whose attributes an extension by itself has.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_RetrieveEXT(
    _extension: *mut c_void,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, |_| Err(without_holder())) }
}

/// Why attributes are not judged without the certificate of their holder.
pub fn without_holder() -> Refusal {
    Refusal::new(
        code::NOT_AVAILABLE,
        "Attributes are judged with the certificate of their holder only: use VOMS_Retrieve.",
    )
}
