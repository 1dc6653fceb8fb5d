//! Which OpenSSL the process has. A certificate of another one is another structure: to read it as
//! ours would crash.

use std::ffi::{CStr, c_int, c_void};
use std::path::Path;

/// How files of libcrypto are called, bundled ones too: `libcrypto.so.3`, `libcrypto-0a1b.so.3`.
const NAME: &str = "libcrypto";

/// A libcrypto that is loaded beside ours and has another version in its name.
pub fn other() -> Option<String> {
    let own = version(&own()?)?.to_owned();
    loaded()
        .into_iter()
        .find(|path| version(path).is_some_and(|version| version != own))
}

/// What follows `.so.` in the name of a libcrypto; `None` for other files.
fn version(path: &str) -> Option<&str> {
    let name = Path::new(path).file_name()?.to_str()?;
    let (stem, version) = name.split_once(".so.")?;
    (stem == NAME || stem.starts_with("libcrypto-")).then_some(version)
}

/// The file that our calls go to.
fn own() -> Option<String> {
    // SAFETY: Dl_info may be all zero.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    let function = openssl_sys::i2d_X509 as *const c_void;
    // SAFETY: dladdr takes any address, and fills what it is given.
    let known = unsafe { libc::dladdr(function, &raw mut info) } != 0;
    if !known || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the name belongs to the loaded object, which we are linked to.
    Some(
        unsafe { CStr::from_ptr(info.dli_fname) }
            .to_string_lossy()
            .into_owned(),
    )
}

/// The paths of all libraries of the process.
fn loaded() -> Vec<String> {
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _: usize, all: *mut c_void) -> c_int {
        // SAFETY: dl_iterate_phdr passes what it was given, and a valid object while it runs.
        let (all, name) = unsafe { (&mut *all.cast::<Vec<String>>(), (*info).dlpi_name) };
        if !name.is_null() {
            // SAFETY: names are C strings.
            all.push(
                unsafe { CStr::from_ptr(name) }
                    .to_string_lossy()
                    .into_owned(),
            );
        }
        0
    }
    let mut all = Vec::new();
    // SAFETY: the callback gets the list, which outlives the call, and does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut all).cast()) };
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_the_names_of_files() {
        assert_eq!(version("/usr/lib/libcrypto.so.3"), Some("3"));
        assert_eq!(version("/x/libcrypto-0a1b.so.1.1"), Some("1.1"));
        for other in [
            "/usr/lib/libcrypto.so",
            "/usr/lib/libcryptopp.so.8",
            "linux-vdso.so.1",
            "",
        ] {
            assert_eq!(version(other), None);
        }
    }
}
