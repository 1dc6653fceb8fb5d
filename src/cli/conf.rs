//! Options from files (`--conf FILE`), in the C++ client's form (`-name=value`) or the Java
//! client's (`-name value`).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use voms::files;

use super::args::Options;
use super::codes;
use super::output::Diagnostic;

/// Inserts the options from `--conf` files before those on the command line, which take precedence:
/// an option given there is dropped from the file. Files cannot include other files.
pub fn with_files(
    options: &Options<'_>,
    typed: Vec<OsString>,
) -> Result<Vec<OsString>, Diagnostic> {
    let files = typed
        .iter()
        .filter_map(|word| word.as_bytes().strip_prefix(b"--conf="));
    let mut words = Vec::new();
    for file in files {
        let said = options.normalise(&read(Path::new(OsStr::from_bytes(file)))?);
        let named = |word: &OsString| {
            option(word).is_some_and(|name| typed.iter().any(|own| option(own) == Some(name)))
        };
        words.extend(
            said.into_iter()
                .filter(|word| !named(word) && option(word) != Some("conf")),
        );
    }
    words.extend(typed);
    Ok(words)
}

/// Options that set the same thing: one of them on the command line overrides the others in a file.
const SAME: [&[&str]; 9] = [
    &["valid", "hours"],
    &["proxyver", "rfc", "r", "old", "draft"],
    &["failonwarn", "f", "ignorewarn"],
    &["quiet", "q", "debug"],
    &["limited", "independent", "policy", "policy-language", "pl"],
    &["vomses", "confile", "userconf"],
    &["bits", "b", "key-type"],
    &["key", "k"],
    &["noregen", "n"],
];

/// What a normalised word sets: the name of its option, or the first option that sets the same
/// thing.
fn option(word: &OsString) -> Option<&str> {
    let name = word.as_bytes().split(|byte| *byte == b'=').next()?;
    let name = std::str::from_utf8(name)
        .ok()?
        .strip_prefix('-')?
        .trim_start_matches('-');
    Some(
        SAME.iter()
            .find(|same| same.contains(&name))
            .map_or(name, |same| same[0]),
    )
}

/// Words separated by blanks; a `#` at the start of a word begins a comment.
fn read(file: &Path) -> Result<Vec<OsString>, Diagnostic> {
    let contents = files::read_limited(file, files::CONFIGURATION_LIMIT).map_err(|error| {
        Diagnostic::new(
            codes::FILE_UNREADABLE,
            format!(
                "cannot read the options in {}: {}",
                file.display(),
                files::reason(&error)
            ),
        )
        .help("name a readable file with --conf")
    })?;
    let text = String::from_utf8_lossy(&contents).into_owned();
    let words = text.lines().flat_map(|line| {
        line.split_whitespace()
            .take_while(|word| !word.starts_with('#'))
    });
    Ok(words.map(OsString::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_to_the_end_of_the_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# all\n-voms virgo # mine\n  -valid=1:00 -q\n").unwrap();
        assert_eq!(
            read(file.path()).unwrap(),
            ["-voms", "virgo", "-valid=1:00", "-q"]
        );
        assert!(read(Path::new("/nonexistent")).is_err());
    }
}
