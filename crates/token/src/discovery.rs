//! Where programs look for a bearer token, in which order (spec, tokens section 4).

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use voms::files;

use crate::secret::{LONGEST, Secret};

/// What of the environment says where tokens are.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `BEARER_TOKEN`: the token itself.
    pub bearer_token: Option<Secret>,
    /// `BEARER_TOKEN_FILE`.
    pub bearer_token_file: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// `SCITOKEN`: the token itself.
    pub scitoken: Option<Secret>,
    /// `SCITOKEN_FILE`.
    pub scitoken_file: Option<PathBuf>,
    /// `_CONDOR_CREDS`.
    pub condor_creds: Option<PathBuf>,
    /// The effective user.
    pub uid: u32,
}

/// A place for a token.
#[derive(Debug, Clone)]
pub enum Place {
    /// A variable that holds the token itself.
    Variable(&'static str, Secret),
    /// A file, and the variable that names it, if one does.
    File(PathBuf, Option<&'static str>),
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Variable(one, _), Self::Variable(two, _)) => one == two,
            (Self::File(one, _), Self::File(two, _)) => one == two,
            _ => false,
        }
    }
}

/// The most `*.use` files that are looked at.
const MOST_FILES: usize = 100;

impl Surroundings {
    /// Where a new bearer token goes, unless the user says otherwise.
    #[must_use]
    pub fn bearer_file(&self) -> PathBuf {
        match &self.bearer_token_file {
            Some(file) => file.clone(),
            None => self.usual_file(self.runtime_dir.as_deref()),
        }
    }

    fn usual_file(&self, directory: Option<&Path>) -> PathBuf {
        let directory = directory.unwrap_or(Path::new("/tmp"));
        directory.join(format!("bt_u{}", self.uid))
    }

    /// The order of WLCG's bearer token discovery. The first place that has anything counts, good or
    /// bad.
    #[must_use]
    pub fn wlcg(&self) -> Vec<Place> {
        let mut places = Vec::new();
        let given = self.bearer_token.clone();
        places.extend(given.map(|token| Place::Variable("BEARER_TOKEN", token)));
        let named = self.bearer_token_file.clone();
        places.extend(named.map(|file| Place::File(file, Some("BEARER_TOKEN_FILE"))));
        if let Some(directory) = &self.runtime_dir {
            let file = self.usual_file(Some(directory));
            places.push(Place::File(file, Some("XDG_RUNTIME_DIR")));
        }
        places.push(Place::File(self.usual_file(None), None));
        places
    }

    /// The order of igwn-auth-utils, which passes over what is bad: SciTokens, HTCondor's, then
    /// WLCG's order.
    #[must_use]
    pub fn igwn(&self) -> Vec<Place> {
        let mut places = Vec::new();
        let given = self.scitoken.clone();
        places.extend(given.map(|token| Place::Variable("SCITOKEN", token)));
        let named = self.scitoken_file.clone();
        places.extend(named.map(|file| Place::File(file, Some("SCITOKEN_FILE"))));
        if let Some(directory) = &self.condor_creds {
            let files = uses(directory).into_iter();
            places.extend(files.map(|file| Place::File(file, Some("_CONDOR_CREDS"))));
        }
        places.extend(self.wlcg());
        places
    }
}

fn uses(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "use"))
        .take(MOST_FILES)
        .collect();
    files.sort();
    files
}

/// A token as it was found in a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    /// The token; none if it is empty or no token at all.
    pub token: Option<Secret>,
    /// Whose file it is.
    pub owner: u32,
    /// Its mode.
    pub mode: u32,
    /// When it was written, in seconds since 1970.
    pub written: i64,
}

/// Reads a file that the user named, or that other programs would use, whatever its owner.
///
/// # Errors
/// The system's, and what [`files::read_unplanted`] refuses.
pub fn read(path: &Path) -> io::Result<Found> {
    let (found, contents) = files::read_unplanted(path, LONGEST as u64)?;
    let text = std::str::from_utf8(&contents).unwrap_or_default();
    Ok(Found {
        token: Secret::new(text),
        owner: found.uid(),
        mode: found.mode() & 0o7777,
        written: found.mtime(),
    })
}

/// Reads a token that is to be used: the file must be the user's own, and closed to the writing of
/// others, or it could be anybody's token.
///
/// # Errors
/// As [`files::read_own`]; `InvalidData` if there is no token in it.
pub fn read_own(path: &Path) -> io::Result<Secret> {
    let (_, contents) = files::read_own(path, LONGEST as u64)?;
    let text = std::str::from_utf8(&contents).unwrap_or_default();
    let none = || io::Error::new(io::ErrorKind::InvalidData, "there is no token in it");
    Secret::new(text).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(places: &[Place]) -> Vec<String> {
        let show = |place: &Place| match place {
            Place::Variable(name, _) => format!("${name}"),
            Place::File(path, _) => path.display().to_string(),
        };
        places.iter().map(show).collect()
    }

    #[test]
    fn wlcg_and_igwn_look_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.use", "a.use", "igwn.top"] {
            std::fs::write(dir.path().join(name), "token").unwrap();
        }
        let around = Surroundings {
            bearer_token: Secret::new("t"),
            bearer_token_file: Some("/b".into()),
            runtime_dir: Some("/run/user/7".into()),
            scitoken: Secret::new("t"),
            scitoken_file: Some("/s".into()),
            condor_creds: Some(dir.path().to_owned()),
            uid: 7,
        };
        let wlcg = ["$BEARER_TOKEN", "/b", "/run/user/7/bt_u7", "/tmp/bt_u7"];
        assert_eq!(shown(&around.wlcg()), wlcg);
        let igwn = shown(&around.igwn());
        let uses = ["a.use", "b.use"].map(|name| dir.path().join(name).display().to_string());
        assert_eq!(igwn[..2], ["$SCITOKEN", "/s"]);
        assert_eq!(igwn[2..4], uses);
        assert_eq!(igwn[4..], wlcg);
        assert_eq!(around.bearer_file(), Path::new("/b"));
        let bare = Surroundings {
            uid: 7,
            ..Surroundings::default()
        };
        assert_eq!(bare.bearer_file(), Path::new("/tmp/bt_u7"));
    }

    #[test]
    fn only_a_word_in_a_file_of_ones_own_is_used() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vt");
        let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        std::fs::write(&path, "s.token\n").unwrap();
        mode(0o644);
        assert_eq!(read_own(&path).unwrap().expose(), "s.token");
        mode(0o620);
        assert!(read_own(&path).is_err());
        assert_eq!(read(&path).unwrap().mode, 0o620);
        mode(0o600);
        for bad in ["", "two words", "s.\r\nX: y", &"a".repeat(LONGEST + 1)] {
            std::fs::write(&path, bad).unwrap();
            assert!(read_own(&path).is_err(), "{bad:.20}");
        }
        assert!(read_own(dir.path()).is_err());
    }
}
