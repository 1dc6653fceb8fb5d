//! The border to C and C++: nothing unwinds over it, and the process's queue of OpenSSL errors is
//! left as it was found. The functions here are called by `shim/vomsapi.cc` only, and not exported.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{ptr, slice};

use libc::FILE;
use openssl_sys::{OPENSSL_STACK, X509};

use crate::code::{self, Checks, Refusal};
use crate::export;
use crate::files::{self, ProxyFile};
use crate::found::{Found, Parts};
use crate::gate;
use crate::handed::{self, Handed};
use crate::host;
use crate::judge::{self, Question};
use crate::openssl_here;

const VOMSDIR: &str = "/etc/grid-security/vomsdir";
const CERTDIR: &str = "/etc/grid-security/certificates";

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    fn ERR_set_mark() -> c_int;
    fn ERR_pop_to_mark() -> c_int;
}

/// The refusal of a call in which this library has failed.
pub fn broken() -> Refusal {
    Refusal::new(code::VERIFY, gate::broken())
}

/// Runs a function for a caller, to whom a panic is `broken`. It may wait for long, and takes no
/// locks: a fork does not wait for it.
pub fn outside<T>(function: impl FnOnce() -> T, broken: T) -> T {
    let _uncancelled = Uncancelled::new();
    catch_unwind(AssertUnwindSafe(function)).unwrap_or(broken)
}

/// Runs a function for a caller, to whom a panic is `broken`, and a child of fork that must not
/// come in too.
pub fn guard<T>(function: impl FnOnce() -> T, broken: T) -> T {
    let _uncancelled = Uncancelled::new();
    let Some(_inside) = gate::enter() else {
        return broken;
    };
    // SAFETY: the queue is the thread's own.
    unsafe { ERR_set_mark() };
    let result = catch_unwind(AssertUnwindSafe(function));
    // SAFETY: as above.
    unsafe { ERR_pop_to_mark() };
    result.unwrap_or(broken)
}

/// A thread that is cancelled inside would unwind over the border: cancelling waits until it is out.
struct Uncancelled(c_int);

impl Uncancelled {
    /// `PTHREAD_CANCEL_DISABLE`.
    const DISABLE: c_int = 1;

    fn new() -> Self {
        let mut old = 0;
        // SAFETY: the state is the thread's own.
        unsafe { pthread_setcancelstate(Self::DISABLE, &raw mut old) };
        Self(old)
    }
}

impl Drop for Uncancelled {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { pthread_setcancelstate(self.0, ptr::null_mut()) };
    }
}

/// A path as callers give it; empty counts as none.
///
/// # Safety
/// The pointer is NULL or a C string.
pub unsafe fn path(given: *const c_char) -> Option<PathBuf> {
    if given.is_null() {
        return None;
    }
    // SAFETY: see above.
    let text = unsafe { CStr::from_ptr(given) };
    let path = PathBuf::from(OsStr::from_bytes(text.to_bytes()));
    (!path.as_os_str().is_empty()).then_some(path)
}

/// Where a session looks.
pub struct Directories {
    /// With LSC files.
    pub vomsdir: PathBuf,
    /// With CAs.
    pub certdir: PathBuf,
    /// What libvomsapi says if one is missing.
    pub missing: Option<&'static str>,
}

/// Why nothing can be retrieved in this process, if so.
pub fn unusable() -> Option<Refusal> {
    let other = openssl_here::other()?;
    let message = format!(
        "libvomsapi.so.1 cannot be used here: it is built for another OpenSSL than {other}, which \
         this process has too."
    );
    Some(Refusal::new(code::NO_INIT, message))
}

/// The given directories, else the environment's, else the usual ones.
pub fn directories(vomsdir: Option<&Path>, certdir: Option<&Path>) -> Directories {
    let of = |given: Option<&Path>, variable, usual: &str| {
        let given = given.map(Path::to_owned);
        given
            .or_else(|| host::path(variable))
            .unwrap_or_else(|| PathBuf::from(usual))
    };
    let vomsdir = of(vomsdir, c"X509_VOMS_DIR", VOMSDIR);
    let certdir = of(certdir, c"X509_CERT_DIR", CERTDIR);
    let missing = match (vomsdir.is_dir(), certdir.is_dir()) {
        (_, false) => Some("Unable to find ca certificates"),
        (false, true) => Some("Unable to find vomsdir directory"),
        (true, true) => None,
    };
    Directories {
        vomsdir,
        certdir,
        missing,
    }
}

