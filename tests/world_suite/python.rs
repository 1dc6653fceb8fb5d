//! Software from the Python package index, which Debian does not have.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Python with what `tests/world_suite/NAME-requirements.txt` lists, in a virtual environment that
/// is kept until the list changes.
pub fn with(name: &str) -> PathBuf {
    let list = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/world_suite/{name}-requirements.txt"));
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (python, mark) = (home.join("bin/python"), home.join("requirements.txt"));
    let wanted = std::fs::read(&list).unwrap();
    if std::fs::read(&mark).is_ok_and(|made| made == wanted) {
        return python;
    }
    // Debian's own python3, for which its M2Crypto is made.
    let venv = Command::new("/usr/bin/python3")
        .args(["-m", "venv", "--clear", "--system-site-packages"])
        .arg(&home)
        .status();
    assert!(
        venv.unwrap().success(),
        "no virtual environment: run scripts/install-test-packages"
    );
    let pip = Command::new(&python)
        .args(["-m", "pip", "install", "-q", "--no-deps", "-r"])
        .arg(&list)
        .status();
    assert!(
        pip.unwrap().success(),
        "{name} cannot be installed from the Python package index"
    );
    std::fs::write(mark, wanted).unwrap();
    python
}
