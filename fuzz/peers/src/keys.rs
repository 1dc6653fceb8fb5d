//! New keys for the vectors', whose private ones are gone, and signatures by them.

use std::collections::HashMap;

use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha1;
use openssl::sign::{RsaPssSaltlen, Signer as Signing, Verifier};

use crate::der::Node;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Pss,
    /// That of Ed25519 is its own.
    None,
}

/// Which key signs, and how.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Signer {
    pub key: usize,
    pub digest: Digest,
}

/// The longest RSA key made here; longer ones take seconds.
const LONGEST: u32 = 4096;
const USUAL_EXPONENT: u32 = 65537;
const MAX_SIGNATURES: usize = 20_000;

struct Pair {
    old: PKey<Public>,
    new: PKey<Private>,
    old_spki: Vec<u8>,
    spki: Vec<u8>,
}

#[derive(Default)]
pub struct Keys {
    pairs: Vec<Pair>,
    signatures: HashMap<(Signer, [u8; 32]), Vec<u8>>,
}

impl Keys {
    /// A new key in the place of this one, where one like it can be made.
    pub fn replace(&mut self, spki: &[u8]) {
        if self.pairs.iter().any(|pair| pair.old_spki == spki) {
            return;
        }
        let Ok(old) = PKey::public_key_from_der(spki) else {
            return;
        };
        let Ok(Some(new)) = like(&old) else { return };
        let Ok(public) = new.public_key_to_der() else {
            return;
        };
        self.pairs.push(Pair {
            old,
            new,
            old_spki: spki.to_vec(),
            spki: public,
        });
    }

    /// The key with this, the new, subjectPublicKeyInfo.
    pub fn with_spki(&self, spki: &[u8]) -> Option<usize> {
        self.pairs.iter().position(|pair| pair.spki == spki)
    }

    /// Bytes of old keys and key identifiers, each with what takes its place.
    pub fn replacements(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let bits = |spki: &[u8]| {
            let info = Node::parse(spki);
            let content = info.nodes()[1].encode();
            // Over the header of the BIT STRING and its count of unused bits.
            let header = match content[1] {
                long @ 0x80.. => 2 + usize::from(long & 0x7f),
                _ => 2,
            };
            sha1(&content[header + 1..]).to_vec()
        };
        self.pairs
            .iter()
            .map(|pair| (bits(&pair.old_spki), bits(&pair.spki)))
            .collect()
    }

    pub fn new_spki(&self, old: &[u8]) -> Option<&[u8]> {
        self.pairs
            .iter()
            .find(|pair| pair.old_spki == old)
            .map(|pair| &*pair.spki)
    }

    /// Who made an old signature.
    pub fn signer_of(&self, body: &[u8], algorithm: &Node, signature: &[u8]) -> Option<Signer> {
        let digest = digest_of(algorithm)?;
        let made = |pair: &Pair| verifies(&pair.old, digest, body, signature).unwrap_or(false);
        self.pairs
            .iter()
            .position(made)
            .map(|key| Signer { key, digest })
    }

    /// A new signature; none where the key cannot sign so.
    pub fn sign(&mut self, signer: Signer, body: &[u8]) -> Option<Vec<u8>> {
        let at = (signer, openssl::sha::sha256(body));
        if let Some(known) = self.signatures.get(&at) {
            return Some(known.clone());
        }
        let signature = signed(&self.pairs[signer.key].new, signer.digest, body).ok()?;
        if self.signatures.len() > MAX_SIGNATURES {
            self.signatures.clear();
        }
        self.signatures.insert(at, signature.clone());
        Some(signature)
    }
}

fn like(old: &PKey<Public>) -> Result<Option<PKey<Private>>, ErrorStack> {
    Ok(match old.id() {
        Id::RSA => {
            let rsa = old.rsa()?;
            let usual = rsa.e().to_string() == USUAL_EXPONENT.to_string();
            match old.bits() {
                bits if usual && bits <= LONGEST => Some(PKey::from_rsa(Rsa::generate(bits)?)?),
                _ => None,
            }
        }
        Id::EC => match old.ec_key()?.group().curve_name() {
            Some(curve) => Some(PKey::from_ec_key(EcKey::generate(
                &*EcGroup::from_curve_name(curve)?,
            )?)?),
            None => None,
        },
        Id::ED25519 => Some(PKey::generate_ed25519()?),
        _ => None,
    })
}

fn hash(digest: Digest) -> Option<MessageDigest> {
    Some(match digest {
        Digest::Md5 => MessageDigest::md5(),
        Digest::Sha1 => MessageDigest::sha1(),
        Digest::Sha224 => MessageDigest::sha224(),
        Digest::Sha256 | Digest::Pss => MessageDigest::sha256(),
        Digest::Sha384 => MessageDigest::sha384(),
        Digest::Sha512 => MessageDigest::sha512(),
        Digest::None => return None,
    })
}

fn digest_of(algorithm: &Node) -> Option<Digest> {
    let rsa = |last: u8| {
        [
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01][..],
            &[last],
        ]
        .concat()
    };
    let id = algorithm.nodes().first()?.encode();
    let id = id.get(2..)?;
    let known: [(Vec<u8>, Digest); 11] = [
        (rsa(4), Digest::Md5),
        (rsa(5), Digest::Sha1),
        (rsa(10), Digest::Pss),
        (rsa(11), Digest::Sha256),
        (rsa(12), Digest::Sha384),
        (rsa(13), Digest::Sha512),
        (rsa(14), Digest::Sha224),
        (vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], Digest::Sha1),
        (
            vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
            Digest::Sha256,
        ),
        (
            vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
            Digest::Sha384,
        ),
        (vec![0x2b, 0x65, 0x70], Digest::None),
    ];
    known
        .into_iter()
        .find(|(known, _)| known == id)
        .map(|(_, digest)| digest)
}

fn verifies(
    key: &PKey<Public>,
    digest: Digest,
    body: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    let Some(hash) = hash(digest) else {
        return Verifier::new_without_digest(key)?.verify_oneshot(signature, body);
    };
    let mut verifier = Verifier::new(hash, key)?;
    if digest == Digest::Pss {
        verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
        verifier.set_rsa_mgf1_md(hash)?;
        verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(32))?;
    }
    verifier.verify_oneshot(signature, body)
}

fn signed(key: &PKey<Private>, digest: Digest, body: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let Some(hash) = hash(digest) else {
        return Signing::new_without_digest(key)?.sign_oneshot_to_vec(body);
    };
    let mut signing = Signing::new(hash, key)?;
    if digest == Digest::Pss {
        signing.set_rsa_padding(Padding::PKCS1_PSS)?;
        signing.set_rsa_mgf1_md(hash)?;
        signing.set_rsa_pss_saltlen(RsaPssSaltlen::custom(32))?;
    }
    signing.sign_oneshot_to_vec(body)
}

/// The bytes, signed anew by whoever is said to sign.
pub fn encode(node: &Node, keys: &mut Keys) -> Vec<u8> {
    node.write(&mut |node| {
        let parts: Vec<Vec<u8>> = node.nodes().iter().map(|part| encode(part, keys)).collect();
        let (Some(signer), [body, algorithm, _, rest @ ..]) = (node.signer, &*parts) else {
            return parts.concat();
        };
        match keys.sign(signer, body) {
            Some(signature) => {
                let bits = Node::bytes(3, &[&[0], &*signature].concat()).encode();
                [&**body, algorithm, &bits, &rest.concat()].concat()
            }
            None => parts.concat(),
        }
    })
}
