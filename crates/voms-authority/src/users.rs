//! Additional users of a world, each in a different condition, for testing how it is handled.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use openssl::symm::Cipher;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::key::{KeyKind, PrivateKey};

use crate::Member;
use crate::pki::{Certification, PkiError, Purpose};
use crate::world::{RSA, World, WorldError, certification, concurrently};

/// The passphrase for the key of [`Condition::Encrypted`].
pub const PASSPHRASE: &str = "pass";

/// A user's distinguishing condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The certificate has expired.
    Expired,
    /// The CA has revoked the certificate.
    Revoked,
    /// The VO has suspended the user.
    Suspended,
    /// The user is not in the VO.
    Stranger,
    /// The user has not signed the VO's usage policy.
    Aup,
    /// The key is an EC key.
    Ec,
    /// The key is encrypted with [`PASSPHRASE`].
    Encrypted,
}

impl Condition {
    /// All conditions.
    pub const ALL: [Self; 7] = [
        Self::Expired,
        Self::Revoked,
        Self::Suspended,
        Self::Stranger,
        Self::Aup,
        Self::Ec,
        Self::Encrypted,
    ];

    /// The user's name, also the name of the directory below `users/`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Stranger => "stranger",
            Self::Aup => "aup",
            Self::Ec => "ec",
            Self::Encrypted => "encrypted",
        }
    }

    fn common_name(self) -> &'static str {
        match self {
            Self::Expired => "Expired User",
            Self::Revoked => "Revoked User",
            Self::Suspended => "Suspended User",
            Self::Stranger => "Stranger",
            Self::Aup => "AUP User",
            Self::Ec => "EC User",
            Self::Encrypted => "Encrypted User",
        }
    }

    fn certification(self, now: DateTime<Utc>) -> Certification {
        let usual = certification(self.common_name(), Purpose::User, now);
        match self {
            Self::Expired => Certification {
                not_before: now - Duration::hours(20),
                not_after: now - Duration::hours(1),
                ..usual
            },
            Self::Ec => Certification {
                key: KeyKind::P256,
                ..usual
            },
            _ => usual,
        }
    }

    /// The user as a member of the VO; the remaining fields come from `usual`.
    fn member(self, usual: &Member, certificate: &Certificate) -> Option<Member> {
        (self != Self::Stranger).then(|| Member {
            name: self.name().to_owned(),
            subject: certificate.subject().clone(),
            attributes: Vec::new(),
            suspended: (self == Self::Suspended).then(|| "User membership has expired.".to_owned()),
            must_sign_aup: self == Self::Aup,
            ..usual.clone()
        })
    }
}

/// One RSA key, unencrypted and encrypted, shared by all users with RSA keys.
struct SharedKey {
    key: PrivateKey,
    encrypted: Vec<u8>,
}

impl SharedKey {
    fn make() -> Result<Self, PkiError> {
        let key = PrivateKey::generate(RSA)?;
        // The passphrase protects nothing, so OpenSSL's low default iteration count suffices and is
        // fast.
        let encrypted = openssl_types::pkey(&key)
            .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), PASSPHRASE.as_bytes())?;
        Ok(Self { key, encrypted })
    }
}

impl World {
    /// Like [`World::create`], with one user per [`Condition`], whose files are below `users/`.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn create_with_users(dir: &Path, now: DateTime<Utc>) -> Result<Self, WorldError> {
        let (world, shared) = concurrently(|| Self::create(dir, now), SharedKey::make);
        let (mut world, shared) = (world?, shared?);
        for condition in Condition::ALL {
            let certificate = world.add_user(condition, &shared, now)?;
            if condition == Condition::Revoked {
                world.publish_ca(&[&certificate], now)?;
            }
            world
                .others
                .extend(condition.member(&world.first_member(), &certificate));
        }
        Ok(world)
    }

    fn add_user(
        &self,
        condition: Condition,
        shared: &SharedKey,
        now: DateTime<Utc>,
    ) -> Result<Certificate, WorldError> {
        let wanted = condition.certification(now);
        let key = match wanted.key {
            RSA => openssl_types::private_key(openssl_types::pkey(&shared.key).to_owned()),
            other => PrivateKey::generate(other).map_err(PkiError::from)?,
        };
        let user = self.ca.certify(&wanted, key)?;
        let certificate = user.chain().leaf().clone();
        let dir = Path::new("users").join(condition.name());
        if condition == Condition::Encrypted {
            self.write_pair(&dir, "user", &certificate, &shared.encrypted)?;
        } else {
            let key = user.key().to_pem().map_err(PkiError::from)?;
            self.write_pair(&dir, "user", &certificate, &key)?;
        }
        Ok(certificate)
    }
}
