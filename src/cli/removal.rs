//! Removing files with keys in them: proxies, and what a program that was killed left behind
//! (spec 1.10).

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use grid_token::secret::LONGEST;
use rustix::fs::OFlags;
use voms::chain::Chain;
use voms::credential::Credential;
use voms::files;
use voms::pki::key::{KeyError, PrivateKey};
use voms::pki::pem;
use voms::pki::proxy_kind::ProxyType;

use super::codes;
use super::file;
use super::output::{self, Diagnostic};

/// Writing a file takes a moment: the writer of one this old no longer runs.
const DEAD_AFTER: Duration = Duration::minutes(10);

/// What a file has to be, so that it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A proxy.
    Proxy,
    /// A proxy, or a certificate with its key, as `ecp-get-cert` writes them.
    Credential,
    /// Cookies in Netscape's format.
    Cookies,
    /// A bearer or vault token, alone on its line.
    Token,
    /// Any file: the user said so.
    Anything,
}

/// Why a file was not removed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be opened or removed, or is not the user's own file.
    #[error("{}", files::reason(.0))]
    System(#[from] io::Error),
    /// It is something else.
    #[error("is not {}", .0.noun())]
    SomethingElse(Expected),
}

impl Expected {
    /// What to remove: only this, unless the user says that it may be anything.
    pub fn unless_forced(self, force: bool) -> Self {
        if force { Self::Anything } else { self }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Proxy => "a proxy",
            Self::Credential => "a proxy or a credential",
            Self::Cookies => "a file of cookies",
            Self::Token => "a token",
            Self::Anything => "a file",
        }
    }

    fn is_met_by(self, contents: &[u8]) -> bool {
        match self {
            Self::Proxy => is_proxy(contents),
            Self::Credential => is_proxy(contents) || is_credential(contents),
            Self::Cookies => is_jar(contents),
            Self::Token => is_token(contents),
            Self::Anything => true,
        }
    }
}

/// Whether nothing would be lost with it but a proxy: its certificates, perhaps its key, and no
/// other key or text.
fn is_proxy(contents: &[u8]) -> bool {
    let Some(chain) = chain_alone(contents) else {
        return false;
    };
    let leaf = chain.leaf();
    // Any certificate that a CA issued can have the name of a proxy of its own, as the old kinds.
    let by_name = matches!(leaf.proxy_type(), Some(ProxyType::Legacy { .. }));
    leaf.is_proxy()
        && (!by_name || chain.end_entity().is_some())
        && has_no_other_key(contents, &chain)
}

/// A certificate with its key in the clear, as `ecp-get-cert` writes them.
fn is_credential(contents: &[u8]) -> bool {
    let has_key = pem::blocks(contents).iter().any(pem::Block::is_private_key);
    has_key && chain_alone(contents).is_some_and(|chain| has_no_other_key(contents, &chain))
}

/// The certificates of a file that has nothing but PEM.
fn chain_alone(contents: &[u8]) -> Option<Chain> {
    let mut is_inside = false;
    for line in contents.split(|octet| *octet == b'\n') {
        let line = line.trim_ascii();
        is_inside |= line.starts_with(b"-----BEGIN ");
        if !is_inside && !line.is_empty() {
            return None;
        }
        is_inside &= !line.starts_with(b"-----END ");
    }
    Chain::parse_in_any_order(contents).ok()
}

/// Whether there is no key, or just one, in the clear and of the first certificate.
fn has_no_other_key(contents: &[u8], chain: &Chain) -> bool {
    let blocks = pem::blocks(contents);
    let mut keys = blocks.iter().filter(|block| block.is_private_key());
    let Some(key) = keys.next() else {
        return true;
    };
    let key = PrivateKey::from_pem(key, || Err::<_, KeyError>(KeyError::Passphrase));
    keys.next().is_none() && key.is_ok_and(|key| Credential::new(chain.clone(), key).is_ok())
}

/// One word of the characters that tokens are of.
fn is_token(contents: &[u8]) -> bool {
    let word = contents.trim_ascii();
    let is_of_tokens = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~+/=".contains(octet);
    word.len() <= LONGEST && word.iter().all(is_of_tokens)
}

