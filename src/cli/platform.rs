//! Where this machine gets the grid's CAs from.

use std::path::Path;
use std::sync::OnceLock;

/// Kinds of systems, by their package managers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Conda,
    Debian,
    RedHat,
    Other,
}

static HERE: OnceLock<Platform> = OnceLock::new();

/// Remembers which of them this is; an active conda environment comes first, since its owner may not
/// be root.
pub fn remember(is_conda: bool) {
    let _ = HERE.set(if is_conda {
        Platform::Conda
    } else {
        let text = std::fs::read_to_string(Path::new("/etc/os-release"));
        Platform::of(&text.unwrap_or_default())
    });
}

/// How to install the CAs.
pub fn install_cas() -> &'static str {
    match HERE.get().unwrap_or(&Platform::Other) {
        Platform::Conda => "conda install -c conda-forge ca-policy-lcg",
        Platform::Debian => "apt install igtf-policy-classic",
        Platform::RedHat => {
            "dnf install ca-policy-igtf-classic, from the repository of EGI or of your grid"
        }
        Platform::Other => "the IGTF's package ca-policy-igtf-classic, https://www.igtf.net/",
    }
}

impl Platform {
    /// From `/etc/os-release`: the system, or one that it is like.
    fn of(os_release: &str) -> Self {
        let value = |key: &str| {
            let mut lines = os_release.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        };
        let names = ["ID", "ID_LIKE"].into_iter().filter_map(value);
        let mut names = names.flat_map(|names| names.trim_matches('"').split_whitespace());
        let found = names.find_map(|name| match name {
            "debian" | "ubuntu" => Some(Self::Debian),
            "rhel" | "fedora" | "centos" | "almalinux" | "rocky" => Some(Self::RedHat),
            _ => None,
        });
        found.unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_known_by_its_name_or_by_what_it_is_like() {
        for (text, platform) in [
            ("NAME=\"x\"\nID=debian\n", Platform::Debian),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                Platform::Debian,
            ),
            (
                "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n",
                Platform::RedHat,
            ),
            ("ID=scientific\nID_LIKE=\"rhel\"\n", Platform::RedHat),
            ("ID=alpine\n", Platform::Other),
            ("", Platform::Other),
        ] {
            assert_eq!(Platform::of(text), platform, "{text}");
        }
    }
}
