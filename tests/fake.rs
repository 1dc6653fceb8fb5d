//! `voms-proxy-fake` beside the C++ client's: the same options make the same certificate, but for
//! keys, random numbers and signatures, as `openssl asn1parse` reads both. Where the C++ client
//! does not do what it says, ours does.

mod common;

use std::path::Path;
use std::process::Command;

use common::{BINARY, Home, Outcome, run, world};

const CPP: &str = "/usr/bin/voms-proxy-fake";
const VOMS_AC_SEQ: &str = ":1.3.6.1.4.1.8005.100.100.5";

/// A directory with the user, and the clock that both clients see.
struct Desk {
    home: Home,
    clock: String,
}

impl Desk {
    fn new() -> Self {
        let home = Home::ada();
        home.write("rules", b"rule text", 0o644);
        // What the C++ client complains of without.
        home.write(".rnd", b"", 0o600);
        let clock = common::now().format("%Y-%m-%d %H:%M:%S").to_string();
        Self { home, clock }
    }

    /// Runs one of the clients, which writes to `out`.
    fn make(&self, program: &str, out: &str, words: &[&str]) -> Outcome {
        let mut command = self.home.command(program);
        if program == BINARY {
            command.arg("fake");
        }
        command
            .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
            .env("FAKETIME", &self.clock)
            .env("FAKETIME_DISABLE_SHM", "1")
            .args(["-q", "-out", out])
            .arg("-cert")
            .arg(self.home.path(".globus/usercert.pem"))
            .arg("-key")
            .arg(self.home.path(".globus/userkey.pem"));
        run(command.args(words), b"")
    }

    #[track_caller]
    fn ours(&self, words: &[&str]) -> Vec<String> {
        self.make(BINARY, "ours.pem", words).success();
        self.structure("ours.pem")
    }

    #[track_caller]
    fn theirs(&self, words: &[&str]) -> Vec<String> {
        let outcome = self.make(CPP, "theirs.pem", words);
        assert_eq!(outcome.code, Some(0), "{words:?} {outcome:?}");
        self.structure("theirs.pem")
    }

    /// The certificate, then its attribute certificates.
    fn structure(&self, file: &str) -> Vec<String> {
        let der = self.home.path(file).with_extension("der");
        let convert = ["x509", "-outform", "der", "-in", file, "-out"];
        run(self.home.command("openssl").args(convert).arg(&der), b"").success();
        let whole = self.asn1parse(&der, &[]);
        let at = whole.iter().position(|line| line.ends_with(VOMS_AC_SEQ));
        let offset = at.map(|at| whole[at + 1].split(':').next().unwrap().trim().to_owned());
        let acs = offset.map(|offset| self.asn1parse(&der, &["-strparse", &offset]));
        let mut lines: Vec<String> = whole.iter().map(|line| comparable(line)).collect();
        if let Some(at) = at {
            lines.remove(at + 1);
        }
        let serial = integers(&lines)[1];
        lines[serial] = "serial number".to_owned();
        if let Some(acs) = acs {
            let mut ac: Vec<String> = acs.iter().map(|line| comparable(line)).collect();
            let serial = integers(&ac)[2];
            ac[serial] = "serial number".to_owned();
            lines.extend(ac);
        }
        lines
    }

    fn asn1parse(&self, der: &Path, more: &[&str]) -> Vec<String> {
        let mut command: Command = self.home.command("openssl");
        command
            .args(["asn1parse", "-inform", "der", "-in"])
            .arg(der);
        let said = run(command.args(more), b"").success().stdout;
        said.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn text(&self, file: &str) -> String {
        let words = ["x509", "-noout", "-text", "-in", file];
        run(self.home.command("openssl").args(words), b"")
            .success()
            .stdout
    }
}

/// A line of asn1parse without offset and length, and with the number that names a proxy as N.
fn comparable(line: &str) -> String {
    let (_, line) = line.split_once("d=").unwrap();
    let (depth, rest) = line.split_once(' ').unwrap();
    let (_, rest) = rest.split_once(" l=").unwrap();
    let rest = rest
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let named = rest
        .rsplit_once("PRINTABLESTRING   :")
        .filter(|(_, value)| value.parse::<u32>().is_ok());
    match named {
        Some(_) => format!("{depth} the number of the proxy"),
        None => format!("{depth}{rest}"),
    }
}

/// Where there are integers.
fn integers(lines: &[String]) -> Vec<usize> {
    let is = |line: &String| line.contains(" INTEGER ");
    (0..lines.len()).filter(|at| is(&lines[*at])).collect()
}

/// The options that sign attributes of virgo, and more.
fn virgo<'a>(more: &[&'a str]) -> Vec<&'a str> {
    static HOST: std::sync::LazyLock<[String; 2]> = std::sync::LazyLock::new(|| {
        ["hostcert.pem", "hostkey.pem"]
            .map(|name| world().dir.join("host").join(name).display().to_string())
    });
    let words = [
        "-voms",
        "virgo",
        "-uri",
        "voms.example:15000",
        "-fqan",
        "/virgo",
        "-hostcert",
        &HOST[0],
    ];
    [&words[..], &["-hostkey", &HOST[1]], more].concat()
}

