//! How many credentials a second are verified, by this library, by libvomsapi and by voms-api-java
//! with canl, and how many there could be if only signatures were checked. Prints Markdown. `cargo
//! bench --bench verify`
//!
//! The credential is a proxy (RSA 2048) with an attribute certificate of two FQANs. This library
//! reads it from PEM each time, of a user it has seen before or of another user each time; the
//! others get a chain that is read once. libvomsapi verifies the
//! attribute certificate only, not the chain. `cargo bench --bench verify -- ours` leaves the
//! others out.
#![allow(clippy::disallowed_methods)] // A benchmark has the clock.

mod setting;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::Utc;
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::md::Md;
use openssl::pkey::{PKey, Private, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::Verifier;
use openssl::stack::Stack;
use openssl::x509::extension::BasicConstraints;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{
    X509, X509CrlBuilder, X509Extension, X509Name, X509RevokedBuilder, X509StoreContext,
};
use voms::ac::embedded::attribute_certificates;
use voms::chain::Chain;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::key::{KeyError, KeyKind, PrivateKey};
use voms::pki::pem;
use voms::trust::file_hashes;
use voms::verifier::VomsVerifier;
use voms_authority::pki::{Certification, Purpose};
use voms_authority::world::World;

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
/// Files that changed a moment ago are not remembered.
const SETTLED: Duration = Duration::from_secs(3);
const USERS: usize = 300;
const OTHER_CAS: u32 = 300;
/// Of each of the other CAs' lists: 1 MB in all.
const REVOKED_EACH: u32 = 85;

/// What was done, in how many seconds of the clock and of the processors.
#[derive(Clone, Copy, Default)]
struct Sample {
    count: f64,
    wall: f64,
    cpu: f64,
}

impl Sample {
    fn per_second(self) -> f64 {
        self.count / self.wall
    }

    fn per_cpu_second(self) -> f64 {
        self.count / self.cpu
    }

    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// One line of a table: its name, and what is measured.
type Contender<'a> = (String, Box<dyn Fn() -> Sample + 'a>);

/// Measures all in turn, several times over, so that a busy minute of the machine hits each of
/// them.
fn measure(contenders: &[Contender<'_>]) -> Vec<Sample> {
    let mut samples = vec![Sample::default(); contenders.len()];
    for _ in 0..ROUNDS {
        for (sample, (_, run)) in samples.iter_mut().zip(contenders) {
            sample.add(run());
        }
    }
    samples
}

/// Repeats what `prepare` makes, in as many threads, for a round.
fn here<W: FnMut()>(threads: usize, prepare: impl Fn() -> W + Sync) -> Sample {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let count: u32 = std::thread::scope(|scope| {
        let run = || {
            let mut work = prepare();
            let mut count = 0;
            while started.elapsed() < ROUND {
                work();
                count += 1;
            }
            count
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    Sample {
        count: count.into(),
        wall: started.elapsed().as_secs_f64(),
        cpu: cpu_seconds() - cpu,
    }
}

/// User and system time of this process, threads that have ended included.
fn cpu_seconds() -> f64 {
    /// `USER_HZ`, which is the same on every Linux.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

/// The drivers of the other implementations.
struct Peers(PathBuf);

impl Peers {
    fn build() -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/build");
        let built = Command::new(script)
            .arg(&directory)
            .status()
            .is_ok_and(|status| status.success());
        assert!(
            built,
            "the other implementations cannot be built; install them: scripts/install-test-packages"
        );
        Self(directory)
    }

    fn run(&self, program: &str, setting: &Setting, threads: usize) -> Sample {
        let mut command = Command::new(self.0.join(program));
        command
            .arg("bench")
            .arg(&setting.certdir)
            .arg(&setting.vomsdir)
            .arg(&setting.file);
        let output = command
            .args([ROUND.as_secs().to_string(), threads.to_string()])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<f64> = text
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        let [count, wall, cpu] = numbers[..] else {
            panic!("{program} says {text}")
        };
        Sample { count, wall, cpu }
    }
}

/// What is verified against what.
struct Setting {
    certdir: PathBuf,
    vomsdir: PathBuf,
    file: PathBuf,
}

impl Setting {
    /// The same user again and again.
    fn ours(&self, threads: usize) -> Sample {
        let verifier = VomsVerifier::open(&self.certdir, &self.vomsdir).unwrap();
        let presented = fs::read(&self.file).unwrap();
        here(threads, || {
            || drop(verifier.verify(&presented, Utc::now()).unwrap())
        })
    }

    /// Another user each time. When all have come, a new verifier sees them for the first time.
    fn strangers(&self, threads: usize, users: &[Vec<u8>]) -> Sample {
        let open = || VomsVerifier::open(&self.certdir, &self.vomsdir).unwrap();
        here(threads, || {
            let (mut verifier, mut at) = (open(), 0);
            move || {
                if at == users.len() {
                    (verifier, at) = (open(), 0);
                }
                verifier.verify(&users[at], Utc::now()).unwrap();
                at += 1;
            }
        })
    }
}

/// The chains of the proxies of so many users.
fn users(world: &World) -> Vec<Vec<u8>> {
    let generate = || PrivateKey::generate_rsa(2048).unwrap().to_pem().unwrap();
    // RSA keys cost time, so these two are everybody's.
    let (own, proxys) = (generate(), generate());
    let key = |text: &[u8]| {
        let refuse = || -> Result<_, KeyError> { Err(KeyError::Passphrase) };
        PrivateKey::from_pem(&pem::blocks(text)[0], refuse).unwrap()
    };
    let now = Utc::now();
    let user = |number| {
        let parts = ["sandbox".to_owned(), format!("User {number}")];
        let [component, name] = parts;
        let wanted = Certification {
            subject: vec![
                ("DC", "example".to_owned()),
                ("DC", component),
                ("CN", name),
            ],
            purpose: Purpose::User,
            key: KeyKind::Rsa(2048),
            not_before: now - chrono::Duration::hours(1),
            not_after: now + chrono::Duration::days(2),
        };
        let user = world.ca.certify(&wanted, key(&own)).unwrap();
        let ac = setting::attribute_certificate_of(world, user.chain().leaf(), 2);
        let proxy = setting::issue(&user, &ac, key(&proxys));
        setting::to_pem(&proxy.chain().unwrap()).into_bytes()
    };
    (0..USERS).map(user).collect()
}

/// Writes the chain of a proxy whose attribute certificate has so many FQANs.
fn credential(world: &World, fqans: usize) -> Setting {
    let ac = setting::attribute_certificate(world, fqans);
    let proxy = setting::issue(&world.user, &ac, PrivateKey::generate_rsa(2048).unwrap());
    let file = world.dir.join(format!("proxy-{fqans}.pem"));
    fs::write(&file, setting::to_pem(&proxy.chain().unwrap())).unwrap();
    Setting {
        certdir: world.certificates(),
        vomsdir: world.vomsdir(),
        file,
    }
}

/// A signature, the bytes it covers and the key that made it.
struct Signed {
    body: Vec<u8>,
    signature: Vec<u8>,
    key: PKey<Public>,
}

impl Signed {
    fn certificate(certificate: &Certificate, issuer: &Certificate) -> Self {
        Self {
            body: to_be_signed(certificate.der()).to_vec(),
            signature: openssl_types::x509(certificate)
                .unwrap()
                .signature()
                .as_slice()
                .to_vec(),
            key: openssl_types::x509(issuer).unwrap().public_key().unwrap(),
        }
    }
}

/// The first element within a DER sequence that is longer than 255 bytes, as is the element.
fn to_be_signed(certificate: &[u8]) -> &[u8] {
    let inner = &certificate[4..];
    assert_eq!((certificate[1], inner[1]), (0x82, 0x82));
    &inner[..4 + usize::from(u16::from_be_bytes([inner[2], inner[3]]))]
}

/// The four signatures that verifying the credential takes at least; keys are at hand, nothing is
/// parsed.
fn signatures(world: &World, setting: &Setting) -> Vec<Signed> {
    let chain = Chain::parse(&fs::read(&setting.file).unwrap()).unwrap();
    let (user, host, ca) = (
        chain.end_entity().unwrap(),
        world.host.chain().leaf(),
        world.ca.certificate(),
    );
    let ac = attribute_certificates(&chain).remove(0).unwrap();
    let ac = Signed {
        body: ac.acinfo_der().to_vec(),
        signature: ac.certificate().signature_value.raw_bytes().to_vec(),
        key: openssl_types::x509(host).unwrap().public_key().unwrap(),
    };
    let certificates = [(chain.leaf(), user), (user, ca), (host, ca)];
    certificates
        .iter()
        .map(|(own, issuer)| Signed::certificate(own, issuer))
        .chain([ac])
        .collect()
}

/// Checks them with everything prepared that can be.
fn floor(signed: &[Signed]) -> impl FnMut() {
    let contexts = signed.iter().map(|signed| {
        let mut context = PkeyCtx::new(&signed.key).unwrap();
        context.verify_init().unwrap();
        context.set_rsa_padding(Padding::PKCS1).unwrap();
        context.set_signature_md(Md::sha256()).unwrap();
        context
    });
    let mut checks: Vec<_> = contexts.zip(signed).collect();
    move || {
        for (context, signed) in &mut checks {
            assert!(
                context
                    .verify(&sha256(&signed.body), &signed.signature)
                    .unwrap()
            );
        }
    }
}

/// What OpenSSL alone takes for a user who is new to it, with the CA at hand: it parses the user's
/// certificates, builds a path, and checks the signatures of the proxy and of the attributes.
fn openssl_alone(world: &World, setting: &Setting) -> impl FnMut() {
    let chain = Chain::parse(&fs::read(&setting.file).unwrap()).unwrap();
    let encoded = [chain.leaf(), chain.end_entity().unwrap()].map(|one| one.der().to_vec());
    let ac = signatures(world, setting).pop().unwrap();
    let mut cas = X509StoreBuilder::new().unwrap();
    cas.add_cert(X509::from_der(world.ca.certificate().der()).unwrap())
        .unwrap();
    let (cas, others) = (cas.build(), Stack::new().unwrap());
    move || {
        let [proxy, user] = encoded.each_ref().map(|der| X509::from_der(der).unwrap());
        let mut context = X509StoreContext::new().unwrap();
        let path = context.init(&cas, &user, &others, |context| context.verify_cert());
        assert!(path.unwrap() && proxy.verify(&user.public_key().unwrap()).unwrap());
        let mut verifier = Verifier::new(MessageDigest::sha256(), &ac.key).unwrap();
        assert!(verifier.verify_oneshot(&ac.signature, &ac.body).unwrap());
    }
}

/// A copy of the CA directory with many other CAs and their revocation lists in it.
fn crowded(world: &World) -> PathBuf {
    let directory = world.dir.join("crowded");
    setting::copy_cas(world, &directory);
    let key = PKey::ec_gen("prime256v1").unwrap();
    for number in 0..OTHER_CAS {
        let (ca, list) = other_ca(number, &key);
        for hash in file_hashes(&openssl_types::certificate(&ca).unwrap()) {
            fs::write(
                directory.join(format!("{hash:08x}.0")),
                ca.to_pem().unwrap(),
            )
            .unwrap();
            fs::write(directory.join(format!("{hash:08x}.r0")), &list).unwrap();
        }
    }
    directory
}

/// A CA with a distinct name, and its revocation list in PEM.
fn other_ca(number: u32, key: &PKey<Private>) -> (X509, Vec<u8>) {
    let serial = |number: u32| BigNum::from_u32(number).unwrap().to_asn1_integer().unwrap();
    let (from, until) = (
        Asn1Time::days_from_now(0).unwrap(),
        Asn1Time::days_from_now(30).unwrap(),
    );
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("DC", "example").unwrap();
    name.append_entry_by_text("CN", &format!("Other CA {number}"))
        .unwrap();
    let name = name.build();
    let mut ca = X509::builder().unwrap();
    ca.set_version(2).unwrap();
    ca.set_serial_number(&serial(1)).unwrap();
    ca.set_subject_name(&name).unwrap();
    ca.set_issuer_name(&name).unwrap();
    ca.set_not_before(&from).unwrap();
    ca.set_not_after(&until).unwrap();
    ca.set_pubkey(key).unwrap();
    ca.append_extension(BasicConstraints::new().critical().ca().build().unwrap())
        .unwrap();
    ca.sign(key, MessageDigest::sha256()).unwrap();
    let mut list = X509CrlBuilder::new().unwrap();
    list.set_issuer_name(&name).unwrap();
    list.set_last_update(&from).unwrap();
    list.set_next_update(&until).unwrap();
    for number in 0..REVOKED_EACH {
        let mut entry = X509RevokedBuilder::new().unwrap();
        entry
            .set_serial_number(&serial(0x1000_0000 + number))
            .unwrap();
        entry.set_revocation_date(&from).unwrap();
        list.add_revoked(entry.build()).unwrap();
    }
    // The library insists on these two: a key identifier and a number.
    for (id, value) in [
        ("2.5.29.35", &[0x30, 6, 0x80, 4, 1, 2, 3, 4][..]),
        ("2.5.29.20", &[2, 1, 1]),
    ] {
        let id = Asn1Object::from_str(id).unwrap();
        let value = Asn1OctetString::new_from_bytes(value).unwrap();
        list.append_extension(X509Extension::new_from_der(&id, false, &value).unwrap())
            .unwrap();
    }
    list.sign(key, MessageDigest::sha256()).unwrap();
    (ca.build(), list.build().unwrap().to_pem().unwrap())
}

fn compare(world: &World, peers: &Peers, setting: &Setting) {
    let signed = signatures(world, setting);
    let users = users(world);
    let contenders: [Contender<'_>; 9] = [
        (
            "voms-proxy, the same user again, 1 thread".to_owned(),
            Box::new(|| setting.ours(1)),
        ),
        (
            "the same, 2 threads".to_owned(),
            Box::new(|| setting.ours(2)),
        ),
        (
            "voms-proxy, another user each time, 1 thread".to_owned(),
            Box::new(|| setting.strangers(1, &users)),
        ),
        (
            "the same, 2 threads".to_owned(),
            Box::new(|| setting.strangers(2, &users)),
        ),
        (
            "the four signatures only, 1 thread".to_owned(),
            Box::new(|| here(1, || floor(&signed))),
        ),
        (
            "OpenSSL alone, another user each time, 1 thread".to_owned(),
            Box::new(|| here(1, || openssl_alone(world, setting))),
        ),
        (
            "libvomsapi, 1 thread".to_owned(),
            Box::new(|| peers.run("libvomsapi", setting, 1)),
        ),
        (
            "voms-api-java and canl, 1 thread".to_owned(),
            Box::new(|| peers.run("voms-api-java", setting, 1)),
        ),
        (
            "voms-api-java and canl, 2 threads".to_owned(),
            Box::new(|| peers.run("voms-api-java", setting, 2)),
        ),
    ];
    let samples = measure(&contenders);
    let [floor, cpp, java] = [samples[4], samples[6], samples[7]].map(Sample::per_cpu_second);
    println!("| | per second | per CPU second | × libvomsapi | × Java | of the signatures |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for ((name, _), sample) in contenders.iter().zip(&samples) {
        let own = sample.per_cpu_second();
        let ratios = format!("{:.1} | {:.2} | {:.3}", own / cpp, own / java, own / floor);
        println!(
            "| {name} | {:.0} | {own:.0} | {ratios} |",
            sample.per_second()
        );
    }
    println!(
        "\nRatios compare verifications per CPU second with the other library on one thread.\n"
    );
}

fn grow(world: &World, peers: &Peers, setting: &Setting) {
    let many = Setting {
        certdir: crowded(world),
        vomsdir: setting.vomsdir.clone(),
        file: setting.file.clone(),
    };
    let fqans = [2, 500, 1000].map(|count| (count, credential(world, count)));
    let mut contenders: Vec<Contender<'_>> = Vec::new();
    for (name, setting) in [
        ("one CA", setting),
        ("300 more CAs with 1 MB of CRLs", &many),
    ] {
        contenders.push((name.to_owned(), Box::new(|| setting.ours(1))));
        contenders.push((
            format!("{name}, libvomsapi"),
            Box::new(|| peers.run("libvomsapi", setting, 1)),
        ));
        contenders.push((
            format!("{name}, voms-api-java"),
            Box::new(|| peers.run("voms-api-java", setting, 1)),
        ));
    }
    for (count, setting) in &fqans {
        contenders.push((format!("{count} FQANs"), Box::new(|| setting.ours(1))));
    }
    println!("| | per CPU second | µs of CPU each |\n| --- | ---: | ---: |");
    let report = |contenders: &[Contender<'_>]| {
        for ((name, _), sample) in contenders.iter().zip(measure(contenders)) {
            println!(
                "| {name} | {:.0} | {:.1} |",
                sample.per_cpu_second(),
                1e6 / sample.per_cpu_second()
            );
        }
    };
    report(&contenders);
    large_list(world, setting);
}

/// Without the others, to see at once what a change has brought.
fn ours(world: &World, setting: &Setting) {
    let signed = signatures(world, setting);
    let users = users(world);
    let contenders: [Contender<'_>; 4] = [
        ("the same user".to_owned(), Box::new(|| setting.ours(1))),
        (
            "another user each time".to_owned(),
            Box::new(|| setting.strangers(1, &users)),
        ),
        (
            "the four signatures only".to_owned(),
            Box::new(|| here(1, || floor(&signed))),
        ),
        (
            "OpenSSL alone, another user each time".to_owned(),
            Box::new(|| here(1, || openssl_alone(world, setting))),
        ),
    ];
    for ((name, _), sample) in contenders.iter().zip(measure(&contenders)) {
        println!(
            "{name}: {:.1} µs of CPU each",
            1e6 / sample.per_cpu_second()
        );
    }
    large_list(world, setting);
}

/// The list of the user's own CA becomes large: what a new verifier needs to look at it, and what it
/// needs then. Changes the directory.
fn large_list(world: &World, setting: &Setting) {
    const TIMES: u32 = 20;
    let presented = fs::read(&setting.file).unwrap();
    let looks = || {
        let mut looks = [Duration::ZERO; 2];
        for _ in 0..TIMES {
            let verifier = VomsVerifier::open(&setting.certdir, &setting.vomsdir).unwrap();
            for look in &mut looks {
                let started = Instant::now();
                verifier.verify(&presented, Utc::now()).unwrap();
                *look += started.elapsed() / TIMES;
            }
        }
        looks
    };
    let small = looks();
    setting::enlarge_list(world);
    std::thread::sleep(SETTLED);
    let large = looks();
    for (name, at) in [("first", 0), ("next", 1)] {
        let more = large[at].saturating_sub(small[at]);
        println!(
            "{name} look at a list of 1 MB: {:.2} ms more",
            1e3 * more.as_secs_f64()
        );
    }
}

fn main() {
    let directory = tempfile::Builder::new()
        .prefix("bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .unwrap();
    let world = World::create(directory.path(), Utc::now()).unwrap();
    let setting = credential(&world, 2);
    std::thread::sleep(SETTLED);
    if std::env::args().any(|word| word == "ours") {
        return ours(&world, &setting);
    }
    let peers = Peers::build();
    compare(&world, &peers, &setting);
    grow(&world, &peers, &setting);
}
