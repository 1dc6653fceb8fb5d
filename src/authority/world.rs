//! A small VO on disk: CA directory, vomsdir, vomses and a user, in the shapes that every grid client reads.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use voms_asn1::voms::generic_attributes::GenericAttribute;

use super::pki::{Certification, PkiError, Purpose, ThrowAwayCa};
use super::{Authority, Member};
use crate::credential::anchors::file_hashes;
use crate::credential::certificate::Certificate;
use crate::credential::key::KeyKind;
use crate::credential::pem;
use crate::credential::user::Credential;

/// The VO that it is about.
pub const VO: &str = "virgo";
/// The host name that attribute certificates carry.
pub const HOST: &str = "localhost";

/// A world that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// A file cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// The world's secrets and where its files are.
pub struct World {
    /// The directory everything is in.
    pub dir: PathBuf,
    /// The CA.
    pub ca: ThrowAwayCa,
    /// The VOMS server's credential.
    pub host: Credential,
    /// The user's credential, also on disk.
    pub user: Credential,
}

impl World {
    /// Makes the PKI and writes `certificates/`, `vomsdir/` and `user/`; the vomses file has to wait for the port.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn create(dir: &Path, now: DateTime<Utc>) -> Result<Self, WorldError> {
        let base = |common_name: &str| {
            let parts = [("DC", "example"), ("DC", "sandbox"), ("O", "Virgo"), ("CN", common_name)];
            parts.map(|(label, value)| (label, value.to_owned())).to_vec()
        };
        let ca = ThrowAwayCa::create(&base("Sandbox CA"), now)?;
        let wanted = |name: &str, purpose| Certification {
            subject: base(name),
            purpose,
            key: KeyKind::Rsa(2048),
            not_before: now - Duration::hours(1),
            not_after: now + Duration::days(7),
        };
        let host = ca.issue(&wanted("localhost", Purpose::Host(vec![HOST.to_owned(), "127.0.0.1".to_owned()])))?;
        let user = ca.issue(&wanted("Ada Lovelace", Purpose::User))?;
        let world = Self { dir: dir.to_owned(), ca, host, user };
        world.publish_ca(&[], now)?;
        world.write_lsc()?;
        world.write_user("user", &world.user)?;
        world.write_pair("host", "host", &world.host)?;
        Ok(world)
    }

    /// The authority of the VO, of which the user is a member, for a server at this port.
    #[must_use]
    pub fn authority(&self, port: u16) -> Authority {
        let fqans = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        let nickname =
            GenericAttribute { name: b"nickname".to_vec(), value: b"ada".to_vec(), qualifier: VO.as_bytes().to_vec() };
        let member = Member {
            subject: self.user.chain().leaf().subject().clone(),
            groups: fqans(&["/virgo", "/virgo/virgo"]),
            roles: fqans(&["/virgo/virgo/Role=production"]),
            attributes: vec![nickname],
            suspended: None,
        };
        Authority {
            vo: VO.to_owned(),
            uri: format!("{HOST}:{port}"),
            longest: Duration::hours(24),
            members: vec![member],
        }
    }

    /// The CA directory.
    #[must_use]
    pub fn certificates(&self) -> PathBuf {
        self.dir.join("certificates")
    }

    /// The vomsdir.
    #[must_use]
    pub fn vomsdir(&self) -> PathBuf {
        self.dir.join("vomsdir")
    }

    /// The vomses file.
    #[must_use]
    pub fn vomses(&self) -> PathBuf {
        self.dir.join("vomses")
    }

    /// Writes the CA directory with its revocation list, under OpenSSL's new and old hash names.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn publish_ca(&self, revoked: &[&Certificate], now: DateTime<Utc>) -> Result<(), WorldError> {
        let ca = self.ca.certificate();
        let dir = self.certificates();
        let crl = self.ca.revocation_list(revoked, now - Duration::hours(1), now + Duration::days(7))?;
        write(&dir.join("SandboxCA.pem"), pem::encode("CERTIFICATE", ca.der()).as_bytes(), 0o644)?;
        write(&dir.join("SandboxCA.crl.pem"), &crl, 0o644)?;
        let policy = format!(
            "access_id_CA X509 '{}'\npos_rights globus CA:sign\ncond_subjects globus '\"/DC=example/DC=sandbox/*\"'\n",
            ca.subject()
        );
        write(&dir.join("SandboxCA.signing_policy"), policy.as_bytes(), 0o644)?;
        for hash in file_hashes(ca) {
            for (target, end) in [("pem", "0"), ("crl.pem", "r0"), ("signing_policy", "signing_policy")] {
                let link = dir.join(format!("{hash:08x}.{end}"));
                let _ = fs::remove_file(&link);
                symlink(format!("SandboxCA.{target}"), &link)
                    .map_err(|source| WorldError::Write { path: link, source })?;
            }
        }
        Ok(())
    }

    fn write_lsc(&self) -> Result<(), WorldError> {
        let host = self.host.chain().leaf();
        let text = format!("{}\n{}\n", host.subject(), host.issuer());
        write(&self.vomsdir().join(VO).join(format!("{HOST}.lsc")), text.as_bytes(), 0o644)
    }

    /// Writes `NAME/usercert.pem` and `NAME/userkey.pem`.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn write_user(&self, name: &str, user: &Credential) -> Result<(), WorldError> {
        self.write_pair(name, "user", user)
    }

    fn write_pair(&self, dir: &str, kind: &str, own: &Credential) -> Result<(), WorldError> {
        let dir = self.dir.join(dir);
        let certificate = pem::encode("CERTIFICATE", own.chain().leaf().der());
        write(&dir.join(format!("{kind}cert.pem")), certificate.as_bytes(), 0o644)?;
        let key = own.key().to_pem().map_err(PkiError::from)?;
        write(&dir.join(format!("{kind}key.pem")), &key, 0o400)
    }

    /// Writes the vomses file for servers at these ports.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn write_vomses(&self, ports: &[u16]) -> Result<(), WorldError> {
        let dn = self.host.chain().leaf().subject();
        let lines: String =
            ports.iter().map(|port| format!("\"{VO}\" \"{HOST}\" \"{port}\" \"{dn}\" \"{VO}\"\n")).collect();
        write(&self.vomses(), lines.as_bytes(), 0o644)
    }
}

fn write(path: &Path, contents: &[u8], mode: u32) -> Result<(), WorldError> {
    use std::io::Write;
    let failed = |source| WorldError::Write { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(contents).map_err(failed)
}