/// What the shim asks.
#[repr(C)]
pub struct Asked {
    certificate: *mut X509,
    chain: *mut OPENSSL_STACK,
    how: c_int,
    checks: c_int,
    time: i64,
    vomsdir: *const c_char,
    certdir: *const c_char,
}

/// What the shim gets: fields, each a letter, its length in four bytes (little-endian) and itself.
#[repr(C)]
pub struct Told {
    /// 0, or why nothing was retrieved; the field `m` is then the message.
    code: c_int,
    /// The caller's own certificate of the user.
    holder: *mut X509,
    fields: *mut u8,
    length: usize,
}

impl Told {
    fn new(code: i32, holder: *mut X509, fields: Vec<u8>) -> Self {
        let fields = fields.into_boxed_slice();
        let length = fields.len();
        Self {
            code,
            holder,
            fields: Box::into_raw(fields).cast(),
            length,
        }
    }
}

fn put(fields: &mut Vec<u8>, letter: u8, value: &[u8]) {
    let Ok(length) = u32::try_from(value.len()) else {
        return;
    };
    fields.push(letter);
    fields.extend(length.to_le_bytes());
    fields.extend(value);
}

/// The shim reads these in order: `N` begins a `voms`, `A` is what it was made of, `g` begins an
/// element of `std`, `G` a list of generic attributes, `a` one of them.
fn put_found(fields: &mut Vec<u8>, found: &Found) {
    put(fields, b'N', &found.signature);
    put(fields, b'A', &found.ac);
    for (letter, value) in [
        (b'u', found.user.as_slice()),
        (b'U', &found.userca),
        (b's', &found.server),
        (b'S', &found.serverca),
        (b'v', found.vo.as_bytes()),
        (b'i', found.uri.as_bytes()),
        (b'd', found.date1.as_bytes()),
        (b'D', found.date2.as_bytes()),
        (b'x', found.serial.as_bytes()),
    ] {
        put(fields, letter, value);
    }
    for fqan in &found.fqans {
        let parts = Parts::of(fqan);
        put(fields, b'f', fqan.as_bytes());
        put(fields, b'g', parts.group.as_bytes());
        put(fields, b'r', parts.role.as_bytes());
        put(fields, b'c', parts.capability.as_bytes());
    }
    for granted in &found.generic {
        put(fields, b'G', granted.grantor.as_bytes());
        for attribute in &granted.attributes {
            put(fields, b'a', &attribute.name);
            put(fields, b'w', &attribute.value);
            put(fields, b'q', &attribute.qualifier);
        }
    }
    for target in &found.targets {
        put(fields, b't', target.as_bytes());
    }
}

fn refused(refusal: &Refusal) -> Told {
    let mut fields = Vec::new();
    put(&mut fields, b'm', refusal.message.as_bytes());
    Told::new(refusal.code, ptr::null_mut(), fields)
}

/// The directories of a new `vomsdata`: `v` and `k`, and `m` if one is missing.
///
/// # Safety
/// Both are NULL or C strings; `told` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_open(
    vomsdir: *const c_char,
    certdir: *const c_char,
    told: *mut Told,
) {
    let open = || {
        if let Some(refusal) = unusable() {
            return refused(&refusal);
        }
        // SAFETY: the shim's promise.
        let [vomsdir, certdir] = unsafe { [path(vomsdir), path(certdir)] };
        let found = directories(vomsdir.as_deref(), certdir.as_deref());
        let mut fields = Vec::new();
        put(
            &mut fields,
            b'v',
            found.vomsdir.as_os_str().as_encoded_bytes(),
        );
        put(
            &mut fields,
            b'k',
            found.certdir.as_os_str().as_encoded_bytes(),
        );
        let code = match found.missing {
            Some(missing) => {
                put(&mut fields, b'm', missing.as_bytes());
                code::DIRECTORY
            }
            None => 0,
        };
        Told::new(code, ptr::null_mut(), fields)
    };
    // Made only if it is told: fields that nobody forgets are lost.
    let broken = || refused(&Refusal::new(code::NO_INIT, gate::broken()));
    let result = guard(|| Some(open()), None).unwrap_or_else(broken);
    // SAFETY: the shim's promise. What was there before is not dropped, as it is not initialised.
    unsafe { ptr::write(told, result) };
}

