//! What other programs say of a proxy. A judge that is not installed fails the test.

use std::fs;
use std::path::Path;

use openssl::x509::X509;

use super::{Home, mode, run, world};

/// A proxy that `openssl`, the C++ client and the Java client have read.
pub struct Judged {
    pub text: String,
    pub cpp: String,
    pub java: String,
    pub chain: Vec<X509>,
}

impl Judged {
    /// The value behind a label of the C++ client.
    pub fn field(&self, label: &str) -> String {
        self.fields(label)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {label} in\n{}", self.cpp))
    }

    pub fn fields(&self, label: &str) -> Vec<String> {
        values(&self.cpp, label)
    }

    /// The FQANs in order, on which both clients agree.
    #[track_caller]
    pub fn fqans(&self) -> Vec<String> {
        let fqans = |text: &str| -> Vec<String> {
            let attributes = values(text, "attribute");
            let long = attributes
                .iter()
                .filter_map(|value| value.strip_suffix("/Capability=NULL"));
            long.map(|value| value.trim_end_matches("/Role=NULL").to_owned())
                .collect()
        };
        assert_eq!(fqans(&self.cpp), fqans(&self.java));
        fqans(&self.cpp)
    }

    pub fn holds(&self, ac: &[u8]) -> bool {
        let proxy = self.chain[0].to_der().unwrap();
        proxy.windows(ac.len()).any(|window| window == ac)
    }
}

fn values(text: &str, label: &str) -> Vec<String> {
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == label).then(|| value.trim().to_owned())
    };
    text.lines().filter_map(value).collect()
}

/// An RFC 3820 proxy, which OpenSSL has to accept as well.
#[track_caller]
pub fn rfc(home: &Home) -> Judged {
    openssl(home);
    any(home)
}

/// Asserts that OpenSSL accepts it, and returns its text.
#[track_caller]
pub fn openssl(home: &Home) -> String {
    let proxy = home.proxy();
    let mut verify = home.command("openssl");
    verify
        .args(["verify", "-allow_proxy_certs", "-CApath"])
        .arg(world().certificates());
    let verdict = run(verify.arg("-untrusted").arg(&proxy).arg(&proxy), b"");
    assert_eq!(verdict.code, Some(0), "{verdict:?}");
    text(home)
}

fn text(home: &Home) -> String {
    run(
        home.command("openssl")
            .args(["x509", "-noout", "-text", "-in"])
            .arg(home.proxy()),
        b"",
    )
    .success()
    .stdout
}

/// Any proxy; OpenSSL knows only those of RFC 3820.
#[track_caller]
pub fn any(home: &Home) -> Judged {
    let proxy = home.proxy();
    assert_eq!(mode(&proxy), 0o600);
    assert_eq!(home.beside_the_proxy(), ["x509up"]);
    let says = |program: &str| {
        let outcome = run(
            home.command(program).args(["-all", "-file"]).arg(&proxy),
            b"",
        )
        .success();
        assert!(
            !outcome.stderr.to_lowercase().contains("fail"),
            "{program}: {outcome:?}"
        );
        outcome.stdout
    };
    let chain = chain(&proxy);
    Judged {
        text: text(home),
        cpp: says("voms-proxy-info2"),
        java: says("voms-proxy-info3"),
        chain,
    }
}

pub fn chain(proxy: &Path) -> Vec<X509> {
    X509::stack_from_pem(&fs::read(proxy).unwrap()).unwrap()
}

/// Whether a file holds a whole proxy: certificate, its key, and the issuer.
pub fn is_whole(file: &[u8]) -> bool {
    let key = openssl::pkey::PKey::private_key_from_pem(file);
    let chain = X509::stack_from_pem(file);
    key.is_ok_and(|key| {
        chain.is_ok_and(|chain| {
            chain.len() == 2 && chain[0].public_key().is_ok_and(|own| own.public_eq(&key))
        })
    })
}
