//! Every form in which a certificate and its key come.

use super::desk::{Desk, Ended, run};
use super::judges::{Spelling, judge, ours};
use super::surroundings::world;

struct Form {
    user: &'static str,
    cert: &'static str,
    key: Option<&'static str>,
    encrypted: bool,
}

const fn pem(user: &'static str, key: &'static str, encrypted: bool) -> Form {
    Form {
        user,
        cert: "usercert.pem",
        key: Some(key),
        encrypted,
    }
}

const fn single(cert: &'static str, encrypted: bool) -> Form {
    Form {
        user: "alice",
        cert,
        key: None,
        encrypted,
    }
}

const FORMS: &[Form] = &[
    pem("alice", "userkey.pem", false),
    pem("alice", "userkey-enc.pem", true),
    pem("alice", "userkey-enc-des3.pem", true),
    pem("alice", "userkey-pkcs1.pem", false),
    pem("alice", "userkey-pkcs1-enc.pem", true),
    single("user.p12", true),
    single("user-legacy.p12", true),
    single("both.pem", false),
    pem("grace", "userkey.pem", false),
    pem("grace", "userkey-enc.pem", true),
    pem("grace", "userkey-sec1.pem", false),
    pem("grace", "userkey-sec1-enc.pem", true),
];

impl Form {
    fn name(&self) -> String {
        format!("{} {}", self.user, self.key.unwrap_or(self.cert))
    }

    fn init(&self, desk: &Desk, passphrase: &str) -> Ended {
        let file = |name: &str| world().file(&format!("users/{}/{name}", self.user));
        let mut command = desk.command(env!("CARGO_BIN_EXE_voms-proxy"));
        command
            .args(["init", "--voms", "virgo", "--pwstdin", "--out"])
            .arg(desk.path("out.pem"));
        command.arg("--cert").arg(file(self.cert));
        if let Some(key) = self.key {
            command.arg("--key").arg(file(key));
        }
        run(&mut command, passphrase)
    }
}

#[test]
fn every_form_of_credential_makes_the_same_proxy() {
    for form in FORMS {
        for passphrase in ["pass\n", "pass", "pass\r\n"] {
            let desk = Desk::new();
            let ended = form.init(&desk, passphrase);
            assert_eq!(
                (ended.exit, ended.stderr.as_str()),
                (0, ""),
                "{} {passphrase:?}",
                form.name()
            );
            let shown = ours(&desk, &desk.path("out.pem"));
            let user = if form.user == "alice" {
                "Alice Adams"
            } else {
                "Grace Gray"
            };
            assert_eq!(
                shown.identity,
                format!("/DC=example/DC=world/O=Virgo/CN={user}"),
                "{}",
                form.name()
            );
            assert_eq!(
                shown.short_fqans(),
                ["/virgo", "/virgo/virgo"],
                "{}",
                form.name()
            );
        }
    }
}

#[test]
fn proxies_from_bundles_and_old_key_formats_satisfy_the_judges() {
    for form in FORMS
        .iter()
        .filter(|form| form.key.is_none() || form.key == Some("userkey-sec1-enc.pem"))
    {
        let desk = Desk::new();
        assert_eq!(form.init(&desk, "pass\n").exit, 0, "{}", form.name());
        let verdicts = judge(&desk, &desk.path("out.pem"), Spelling::default(), None);
        assert!(
            verdicts.faults.is_empty(),
            "{}: {}",
            form.name(),
            verdicts.faults.join("\n")
        );
    }
}

#[test]
fn a_wrong_passphrase_is_named_as_such_in_every_form_and_writes_nothing() {
    for form in FORMS.iter().filter(|form| form.encrypted) {
        for passphrase in ["wrong\n", "\n", ""] {
            let desk = Desk::new();
            let ended = form.init(&desk, passphrase);
            assert_eq!(ended.exit, 1, "{} {passphrase:?}", form.name());
            assert!(
                desk.files().is_empty(),
                "{}: {:?}",
                form.name(),
                desk.files()
            );
            // There is a credential, it only does not open.
            assert!(
                !ended.stderr.contains("No credentials found!"),
                "{}: {}",
                form.name(),
                ended.stderr
            );
            let says = "the password is incorrect or the PEM data is corrupted";
            assert!(
                passphrase != "wrong\n" || ended.stderr.contains(says),
                "{}: {}",
                form.name(),
                ended.stderr
            );
        }
    }
}
