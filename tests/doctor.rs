//! `voms-proxy doctor`: set-ups that are broken in one place, each with the headline and the next
//! step; and that it changes nothing.
#![allow(clippy::disallowed_methods)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::Duration;
use common::hostile::{self, Hostile, dead_port, silence};
use common::servers::{self, Voms, authority, draft, entry, honest, http, sends};
use common::{
    BINARY, Home, Outcome, certificate_pem, certification, key_pem, mode, now, run,
    with_own_mounts, world,
};
use openssl::ssl::SslVerifyMode;
use voms::credential::Credential;
use voms::pki::key::{KeyKind, PrivateKey};
use voms::pki::pem;
use voms::proxy::{ProxyRequest, VerifiedIssuer};
use voms_authority::Authority;
use voms_authority::pki::{Certification, Purpose, ThrowAwayCa};

const PASSPHRASE: &str = "correct horse";

/// Somebody whose certificate lasts, as nothing is to be complained of but what is broken.
fn emmy() -> &'static Credential {
    static EMMY: OnceLock<Credential> = OnceLock::new();
    EMMY.get_or_init(|| issued(|_| {}))
}

fn issued(change: impl FnOnce(&mut Certification)) -> Credential {
    let mut wanted = certification("Emmy Noether", Purpose::User);
    wanted.not_after = now() + Duration::days(400);
    change(&mut wanted);
    world().ca.issue(&wanted).unwrap()
}

fn her_authority(change: impl FnOnce(&mut Authority)) -> Authority {
    authority(|authority| {
        authority.members[0].subject = emmy().chain().leaf().subject().clone();
        change(authority);
    })
}

/// A set-up in which all is well, until a case breaks it.
struct Setup {
    home: Home,
    words: Vec<String>,
    stdin: String,
    /// Whatever has to live as long.
    servers: Vec<Voms>,
    hostile: Vec<Hostile>,
    /// Runs it in its own mount namespace, after this.
    mounts: Option<&'static str>,
}

impl Setup {
    fn new() -> Self {
        let home = Home::of(emmy());
        fs::set_permissions(home.path(".globus"), fs::Permissions::from_mode(0o700)).unwrap();
        let setup = Self {
            home,
            words: ["doctor", "--voms", "virgo"].map(str::to_owned).to_vec(),
            stdin: String::new(),
            servers: Vec::new(),
            hostile: Vec::new(),
            mounts: None,
        };
        setup.server(honest(her_authority(|_| {})))
    }

    /// Points to this server alone.
    fn server(mut self, server: Voms) -> Self {
        self.home.write("vomses", server.virgo().as_bytes(), 0o644);
        self.servers = vec![server];
        self.vomses()
    }

    fn vomses(mut self) -> Self {
        let file = self.home.path("vomses");
        self.home = self.home.with("X509_VOMSES", file);
        self
    }

    fn line(self, line: &str) -> Self {
        self.home.write("vomses", line.as_bytes(), 0o644);
        self
    }

    fn hostile(mut self, server: Hostile) -> Self {
        let line = server.virgo();
        self.hostile.push(server);
        self.line(&line)
    }

    fn variable(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.home = self.home.with(name, value);
        self
    }

    fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(ToString::to_string));
        self
    }

    fn voms(mut self, voms: &str) -> Self {
        self.words[2] = voms.to_owned();
        self
    }

    fn file(self, name: &str, contents: &[u8], mode: u32) -> Self {
        self.home.write(name, contents, mode);
        self
    }

    fn mode(self, name: &str, mode: u32) -> Self {
        fs::set_permissions(self.home.path(name), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn gone(self, name: &str) -> Self {
        fs::remove_file(self.home.path(name)).unwrap();
        self
    }

    fn user(self, user: &Credential) -> Self {
        self.file(".globus/usercert.pem", &certificate_pem(user), 0o644)
            .file(".globus/userkey.pem", &key_pem(user), 0o400)
    }

    /// With the key under a pass phrase, and what is given for one.
    fn encrypted(mut self, given: &str) -> Self {
        let key = emmy().key().to_encrypted_pem(PASSPHRASE).unwrap();
        self.stdin = format!("{given}\n");
        self.file(".globus/userkey.pem", key.as_bytes(), 0o400)
            .words(&["--pwstdin"])
    }

    fn mounts(mut self, prepare: &'static str) -> Self {
        self.mounts = Some(prepare);
        self
    }

    /// A separate CA directory, copied from the world's and changed.
    fn certificates(self, change: impl FnOnce(&Path)) -> Self {
        let directory = self.home.path("certificates");
        copy(&world().certificates(), &directory);
        change(&directory);
        self.variable("X509_CERT_DIR", directory)
    }

    fn vomsdir(self, lsc: Option<&str>) -> Self {
        let directory = self.home.path("vomsdir");
        fs::create_dir_all(directory.join("virgo")).unwrap();
        if let Some(lsc) = lsc {
            fs::write(directory.join("virgo/localhost.lsc"), lsc).unwrap();
        }
        self.variable("X509_VOMS_DIR", directory)
    }

    fn run(&self) -> Outcome {
        self.run_with(&[])
    }

    fn run_with(&self, more: &[&str]) -> Outcome {
        let words = self
            .words
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied());
        let mut command = match self.mounts {
            None => self.home.command(BINARY),
            Some(prepare) => {
                let mut command = with_own_mounts(&self.home);
                command.args([
                    "sh",
                    "-c",
                    &format!("{prepare} || exit 99\nexec \"$@\""),
                    "sh",
                    BINARY,
                ]);
                command
            }
        };
        run(command.args(words), self.stdin.as_bytes())
    }

    fn proxy(self, words: &[&str]) -> Self {
        let words: Vec<&str> = ["init"].iter().chain(words).copied().collect();
        run(self.home.command(BINARY).args(words), b"").success();
        self
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The revocation lists of the directory replaced by one that says this.
fn list(directory: &Path, revoked: &[&Credential], until: Duration) {
    let revoked: Vec<_> = revoked.iter().map(|user| user.chain().leaf()).collect();
    let crl = world()
        .ca
        .revocation_list(&revoked, now() - Duration::hours(2), now() + until)
        .unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".r0") {
            fs::write(path, &crl).unwrap();
        }
    }
}

/// Name, exit code, what the headline and the next step say, and how the set-up is made.
type Case = (
    &'static str,
    i32,
    &'static str,
    &'static str,
    fn(Setup) -> Setup,
);

