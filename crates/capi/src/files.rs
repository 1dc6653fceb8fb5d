//! Certificates that are read here, for callers who have a file instead of OpenSSL's objects.

use std::ffi::{c_int, c_void};
use std::fs::Metadata;
use std::io;
use std::path::Path;

use libc::FILE;
use openssl::x509::X509;
use voms::files;
use voms::pki::pem;
use zeroize::Zeroizing;

use crate::border::{broken, outside};
use crate::c::retrieved;
use crate::code::{self, Refusal};
use crate::handed::{Handed, MAX_CERTIFICATES};
use crate::session::{Session, VomsData};
use crate::{host, judge};

/// Far longer than any proxy.
const MAX_LENGTH: usize = 1 << 20;

/// What is in a proxy file; it has the key too.
type Contents = Zeroizing<Vec<u8>>;

/// What is left of a stream, which may be waited for.
///
/// # Safety
/// The stream is NULL or open for reading.
pub unsafe fn of_stream(stream: *mut FILE) -> Result<Contents, Refusal> {
    let read = || {
        if stream.is_null() {
            return Err(judge::parameters());
        }
        let mut bytes = Zeroizing::new(vec![0; MAX_LENGTH + 1]);
        // SAFETY: the stream is open, and the block writable for the length given.
        let length = unsafe { libc::fread(bytes.as_mut_ptr().cast(), 1, bytes.len(), stream) };
        bytes.truncate(length);
        match length > MAX_LENGTH {
            true => Err(Refusal::new(
                code::FORMAT,
                "AC not present in credentials. The proxy file is longer than 1 MiB.",
            )),
            false => Ok(bytes),
        }
    };
    outside(read, Err(broken()))
}

/// The user's own proxy: where `X509_USER_PROXY` says, else the usual place in `/tmp`, where
/// others may have put a file of that name.
pub fn of_user() -> Result<Contents, Refusal> {
    type Read = fn(&Path, u64) -> io::Result<(Metadata, Contents)>;
    let read = || {
        let (path, read): (_, Read) = match host::path(c"X509_USER_PROXY") {
            Some(path) => (path, files::read_unplanted),
            None => {
                // SAFETY: geteuid cannot fail.
                let path = format!("/tmp/x509up_u{}", unsafe { libc::geteuid() });
                (path.into(), files::read_own)
            }
        };
        let (_, contents) = read(&path, MAX_LENGTH as u64).map_err(|error| {
            let message = format!("Cannot read the proxy {}: {error}", path.display());
            Refusal::new(code::NO_IDENTITY, message)
        })?;
        Ok(contents)
    };
    outside(read, Err(broken()))
}

/// The certificates of a proxy file.
pub struct ProxyFile {
    proxy: X509,
    others: Vec<X509>,
}

impl ProxyFile {
    /// The certificates in what was read.
    pub fn of(contents: &[u8]) -> Result<Self, Refusal> {
        let blocks = pem::blocks(contents);
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

    /// All of them as DER, the proxy first; `None` if memory ends.
    pub fn der(&self) -> Option<Vec<Vec<u8>>> {
        let all = std::iter::once(&self.proxy).chain(&self.others);
        all.map(|one| one.to_der().ok()).collect()
    }

    fn retrieve(&self, session: &Session, how: c_int) -> Result<(), Refusal> {
        // SAFETY: the certificates live as long as `self`.
        let (proxy, others) = unsafe {
            let others = self.others.iter().map(|one| Handed::of(one));
            (Handed::of(&self.proxy), others.collect())
        };
        session.retrieve(proxy, Some(Some(others)), how)
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
    // SAFETY: the caller's promise.
    unsafe {
        let read = of_stream(file);
        retrieved(vd, error, |session| {
            ProxyFile::of(&read?)?.retrieve(session, how)
        })
    }
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
    let read = of_user();
    // SAFETY: the caller's promise.
    unsafe {
        retrieved(vd, error, |session| {
            ProxyFile::of(&read?)?.retrieve(session, how)
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