/// An empty file is what an earlier program leaves of an empty session.
fn is_jar(contents: &[u8]) -> bool {
    contents.is_empty()
        || ["# Netscape HTTP Cookie File", "# HTTP Cookie File"]
            .iter()
            .any(|head| contents.starts_with(head.as_bytes()))
}

/// A file that was opened and found to be what is to be removed.
#[derive(Debug)]
pub struct Doomed {
    path: PathBuf,
    file: File,
    found: Metadata,
}

/// How a file was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Removed {
    /// Overwritten, then removed.
    Overwritten,
    /// Only this name: the file has others, where the contents still are.
    NameOnly,
}

impl Doomed {
    /// Opens a regular file of the user, but no link, and judges what is in it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(path: &Path, uid: u32, expected: Expected) -> Result<Self, Refusal> {
        let file = match open_own(path, uid, true) {
            // The owner may change that.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                open_own(path, uid, false)?
            }
            opened => opened?,
        };
        let found = file.metadata()?;
        if expected != Expected::Anything {
            let contents = match files::read_open(&file, files::CONFIGURATION_LIMIT) {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
                read => Some(read?.1),
            };
            if !contents.is_some_and(|contents| expected.is_met_by(&contents)) {
                return Err(Refusal::SomethingElse(expected));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            found,
        })
    }

    /// Overwrites the file with zeros, unless it has other names, and removes this one.
    ///
    /// # Errors
    /// The system's; `NotFound` if something else has the name by now, which is left alone.
    pub fn destroy(self) -> io::Result<Removed> {
        // Under a name of its own, so that nothing that takes the old one is removed for it.
        let aside = file::set_aside(&self.path)?;
        let there = aside.symlink_metadata()?;
        if (there.dev(), there.ino()) != (self.found.dev(), self.found.ino()) {
            file::put_back(&aside, &self.path)?;
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "was replaced by another file in the meantime",
            ));
        }
        // What other names stand for may be meant to stay.
        let removed = if self.file.metadata()?.nlink() > 1 {
            Removed::NameOnly
        } else {
            overwrite(&self.file).inspect_err(|_| {
                let _ = file::put_back(&aside, &self.path);
            })?;
            Removed::Overwritten
        };
        std::fs::remove_file(&aside)?;
        Ok(removed)
    }
}

/// Opens a regular file of the user, but no link. One that is not to be written is made so, and
/// opened again.
fn open_own(path: &Path, uid: u32, is_writable: bool) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .write(is_writable)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != uid {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "is not a file of yours",
        ));
    }
    if is_writable {
        return Ok(file);
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    let again = open_own(path, uid, true);
    if again.is_err() {
        let _ = file.set_permissions(found.permissions());
    }
    again
}

fn overwrite(mut file: &File) -> io::Result<()> {
    use std::io::Seek;
    let zeros = [0; 4096];
    let mut left = file.metadata()?.len();
    file.rewind()?;
    while left > 0 {
        let count = usize::try_from(left)
            .unwrap_or(zeros.len())
            .min(zeros.len());
        file.write_all(&zeros[..count])?;
        left -= count as u64;
    }
    file.sync_all()
}

/// Removes a file that has to be what is expected.
///
/// # Errors
/// [`Refusal`].
pub fn destroy(path: &Path, uid: u32, expected: Expected) -> Result<Removed, Refusal> {
    Ok(Doomed::open(path, uid, expected)?.destroy()?)
}

/// A file that was not removed, and what to do `instead` if it is something else.
pub fn not_removed(path: &Path, refusal: &Refusal, instead: &str) -> Diagnostic {
    let file = path.display();
    match refusal {
        Refusal::SomethingElse(_) => Diagnostic::new(
            codes::NOT_A_PROXY,
            format!("{file} {refusal}; it was not removed"),
        )
        .help(instead),
        Refusal::System(_) => Diagnostic::new(
            codes::NOT_REMOVED,
            format!("cannot remove {file}: {refusal}"),
        )
        .help("check who owns it"),
    }
}

/// Says what is still there.
pub fn report(path: &Path, removed: Removed) {
    if removed == Removed::NameOnly {
        output::warning(format!(
            "{} has other names (hard links): it was not overwritten, only this name is gone",
            path.display()
        ));
    }
}