#[test]
fn a_proxy_is_the_cpp_clients_whatever_its_options() {
    let desk = Desk::new();
    for words in [
        "-rfc",
        "",
        "-limited",
        "-proxyver 2",
        "-proxyver 2 -limited -path-length 3 -policy rules",
        "-proxyver 3",
        "-proxyver 3 -limited -path-length 3",
        "-proxyver 3 -path-length -1",
        "-proxyver 3 -policy rules -pl 1.2.3.4",
        "-proxyver 3 -policy-language 1.2.3.4",
        "-proxyver 4 -path-length 0 -bits 1024 -hours 3",
        "-path-length -1",
        "-policy rules",
        "-policy rules -pl 1.2.3.4",
        "-policy rules -limited",
        "-include rules",
        "-hours 5000",
        "-pastproxy 3600",
        "-pastproxy 13:00",
        "-certdir /etc -verify -globus 22",
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        assert_eq!(desk.ours(&words), desk.theirs(&words), "{words:?}");
    }
}

#[test]
fn its_names_and_extensions_are_those_that_the_options_tell() {
    let desk = Desk::new();
    for words in [
        &["-keyusage", "digitalSignature,keyCertSign,decipherOnly"][..],
        &["-nscert", "client,server,email,objsign,sslCA,emailCA"],
        &["-nscert", "objCA"],
        &[
            "-extkeyusage",
            "serverAuth,msSGC,1.2.3.4,deltaCRL,OCSPSigning",
        ],
        &["-extension", "1.2.3.4/true:hello"],
        &["-extension", "1.2.3.4/false:a:b"],
        &["-extension", "1.2.3.4"],
        &[
            "-extension",
            "subjectAltName:hello",
            "-include",
            "rules",
            "-nscert",
            "email",
            "-extkeyusage",
            "clientAuth",
        ],
        &["-newsubject", "/DC=org/C=IT/O=Lab/CN=M N/emailAddress=a@b"],
        &["-newissuer", "/C=IT/CN=Mallory"],
    ] {
        assert_eq!(desk.ours(words), desk.theirs(words), "{words:?}");
    }
}

#[test]
fn attribute_certificates_are_the_cpp_clients() {
    let desk = Desk::new();
    for words in [
        &[][..],
        &["-newformat"],
        &["-fqan", "/virgo/Role=x/Capability=NULL"],
        &["-ga", "a=b", "-ga", "c=d(e)"],
        &["-pastac", "3600", "-vomslife", "3"],
        &["-pastac", "1:30", "-hours", "3"],
        &["-vomslife", "0"],
        &["-acextension", "1.2.3.4/true:hello"],
    ] {
        let words = virgo(words);
        assert_eq!(desk.ours(&words), desk.theirs(&words), "{words:?}");
    }
}

#[test]
fn attribute_certificates_set_apart_are_in_the_form_of_the_cpp_client() {
    let desk = Desk::new();
    let words = virgo(&["-separate", "acs.pem"]);
    for program in [CPP, BINARY] {
        let outcome = desk.make(program, "none.pem", &words);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let text = std::fs::read_to_string(desk.home.path("acs.pem")).unwrap();
        assert!(
            text.starts_with("-----BEGIN ATTRIBUTE CERTIFICATE-----\n"),
            "{program}: {text}"
        );
        assert!(!desk.home.path("none.pem").exists());
        desk.home
            .init(&["--includeac", "acs.pem", "--dont-verify-ac"])
            .success();
    }
}

