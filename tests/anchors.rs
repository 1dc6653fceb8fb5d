//! CA directories: which names a CA may certify, file names by either hash, and files that change
//! while we run.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use chrono::{DateTime, Duration, Utc};
use tempfile::TempDir;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::policy::CrlPolicy;
use voms::policy::Policy;
use voms::trust::{CrlProblem, PathProblem, TrustAnchors, Usage, file_hashes};
use voms_authority::world::World;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// One world for all tests; each copies its CA directory.
fn world() -> &'static World {
    static WORLD: OnceLock<(TempDir, World)> = OnceLock::new();
    let (_, world) = WORLD.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let world = World::create(dir.path(), now()).unwrap();
        (dir, world)
    });
    world
}

struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(world().certificates()).unwrap() {
            let entry = entry.unwrap();
            // Links become files, so that a test changes one name and not all.
            fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
        }
        Self(dir)
    }

    fn hash(&self) -> String {
        format!(
            "{:08x}",
            openssl_types::x509(world().ca.certificate())
                .unwrap()
                .subject_name_hash()
        )
    }

    fn write(&self, end: &str, text: &str) {
        for hash in file_hashes(world().ca.certificate()) {
            fs::write(self.0.path().join(format!("{hash:08x}.{end}")), text).unwrap();
        }
    }

    fn remove(&self, end: &str) {
        let hash = self.hash();
        for entry in fs::read_dir(self.0.path()).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if name.ends_with(end) && (end != hash || name.starts_with(&hash)) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    fn open(&self) -> TrustAnchors {
        TrustAnchors::open(self.0.path()).unwrap()
    }
}

fn user() -> &'static Certificate {
    world().user.chain().leaf()
}

fn problems(anchors: &TrustAnchors) -> Vec<PathProblem> {
    problems_under(&Policy::default(), anchors)
}

fn problems_under(policy: &Policy, anchors: &TrustAnchors) -> Vec<PathProblem> {
    let policy = policy.clone().with_skew(std::time::Duration::ZERO);
    let verdict = anchors.verify_path(user(), &[], Usage::Client, &policy, now());
    verdict
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|finding| finding.problem)
        .collect()
}

fn policy_words(directory: &Directory) -> String {
    let words = problems(&directory.open())
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    words.replace(&directory.0.path().display().to_string(), "")
}

const PERMIT_OTHERS: &str = "TO Issuer SELF PERMIT Subject \"/C=IT/.*\"\n";
const PERMIT_US: &str = "TO Issuer SELF PERMIT Subject \"/DC=example/.*\"\n";

#[test]
fn a_name_outside_the_signing_policy_is_refused() {
    let directory = Directory::new();
    assert!(problems(&directory.open()).is_empty());
    let policy =
        fs::read_to_string(world().certificates().join("SandboxCA.signing_policy")).unwrap();
    directory.write(
        "signing_policy",
        &policy.replace("/DC=example/DC=sandbox/*", "/C=IT/*"),
    );
    assert!(policy_words(&directory).ends_with(".signing_policy does not permit its CA this name"));
}

#[test]
fn with_both_policy_files_both_must_permit() {
    let directory = Directory::new();
    directory.write("namespaces", PERMIT_US);
    assert!(problems(&directory.open()).is_empty());
    directory.write("namespaces", PERMIT_OTHERS);
    assert!(policy_words(&directory).ends_with(".namespaces does not permit its CA this name"));
    directory.write(
        "namespaces",
        &format!("{PERMIT_US}TO Issuer SELF DENY Subject \".*/CN=Ada Lovelace\"\n"),
    );
    assert!(policy_words(&directory).ends_with(".namespaces denies its CA this name"));
}

#[test]
fn an_unparsable_policy_permits_nothing() {
    let directory = Directory::new();
    directory.write("signing_policy", "hello\n");
    assert!(
        policy_words(&directory)
            .ends_with("cannot be understood: line 1: a keyword without a value")
    );
}

#[test]
fn a_ca_without_policy_files_may_certify_any_name() {
    let directory = Directory::new();
    directory.remove("signing_policy");
    assert!(problems(&directory.open()).is_empty());
}