/// Judges, as `VOMS_Retrieve` does.
///
/// # Safety
/// All pointers of `asked` are as for `VOMS_Retrieve`, the directories C strings; `told` is
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_ask(asked: &Asked, told: *mut Told) {
    let ask = || -> Result<Told, Refusal> {
        if let Some(refusal) = unusable() {
            return Err(refusal);
        }
        // SAFETY: the shim's promise.
        let certificate =
            unsafe { Handed::new(asked.certificate) }.ok_or_else(judge::parameters)?;
        let chain = match asked.chain.is_null() {
            true => None,
            // SAFETY: the shim's promise.
            false => Some(unsafe { handed::stack(asked.chain) }.ok_or_else(judge::too_many)?),
        };
        // SAFETY: the shim's promise.
        let [vomsdir, certdir] = unsafe { [path(asked.vomsdir), path(asked.certdir)] };
        let answer = judge::answer(&Question {
            certificate,
            chain,
            how: asked.how,
            checks: Checks(asked.checks.cast_unsigned()),
            time: asked.time,
            vomsdir: &vomsdir.unwrap_or_default(),
            certdir: &certdir.unwrap_or_default(),
        })?;
        let mut fields = Vec::new();
        for found in &answer.found {
            put_found(&mut fields, found);
        }
        Ok(Told::new(0, answer.holder.as_ptr(), fields))
    };
    let result = guard(ask, Err(broken())).unwrap_or_else(|refusal| refused(&refusal));
    // SAFETY: as in `vomsapi_open`.
    unsafe { ptr::write(told, result) };
}

/// The certificates of a proxy file: fields `c`, the proxy first.
///
/// # Safety
/// The stream is NULL or open for reading; `told` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_read_stream(stream: *mut FILE, told: *mut Told) {
    // SAFETY: the shim's promise.
    unsafe { tell_certificates(told, files::of_stream(stream)) };
}

/// The certificates of the user's own proxy: fields `c`, the proxy first.
///
/// # Safety
/// `told` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_read_proxy(told: *mut Told) {
    // SAFETY: the shim's promise.
    unsafe { tell_certificates(told, files::of_user()) };
}

/// Why an extension by itself is not judged.
///
/// # Safety
/// `told` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_read_extension(told: *mut Told) {
    // SAFETY: the shim's promise.
    unsafe { tell_certificates(told, Err::<Vec<u8>, _>(files::without_holder())) };
}

/// # Safety
/// `told` is writable.
unsafe fn tell_certificates(told: *mut Told, read: Result<impl AsRef<[u8]>, Refusal>) {
    let tell = || {
        let all = ProxyFile::of(read?.as_ref())?.der();
        let all = all.ok_or_else(|| Refusal::new(code::MEMORY, "Out of memory."))?;
        let mut fields = Vec::new();
        for certificate in all {
            put(&mut fields, b'c', &certificate);
        }
        Ok(Told::new(0, ptr::null_mut(), fields))
    };
    let result = guard(tell, Err(broken())).unwrap_or_else(|refusal| refused(&refusal));
    // SAFETY: as in `vomsapi_open`.
    unsafe { ptr::write(told, result) };
}

/// The text that `VOMS_Export` would make of these bytes: the field `e`.
///
/// # Safety
/// The bytes are readable, `told` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_export(bytes: *const u8, length: usize, told: *mut Told) {
    let export = || {
        // SAFETY: the shim's promise; it passes no NULL.
        let bytes = unsafe { slice::from_raw_parts(bytes, length) };
        let mut fields = Vec::new();
        put(&mut fields, b'e', &export::encode(bytes));
        Told::new(0, ptr::null_mut(), fields)
    };
    let result = guard(export, Told::new(code::MEMORY, ptr::null_mut(), Vec::new()));
    // SAFETY: as in `vomsapi_open`.
    unsafe { ptr::write(told, result) };
}

/// Frees the fields.
///
/// # Safety
/// `told` was filled by one of the functions above, and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vomsapi_forget(told: &mut Told) {
    if told.fields.is_null() {
        return;
    }
    let fields = ptr::slice_from_raw_parts_mut(told.fields, told.length);
    // SAFETY: pointer and length are those of the boxed slice in `Told::new`.
    drop(unsafe { Box::from_raw(fields) });
    told.fields = ptr::null_mut();
}