#[test]
fn what_the_cpp_client_refuses_is_refused() {
    let desk = Desk::new();
    for words in [
        "-keyusage digitalSignature,foo",
        "-nscert ojbCA",
        "-extkeyusage foo",
        "-extension nosuch:x",
        "-extension 1.2.3.4/maybe:x",
        "-pl 1.2.3.4",
        "-policy missing",
        "-include missing",
        "-proxyver 5",
        "-newserial xyz",
        "-pastproxy 1:70",
        "-pastproxy x",
        "-bits 3000",
        "-voms virgo -fqan /virgo",
        "-voinfo missing",
        "-selfsigned",
        "-selfsigned -newsubject /CN=a -newissuer /CN=b",
        "-selfsigned -newsubject /CN=a -rfc",
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        for program in [CPP, BINARY] {
            let outcome = desk.make(program, "none.pem", &words);
            assert_eq!(outcome.code, Some(1), "{words:?} {outcome:?}");
        }
        assert!(!desk.home.path("none.pem").exists(), "{words:?}");
    }
}

/// The C++ client's certificate has a signature with SHA-1 and an empty authority key identifier,
/// and its serial number is 1 whatever `-newserial` says.
#[test]
fn a_self_signed_certificate_verifies_itself_and_is_a_ca() {
    let desk = Desk::new();
    let words = [
        "-selfsigned",
        "-newsubject",
        "/C=IT/CN=Self",
        "-hours",
        "2",
        "-pastproxy",
        "1:00",
    ];
    let differ = |lines: Vec<String>| -> Vec<String> {
        let hash = |line: &String| line.contains("HEX DUMP") || line.contains("WithRSAEncryption");
        lines.into_iter().filter(|line| !hash(line)).collect()
    };
    assert_eq!(differ(desk.ours(&words)), differ(desk.theirs(&words)));
    desk.make(
        BINARY,
        "ca.pem",
        &[
            "-selfsigned",
            "-newissuer",
            "/C=IT/CN=Self",
            "-newserial",
            "ab",
        ],
    )
    .success();
    let verify = [
        "verify",
        "-check_ss_sig",
        "-x509_strict",
        "-CAfile",
        "ca.pem",
        "ca.pem",
    ];
    run(desk.home.command("openssl").args(verify), b"").success();
    assert!(desk.text("ca.pem").contains("Serial Number: 171 (0xab)"));
}

/// The C++ client crashes on every such file.
#[test]
fn a_voinfo_file_holds_the_attributes_of_several_vos() {
    let desk = Desk::new();
    let host = |name: &str| world().dir.join("host").join(name).display().to_string();
    let section = |vo: &str| {
        let (cert, key) = (host("hostcert.pem"), host("hostkey.pem"));
        format!(
            "[{vo}]\n-hostcert={cert}\n-hostkey=\"{key}\"\n-uri=h.example:1\n-fqan=/{vo}\n-fqan=/{vo}/Role=x\n"
        )
    };
    let text = format!(
        "{}-pastac=1:00\n{}-ga=a = b\n-vomslife=1\n",
        section("virgo"),
        section("ligo")
    );
    desk.home.write("voinfo", text.as_bytes(), 0o644);
    desk.make(BINARY, "ours.pem", &["-voinfo", "voinfo"])
        .success();
    let info = [
        "info",
        "--file",
        "ours.pem",
        "--dont-verify-ac",
        "--vo",
        "--fqan",
    ];
    let said = run(desk.home.command(BINARY).args(info), b"")
        .success()
        .stdout;
    assert_eq!(
        said,
        "virgo\n/virgo\n/virgo/Role=x\nligo\n/ligo\n/ligo/Role=x\n"
    );
}

/// The C++ client repeats the first extension, ignores the serial number of all but legacy proxies,
/// cannot write targets, and refuses the hexadecimal values that it documents.
#[test]
fn options_that_the_cpp_client_gets_wrong_do_what_they_say() {
    let desk = Desk::new();
    let words = [
        "-extension",
        "1.2.3.4:one",
        "-extension",
        "1.2.3.5#0c0141",
        "-newserial",
        "0123456789abcdef01",
    ];
    desk.make(BINARY, "ours.pem", &words).success();
    let text = desk.text("ours.pem");
    assert!(
        text.contains("1.2.3.4: \n                one\n            1.2.3.5: \n"),
        "{text}"
    );
    assert!(text.contains("01:23:45:67:89:ab:cd:ef:01"), "{text}");
    desk.make(
        BINARY,
        "ours.pem",
        &virgo(&[
            "-target",
            "a.example",
            "-acextension",
            "1.2.3.4:x",
            "-acextension",
            "1.2.3.5:y",
        ]),
    )
    .success();
    let info = [
        "info",
        "--file",
        "ours.pem",
        "--dont-verify-ac",
        "--targets",
    ];
    let said = run(desk.home.command(BINARY).args(info), b"")
        .success()
        .stdout;
    assert!(said.contains("a.example"), "{said}");
}