const CASES: &[Case] = &[
    (
        "HOME is not set",
        1,
        "HOME is not set",
        "export HOME=",
        |s| Setup {
            home: s.home.without("HOME"),
            ..s
        },
    ),
    (
        "HOME leads nowhere",
        1,
        "the home directory /nonexistent: file not found",
        "export HOME=",
        |s| s.variable("HOME", "/nonexistent"),
    ),
    (
        "no credential at all",
        1,
        "no user credential was found",
        "voms-proxy import FILE",
        |s| s.gone(".globus/usercert.pem").gone(".globus/userkey.pem"),
    ),
    (
        "no key",
        1,
        "its key is missing",
        "voms-proxy import FILE",
        |s| s.gone(".globus/userkey.pem"),
    ),
    (
        "a named certificate is not there",
        1,
        "cannot read the certificate",
        "--cert FILE",
        |s| s.words(&["--cert", "nowhere.pem"]),
    ),
    (
        "key readable by others",
        1,
        "is readable by others (mode 0644)",
        "run: chmod 400 ",
        |s| s.mode(".globus/userkey.pem", 0o644),
    ),
    (
        "certificate writable by others",
        1,
        "can be changed by others (mode 0666)",
        "run: chmod 644 ",
        |s| s.mode(".globus/usercert.pem", 0o666),
    ),
    (
        "directory writable by others",
        2,
        "others can replace the files in",
        "run: chmod 700 ",
        |s| s.mode(".globus", 0o777),
    ),
    (
        "an import was interrupted",
        1,
        "was interrupted",
        "run: voms-proxy import --finish",
        |s| {
            s.file(
                ".globus/.import-unfinished",
                b".userkey.pem.new userkey.pem\n",
                0o600,
            )
        },
    ),
    (
        "certificate file with something else",
        1,
        "is a web page",
        "--cert FILE",
        |s| s.file(".globus/usercert.pem", b"<html>", 0o644),
    ),
    (
        "key file with something else",
        1,
        "holds no private key",
        "--key FILE",
        |s| s.file(".globus/userkey.pem", b"nothing", 0o400),
    ),
    (
        "key of somebody else",
        1,
        "does not belong to the certificate",
        "belongs together",
        |s| s.file(".globus/userkey.pem", &key_pem(&world().user), 0o400),
    ),
    (
        "wrong passphrase",
        1,
        "the passphrase does not open it",
        "try again with the right passphrase",
        |s| s.encrypted("wrong horse"),
    ),
    (
        "expired certificate",
        1,
        "it expired on",
        "get a new certificate from your CA",
        |s| {
            s.user(&issued(|wanted| {
                wanted.not_before = now() - Duration::days(20);
                wanted.not_after = now() - Duration::days(1);
            }))
        },
    ),
    (
        "certificate of tomorrow",
        1,
        "it is not valid before",
        "check the clock of this machine",
        |s| {
            s.user(&issued(|wanted| {
                wanted.not_before = now() + Duration::days(1)
            }))
        },
    ),
    (
        "certificate that ends soon",
        2,
        "(in 12 days)",
        "voms-proxy import FILE",
        |s| {
            s.user(&issued(|wanted| {
                wanted.not_after = now() + Duration::days(12)
            }))
        },
    ),
    (
        "certificate with a short key",
        1,
        "it is too weak",
        "2048 bits",
        |s| s.user(&issued(|wanted| wanted.key = KeyKind::Rsa(1024))),
    ),
    (
        "a CA directory that is not there",
        1,
        "Invalid trust anchors location",
        "--certdir",
        |s| s.variable("X509_CERT_DIR", "/nonexistent"),
    ),
    (
        "a CA that is not known here",
        1,
        "is not among the trusted CAs",
        "install its certificate in",
        |s| {
            s.certificates(|directory| {
                fs::remove_dir_all(directory).unwrap();
                fs::create_dir(directory).unwrap();
            })
        },
    ),
    (
        "a CA file that is damaged",
        1,
        "cannot be read",
        "fix or replace",
        |s| {
            s.certificates(|directory| {
                for entry in fs::read_dir(directory).unwrap() {
                    let path = entry.unwrap().path();
                    if path.to_string_lossy().ends_with(".0") {
                        fs::write(path, "damaged").unwrap();
                    }
                }
            })
        },
    ),
    (
        "revoked",
        1,
        "it was revoked on",
        "ask your CA for a new certificate",
        |s| s.certificates(|directory| list(directory, &[emmy()], Duration::days(5))),
    ),
    (
        "the revocation list has expired",
        1,
        "of its issuer expired on",
        "run fetch-crl",
        |s| s.certificates(|directory| list(directory, &[], -Duration::hours(1))),
    ),
    (
        "the revocation list ends soon",
        2,
        "not revoked; the list",
        "run: fetch-crl",
        |s| s.certificates(|directory| list(directory, &[], Duration::hours(2))),
    ),
    (
        "the CA may not give such names",
        1,
        "does not permit its CA this name",
        "update the CA's files",
        |s| {
            s.certificates(|directory| {
                for entry in fs::read_dir(directory).unwrap() {
                    let path = entry.unwrap().path();
                    if path.to_string_lossy().ends_with(".signing_policy") {
                        let text = fs::read_to_string(&path)
                            .unwrap()
                            .replace("DC=sandbox/*", "DC=elsewhere/*");
                        fs::write(path, text).unwrap();
                    }
                }
            })
        },
    ),
    (
        "a namespaces file about another CA",
        2,
        "says nothing about the CA",
        "update the CA's files",
        |s| {
            s.certificates(|directory| {
                for entry in fs::read_dir(directory).unwrap() {
                    let path = entry.unwrap().path();
                    if path.extension().is_some_and(|end| end == "signing_policy") {
                        let rule = "TO Issuer \"/CN=another CA\" PERMIT Subject \"/DC=org/.*\"\n";
                        fs::write(path.with_extension("namespaces"), rule).unwrap();
                    }
                }
            })
        },
    ),
    (
        "unknown VO",
        1,
        "VOMS server for VO atlas is not known!",
        "voms-proxy vo add",
        |s| s.voms("atlas"),
    ),
    (
        "misspelt VO",
        1,
        "VOMS server for VO virgoo is not known!",
        "did you mean 'virgo'?",
        |s| s.voms("virgoo"),
    ),
    ("nonsense for a VO", 1, "/virgo", "", |s| s.voms("/virgo")),
    (
        "a line that is not an entry",
        2,
        "not a vomses line",
        "fix that line",
        |s| {
            let good = fs::read_to_string(s.home.path("vomses")).unwrap();
            s.line(&format!("\"virgo\" \"localhost\"\n{good}"))
        },
    ),
    (
        "a vomses file that is not there",
        1,
        "No valid VOMSES information found locally",
        "--vomses",
        |s| s.words(&["--vomses", "nowhere"]),
    ),
    (
        "a host that has no address",
        1,
        "cannot resolve host name",
        "host name in the vomses entry",
        |s| {
            s.line(&entry(
                "virgo",
                "no-such-host.invalid",
                15_000,
                "/CN=x",
                "virgo",
            ))
        },
    ),
    (
        "a port where nothing listens",
        1,
        "Connection refused",
        "try again later",
        |s| s.line(&hostile::virgo_at(dead_port())),
    ),
    (
        "a server of another CA",
        1,
        "the server is not trusted",
        "install its certificate in",
        |s| {
            let other = ThrowAwayCa::create(&[("CN", "Elsewhere".to_owned())], now()).unwrap();
            let host = other
                .issue(&certification(
                    "localhost",
                    Purpose::Host(vec!["localhost".to_owned()]),
                ))
                .unwrap();
            s.server(servers::serve_as(&host, |_, _| Vec::new()))
        },
    ),
    (
        "a server of another name",
        1,
        "the server is not localhost",
        "check the host in the vomses entry",
        |s| {
            let host = world()
                .ca
                .issue(&certification(
                    "other",
                    Purpose::Host(vec!["other.example".to_owned()]),
                ))
                .unwrap();
            let server = servers::serve_as(&host, |_, _| Vec::new());
            let line = entry("virgo", "localhost", server.port(), "/CN=stale", "virgo");
            s.server(server).line(&line)
        },
    ),
    (
        "a server that speaks no TLS",
        1,
        "the TLS handshake failed",
        "check the port",
        |s| {
            s.hostile(hostile::tcp(|mut stream| {
                use std::io::Write;
                let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
                silence(&mut stream);
            }))
        },
    ),
    (
        "a server that takes no such certificate",
        1,
        "refused your certificate",
        "the server may not accept",
        |s| {
            s.hostile(hostile::tls_as(
                &world().host,
                SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
                |_| {},
            ))
        },
    ),
    (
        "a server that is silent",
        1,
        "no answer within 1 s",
        "--timeout",
        |s| {
            s.words(&["--timeout", "1"])
                .hostile(hostile::tls(|mut stream| silence(&mut stream)))
        },
    ),
    (
        "a web page",
        1,
        "the server sent a web page (HTTP 404",
        "check host and port in the vomses entry",
        |s| {
            s.server(servers::serve(|_, _| {
                http("404 Not Found", "<html>It works!</html>")
            }))
        },
    ),
    (
        "not a member",
        1,
        "says: virgo: User unknown to this VO.",
        "voms-proxy register shows",
        |s| s.server(honest(her_authority(|authority| authority.members.clear()))),
    ),
    (
        "suspended",
        1,
        "User is currently suspended!",
        "usage policy",
        |s| {
            s.server(honest(her_authority(|authority| {
                authority.members[0].suspended = Some("has not signed the AUP".to_owned())
            })))
        },
    ),
    (
        "not in the group",
        1,
        "/virgo/ligo is not granted",
        "apply for it at https://",
        |s| s.voms("virgo:/virgo/ligo"),
    ),
    (
        "without the role",
        1,
        "/virgo/Role=admin is not granted",
        "apply for it at",
        |s| s.voms("virgo:/Role=admin"),
    ),
    (
        "clock ahead",
        2,
        "this machine's clock is 3 min ahead of",
        "timedatectl set-ntp true",
        |s| s.server(signed_at(-Duration::minutes(3))),
    ),
    (
        "clock far behind",
        1,
        "this machine's clock is 20 min behind",
        "timedatectl set-ntp true",
        |s| s.server(signed_at(Duration::minutes(20))),
    ),
    (
        "a vomsdir that is not there",
        1,
        "Invalid vomsdir location",
        "--vomsdir",
        |s| s.variable("X509_VOMS_DIR", "/nonexistent"),
    ),
    (
        "a vomsdir without the VO's server",
        1,
        "localhost",
        "/virgo/localhost.lsc",
        |s| s.vomsdir(None),
    ),
    (
        "an LSC file of another server",
        1,
        "localhost.lsc",
        "put these two lines into",
        |s| s.vomsdir(Some("/CN=stale\n/CN=Some CA\n")),
    ),
    (
        "an LSC file that is none",
        1,
        "localhost.lsc",
        "fix or replace",
        |s| s.vomsdir(Some("nothing of use\n")),
    ),
    (
        "no directory for the proxy",
        1,
        "there is no directory",
        "X509_USER_PROXY names it",
        |s| s.variable("X509_USER_PROXY", "/nonexistent/proxy"),
    ),
    (
        "a directory in the proxy's place",
        1,
        "it is a directory",
        "name another file with --out",
        |s| s.words(&["--out", "out"]),
    ),
    ("a full disk", 1, " is full", "free some space", |s| {
        s.mounts("mount -t tmpfs -o size=16k none out && { head -c 100000 /dev/zero > out/fill 2>/dev/null; true; }")
    }),
    (
        "a read-only file system",
        1,
        "is on a read-only file system",
        "that you may write to",
        |s| s.mounts("mount --bind out out && mount -o remount,bind,ro out"),
    ),
    (
        "a proxy that others may read",
        1,
        "is readable by others (mode 0644)",
        "run: chmod 600 ",
        |s| s.proxy(&[]).mode("out/x509up", 0o644),
    ),
    (
        "a proxy that is none",
        2,
        "cannot be read as a proxy",
        "run: voms-proxy-init --voms virgo",
        |s| s.file("out/x509up", b"nothing", 0o600),
    ),
    (
        "a certificate in the proxy's place",
        2,
        "as a proxy: it is the certificate of",
        "run: voms-proxy-init",
        |s| {
            s.file(
                "out/x509up",
                &[certificate_pem(emmy()), key_pem(emmy())].concat(),
                0o600,
            )
        },
    ),
    (
        "a proxy without its key",
        2,
        "as a proxy: it holds no private key",
        "run: voms-proxy-init --voms virgo",
        |s| {
            let setup = s.proxy(&[]);
            let proxy = fs::read(setup.home.proxy()).unwrap();
            let blocks = pem::blocks(&proxy);
            let certificates = blocks
                .iter()
                .filter(|block| block.is_certificate())
                .map(|block| block.text().to_vec());
            setup.file(
                "out/x509up",
                &certificates.collect::<Vec<_>>().concat(),
                0o600,
            )
        },
    ),
    (
        "a new proxy from an expired one",
        1,
        "it expired on",
        "make a new proxy",
        |s| {
            s.file("expired", &expired_proxy(), 0o600)
                .words(&["--cert", "expired"])
        },
    ),
    (
        "a new proxy from one without its certificate",
        1,
        "that issued the proxy is missing",
        "make a new proxy",
        |s| {
            let proxy = expired_proxy();
            let own: Vec<Vec<u8>> = pem::blocks(&proxy)[..2]
                .iter()
                .map(|block| block.text().to_vec())
                .collect();
            s.file("alone", &own.concat(), 0o600)
                .words(&["--cert", "alone"])
        },
    ),
    (
        "a proxy of somebody else",
        2,
        "belongs to /DC=example",
        "run: voms-proxy-init --voms virgo",
        |s| {
            let proxy = s.proxy(&[]);
            proxy
                .user(&issued(|wanted| {
                    wanted.subject[3].1 = "Sophie Germain".to_owned()
                }))
                .server(honest(authority(|authority| {
                    let subject = emmy()
                        .chain()
                        .leaf()
                        .subject()
                        .to_string()
                        .replace("Emmy Noether", "Sophie Germain");
                    authority.members[0].subject = voms::pki::dn::Dn::parse(&subject).unwrap();
                })))
        },
    ),
];

