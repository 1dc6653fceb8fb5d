//! Reads untrusted files: regular files only, up to a given size.

pub(crate) mod cache;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

/// The maximum size of credential, vomses and LSC files, in bytes.
pub const CONFIGURATION_LIMIT: u64 = 1 << 20;

/// Reads a whole file of at most `limit` bytes. The buffer is wiped on drop, as it may hold a key.
///
/// # Errors
/// The system's, `InvalidInput` if it is not a regular file (a pipe would hang), `FileTooLarge`
/// above the limit.
pub fn read_limited(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    read_with_metadata(path, limit).map(|(_, contents)| contents)
}

/// Like [`read_limited`], but also returns the metadata of the file that was actually read.
///
/// # Errors
/// As [`read_limited`].
pub fn read_with_metadata(path: &Path, limit: u64) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    // Opened before the check and without blocking, so that the file cannot be swapped for a pipe.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        let what = if found.is_dir() {
            "is a directory, not a file"
        } else {
            "is not a regular file"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let too_large = || {
        io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("is larger than {limit} bytes"),
        )
    };
    if found.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(found.len()).unwrap_or(0) + 1,
    ));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok((found, bytes))
}

/// The reason for a failed read in user-friendly words, without the error number.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "file not found".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_above_the_limit_is_refused_and_one_at_the_limit_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 10]).unwrap();
        assert_eq!(read_limited(file.path(), 10).unwrap().len(), 10);
        assert_eq!(
            read_limited(file.path(), 9).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        assert_eq!(
            read_limited(Path::new("/dev/zero"), 10).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        assert_eq!(
            reason(&read_limited(Path::new("/nonexistent"), 10).unwrap_err()),
            "file not found"
        );
    }
}
