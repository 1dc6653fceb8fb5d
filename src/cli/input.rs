//! Files that the user names, of which `-` is standard input.

use std::io::{self, Read};
use std::path::Path;

use voms::files;
use zeroize::Zeroizing;

/// Whether a file name means standard input or output.
pub fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a file, or standard input to its end, up to the limit of configuration files.
pub fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    if is_stream(path) {
        read_stream(io::stdin().lock(), files::CONFIGURATION_LIMIT)
    } else {
        files::read_limited(path, files::CONFIGURATION_LIMIT)
    }
}

fn read_stream(input: impl Read, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    // A buffer that grew would leave copies of a key behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(most.saturating_add(1)));
    input
        .take(limit.saturating_add(1))
        .read_to_end(&mut contents)?;
    if contents.len() > most {
        let text = format!("is larger than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_input_is_refused_and_input_at_the_limit_is_read() {
        assert_eq!(read_stream(&b"0123456789"[..], 10).unwrap().len(), 10);
        let error = read_stream(io::repeat(7), 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