fn expired_proxy() -> Vec<u8> {
    let request = ProxyRequest::new(std::time::Duration::from_secs(600));
    let key = PrivateKey::generate_rsa(2048).unwrap();
    request
        .issue(
            &VerifiedIssuer::assume(emmy()),
            key,
            now() - Duration::minutes(30),
        )
        .unwrap()
        .to_pem()
        .unwrap()
        .to_vec()
}

fn signed_at(offset: Duration) -> Voms {
    let mut draft = draft();
    draft.not_before = now() + offset;
    draft.not_after = now() + offset + Duration::hours(12);
    sends(
        draft
            .sign(emmy().chain().leaf(), &world().host)
            .unwrap()
            .as_der(),
    )
}

#[test]
fn a_working_setup_has_no_complaints() {
    let setup = Setup::new();
    let outcome = setup.run();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome
            .stdout
            .starts_with("All is well. Next: voms-proxy-init --voms virgo\n"),
        "{outcome:?}"
    );
    for area in [
        "home",
        "credential",
        "key",
        "certificate",
        "clock",
        "CA",
        "revocation",
        "vomses",
        "DNS",
        "TCP",
        "TLS",
    ] {
        assert!(
            outcome.stdout.contains(&format!("\nok       {area} ")),
            "{area}: {outcome:?}"
        );
    }
    for area in [
        "answer",
        "membership",
        "attributes",
        "output",
        "disk",
        "proxy",
    ] {
        assert!(
            outcome.stdout.contains(&format!("\nok       {area} ")),
            "{area}: {outcome:?}"
        );
    }
    // Nothing about the one server is said twice.
    for area in ["DNS", "TCP", "TLS", "answer"] {
        let rows = outcome
            .stdout
            .matches(&format!("\nok       {area} "))
            .count();
        assert_eq!(rows, 1, "{area}: {outcome:?}");
    }
    let encrypted = Setup::new().encrypted(PASSPHRASE).run();
    assert_eq!(encrypted.code, Some(0), "{encrypted:?}");
    assert!(!encrypted.stdout.contains("skipped"), "{encrypted:?}");
}

