//! vomsdir: the directory that says whose attribute certificates are believed for a VO (spec 6).
//!
//! Names from an attribute certificate are never made into a path: the directory is listed and its entries compared.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::lsc::{Lsc, LscError};
use crate::bounded;
use crate::credential::certificate::Certificate;

/// A vomsdir that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VomsDirError {
    /// It does not exist.
    #[error("the VOMS directory '{}' does not exist", .0.display())]
    Missing(PathBuf),
}

/// What a vomsdir says about one host of one VO.
#[derive(Debug)]
pub enum Trusted {
    /// An LSC file, or why it is unusable.
    Lsc(PathBuf, Result<Lsc, LscProblem>),
    /// No LSC file; the certificates in the VO's directory, of which one has to be the signer.
    Certificates(Vec<Certificate>),
}

/// An LSC file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LscProblem {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It cannot be understood.
    #[error(transparent)]
    Malformed(#[from] LscError),
}

/// A vomsdir directory.
#[derive(Debug, Clone)]
pub struct VomsDir {
    directory: PathBuf,
}

impl VomsDir {
    /// Names the directory; nothing in it is read yet.
    ///
    /// # Errors
    /// [`VomsDirError::Missing`].
    pub fn open(directory: &Path) -> Result<Self, VomsDirError> {
        if directory.is_dir() {
            Ok(Self { directory: directory.to_owned() })
        } else {
            Err(VomsDirError::Missing(directory.to_owned()))
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Finds what is trusted for a VO's server: `VO/HOST.lsc`, else the certificates `VO/*.pem`.
    #[must_use]
    pub fn find(&self, vo: &str, host: &str) -> Trusted {
        let Some(vo_directory) = listed(&self.directory).into_iter().find(|(name, _)| name == vo) else {
            return Trusted::Certificates(Vec::new());
        };
        let files = listed(&vo_directory.1);
        let wanted = OsString::from(format!("{host}.lsc"));
        if let Some((_, path)) = files.iter().find(|(name, _)| name.eq_ignore_ascii_case(&wanted)) {
            return Trusted::Lsc(path.clone(), load_lsc(path));
        }
        let pem = files.iter().filter(|(name, _)| Path::new(name).extension().is_some_and(|e| e == "pem"));
        let certificates = pem
            .filter_map(|(_, path)| bounded::read(path, bounded::CONFIGURATION_LIMIT).ok())
            .filter_map(|file| Certificate::all_from_pem(&file).ok())
            .flatten();
        Trusted::Certificates(certificates.collect())
    }
}

fn load_lsc(path: &Path) -> Result<Lsc, LscProblem> {
    let bytes = bounded::read(path, bounded::CONFIGURATION_LIMIT)
        .map_err(|error| LscProblem::Unreadable(bounded::reason(&error)))?;
    Ok(Lsc::parse(&String::from_utf8_lossy(&bytes))?)
}

fn listed(directory: &Path) -> Vec<(OsString, PathBuf)> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.file_name(), entry.path()))
        .collect();
    entries.sort();
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_of_the_directory_find_nothing() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("vomsdir");
        std::fs::create_dir_all(dir.join("virgo")).unwrap();
        std::fs::write(root.path().join("evil.lsc"), "/CN=a\n/CN=b\n").unwrap();
        std::fs::write(dir.join("virgo/voms.example.lsc"), "/CN=a\n/CN=b\n").unwrap();
        let vomsdir = VomsDir::open(&dir).unwrap();
        assert!(matches!(vomsdir.find("virgo", "voms.example"), Trusted::Lsc(_, Ok(_))));
        for (vo, host) in [("virgo", "../../evil"), ("..", "evil"), (".", "voms.example"), ("", "virgo/voms.example")] {
            assert!(matches!(vomsdir.find(vo, host), Trusted::Certificates(found) if found.is_empty()));
        }
    }
}
