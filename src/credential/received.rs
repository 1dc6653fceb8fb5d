//! What an institution sent: files in whatever form, and in them a user's certificate, its key and the CAs above it
//! (RFC 7292, RFC 2315, RFC 5958, RFC 7468; spec 1.9).

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier;
use openssl::base64;
use openssl::error::ErrorStack;
use openssl::pkcs7::Pkcs7;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12, Pkcs12Ref};
use zeroize::Zeroizing;

use super::certificate::Certificate;
use super::chain::Chain;
use super::dn::Dn;
use super::key::{self, KeyError, PrivateKey, is_unsupported, with_legacy_ciphers};
use super::pem::{self, Block};
use super::user::CredentialError;
use crate::bounded;

/// Files that are often taken for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Nothing in it.
    Empty,
    /// A page of a web site, saved instead of the file it offers.
    WebPage,
    /// A key for SSH.
    SshKey,
    /// A key of PGP or GnuPG.
    PgpKey,
    /// A key store of Java's own kind.
    JavaKeyStore,
    /// An archive.
    Archive,
    /// Text in UTF-16.
    Utf16,
    /// What was sent to the CA, not what came back.
    Request,
    /// A revocation list.
    RevocationList,
    /// A public key alone.
    PublicKey,
    /// Nothing that is known.
    Unknown,
}

impl Foreign {
    fn what(self) -> &'static str {
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

    fn help(self, path: &Path) -> String {
        match self {
            Self::Empty | Self::WebPage => "download it again from your CA's page, logged in there".to_owned(),
            Self::JavaKeyStore => {
                let path = path.display();
                format!("run: keytool -importkeystore -srckeystore {path} -destkeystore cert.p12 -deststoretype PKCS12")
            }
            Self::Archive => "unpack it, and import the files in it".to_owned(),
            Self::Utf16 => format!("run: iconv -f UTF-16 -t UTF-8 {} > cert.pem", path.display()),
            Self::Request => "wait for your CA's mail, and import the certificate that it sends".to_owned(),
            _ => "import the file with the certificate that your CA sent, or that your browser exported".to_owned(),
        }
    }
}

