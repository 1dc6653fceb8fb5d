//! Files that are often mistaken for a certificate, and what to do instead.

use openssl::x509::{X509Crl, X509Req};
use voms::pki::pem::{self, Block};

/// Files that are often mistaken for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// An empty file.
    Empty,
    /// A web page, saved instead of the file it offers.
    WebPage,
    /// An SSH key.
    SshKey,
    /// A PGP or GnuPG key.
    PgpKey,
    /// A key store in Java's own format.
    JavaKeyStore,
    /// An archive.
    Archive,
    /// Text in UTF-16.
    Utf16,
    /// The certificate request sent to the CA, not the CA's reply.
    Request,
    /// A CRL.
    RevocationList,
    /// A public key alone.
    PublicKey,
    /// An unrecognized file.
    Unknown,
}

impl Foreign {
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::WebPage => "is a web page, not a certificate",
            Self::SshKey => "is a key for SSH, not one of a certificate",
            Self::PgpKey => "is a PGP key, not one of a certificate",
            Self::JavaKeyStore => "is a Java key store of the old kind",
            Self::Archive => "is an archive",
            Self::Utf16 => "is text in UTF-16",
            Self::Request => "is a certificate request, not yet a certificate",
            Self::RevocationList => "is a revocation list, not a certificate",
            Self::PublicKey => "is a public key, not a certificate",
            Self::Unknown => "is neither PKCS#12, PEM, DER nor PKCS#7",
        }
    }
}

/// What a file without a certificate is.
#[must_use]
pub fn in_words(file: &[u8]) -> &'static str {
    let blocks = pem::blocks(file);
    if blocks.iter().any(Block::is_private_key) {
        return "is a private key";
    }
    let known = match blocks.is_empty() {
        true => of_file(file),
        false => of_blocks(&blocks),
    };
    match known {
        Foreign::Unknown => "has no certificate in it",
        known => known.what(),
    }
}

/// Identifies a PEM file that contains nothing usable.
pub fn of_blocks(blocks: &[Block<'_>]) -> Foreign {
    let labels = || blocks.iter().map(Block::label);
    let any = |what: &str| labels().any(|label| label.contains(what));
    if any("CERTIFICATE REQUEST") {
        Foreign::Request
    } else if any("OPENSSH") || any("SSH2") {
        Foreign::SshKey
    } else if any("PGP") {
        Foreign::PgpKey
    } else if any("X509 CRL") {
        Foreign::RevocationList
    } else if any("PUBLIC KEY") {
        Foreign::PublicKey
    } else {
        Foreign::Unknown
    }
}

/// Identifies a file that is neither usable PEM nor usable DER.
pub fn of_file(file: &[u8]) -> Foreign {
    let text = file.trim_ascii_start();
    let begins =
        |what: &[u8]| text.len() >= what.len() && text[..what.len()].eq_ignore_ascii_case(what);
    if text.is_empty() {
        Foreign::Empty
    } else if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        Foreign::Utf16
    } else if begins(b"<") || begins(b"\xef\xbb\xbf<") {
        Foreign::WebPage
    } else if begins(b"ssh-")
        || begins(b"ecdsa-sha2-")
        || begins(b"PuTTY-User-Key")
        || begins(b"---- BEGIN SSH2")
    {
        Foreign::SshKey
    } else if begins(b"-----BEGIN PGP") {
        Foreign::PgpKey
    } else if file.starts_with(&[0xfe, 0xed, 0xfe, 0xed])
        || file.starts_with(&[0xce, 0xce, 0xce, 0xce])
    {
        Foreign::JavaKeyStore
    } else if file.starts_with(b"PK\x03\x04")
        || file.starts_with(&[0x1f, 0x8b])
        || file.starts_with(b"7z\xbc\xaf")
    {
        Foreign::Archive
    } else if X509Req::from_der(file).is_ok() {
        Foreign::Request
    } else if X509Crl::from_der(file).is_ok() {
        Foreign::RevocationList
    } else {
        Foreign::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_certificate_are_called_what_they_are() {
        assert_eq!(of_file(b"\n <!DOCTYPE html>"), Foreign::WebPage);
        assert_eq!(of_file(b"ssh-ed25519 AAAA"), Foreign::SshKey);
        assert_eq!(of_file(b" \n"), Foreign::Empty);
        assert_eq!(
            of_file(&[0xfe, 0xed, 0xfe, 0xed, 0, 0]),
            Foreign::JavaKeyStore
        );
        assert_eq!(of_file(b"anything"), Foreign::Unknown);
    }
}
