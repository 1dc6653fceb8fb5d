//! What the benchmarks work on: a proxy (RSA 2048) with an attribute certificate of so many FQANs,
//! and what judges it.
#![allow(clippy::disallowed_methods)] // A benchmark has the clock.
#![allow(dead_code)] // No benchmark needs all of it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::{AcAttributes, AcVerifier, SignerTrust, VerifiedAc};
use voms::chain::{Chain, VerifiedChain};
use voms::credential::Credential;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::key::{KeyKind, PrivateKey};
use voms::pki::pem;
use voms::policy::Policy;
use voms::proxy::{CarriedAc, Proxy, ProxyRequest, VerifiedIssuer};
use voms::trust::TrustAnchors;
use voms::verifier::{VerifiedCredential, VomsVerifier};
use voms::vo::vomsdir::VomsDir;
use voms_asn1::EncodedAc;
use voms_authority::pki::{Certification, Purpose};
use voms_authority::sign::AcDraft;
use voms_authority::world::{HOST, VO, World};
use voms_proxy::home::load::{self, CredentialError};
use voms_proxy::home::location::Location;

const PROXY: &str = "proxy.pem";
const LARGE: &str = "large";
/// A list of about 1 MB.
const REVOKED: usize = 24_000;

/// A certificate of nobody in the benchmarks.
fn revoked(world: &World) -> Credential {
    let now = Utc::now();
    let parts = [("DC", "example"), ("DC", "sandbox"), ("CN", "Mallory")];
    let wanted = Certification {
        subject: parts
            .map(|(label, value)| (label, value.to_owned()))
            .to_vec(),
        purpose: Purpose::User,
        key: KeyKind::P256,
        not_before: now,
        not_after: now + Duration::days(1),
    };
    world.ca.issue(&wanted).unwrap()
}

/// Gives the world's CA a list of about 1 MB.
pub fn enlarge_list(world: &World) {
    let revoked = revoked(world);
    let many = vec![revoked.chain().leaf(); REVOKED];
    world.publish_ca(&many, Utc::now()).unwrap();
}

/// A copy of the CA directory.
pub fn copy_cas(world: &World, directory: &Path) {
    fs::create_dir(directory).unwrap();
    for entry in fs::read_dir(world.certificates()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
    }
}

/// A copy of the CA directory whose CA has a large list.
fn with_large_list(world: &World, directory: &Path) {
    enlarge_list(world);
    copy_cas(world, directory);
    world.publish_ca(&[], Utc::now()).unwrap();
}

/// An attribute certificate for the world's user, of `/virgo` and groups below it.
pub fn attribute_certificate(world: &World, fqans: usize) -> EncodedAc {
    attribute_certificate_of(world, world.user.chain().leaf(), fqans)
}

/// The same for another user.
pub fn attribute_certificate_of(world: &World, holder: &Certificate, fqans: usize) -> EncodedAc {
    let now = Utc::now();
    let groups = (1..fqans).map(|n| format!("/{VO}/group{n:05}"));
    let draft = AcDraft {
        vo: VO.to_owned(),
        uri: format!("{HOST}:15000"),
        fqans: std::iter::once(format!("/{VO}"))
            .chain(groups)
            .map(|g| g + "/Role=NULL/Capability=NULL")
            .collect(),
        attributes: Vec::new(),
        targets: Vec::new(),
        not_before: now - Duration::minutes(1),
        not_after: now + Duration::hours(12),
    };
    draft.sign(holder, &world.host).unwrap()
}

/// A proxy of a user.
pub fn issue(user: &Credential, ac: &EncodedAc, key: PrivateKey) -> Proxy {
    let request = ProxyRequest::new(Duration::hours(12).to_std().unwrap())
        .carrying([CarriedAc::unverified(ac.clone())]);
    request
        .issue(&VerifiedIssuer::assume(user), key, Utc::now())
        .unwrap()
}

/// The certificates of a chain as they stand in a file.
pub fn to_pem(chain: &Chain) -> String {
    chain
        .certificates()
        .iter()
        .map(|c| pem::encode("CERTIFICATE", c.der()).to_string())
        .collect()
}