/// What was received cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceivedError {
    /// A file that cannot be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of another kind.
    #[error("{} {}", .path.display(), .what.what())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: Foreign,
    },
    /// Less of a file than its first bytes promise.
    #[error("{} is cut short: it has {has} bytes where {wanted} are needed", .path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its length.
        has: usize,
        /// The length that it states.
        wanted: usize,
    },
    /// No password given opens it.
    #[error("the password does not open {}{}", .path.display(), sealed_with(.ciphers))]
    Password {
        /// The file.
        path: PathBuf,
        /// What it is encrypted with, as far as that is known.
        ciphers: Vec<&'static str>,
    },
    /// Encrypted in a way that is not known here.
    #[error("{} is encrypted with a cipher that is not supported here{}", .path.display(), known_ones(.ciphers))]
    Cipher {
        /// The file.
        path: PathBuf,
        /// The known ciphers it also uses.
        ciphers: Vec<&'static str>,
    },
    /// A file whose contents do not make sense.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not make sense.
        reason: String,
    },
    /// A proxy, which is made and not received.
    #[error("{} is a proxy of {identity}", .path.display())]
    Proxy {
        /// The file.
        path: PathBuf,
        /// Whose.
        identity: Dn,
    },
    /// No certificate of a user.
    #[error("there is a private key, but no certificate of yours{}", if *.authorities { ", only of CAs" } else { "" })]
    NoCertificate {
        /// Whether there are CAs' certificates.
        authorities: bool,
    },
    /// What was sent to the CA, with its key, and nothing that came back.
    #[error("there is a private key and a certificate request, but not yet a certificate")]
    OnlyRequested,
    /// A bundle of several keys, of which only the first would be read.
    #[error("{} holds {count} private keys", .path.display())]
    SeveralKeys {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// Certificates of CAs only.
    #[error("there are only certificates of CAs, such as {0}")]
    OnlyAuthorities(Dn),
    /// The certificate came without its key.
    #[error("the private key of {0} is not in what you named")]
    NoKey(Dn),
    /// Certificates of several people, each with its key.
    #[error("there are two identities: {0} and {1}")]
    Ambiguous(Dn, Dn),
    /// Certificates and keys that do not belong together.
    #[error("no private key given belongs to the certificate of {0}")]
    Mismatch(Dn),
    /// No password was to be had.
    #[error(transparent)]
    Prompt(#[from] CredentialError),
}

fn sealed_with(ciphers: &[&str]) -> String {
    if ciphers.is_empty() { String::new() } else { format!(" (encrypted with {})", ciphers.join(" and ")) }
}

fn known_ones(ciphers: &[&str]) -> String {
    if ciphers.is_empty() { String::new() } else { format!(" (beside {})", ciphers.join(" and ")) }
}

impl ReceivedError {
    /// The next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => "name a readable file of at most 1 MiB".to_owned(),
            Self::Foreign { path, what } => what.help(path),
            Self::CutShort { .. } | Self::Damaged { .. } => {
                "download or export it again; in a mail, save the attachment itself".to_owned()
            }
            Self::Password { .. } => "try again with the password that was chosen when the file was made (the \
                browser's export dialogue asked for it, or the CA's mail names it)"
                .to_owned(),
            Self::Cipher { path, .. } => {
                format!(
                    "convert it where it was made, for example: openssl pkcs12 -in {} -out cert.pem",
                    path.display()
                )
            }
            Self::Proxy { .. } => {
                "import the certificate that your CA issued; use this proxy with: voms-proxy-init --cert FILE"
                    .to_owned()
            }
            Self::NoCertificate { .. } | Self::OnlyAuthorities(_) => {
                "name the file with your own certificate as well".to_owned()
            }
            Self::OnlyRequested => Foreign::Request.help(Path::new("")),
            Self::SeveralKeys { path, .. } => {
                format!("run: openssl pkcs12 -in {} -out all.pem, import all.pem, and remove it", path.display())
            }
            Self::NoKey(_) => {
                "name the file with the key as well: it lies where the certificate was requested, in the \
                browser's key store or in a file such as userkey.pem or key.pem"
                    .to_owned()
            }
            Self::Ambiguous(..) => {
                "put the certificate and the key of the one that you want into a file of their own, \
                and import that"
                    .to_owned()
            }
            Self::Mismatch(_) => "name the key that was made together with the request for this certificate".to_owned(),
            Self::Prompt(error) => return error.help(),
        })
    }
}

/// Gets a password for a file; the flag says that an earlier one for it was wrong. `None` ends the attempts.
pub type Ask<'a> = &'a mut dyn FnMut(&Path, bool) -> Result<Option<Zeroizing<String>>, CredentialError>;

/// A file that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The file.
    pub path: PathBuf,
    /// Its form, such as `PKCS#12 (RC2-40 and 3DES)`.
    pub form: String,
}

/// What was found so far.
#[derive(Default)]
pub struct Received {
    certificates: Vec<Certificate>,
    keys: Vec<PrivateKey>,
    understood: Vec<Understood>,
    passwords: Vec<Zeroizing<String>>,
    /// Whether there was a request for a certificate beside other things.
    requested: bool,
}

/// The user's certificate with its key.
#[derive(Debug)]
pub struct Chosen {
    /// The certificate.
    pub certificate: Certificate,
    /// The CAs above it that came along, without the root.
    pub issuers: Vec<Certificate>,
    /// Its key.
    pub key: PrivateKey,
    /// Other certificates that are no CA's.
    pub passed_over: Vec<Certificate>,
}

impl Received {
    /// Reads a file and takes what is in it, whatever its form.
    ///
    /// # Errors
    /// [`ReceivedError`].
    pub fn add(&mut self, path: &Path, ask: Ask<'_>) -> Result<(), ReceivedError> {
        let file = bounded::read(path, bounded::CONFIGURATION_LIMIT)
            .map_err(|error| ReceivedError::Unreadable { path: path.to_owned(), reason: bounded::reason(&error) })?;
        let form = self.take(path, &file, ask)?;
        self.understood.push(Understood { path: path.to_owned(), form });
        Ok(())
    }