/// Removes the files beside `path` that one of our commands was writing when it was killed, as they
/// hold keys. Failures are ignored.
pub fn clear_leftovers(path: &Path, uid: u32, now: DateTime<Utc>) {
    let entries = std::fs::read_dir(file::directory(path));
    for entry in entries.into_iter().flatten().flatten() {
        if file::is_temporary(&entry.file_name()) {
            let _ = clear(&entry.path(), uid, now);
        }
    }
}

fn clear(path: &Path, uid: u32, now: DateTime<Utc>) -> Result<(), Refusal> {
    let doomed = Doomed::open(path, uid, Expected::Anything)?;
    if DateTime::<Utc>::from(doomed.found.modified()?) < now - DEAD_AFTER {
        let _ = doomed.destroy()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_or_the_file_of_another_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let uid = std::fs::metadata(&target).unwrap().uid();
        assert!(destroy(&link, uid, Expected::Anything).is_err());
        assert!(destroy(&target, uid + 1, Expected::Anything).is_err());
        std::fs::write(&target, "precious words").unwrap();
        let all = [
            Expected::Proxy,
            Expected::Credential,
            Expected::Cookies,
            Expected::Token,
        ];
        for expected in all {
            assert!(matches!(
                destroy(&target, uid, expected),
                Err(Refusal::SomethingElse(_))
            ));
        }
        assert_eq!(std::fs::read(&target).unwrap(), b"precious words");
        assert_eq!(
            destroy(&target, uid, Expected::Anything).unwrap(),
            Removed::Overwritten
        );
        assert!(!target.exists());
    }

    #[test]
    fn what_takes_the_name_in_the_meantime_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proxy");
        std::fs::write(&path, "old").unwrap();
        let uid = std::fs::metadata(&path).unwrap().uid();
        let doomed = Doomed::open(&path, uid, Expected::Anything).unwrap();
        file::replace(&path, b"new").unwrap();
        assert_eq!(
            doomed.destroy().unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn what_takes_the_name_again_and_again_is_never_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proxy");
        let uid = std::fs::metadata(dir.path()).unwrap().uid();
        file::replace(&path, &[1; 100_000]).unwrap();
        let (mut written, mut removed) = (1, 0);
        for _ in 0..50 {
            let doomed = Doomed::open(&path, uid, Expected::Anything).unwrap();
            let writer = std::thread::spawn({
                let path = path.clone();
                move || file::replace(&path, &[1; 100_000]).unwrap()
            });
            let ended = doomed.destroy();
            writer.join().unwrap();
            written += 1;
            removed += usize::from(ended.is_ok());
            // Of the two, one may have replaced the other; the newer is there whole.
            assert_eq!(std::fs::read(&path).unwrap(), [1; 100_000], "{ended:?}");
        }
        assert!(written > removed && removed > 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_its_owner_may_not_write_is_removed_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proxy");
        file::replace_with_mode(&path, b"proxy", 0o400).unwrap();
        let uid = std::fs::metadata(&path).unwrap().uid();
        let removed = destroy(&path, uid, Expected::Anything).unwrap();
        assert!(removed == Removed::Overwritten && !path.exists());
    }

    #[test]
    fn only_what_is_old_and_named_like_ours_is_a_leftover() {
        let dir = tempfile::tempdir().unwrap();
        let ours = dir.path().join(".x509up.abcdefghijkl.unfinished");
        let other = dir.path().join(".x509up.backup");
        for path in [&ours, &other] {
            std::fs::write(path, "key").unwrap();
        }
        let found = std::fs::metadata(&ours).unwrap();
        let written = DateTime::<Utc>::from(found.modified().unwrap());
        let proxy = dir.path().join("proxy");
        clear_leftovers(&proxy, found.uid(), written + DEAD_AFTER);
        assert!(ours.exists());
        let later = written + DEAD_AFTER + Duration::seconds(1);
        clear_leftovers(&proxy, found.uid() + 1, later);
        assert!(ours.exists());
        clear_leftovers(&proxy, found.uid(), later);
        assert!(!ours.exists() && other.exists());
    }
}
