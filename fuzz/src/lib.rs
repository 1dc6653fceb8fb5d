//! What the fuzz targets share: the fixtures, a moment when they were valid, and a place for what
//! is read from files.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{fs, process};

use chrono::{DateTime, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::chain::Chain;
use voms::pki::certificate::Certificate;
use voms_asn1::EncodedAc;

/// The directory of the fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// A fixture's bytes.
pub fn fixture(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(name)).expect(name)
}

/// The first certificate of a fixture.
pub fn certificate(name: &str) -> Certificate {
    Chain::parse(&fixture(name)).expect(name).leaf().clone()
}

/// The chains of `info/proxies`.
pub fn chains() -> Vec<Chain> {
    let files = fs::read_dir(fixtures().join("info/proxies")).expect("fixtures");
    files
        .filter_map(|file| Chain::parse(&fs::read(file.ok()?.path()).ok()?).ok())
        .collect()
}

/// Their attribute certificates.
pub fn acs() -> Vec<EncodedAc> {
    chains()
        .iter()
        .flat_map(attribute_certificates)
        .map(|ac| ac.expect("a sound fixture"))
        .collect()
}

/// When the fixtures were recorded.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_490_745, 0).expect("a date")
}

/// A directory of this process.
pub fn scratch() -> &'static Path {
    static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
        let path = std::env::temp_dir().join(format!("voms-proxy-fuzz-{}", process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        path
    });
    &SCRATCH
}

/// A file that only its owner can read, with these bytes.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch().join(name);
    fs::write(&path, bytes).expect("room for a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file of our own");
    path
}

/// The bytes in order, to compare what was only rearranged.
pub fn sorted(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.sort_unstable();
    bytes
}

/// Whether DER seems to ask for more than a hundred thousand iterations of a key derivation, which
/// OpenSSL would do.
pub fn has_costly_numbers(der: &[u8]) -> bool {
    der.windows(3)
        .any(|window| matches!(window, [2, 3, 2..=0x7f] | [2, 4..=8, 1..=0x7f]))
}