    /// The files, in the order they were added, with what they are.
    #[must_use]
    pub fn understood(&self) -> &[Understood] {
        &self.understood
    }

    /// Whether there is a private key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether there is a certificate that may be the user's.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        self.certificates.iter().any(|certificate| !certificate.is_ca())
    }

    /// The certificate that one of the keys belongs to; of several one that is valid, and of those the one that lasts
    /// longest.
    ///
    /// # Errors
    /// [`ReceivedError`].
    pub fn choose(mut self, now: DateTime<Utc>) -> Result<Chosen, ReceivedError> {
        let users: Vec<Certificate> = self.certificates.iter().filter(|c| !c.is_ca()).cloned().collect();
        let Some(some) = users.first().or(self.certificates.first()).map(|c| c.subject().clone()) else {
            return Err(match self.requested {
                true => ReceivedError::OnlyRequested,
                false => ReceivedError::NoCertificate { authorities: false },
            });
        };
        if self.keys.is_empty() {
            return Err(match users.is_empty() {
                true => ReceivedError::OnlyAuthorities(some),
                false => ReceivedError::NoKey(some),
            });
        }
        let key_of = |user: &Certificate| self.keys.iter().position(|key| user.belongs_to(key.pkey()));
        let pairs: Vec<_> = users.iter().filter_map(|user| Some((user.clone(), key_of(user)?))).collect();
        if let Some((other, _)) = pairs.iter().find(|(user, _)| !user.subject().matches(pairs[0].0.subject())) {
            return Err(ReceivedError::Ambiguous(pairs[0].0.subject().clone(), other.subject().clone()));
        }
        let pairs = pairs.into_iter();
        let rank = |user: &Certificate| (user.not_before() <= now && now <= user.not_after(), user.not_after());
        let Some((certificate, key)) = pairs.max_by_key(|(user, _)| rank(user)) else {
            return Err(match users.is_empty() {
                true => ReceivedError::NoCertificate { authorities: true },
                false => ReceivedError::Mismatch(some),
            });
        };
        let key = self.keys.swap_remove(key);
        let authorities = self.certificates.into_iter().filter(Certificate::is_ca);
        let issuers = issuers_of(&certificate, authorities.collect());
        let passed_over = users.into_iter().filter(|user| *user != certificate).collect();
        Ok(Chosen { certificate, issuers, key, passed_over })
    }

    fn take(&mut self, path: &Path, file: &[u8], ask: Ask<'_>) -> Result<String, ReceivedError> {
        let text = tidied(file);
        let blocks = pem::blocks(&text);
        if blocks.is_empty() {
            if let Some(der) = base64_alone(&text) {
                return self.take_der(path, &der, ask);
            }
            return self.take_der(path, file, ask);
        }
        let mut taken = 0;
        for block in &blocks {
            taken += usize::from(self.take_block(path, block, ask)?);
        }
        if taken == 0 {
            return Err(ReceivedError::Foreign { path: path.to_owned(), what: foreign_block(&blocks) });
        }
        Ok("PEM".to_owned())
    }

    /// Takes one block, unless it is of no use.
    fn take_block(&mut self, path: &Path, block: &Block<'_>, ask: Ask<'_>) -> Result<bool, ReceivedError> {
        let damaged = |reason: &str| ReceivedError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
        if block.label() == SSH {
            return Ok(false);
        }
        if block.is_private_key() {
            let key = self.open(path, (&[], block.is_encrypted()), ask, |password| {
                PrivateKey::from_pem(block, || Ok(Zeroizing::new(password.to_owned())))
            })?;
            self.keys.push(key);
            return Ok(true);
        }
        const CONTAINERS: [&str; 5] = ["PKCS7", "PKCS #7 SIGNED DATA", "CMS", "CERTIFICATE CHAIN", "PKCS12"];
        if !block.is_certificate() && !CONTAINERS.contains(&block.label()) {
            self.requested |= block.label().ends_with("CERTIFICATE REQUEST");
            return Ok(false);
        }
        let der = block.der().ok_or_else(|| damaged("a block of it is no base64"))?;
        self.take_der(path, &der, ask).map(|_| true)
    }

    fn take_der(&mut self, path: &Path, der: &[u8], ask: Ask<'_>) -> Result<String, ReceivedError> {
        if let Some(label) = key::label_of(der) {
            let text = pem::encode(label, der);
            let blocks = pem::blocks(text.as_bytes());
            for block in &blocks {
                self.take_block(path, block, ask)?;
            }
            return Ok("DER".to_owned());
        }
        if let Ok(certificate) = Certificate::from_der(der) {
            self.add_certificate(path, certificate)?;
            return Ok("DER".to_owned());
        }
        if let Ok(bundle) = Pkcs12::from_der(der) {
            return self.take_pkcs12(path, (&bundle, der), ask);
        }
        if let Ok(message) = Pkcs7::from_der(der) {
            let certificates = message.signed().and_then(|signed| signed.certificates());
            for x509 in certificates.into_iter().flatten() {
                let certificate = Certificate::from_x509(x509).map_err(|error| ReceivedError::Damaged {
                    path: path.to_owned(),
                    reason: format!("a certificate in it cannot be read: {error}"),
                })?;
                self.add_certificate(path, certificate)?;
            }
            return Ok("PKCS#7".to_owned());
        }
        Err(match stated_length(der) {
            Some(wanted) if wanted > der.len() => {
                ReceivedError::CutShort { path: path.to_owned(), has: der.len(), wanted }
            }
            _ => ReceivedError::Foreign { path: path.to_owned(), what: foreign(der) },
        })
    }

    fn take_pkcs12(
        &mut self,
        path: &Path,
        (bundle, der): (&Pkcs12Ref, &[u8]),
        ask: Ask<'_>,
    ) -> Result<String, ReceivedError> {
        let ciphers = ciphers_in(der);
        let count = occurrences(der, SHROUDED_KEY);
        if count > 1 {
            return Err(ReceivedError::SeveralKeys { path: path.to_owned(), count });
        }
        let parsed = self.open(path, (&ciphers, true), ask, |password| open_pkcs12(bundle, password))?;
        self.keys.extend(parsed.pkey.map(PrivateKey::new));
        let above = parsed.ca.iter().flatten();
        for x509 in parsed.cert.iter().map(|leaf| &**leaf).chain(above) {
            let certificate = Certificate::from_x509(x509).map_err(|error| ReceivedError::Damaged {
                path: path.to_owned(),
                reason: format!("a certificate in it cannot be read: {error}"),
            })?;
            self.add_certificate(path, certificate)?;
        }
        Ok(format!("PKCS#12{}", if ciphers.is_empty() { String::new() } else { format!(" ({})", ciphers.join(", ")) }))
    }

    fn add_certificate(&mut self, path: &Path, certificate: Certificate) -> Result<(), ReceivedError> {
        if certificate.is_proxy() {
            return Err(ReceivedError::Proxy { path: path.to_owned(), identity: certificate.issuer().clone() });
        }
        if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
        }
        Ok(())
    }

    /// Opens something that may be encrypted: without a password, with the ones that opened other files, then with
    /// those that are asked for.
    fn open<T>(
        &mut self,
        path: &Path,
        (ciphers, encrypted): (&[&'static str], bool),
        ask: Ask<'_>,
        attempt: impl Fn(&str) -> Result<T, KeyError>,
    ) -> Result<T, ReceivedError> {
        let hopeless = |error: KeyError| match error {
            KeyError::Cipher => ReceivedError::Cipher { path: path.to_owned(), ciphers: ciphers.to_vec() },
            error => ReceivedError::Damaged { path: path.to_owned(), reason: error.to_string() },
        };
        for known in std::iter::once("").chain(self.passwords.iter().map(|known| known.as_str())) {
            match attempt(known) {
                Ok(opened) => return Ok(opened),
                Err(KeyError::Passphrase) if encrypted => {}
                Err(error) => return Err(hopeless(error)),
            }
        }
        let mut again = false;
        while let Some(password) = ask(path, again)? {
            match attempt(&password) {
                Ok(opened) => {
                    self.passwords.push(password);
                    return Ok(opened);
                }
                Err(KeyError::Passphrase) => again = true,
                Err(error) => return Err(hopeless(error)),
            }
        }
        Err(ReceivedError::Password { path: path.to_owned(), ciphers: ciphers.to_vec() })
    }
}

/// The CAs above a certificate, in order, without the root and without those that have nothing to do with it.
fn issuers_of(certificate: &Certificate, authorities: Vec<Certificate>) -> Vec<Certificate> {
    let all = std::iter::once(certificate.clone()).chain(authorities).collect();
    let Ok(chain) = Chain::new(all) else { return Vec::new() };
    let pairs = chain.certificates().windows(2);
    let above = pairs.take_while(|pair| pair[1].subject().matches(pair[0].issuer())).map(|pair| pair[1].clone());
    above.take_while(|authority| !authority.is_self_issued()).collect()
}

const SSH: &str = "OPENSSH PRIVATE KEY";

fn foreign_block(blocks: &[Block<'_>]) -> Foreign {
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

fn foreign(file: &[u8]) -> Foreign {
    let text = file.trim_ascii_start();
    let begins = |what: &[u8]| text.len() >= what.len() && text[..what.len()].eq_ignore_ascii_case(what);
    if text.is_empty() {
        Foreign::Empty
    } else if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        Foreign::Utf16
    } else if begins(b"<") || begins(b"\xef\xbb\xbf<") {
        Foreign::WebPage
    } else if begins(b"ssh-") || begins(b"ecdsa-sha2-") || begins(b"PuTTY-User-Key") || begins(b"---- BEGIN SSH2") {
        Foreign::SshKey
    } else if begins(b"-----BEGIN PGP") {
        Foreign::PgpKey
    } else if file.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || file.starts_with(&[0xce, 0xce, 0xce, 0xce]) {
        Foreign::JavaKeyStore
    } else if file.starts_with(b"PK\x03\x04") || file.starts_with(&[0x1f, 0x8b]) || file.starts_with(b"7z\xbc\xaf") {
        Foreign::Archive
    } else if openssl::x509::X509Req::from_der(file).is_ok() {
        Foreign::Request
    } else if openssl::x509::X509Crl::from_der(file).is_ok() {
        Foreign::RevocationList
    } else {
        Foreign::Unknown
    }
}

/// The text of a file with line feeds, without blanks around its lines and with every boundary on a line of its own,
/// whatever mail programs and editors made of it.
fn tidied(file: &[u8]) -> Zeroizing<Vec<u8>> {
    const JOINT: &[u8] = b"----------BEGIN ";
    let decoded = from_utf16(file);
    let file = decoded.as_ref().map_or(file, |text| text.as_bytes());
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    // Never grown, so that no copy of a key is left behind: each line gets one end at most, and each joint one more.
    let mut text = Zeroizing::new(Vec::with_capacity(2 * file.len() + 2));
    let mut after_headers = false;
    for line in file.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let mut rest = line.trim_ascii();
        // Only the empty line that ends the headers of an encrypted key means something (RFC 1421 section 4.4).
        if rest.is_empty() && !after_headers {
            continue;
        }
        after_headers = rest.starts_with(b"DEK-Info:");
        while let Some(at) = rest.windows(JOINT.len()).position(|part| part == JOINT) {
            text.extend_from_slice(&rest[..at + 5]);
            text.push(b'\n');
            rest = &rest[at + 5..];
        }
        text.extend_from_slice(rest);
        text.push(b'\n');
    }
    text
}

/// UTF-16 by its byte order mark, as some editors and shells on Windows write text.
fn from_utf16(file: &[u8]) -> Option<Zeroizing<String>> {
    let unit: fn([u8; 2]) -> u16 = match file {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = file[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = Zeroizing::new(String::with_capacity(2 * file.len()));
    char::decode_utf16(units).try_for_each(|c| c.map(|c| text.push(c))).ok()?;
    Some(text)
}

/// A file of nothing but base64, as mail programs save attachments that lost their armour.
fn base64_alone(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(file.len()));
    file.split(u8::is_ascii_whitespace).for_each(|word| text.extend_from_slice(word));
    let der = Zeroizing::new(base64::decode_block(std::str::from_utf8(&text).ok()?).ok()?);
    (der.first() == Some(&0x30)).then_some(der)
}

/// The length that the first bytes of DER state for the whole.
fn stated_length(der: &[u8]) -> Option<usize> {
    let (&0x30, rest) = der.split_first()? else { return None };
    let (&first, rest) = rest.split_first()?;
    match first {
        0..=0x7f => Some(2 + usize::from(first)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            Some(rest.get(..count)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)) + 2 + count)
        }
        _ => None,
    }
}

