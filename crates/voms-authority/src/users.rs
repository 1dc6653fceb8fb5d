//! Further users of a world, each in a different condition, to see how it is answered.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use openssl::symm::Cipher;
use voms::pki::certificate::Certificate;
use voms::pki::key::{KeyKind, PrivateKey};

use crate::Member;
use crate::pki::{Certification, PkiError, Purpose};
use crate::world::{RSA, World, WorldError, beside, certification};

/// What opens the key of [`Condition::Encrypted`].
pub const PASSPHRASE: &str = "pass";

/// What distinguishes a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The certificate has ended.
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
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Expired,
        Self::Revoked,
        Self::Suspended,
        Self::Stranger,
        Self::Aup,
        Self::Ec,
        Self::Encrypted,
    ];

    /// The user's name, which the directory below `users/` has too.
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

    /// The user as a member of the VO; the other members are like `usual`.
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

/// One RSA key for all users with such a key, in the clear and encrypted.
struct SharedKey {
    key: PrivateKey,
    encrypted: Vec<u8>,
}

impl SharedKey {
    fn make() -> Result<Self, PkiError> {
        let key = PrivateKey::generate(RSA)?;
        // The pass phrase protects nothing, so OpenSSL's few iterations do, which take no time.
        let encrypted = key
            .pkey()
            .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), PASSPHRASE.as_bytes())?;
        Ok(Self { key, encrypted })
    }
}

impl World {
    /// As [`World::create`], with a user in each [`Condition`], whose files are below `users/`.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn create_with_users(dir: &Path, now: DateTime<Utc>) -> Result<Self, WorldError> {
        let (world, shared) = beside(|| Self::create(dir, now), SharedKey::make);
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
            RSA => PrivateKey::new(shared.key.pkey().to_owned()),
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
