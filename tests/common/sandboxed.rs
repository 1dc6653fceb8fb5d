//! Scripts in a sandbox, with a home directory of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_voms-proxy");

/// Runs a script in a sandbox. `vp` is the program, and $D an empty directory, where the proxy is.
pub fn sandbox(dir: &Path, script: &str) -> Output {
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(BINARY, bin.join("vp")).unwrap();
    let file = dir.join("script");
    let proxy = "X509_USER_PROXY=$D/proxy\nexport X509_USER_PROXY\n";
    fs::write(&file, format!("{proxy}{script}")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    Command::new(BINARY)
        .args(["sandbox", "--", "sh", "-eu"])
        .arg(&file)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("HOME", dir)
        .env("D", dir)
        .env("TZ", "UTC")
        .env("XDG_RUNTIME_DIR", dir)
        .output()
        .unwrap()
}

pub fn stdout(script: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output = sandbox(dir.path(), script);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}