/// Opens a PKCS#12 bundle with a password.
///
/// # Errors
/// [`KeyError::Passphrase`], [`KeyError::Cipher`], [`KeyError::Malformed`].
pub fn open_pkcs12(bundle: &Pkcs12Ref, password: &str) -> Result<ParsedPkcs12_2, KeyError> {
    // OpenSSL's strings end at the first NUL.
    if password.contains('\0') {
        return Err(KeyError::Passphrase);
    }
    let open = |password: &str| with_legacy_ciphers(|| bundle.parse2(password));
    open(password)
        .or_else(|errors| match password.is_ascii() {
            true => Err(errors),
            // OpenSSL before 1.1 took each byte of the password for a character.
            false => open(&Zeroizing::new(password.bytes().map(char::from).collect::<String>())),
        })
        .map_err(|errors| why_pkcs12_not_opened(&errors))
}

/// The MAC over the whole is what a wrong password breaks first; a bundle without one breaks at its contents.
fn why_pkcs12_not_opened(errors: &ErrorStack) -> KeyError {
    let says = |what: &str| {
        let reasons = errors.errors().iter().filter_map(|error| error.reason());
        reasons.map(str::to_ascii_lowercase).any(|reason| reason.contains(what))
    };
    if says("mac verify failure") {
        KeyError::Passphrase
    } else if is_unsupported(errors) || says("unknown") || says("unsupported") {
        KeyError::Cipher
    } else {
        KeyError::Passphrase
    }
}

