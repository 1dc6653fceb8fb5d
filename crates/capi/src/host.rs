//! What the process says that has loaded the library: environment, clock, name of the host.

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::SystemTime;

unsafe extern "C" {
    fn secure_getenv(name: *const c_char) -> *mut c_char;
}

/// Kinds of weakness that are accepted of signers, separated by commas: `sha1`, `rsa1024`.
const WEAK: &CStr = c"VOMSAPI_ACCEPT_WEAK";
/// Further names that attribute certificates may be targeted at, separated by commas.
const HOSTS: &CStr = c"VOMSAPI_HOSTS";
/// Longer than any host's name.
const NAME: usize = 256;

/// A path from the environment, as it is now; empty counts as unset.
pub fn path(variable: &CStr) -> Option<PathBuf> {
    // SAFETY: getenv takes any C string. What it returns is copied at once; that nobody changes the
    // environment meanwhile is asked of every program with threads.
    let value = unsafe { libc::getenv(variable.as_ptr()).as_ref() }?;
    // SAFETY: getenv returns C strings.
    let value = unsafe { CStr::from_ptr(value) };
    let path = PathBuf::from(OsStr::from_bytes(value.to_bytes()));
    (!path.as_os_str().is_empty()).then_some(path)
}

/// A list from the environment; ignored in setuid programs, where the caller must not relax what
/// is accepted.
fn list(variable: &CStr) -> Vec<String> {
    // SAFETY: as in `path`.
    let value = unsafe { secure_getenv(variable.as_ptr()).as_ref() };
    let Some(value) = value else {
        return Vec::new();
    };
    // SAFETY: secure_getenv returns C strings.
    let text = unsafe { CStr::from_ptr(value) }.to_string_lossy();
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The weaknesses that the administrator accepts. Read once: a host program may change its
/// environment in one thread while another verifies.
pub fn accepted_weaknesses() -> &'static [String] {
    static WEAKNESSES: LazyLock<Vec<String>> = LazyLock::new(|| list(WEAK));
    &WEAKNESSES
}

/// The names of this host.
pub fn names() -> Vec<String> {
    static GIVEN: LazyLock<Vec<String>> = LazyLock::new(|| list(HOSTS));
    let mut names = GIVEN.clone();
    names.extend(own_name());
    names
}

fn own_name() -> Option<String> {
    let mut buffer = [0u8; NAME];
    // SAFETY: the buffer is writable for the length given, and one byte more stays zero.
    let failed = unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), NAME - 1) } != 0;
    let name = CStr::from_bytes_until_nul(&buffer)
        .ok()
        .filter(|_| !failed)?;
    let name = name.to_str().ok()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The present.
#[allow(clippy::disallowed_methods)] // libvomsapi's callers pass no time
pub fn now() -> SystemTime {
    SystemTime::now()
}
