//! Which OpenSSL the process has. A certificate of another one is another structure: to read it as
//! ours would crash.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// A process that had one OpenSSL at the first call is not looked at again.
static ALONE: AtomicBool = AtomicBool::new(false);

/// A libcrypto that is loaded beside ours and has another version in its name.
///
/// The dynamic linker keeps a list too, but under a lock that may stay held in a forked child.
pub fn other() -> Option<String> {
    if ALONE.load(Ordering::Relaxed) {
        return None;
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let found = other_in(&maps, own_version());
    ALONE.store(found.is_none(), Ordering::Relaxed);
    found
}

fn own_version() -> &'static str {
    match openssl::version::number() >> 28 {
        1 => "1.1",
        _ => "3",
    }
}

fn other_in(maps: &str, own: &str) -> Option<String> {
    let path = |line: &'_ str| line.find('/').map(|at| line[at..].to_owned());
    // Distributions have libcrypto.so.3 as a link to libcrypto.so.3.0.7, and the file may be gone
    // since an update.
    let is_own = |version: &str| {
        let version = version.strip_suffix(" (deleted)").unwrap_or(version);
        let rest = version.strip_prefix(own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let is_other = |path: &String| version(path).is_some_and(|version| !is_own(version));
    maps.lines().filter_map(path).find(is_other)
}

/// What follows `.so.` in the name of a libcrypto, bundled ones too: `libcrypto-0a1b.so.3`; `None`
/// for other files.
fn version(path: &str) -> Option<&str> {
    let name = Path::new(path).file_name()?.to_str()?;
    let (stem, version) = name.split_once(".so.")?;
    (stem == "libcrypto" || stem.starts_with("libcrypto-")).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_told_by_the_name_of_the_file() {
        let maps = "7f0000000000-7f0000001000 r-xp 00000000 fe:00 7 /usr/lib/libcrypto.so.3\n\
                    7f0000002000-7f0000003000 r-xp 00000000 fe:00 8 /usr/lib/libcryptopp.so.8\n\
                    7f0000004000-7f0000005000 rw-p 00000000 00:00 0 [heap]\n";
        assert_eq!(other_in(maps, "3"), None);
        assert_eq!(
            other_in(maps, "1.1").as_deref(),
            Some("/usr/lib/libcrypto.so.3")
        );
        for same in [
            "libcrypto.so.3.0.7",
            "libcrypto.so.3 (deleted)",
            "libcrypto.so.3.2.2 (deleted)",
        ] {
            let maps = format!("1-2 r-xp 0 0 9 /usr/lib64/{same}");
            assert_eq!(other_in(&maps, "3"), None, "{same}");
        }
        assert_eq!(
            other_in("1-2 r-xp 0 0 9 /x/libcrypto.so.1.1.1k", "1.1"),
            None
        );
        let later = "1-2 r-xp 0 0 9 /x/libcrypto.so.30";
        assert!(other_in(later, "3").is_some());
        let bundled = "1-2 r-xp 0 0 9 /x/libcrypto-0a1b.so.1.1";
        assert_eq!(
            other_in(bundled, "3").as_deref(),
            Some("/x/libcrypto-0a1b.so.1.1")
        );
    }
}