/// Ciphers of PKCS#12 (RFC 7292 appendix C, RFC 8018 appendix B.2).
const CIPHERS: [(ObjectIdentifier, &str); 10] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.1"), "RC4-128"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.2"), "RC4-40"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3"), "3DES"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4"), "3DES with two keys"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5"), "RC2-128"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6"), "RC2-40"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.3.7"), "3DES"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2"), "AES-128"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22"), "AES-192"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42"), "AES-256"),
];

/// The ciphers that a bundle names outside of what is encrypted. Found by their bytes, since old bundles are in BER.
fn ciphers_in(bundle: &[u8]) -> Vec<&'static str> {
    let mut found: Vec<&str> = Vec::new();
    for (id, name) in CIPHERS {
        if occurrences(bundle, id) > 0 && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// A bag with an encrypted key (RFC 7292 section 4.2.2).
const SHROUDED_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");

/// How often an object identifier stands in some BER.
fn occurrences(bytes: &[u8], id: ObjectIdentifier) -> usize {
    let body = id.as_bytes();
    let header = [0x06, u8::try_from(body.len()).unwrap_or(0)];
    bytes.windows(2 + body.len()).filter(|part| part[..2] == header && &part[2..] == body).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_first_bytes() {
        assert_eq!(stated_length(&[0x30, 0x82, 0x01, 0x00]), Some(260));
        assert_eq!(stated_length(&[0x30, 0x05]), Some(7));
        assert_eq!(stated_length(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(stated_length(b"<html>"), None);
        assert_eq!(stated_length(&[]), None);
    }

    #[test]
    fn files_that_are_no_certificate_are_called_what_they_are() {
        assert_eq!(foreign(b"\n <!DOCTYPE html>"), Foreign::WebPage);
        assert_eq!(foreign(b"ssh-ed25519 AAAA"), Foreign::SshKey);
        assert_eq!(foreign(b" \n"), Foreign::Empty);
        assert_eq!(foreign(&[0xfe, 0xed, 0xfe, 0xed, 0, 0]), Foreign::JavaKeyStore);
        assert_eq!(foreign(b"anything"), Foreign::Unknown);
    }
}
