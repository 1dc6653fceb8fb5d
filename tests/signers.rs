//! Whose attribute certificates are accepted where the server in front, or its CA, has changed.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use chrono::Duration;
use common::servers::draft;
use common::{ca_of_the_same_name, certification, now, world};
use tempfile::TempDir;
use voms::ac::finding::AcFinding;
use voms::ac::verify::{AcVerifier, SignerTrust, VerifiedAc};
use voms::credential::Credential;
use voms::pki::key::KeyKind;
use voms::pki::pem;
use voms::policy::Policy;
use voms::trust::{PathProblem, TrustAnchors, file_hashes};
use voms::vo::vomsdir::VomsDir;
use voms_authority::pki::{Certification, Purpose, ThrowAwayCa};
use voms_authority::sign::AcDraft;

fn verify(
    draft: &AcDraft,
    signer: &Credential,
    trust: SignerTrust<'_>,
) -> Result<VerifiedAc, Vec<AcFinding>> {
    let holder = world().user.chain().leaf();
    let ac = draft.sign(holder, signer).unwrap();
    let policy = Policy::default().ignore_targets();
    AcVerifier::new(trust, holder, &policy, now()).verify(&ac, Some("virgo"))
}

fn host(name: &str) -> Certification {
    certification(name, Purpose::Host(vec![name.to_owned()]))
}

/// What is said of attributes without a vomsdir: signed by `signer`, sent by the world's host.
fn sent_by_the_host(signer: &Credential, with_cas: bool) -> Result<VerifiedAc, Vec<AcFinding>> {
    let anchors = TrustAnchors::open(&world().certificates()).unwrap();
    let server = world().host.chain().leaf();
    verify(
        &draft(),
        signer,
        SignerTrust::Server {
            server,
            anchors: with_cas.then_some(&anchors),
        },
    )
}

#[test]
fn without_a_vomsdir_a_verified_certificate_with_the_servers_names_may_sign() {
    let renewed = world().ca.issue(&host("localhost")).unwrap();
    let verified = sent_by_the_host(&renewed, true).unwrap();
    assert_eq!(verified.signer(), renewed.chain().leaf());
    assert_eq!(
        sent_by_the_host(&world().host, false).unwrap().signer(),
        world().host.chain().leaf()
    );
}

#[test]
fn without_a_vomsdir_no_other_certificate_may_sign() {
    let renewed = world().ca.issue(&host("localhost")).unwrap();
    let other = world().ca.issue(&host("other.example.org")).unwrap();
    let forged = ca_of_the_same_name().issue(&host("localhost")).unwrap();
    let past = Certification {
        not_after: now() - Duration::minutes(30),
        ..host("localhost")
    };
    let expired = world().ca.issue(&past).unwrap();
    let not_the_server =
        |findings: Vec<AcFinding>| matches!(findings[..], [AcFinding::NotTheServer { .. }]);
    assert!(
        not_the_server(sent_by_the_host(&renewed, false).unwrap_err()),
        "no CA directory"
    );
    assert!(
        not_the_server(sent_by_the_host(&other, true).unwrap_err()),
        "another name"
    );
    let path = |signer: &Credential| match sent_by_the_host(signer, true).unwrap_err().remove(0) {
        AcFinding::Signer(path) => path.problem,
        other => panic!("{other:?}"),
    };
    assert!(
        !matches!(path(&forged), PathProblem::Expired(_)),
        "a CA of the same name with another key"
    );
    assert!(matches!(path(&expired), PathProblem::Expired(_)));
}

/// A CA directory with only this CA.
fn published(ca: &ThrowAwayCa, dir: &Path) -> TrustAnchors {
    for hash in file_hashes(ca.certificate()) {
        fs::write(
            dir.join(format!("{hash:08x}.0")),
            pem::encode("CERTIFICATE", ca.certificate().der()).as_bytes(),
        )
        .unwrap();
    }
    TrustAnchors::open(dir).unwrap()
}

fn cnaf(place: (&'static str, &str)) -> Vec<(&'static str, String)> {
    let parts = [
        ("DC", "org"),
        ("DC", "terena"),
        ("DC", "tcs"),
        ("C", "IT"),
        place,
    ];
    let own = [
        ("O", "Istituto Nazionale di Fisica Nucleare"),
        ("CN", "voms.cnaf.infn.it"),
    ];
    parts
        .into_iter()
        .chain(own)
        .map(|(label, value)| (label, value.to_owned()))
        .collect()
}

/// An LSC file for a signer of CNAF's under its new CA.
fn with_lsc(lsc: &str) -> (TempDir, PathBuf, Vec<AcFinding>) {
    let dir = tempfile::tempdir().unwrap();
    let greece = [
        ("C", "GR"),
        ("O", "Hellenic Academic and Research Institutions CA"),
        ("CN", "GEANT TLS RSA 1"),
    ];
    let ca = ThrowAwayCa::create(
        &greece.map(|(label, value)| (label, value.to_owned())),
        now(),
    )
    .unwrap();
    let certificates = dir.path().join("certificates");
    fs::create_dir(&certificates).unwrap();
    let anchors = published(&ca, &certificates);
    let signer = ca
        .issue(&Certification {
            subject: cnaf(("L", "Roma")),
            key: KeyKind::P256,
            ..host("x")
        })
        .unwrap();
    let file = dir.path().join("vomsdir/virgo/voms.cnaf.infn.it.lsc");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, lsc).unwrap();
    let vomsdir = VomsDir::open(&dir.path().join("vomsdir")).unwrap();
    let draft = AcDraft {
        uri: "voms.cnaf.infn.it:15009".to_owned(),
        ..draft()
    };
    let findings = verify(&draft, &signer, SignerTrust::VomsDir(&vomsdir, &anchors))
        .err()
        .unwrap_or_default();
    (dir, file, findings)
}

const NEW: &str = "/DC=org/DC=terena/DC=tcs/C=IT/L=Roma/O=Istituto Nazionale di Fisica Nucleare/CN=voms.cnaf.infn.it\n\
                   /C=GR/O=Hellenic Academic and Research Institutions CA/CN=GEANT TLS RSA 1\n";
const OLD: &str = "/DC=org/DC=terena/DC=tcs/C=IT/ST=Roma/O=Istituto Nazionale di Fisica Nucleare/CN=voms.cnaf.infn.it\n\
                   /C=NL/O=GEANT Vereniging/CN=GEANT eScience SSL CA 4\n";

#[test]
fn an_lsc_file_from_before_cnafs_change_of_ca_is_recognised() {
    assert!(with_lsc(NEW).2.is_empty());
    let (_dir, file, findings) = with_lsc(OLD);
    let [
        AcFinding::LscFormerCa {
            file: named,
            former,
            signer,
            issuer,
        },
    ] = &findings[..]
    else {
        panic!("{findings:?}")
    };
    assert_eq!(
        (named, former.common_name()),
        (&file, Some("GEANT eScience SSL CA 4"))
    );
    assert_eq!(format!("{signer}\n{issuer}\n"), NEW);
}

#[test]
fn an_lsc_file_for_another_host_or_ca_is_not_mistaken_for_an_old_one() {
    for other in [
        OLD.replace("CN=voms.cnaf", "CN=voms2.cnaf"),
        OLD.replace("SSL CA 4", "SSL CA 5"),
    ] {
        let findings = with_lsc(&other).2;
        assert!(
            matches!(findings[..], [AcFinding::LscMismatch { .. }]),
            "{findings:?}"
        );
    }
}