/// What stands in a directory, read.
pub struct Setting {
    pub certificates: PathBuf,
    pub vomsdir: PathBuf,
    /// The proxy with its key.
    pub proxy: PathBuf,
    large: PathBuf,
    user: Credential,
    own: Credential,
    ac: EncodedAc,
    contents: Vec<u8>,
    anchors: TrustAnchors,
    voms: VomsDir,
    verifier: VomsVerifier,
    now: DateTime<Utc>,
}

impl Setting {
    /// Makes everything anew in a directory.
    pub fn create(directory: &Path, fqans: usize) -> Self {
        let world = World::create(directory, Utc::now()).unwrap();
        let ac = attribute_certificate(&world, fqans);
        let proxy = issue(&world.user, &ac, PrivateKey::generate_rsa(2048).unwrap());
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(directory.join(PROXY))
            .unwrap();
        file.write_all(&proxy.to_pem().unwrap()).unwrap();
        with_large_list(&world, &directory.join(LARGE));
        Self::open(directory)
    }

    /// Reads what was made before.
    pub fn open(directory: &Path) -> Self {
        let load = |location: &Location| {
            load::load(location, |_| -> Result<_, CredentialError> {
                panic!("no key is encrypted")
            })
            .unwrap()
        };
        let user = directory.join("user");
        let user = load(&Location::pair(
            user.join("usercert.pem"),
            user.join("userkey.pem"),
        ));
        let [certificates, vomsdir, proxy] =
            ["certificates", "vomsdir", PROXY].map(|name| directory.join(name));
        let own = load(&Location::single(proxy.clone()));
        let ac = attribute_certificates(own.chain()).remove(0).unwrap();
        let contents = fs::read(&proxy).unwrap();
        let (anchors, voms) = (
            TrustAnchors::open(&certificates).unwrap(),
            VomsDir::open(&vomsdir).unwrap(),
        );
        let verifier = VomsVerifier::new(anchors.clone(), voms.clone())
            .with_policy(Policy::default().ignore_targets());
        // Files that changed a moment ago are not remembered.
        let now = Utc::now() + Duration::minutes(1);
        Self {
            certificates,
            vomsdir,
            proxy,
            large: directory.join(LARGE),
            user,
            own,
            ac,
            contents,
            anchors,
            voms,
            verifier,
            now,
        }
    }

    /// A user whom the verifier has seen before, from PEM.
    pub fn verify_again(&self) -> VerifiedCredential {
        self.verifier.verify(&self.contents, self.now).unwrap()
    }

    /// By a verifier that has not seen the user or the CA's large list before.
    pub fn verify_with_large_list(&self) -> VerifiedCredential {
        let verifier = VomsVerifier::open(&self.large, &self.vomsdir).unwrap();
        let verifier = verifier.with_policy(Policy::default().ignore_targets());
        verifier.verify(&self.contents, self.now).unwrap()
    }

    /// From DER to the FQANs.
    pub fn decode_ac(&self) -> AcAttributes {
        let ac = EncodedAc::from_der(self.ac.as_der()).unwrap();
        AcAttributes::read(&ac.certificate().acinfo).unwrap()
    }

    /// One that is decoded, against CAs and vomsdir that were read before.
    pub fn verify_ac(&self) -> VerifiedAc {
        let trust = SignerTrust::VomsDir(&self.voms, &self.anchors);
        let holder = self.user.chain().leaf();
        let policy = Policy::default().ignore_targets();
        AcVerifier::new(trust, holder, &policy, self.now)
            .verify(&self.ac, Some(VO))
            .unwrap()
    }

    /// One that is parsed, against CAs that were read before.
    pub fn verify_chain(&self) -> VerifiedChain {
        self.own
            .chain()
            .verify(&self.anchors, &Policy::default(), self.now)
            .unwrap()
    }

    /// Parses the chain from PEM.
    pub fn parse_chain(&self) -> Chain {
        Chain::parse(&self.contents).unwrap()
    }

    /// With a key that is there.
    pub fn issue_proxy(&self) -> Proxy {
        issue(
            &self.user,
            &self.ac,
            openssl_types::private_key(openssl_types::pkey(self.own.key()).to_owned()),
        )
    }
}
