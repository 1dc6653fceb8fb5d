//! Where things are looked for: trust anchors, vomsdir, vomses (spec 1.11, 5.2, 6).

use std::path::{Path, PathBuf};

use super::env::Environment;
use super::output::Trouble;
use crate::credential::anchors::TrustAnchors;
use crate::voms::vomsdir::VomsDir;

/// The CA directory: the option or `X509_CERT_DIR`, which must be there, else the first usual one that is.
pub fn anchors(option: Option<&Path>, env: &Environment) -> Result<Option<TrustAnchors>, Trouble> {
    if let Some(named) = option.or(env.cert_dir.as_deref()) {
        let opened = TrustAnchors::open(named).map_err(|error| {
            Trouble::new(format!("Invalid trust anchors location: '{}' (file not found)", named.display()))
                .detail(error)
                .help("name an existing directory with --certdir or X509_CERT_DIR")
        });
        return opened.map(Some);
    }
    let usual = [
        env.home.as_ref().map(|home| home.join(".globus/certificates")),
        Some("/etc/grid-security/certificates".into()),
        env.conda_prefix.as_ref().map(|prefix| prefix.join("etc/grid-security/certificates")),
    ];
    Ok(usual.into_iter().flatten().find_map(|dir| TrustAnchors::open(&dir).ok()))
}

/// The vomsdir: the option or `X509_VOMS_DIR`, which must be there, else the first usual one that is.
pub fn vomsdir(option: Option<&Path>, env: &Environment) -> Result<Option<VomsDir>, Trouble> {
    if let Some(named) = option.or(env.voms_dir.as_deref()) {
        let opened = VomsDir::open(named).map_err(|error| {
            Trouble::new(format!("Invalid vomsdir location: '{}' (file not found)", named.display()))
                .detail(error)
                .help("name an existing directory with --vomsdir or X509_VOMS_DIR")
        });
        return opened.map(Some);
    }
    let usual = [
        Some("/etc/grid-security/vomsdir".into()),
        env.conda_prefix.as_ref().map(|prefix| prefix.join("etc/grid-security/vomsdir")),
    ];
    Ok(usual.into_iter().flatten().find_map(|dir: PathBuf| VomsDir::open(&dir).ok()))
}

/// The vomses files and directories that are merged: what variables name, then the union of the peers' usual places.
pub fn vomses(env: &Environment) -> Vec<PathBuf> {
    let home = |name: &str| env.home.as_ref().map(|home| home.join(name));
    let conda = |name: &str| env.conda_prefix.as_ref().map(|prefix| prefix.join(name));
    let arc = |name: &str| env.arc_location.as_ref().map(|prefix| prefix.join(name));
    let usual = [
        home(".voms/vomses"),
        home(".glite/vomses"),
        home(".arc/vomses"),
        home(".globus/vomses"),
        conda("etc/vomses"),
        conda("etc/grid-security/vomses"),
        arc("etc/vomses"),
        arc("etc/grid-security/vomses"),
        Some("/etc/vomses".into()),
        Some("/etc/grid-security/vomses".into()),
    ];
    env.vomses.iter().cloned().chain(usual.into_iter().flatten()).collect()
}