#[test]
fn the_first_problem_is_the_headline_with_its_next_step() {
    assert!(CASES.len() >= 30);
    let mut wrong = Vec::new();
    for (name, code, headline, help, broken) in CASES {
        let setup = broken(Setup::new());
        let before = tree(&setup.home.path(""));
        let outcome = setup.run();
        let mut lines = outcome.stdout.lines();
        let (first, second) = (
            lines.next().unwrap_or_default(),
            lines.next().unwrap_or_default(),
        );
        let word = if *code == 1 { "failed: " } else { "warning: " };
        let reported = first.starts_with(word) && first.contains(headline);
        let helped = second.starts_with("  help: ") && second.contains(help);
        if outcome.code != Some(*code) || !reported || !helped || !outcome.stderr.is_empty() {
            wrong.push(format!("{name}: {outcome:?}\n{}", outcome.stdout));
        }
        if setup.mounts.is_none() && tree(&setup.home.path("")) != before {
            wrong.push(format!("{name}: something was changed"));
        }
        // A second look, in JSON, says the same.
        let json = setup.run_with(&["--json"]);
        let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap_or_default();
        let fact = report["headline"]["message"].as_str().unwrap_or_default();
        if json.code != Some(*code) || !fact.contains(headline) || report["version"] != 1 {
            wrong.push(format!("{name}: {json:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All files with their contents, modes and times of change.
fn tree(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, i64, i64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let about = path.symlink_metadata().unwrap();
        if about.is_dir() {
            found.extend(tree(&path));
        }
        let contents = if about.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        found.insert(
            path,
            (contents, about.mode(), about.mtime(), about.mtime_nsec()),
        );
    }
    found
}

#[test]
fn only_fix_permissions_makes_changes_and_only_to_permissions() {
    let setup = Setup::new()
        .proxy(&[])
        .mode("out/x509up", 0o644)
        .mode(".globus/userkey.pem", 0o644)
        .mode(".globus/usercert.pem", 0o666)
        .mode(".globus", 0o777);
    let outcome = setup.run_with(&["--fix-permissions"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(
        outcome.stdout.matches("\nok       permissions ").count(),
        4,
        "{outcome:?}"
    );
    let modes = [
        "out/x509up",
        ".globus/userkey.pem",
        ".globus/usercert.pem",
        ".globus",
    ]
    .map(|name| mode(&setup.home.path(name)));
    assert_eq!(modes, [0o600, 0o400, 0o644, 0o700]);
    let again = setup.run_with(&["--fix-permissions"]);
    assert!(!again.stdout.contains("permissions"), "{again:?}");
}

#[test]
fn registering_for_all_shows_what_newcomers_apply_for() {
    let mut setup = Setup::new();
    let groups = ["virgo", "virgo:all"].map(|voms| {
        setup.words = ["register", "--voms", voms].map(str::to_owned).to_vec();
        let outcome = setup.run().success();
        let (_, rest) = outcome.stdout.split_once("membership of\n").unwrap();
        rest.split_once("\n4. ").unwrap().0.to_owned()
    });
    assert!(groups[0].contains("/virgo"), "{groups:?}");
    assert_eq!(groups[0], groups[1]);
}

#[test]
fn fix_permissions_does_not_follow_links() {
    let setup = Setup::new();
    let precious = setup.home.write("precious", b"", 0o644);
    std::os::unix::fs::symlink(&precious, setup.home.proxy()).unwrap();
    setup.run_with(&["--fix-permissions"]);
    assert_eq!(mode(&precious), 0o644);
}

#[test]
fn fix_permissions_leaves_directories_in_place_of_files_alone() {
    let proxy = Setup::new();
    let setup = Setup::new()
        .gone(".globus/usercert.pem")
        .variable("X509_USER_PROXY", proxy.home.path("out"));
    fs::create_dir(setup.home.path(".globus/usercert.pem")).unwrap();
    let setup = setup.mode(".globus/usercert.pem", 0o777);
    let before = mode(&proxy.home.path("out"));
    setup.run_with(&["--fix-permissions"]);
    setup.run_with(&["--fix-permissions", "--out", "out"]);
    assert_eq!(mode(&proxy.home.path("out")), before);
    assert_eq!(mode(&setup.home.path("out")), before);
    assert_eq!(mode(&setup.home.path(".globus/usercert.pem")), 0o777);
}

#[test]
fn without_the_passphrase_everything_else_is_checked() {
    let mut setup = Setup::new().encrypted("");
    setup.words.retain(|word| word != "--pwstdin");
    let outcome = setup.run();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome
            .stdout
            .starts_with("Nothing is broken as far as could be checked"),
        "{outcome:?}"
    );
    assert!(
        outcome.stdout.contains("\nskipped  key ")
            && outcome.stdout.contains("\nskipped  membership ")
    );
    assert!(
        outcome.stdout.contains("\nok       TLS ")
            && outcome.stdout.contains("\nok       vomsdir "),
        "{outcome:?}"
    );
}

#[test]
fn a_broken_server_beside_a_good_one_is_a_warning() {
    let setup = Setup::new();
    let good = fs::read_to_string(setup.home.path("vomses")).unwrap();
    let setup = setup.line(&format!("{}{good}", hostile::virgo_at(dead_port())));
    let outcome = setup.run();
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(
        outcome.stdout.starts_with("warning: localhost:"),
        "{outcome:?}"
    );
}

/// What `init` says of the same set-ups has the same next step: the facts are stated once.
#[test]
fn init_gives_the_same_next_step() {
    let asked_first = [
        "key readable",
        "key of somebody",
        "expired",
        "unknown VO",
        "misspelt",
        "nothing listens",
    ];
    let reported = [
        "revoked",
        "not a member",
        "a server of another name",
        "an LSC file of another",
        "no directory for",
    ];
    for part in asked_first.iter().chain(&reported) {
        let (name, _, _, help, broken) =
            CASES.iter().find(|(name, ..)| name.contains(part)).unwrap();
        let setup = broken(Setup::new());
        let asked = setup.words[2].clone();
        let outcome = run(
            setup.home.command(BINARY).args(["init", "--voms", &asked]),
            b"",
        );
        assert_eq!(outcome.code, Some(1), "{name}: {outcome:?}");
        assert!(
            outcome.stderr.contains(&format!("help: {help}")) || outcome.stderr.contains(help),
            "{name}: {outcome:?}"
        );
    }
}

/// Names that lead to this machine, for a run with its own mounts.
const HOSTS: &str = "127.0.0.1 localhost voms.cnaf.infn.it voms-01.pd.infn.it\n";
const OWN_HOSTS: &str = "mount --bind hosts /etc/hosts";

#[test]
fn a_vo_whose_servers_are_gone_is_sought_at_cnafs_iam() {
    let port = dead_port();
    let gone = |hosts: &str| {
        let setup = Setup::new()
            .file("hosts", hosts.as_bytes(), 0o644)
            .line(&hostile::virgo_at(port));
        setup.mounts(OWN_HOSTS).run()
    };
    let moved = gone("127.0.0.1 localhost voms-virgo.cloud.cnaf.infn.it\n");
    let line = format!(
        "\"virgo\" \"voms-virgo.cloud.cnaf.infn.it\" \"{port}\" \"/DC=org/DC=terena/DC=tcs/C=IT/L=Roma/O=Istituto Nazionale \
         di Fisica Nucleare/CN=voms-virgo.cloud.cnaf.infn.it\" \"virgo\""
    );
    assert!(
        moved.code == Some(1) && moved.stdout.contains(&line),
        "{moved:?}"
    );
    let not_moved = gone(HOSTS);
    assert!(
        not_moved.code == Some(1) && !not_moved.stdout.contains("cloud.cnaf"),
        "{not_moved:?}"
    );
}

#[test]
fn built_in_servers_are_shown_with_their_age() {
    let setup = Setup::new()
        .file("hosts", HOSTS.as_bytes(), 0o644)
        .gone("vomses")
        .mounts(OWN_HOSTS);
    let outcome = setup.variable("X509_VOMSES", "").run();
    assert!(
        outcome
            .stdout
            .contains("voms.cnaf.infn.it:15009, voms-01.pd.infn.it:15009"),
        "{outcome:?}"
    );
    assert!(
        outcome
            .stdout
            .contains("these are the built-in servers, as known on 2026-"),
        "{outcome:?}"
    );
}

#[test]
fn a_server_subject_that_differs_from_the_entry_is_noted_but_harmless() {
    let setup = Setup::new();
    let line = fs::read_to_string(setup.home.path("vomses")).unwrap();
    let setup = setup.line(&line.replace("/CN=localhost", "/CN=before.example.org"));
    let outcome = setup.run();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome.stdout.contains(
            "says that the server is /DC=example/DC=sandbox/O=Virgo/CN=before.example.org"
        )
    );
    let debug = run(
        setup
            .home
            .command(BINARY)
            .args(["init", "--voms", "virgo", "--debug"]),
        b"",
    )
    .success();
    debug.says(
        "",
        "while its vomses entry says /DC=example/DC=sandbox/O=Virgo/CN=before.example.org",
    );
}
