//! Files with tokens.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use grid_token::secret::{LONGEST, Secret};
use zeroize::Zeroizing;

use crate::cli::file;
use crate::cli::output::Diagnostic;
use crate::cli::{codes, failure};

/// Whether a path is one of the process's own streams.
pub fn is_stream(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with("/dev/std") || text.starts_with("/dev/fd")
}

/// Whether a token can go there.
pub fn check(path: &Path) -> Result<(), Diagnostic> {
    if is_stream(path) {
        return Ok(());
    }
    let directory = file::directory(path);
    if !directory.is_dir() {
        return Err(Diagnostic::new(
            codes::NO_DIRECTORY,
            format!(
                "there is no directory {} for the token",
                directory.display()
            ),
        )
        .help("name a file in an existing directory with -o or BEARER_TOKEN_FILE"));
    }
    file::may_be_replaced(path).map_err(|error| not_written(path, &error))
}

/// Writes a token: into a stream, or into a file of mode 0600 that replaces whatever has its name.
pub fn write(path: &Path, token: &Secret) -> Result<(), Diagnostic> {
    let line = Zeroizing::new([token.expose(), "\n"].concat());
    let written = if is_stream(path) {
        write_stream(path, line.as_bytes())
    } else {
        file::replace(path, line.as_bytes())
    };
    written.map_err(|error| not_written(path, &error))
}

fn write_stream(path: &Path, line: &[u8]) -> io::Result<()> {
    match path.to_str() {
        // Behind what was written there before, wherever it leads.
        Some("/dev/stdout") => io::stdout().write_all(line),
        Some("/dev/stderr") => io::stderr().write_all(line),
        _ => OpenOptions::new().append(true).open(path)?.write_all(line),
    }
}

fn not_written(path: &Path, error: &io::Error) -> Diagnostic {
    failure::cannot_write(path, &voms::files::reason(error))
        .help("check who owns it and its directory, or name another file")
}

/// Reads a token from a stream, up to the end of its line.
pub fn read_stream(path: &Path) -> io::Result<Option<Secret>> {
    let limit = LONGEST as u64 + 1;
    let mut contents = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    if path == Path::new("/dev/stdin") {
        io::stdin().lock().take(limit).read_to_end(&mut contents)?;
    } else {
        let stream = OpenOptions::new().read(true).open(path)?;
        stream.take(limit).read_to_end(&mut contents)?;
    }
    Ok(std::str::from_utf8(&contents).ok().and_then(Secret::new))
}

/// Writes a file that is no secret, with the mode that the umask leaves.
pub fn write_note(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let directory = file::directory(path);
    let written = std::fs::create_dir_all(directory).and_then(|()| {
        let mut temporary = tempfile::Builder::new()
            .prefix(".htgettoken")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory)?;
        temporary.write_all(format!("{text}\n").as_bytes())?;
        temporary.persist(path).map_err(|error| error.error)?;
        Ok(())
    });
    written.map_err(|error| not_written(path, &error))
}
