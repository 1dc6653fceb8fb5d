//! A small VO on disk: CA directory, vomsdir, vomses and a user, in the formats that every grid
//! client reads.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use voms::credential::Credential;
use voms::pki::certificate::Certificate;
use voms::pki::key::{KeyKind, PrivateKey};
use voms::pki::pem;
use voms::trust::file_hashes;
use voms_asn1::voms::generic_attributes::GenericAttribute;

use crate::pki::{Certification, PkiError, Purpose, ThrowAwayCa};
use crate::{Authority, Member};

/// The VO's name.
pub const VO: &str = "virgo";
/// The host name used in attribute certificates.
pub const HOST: &str = "localhost";
pub(super) const RSA: KeyKind = KeyKind::Rsa(2048);

/// A failure to create a world.
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
    /// A certificate cannot be issued.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// The world's secrets and the paths of its files.
pub struct World {
    /// The directory that contains everything.
    pub dir: PathBuf,
    /// The CA.
    pub ca: ThrowAwayCa,
    /// The VOMS server's credential.
    pub host: Credential,
    /// The user's credential, also on disk.
    pub user: Credential,
    /// The VO's other members.
    pub others: Vec<Member>,
}

impl World {
    /// Creates the PKI and writes `certificates/`, `vomsdir/` and `user/`; the vomses file is
    /// written once the port is known.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn create(dir: &Path, now: DateTime<Utc>) -> Result<Self, WorldError> {
        let key = || PrivateKey::generate(RSA);
        let ca = || ThrowAwayCa::create(&subject("Sandbox CA"), now);
        let (ca, (host_key, user_key)) = concurrently(ca, || concurrently(key, key));
        let ca = ca?;
        let names = Purpose::Host(vec![HOST.to_owned(), "127.0.0.1".to_owned()]);
        let host = ca.certify(
            &certification("localhost", names, now),
            host_key.map_err(PkiError::from)?,
        )?;
        let wanted = certification("Ada Lovelace", Purpose::User, now);
        let user = ca.certify(&wanted, user_key.map_err(PkiError::from)?)?;
        let world = Self {
            dir: dir.to_owned(),
            ca,
            host,
            user,
            others: Vec::new(),
        };
        world.publish_ca(&[], now)?;
        world.write_lsc()?;
        world.write_user("user", &world.user)?;
        let host_key = world.host.key().to_pem().map_err(PkiError::from)?;
        world.write_pair(
            Path::new("host"),
            "host",
            world.host.chain().leaf(),
            &host_key,
        )?;
        Ok(world)
    }

    /// The VO's authority, with the user among its members, for a server on this port.
    #[must_use]
    pub fn authority(&self, port: u16) -> Authority {
        Authority {
            vo: VO.to_owned(),
            uri: format!("{HOST}:{port}"),
            longest: Duration::hours(24),
            members: std::iter::once(self.first_member())
                .chain(self.others.iter().cloned())
                .collect(),
        }
    }

    /// The same authority with IAM's usual maximum lifetime.
    #[must_use]
    pub fn iam_authority(&self, port: u16) -> Authority {
        Authority {
            longest: Duration::hours(12),
            ..self.authority(port)
        }
    }

    pub(super) fn first_member(&self) -> Member {
        let fqans = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        let nickname = GenericAttribute {
            name: b"nickname".to_vec(),
            value: b"ada".to_vec(),
            qualifier: VO.as_bytes().to_vec(),
        };
        let certificate = self.user.chain().leaf();
        Member {
            name: "ada".to_owned(),
            subject: certificate.subject().clone(),
            issuer: certificate.issuer().clone(),
            groups: fqans(&["/virgo", "/virgo/virgo"]),
            optional_groups: fqans(&["/virgo/ops"]),
            roles: fqans(&["/virgo/virgo/Role=production"]),
            attributes: vec![nickname],
            suspended: None,
            must_sign_aup: false,
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

    /// The CA's CRL.
    #[must_use]
    pub fn revocation_list(&self) -> PathBuf {
        self.certificates().join("SandboxCA.crl.pem")
    }

    /// The vomses file.
    #[must_use]
    pub fn vomses(&self) -> PathBuf {
        self.dir.join("vomses")
    }

    /// Writes the CA directory including its CRL, under OpenSSL's new and old hash names.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn publish_ca(
        &self,
        revoked: &[&Certificate],
        now: DateTime<Utc>,
    ) -> Result<(), WorldError> {
        let ca = self.ca.certificate();
        let dir = self.certificates();
        let crl =
            self.ca
                .revocation_list(revoked, now - Duration::hours(1), now + Duration::days(7))?;
        write(
            &dir.join("SandboxCA.pem"),
            pem::encode("CERTIFICATE", ca.der()).as_bytes(),
            0o644,
        )?;
        write(&self.revocation_list(), &crl, 0o644)?;
        let policy = format!(
            "access_id_CA X509 '{}'\npos_rights globus CA:sign\ncond_subjects globus '\"/DC=example/DC=sandbox/*\"'\n",
            ca.subject()
        );
        write(
            &dir.join("SandboxCA.signing_policy"),
            policy.as_bytes(),
            0o644,
        )?;
        for hash in file_hashes(ca) {
            for (target, end) in [
                ("pem", "0"),
                ("crl.pem", "r0"),
                ("signing_policy", "signing_policy"),
            ] {
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
        write(
            &self.vomsdir().join(VO).join(format!("{HOST}.lsc")),
            text.as_bytes(),
            0o644,
        )
    }

    /// Writes `NAME/usercert.pem` and `NAME/userkey.pem`.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn write_user(&self, name: &str, user: &Credential) -> Result<(), WorldError> {
        let key = user.key().to_pem().map_err(PkiError::from)?;
        self.write_pair(Path::new(name), "user", user.chain().leaf(), &key)
    }

    pub(super) fn write_pair(
        &self,
        dir: &Path,
        kind: &str,
        certificate: &Certificate,
        key: &[u8],
    ) -> Result<(), WorldError> {
        let dir = self.dir.join(dir);
        let certificate = pem::encode("CERTIFICATE", certificate.der());
        write(
            &dir.join(format!("{kind}cert.pem")),
            certificate.as_bytes(),
            0o644,
        )?;
        write(&dir.join(format!("{kind}key.pem")), key, 0o400)
    }

    /// Writes the vomses file for servers on these ports.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn write_vomses(&self, ports: &[u16]) -> Result<(), WorldError> {
        let dn = self.host.chain().leaf().subject();
        let lines: String = ports
            .iter()
            .map(|port| format!("\"{VO}\" \"{HOST}\" \"{port}\" \"{dn}\" \"{VO}\"\n"))
            .collect();
        write(&self.vomses(), lines.as_bytes(), 0o644)
    }
}

fn subject(common_name: &str) -> Vec<(&'static str, String)> {
    let parts = [
        ("DC", "example"),
        ("DC", "sandbox"),
        ("O", "Virgo"),
        ("CN", common_name),
    ];
    parts
        .map(|(label, value)| (label, value.to_owned()))
        .to_vec()
}

pub(super) fn certification(
    common_name: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Certification {
    Certification {
        subject: subject(common_name),
        purpose,
        key: RSA,
        not_before: now - Duration::hours(1),
        not_after: now + Duration::days(90),
    }
}

/// Runs both concurrently, since generating an RSA key is slow; sequentially if no thread can be
/// spawned.
pub(super) fn concurrently<A, B: Send>(
    here: impl FnOnce() -> A,
    there: impl Fn() -> B + Sync,
) -> (A, B) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, &there);
        let first = here();
        (
            first,
            thread
                .ok()
                .and_then(|thread| thread.join().ok())
                .unwrap_or_else(&there),
        )
    })
}

fn write(path: &Path, contents: &[u8], mode: u32) -> Result<(), WorldError> {
    use std::io::Write;
    let failed = |source| WorldError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed)?;
    file.write_all(contents).map_err(failed)
}