#[test]
fn names_by_the_old_hash_are_found() {
    let directory = Directory::new();
    for end in ["0", "r0", "signing_policy"] {
        fs::remove_file(
            directory
                .0
                .path()
                .join(format!("{}.{end}", directory.hash())),
        )
        .unwrap();
    }
    assert!(problems(&directory.open()).is_empty());
}

#[test]
fn a_change_on_disk_is_seen_by_the_next_call() {
    let directory = Directory::new();
    let anchors = directory.open();
    assert!(problems(&anchors).is_empty());
    let revoked = world()
        .ca
        .revocation_list(
            &[user()],
            now() - Duration::hours(1),
            now() + Duration::days(1),
        )
        .unwrap();
    let list = directory.0.path().join(format!("{}.r7", directory.hash()));
    fs::write(&list, revoked).unwrap();
    assert!(matches!(
        problems(&anchors).as_slice(),
        [PathProblem::Revoked { .. }]
    ));
    fs::remove_file(&list).unwrap();
    assert!(problems(&anchors).is_empty());
    for end in [".0", "SandboxCA.pem"] {
        directory.remove(end);
    }
    assert!(matches!(
        problems(&anchors).as_slice(),
        [PathProblem::UnknownIssuer { .. }]
    ));
}

#[test]
fn revocation_lists_are_checked_as_the_mode_requires() {
    let directory = Directory::new();
    let late = world()
        .ca
        .revocation_list(&[], now() - Duration::days(3), now() - Duration::days(2))
        .unwrap();
    directory.write("r0", std::str::from_utf8(&late).unwrap());
    let anchors = directory.open();
    assert!(matches!(
        problems(&anchors).as_slice(),
        [
            PathProblem::CrlExpired { .. },
            PathProblem::CrlExpired { .. }
        ]
    ));
    let with = |crl| problems_under(&Policy::default().with_crl(crl), &anchors);
    assert!(with(CrlPolicy::Off).is_empty());
    directory.remove(".r0");
    assert!(problems(&anchors).is_empty());
    assert!(matches!(
        with(CrlPolicy::Required).as_slice(),
        [PathProblem::CrlMissing(_)]
    ));
}

#[test]
fn a_list_from_the_future_or_another_ca_is_unusable() {
    let directory = Directory::new();
    let early = world()
        .ca
        .revocation_list(&[], now() + Duration::hours(1), now() + Duration::days(2))
        .unwrap();
    directory.write("r0", std::str::from_utf8(&early).unwrap());
    assert!(matches!(
        problems(&directory.open()).as_slice(),
        [
            PathProblem::CrlUnusable {
                problem: CrlProblem::NotYetValid,
                ..
            },
            _
        ]
    ));
    let dir = tempfile::tempdir().unwrap();
    let other = World::create(dir.path(), now()).unwrap();
    let foreign = other
        .ca
        .revocation_list(&[], now() - Duration::hours(1), now() + Duration::days(2))
        .unwrap();
    directory.write("r0", std::str::from_utf8(&foreign).unwrap());
    assert!(matches!(
        problems(&directory.open()).as_slice(),
        [
            PathProblem::CrlUnusable {
                problem: CrlProblem::OtherKey,
                ..
            },
            _
        ]
    ));
    directory.remove(".r0");
    let list = directory.0.path().join(format!("{}.r0", directory.hash()));
    std::os::unix::fs::symlink(Path::new("nowhere"), &list).unwrap();
    assert!(matches!(
        problems(&directory.open()).as_slice(),
        [PathProblem::CrlUnusable {
            problem: CrlProblem::Unreadable,
            ..
        }]
    ));
}

#[test]
fn an_unreadable_ca_file_is_named() {
    let directory = Directory::new();
    directory.remove(".0");
    directory.remove("SandboxCA.pem");
    directory.write(
        "0",
        "-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n",
    );
    let reported = problems(&directory.open());
    let [
        PathProblem::UnknownIssuer {
            unreadable: Some(file),
            ..
        },
    ] = reported.as_slice()
    else {
        panic!("{reported:?}")
    };
    assert!(
        reported[0]
            .to_string()
            .ends_with(&format!("({} cannot be read)", file.display()))
    );
}
