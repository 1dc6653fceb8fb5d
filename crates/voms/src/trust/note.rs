//! Notes on a path that was verified.

use std::path::PathBuf;

use crate::pki::dn::Dn;

/// Something about a verified path that its administrators should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathNote {
    /// Beside the full revocation list lies one with the changes since (RFC 5280 section 5.2.4).
    /// What it revokes is revoked, but whether it is the newest is not known.
    #[error("certificate {subject}: the delta list {} is used too; whether it is the newest is unknown", .crl.display())]
    DeltaList {
        /// The subject of the certificate that was looked up.
        subject: Dn,
        /// The file.
        crl: PathBuf,
    },
    /// A namespaces file has no rule about the CA it is there for, so what it says does not apply.
    #[error("{} says nothing about the CA {ca}, so it does not limit what that CA may certify", .file.display())]
    SilentPolicy {
        /// The CA's name.
        ca: Dn,
        /// The file.
        file: PathBuf,
    },
}
