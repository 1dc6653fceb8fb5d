//! The sandbox, by curl and other people's clients: both kinds of server, and the users to try.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use common::schemas::parsed;
use common::{BINARY, Outcome, certification, now, run, world};
use openssl::base64;
use tempfile::TempDir;
use voms::credential::Credential;
use voms_authority::Member;
use voms_authority::pki::{Purpose, ThrowAwayCa};
use voms_authority::server::Client;

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>"#;
const XML_TYPE: &str = "text/xml;charset=utf-8";
const SANDBOX: &str = "O=Virgo,DC=sandbox,DC=example";
/// As asn1parse calls the extension of RFC 5755 section 4.3.2.
const TARGETS: &str = "X509v3 AC Targeting";
const SIGNER: &str = "1.3.6.1.4.1.8005.100.100.10";

/// A sandbox that runs until the test program ends.
struct Sandbox {
    dir: PathBuf,
    home: TempDir,
    _child: Child,
}

fn start(kind: &str) -> Sandbox {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command.args([
        "sandbox",
        "--kind",
        kind,
        "--",
        "sh",
        "-c",
        "echo \"$X509_VOMSES\"; exec cat",
    ]);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path());
    // cat ends with its input, which the end of this process closes.
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut vomses = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut vomses)
        .unwrap();
    Sandbox {
        dir: Path::new(vomses.trim()).parent().unwrap().to_owned(),
        home,
        _child: child,
    }
}

fn iam() -> &'static Sandbox {
    static IAM: OnceLock<Sandbox> = OnceLock::new();
    IAM.get_or_init(|| start("iam"))
}

fn voms() -> &'static Sandbox {
    static VOMS: OnceLock<Sandbox> = OnceLock::new();
    VOMS.get_or_init(|| start("voms"))
}

impl Sandbox {
    fn port(&self) -> String {
        fs::read_to_string(self.dir.join("vomses"))
            .unwrap()
            .split('"')
            .nth(5)
            .unwrap()
            .to_owned()
    }

    fn url(&self, target: &str) -> String {
        format!("https://localhost:{}{target}", self.port())
    }

    /// A shell that is set up as the sandbox's own is, with another proxy.
    fn sh(&self, script: &str) -> Outcome {
        let proxy = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-euc", script])
            .current_dir(&self.dir)
            .env_clear();
        command.env(
            "PATH",
            format!("{}:/usr/bin:/bin", self.dir.join("bin").display()),
        );
        command
            .env("HOME", self.home.path())
            .env("X509_USER_PROXY", proxy.path().join("proxy"));
        let places = [
            ("CERT_DIR", "certificates"),
            ("VOMS_DIR", "vomsdir"),
            ("VOMSES", "vomses"),
        ];
        let own = [
            ("USER_CERT", "user/usercert.pem"),
            ("USER_KEY", "user/userkey.pem"),
        ];
        command.envs(
            places
                .iter()
                .chain(&own)
                .map(|(name, path)| (format!("X509_{name}"), self.dir.join(path))),
        );
        run(&mut command, b"")
    }

    /// What curl gets with the credential in this directory, or without one.
    fn curl(&self, user: &str, target: &str, options: &[&str]) -> Answer {
        let mut command = Command::new("curl");
        command
            .args(["-sSi", "--pass", "pass", "--cacert"])
            .arg(self.dir.join("certificates/SandboxCA.pem"));
        if !user.is_empty() {
            let [certificate, key] =
                ["usercert.pem", "userkey.pem"].map(|file| self.dir.join(user).join(file));
            command.arg("--cert").arg(certificate).arg("--key").arg(key);
        }
        let outcome = run(command.args(options).arg(self.url(target)), b"");
        let Some((head, body)) = outcome.stdout.split_once("\r\n\r\n") else {
            panic!("{user} {target}: {outcome:?}")
        };
        Answer {
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// What the server says to these bytes.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut command = Command::new("openssl");
        command.args([
            "s_client",
            "-quiet",
            "-connect",
            &format!("localhost:{}", self.port()),
        ]);
        command
            .arg("-cert")
            .arg(self.dir.join("user/usercert.pem"))
            .arg("-key")
            .arg(self.dir.join("user/userkey.pem"));
        run(&mut command, bytes).stdout
    }
}

#[derive(Debug)]
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn status(&self) -> &str {
        self.head
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .unwrap()
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(field, _)| *field == name)
            .map(|pair| pair.1)
    }

    fn ac(&self) -> Vec<u8> {
        attribute_certificate(&self.body)
    }
}

fn attribute_certificate(body: &str) -> Vec<u8> {
    let ac = body
        .split_once("<ac>")
        .and_then(|(_, rest)| rest.split_once("</ac>"))
        .unwrap_or_else(|| panic!("{body}"));
    base64::decode_block(&ac.0.replace("&#13;", "").replace('\n', "")).unwrap()
}

/// As OpenSSL reads it.
fn asn1parse(der: &[u8]) -> String {
    run(
        Command::new("openssl").args(["asn1parse", "-inform", "DER"]),
        der,
    )
    .success()
    .stdout
}

fn fqans(der: &[u8]) -> Vec<String> {
    let parsed = asn1parse(der);
    let octets = parsed
        .lines()
        .filter_map(|line| line.split_once("OCTET STRING      :"));
    octets
        .map(|(_, text)| text.to_owned())
        .filter(|text| text.starts_with('/'))
        .collect()
}

fn error(code: u32, message: &str) -> String {
    format!("{XML}<voms><error><code>{code}</code><message>{message}</message></error></voms>")
}

fn not_held(fqan: &str) -> String {
    error(
        1007,
        &format!(
            "User is not authorized to request attribute '{fqan}' or attribute does not exist."
        ),
    )
}

#[test]
fn iam_grants_what_was_asked_for_and_then_the_other_groups() {
    let cases: [(&str, &[&str]); 8] = [
        ("", &["/virgo", "/virgo/virgo"]),
        ("?fqans=", &["/virgo", "/virgo/virgo"]),
        ("?fqans=/virgo/virgo", &["/virgo/virgo", "/virgo"]),
        (
            "?fqans=%2Fvirgo%2Fvirgo&order=/virgo",
            &["/virgo/virgo", "/virgo"],
        ),
        (
            "?fqans=/virgo/virgo/Role=production",
            &["/virgo/virgo/Role=production", "/virgo", "/virgo/virgo"],
        ),
        (
            "?fqans=/virgo/ops,/virgo/ops",
            &["/virgo/ops", "/virgo", "/virgo/virgo"],
        ),
        (
            "?fqans=/virgo/virgo&fqans=/virgo/ops",
            &["/virgo/virgo", "/virgo/ops", "/virgo"],
        ),
        (
            "?targets=xrootd.example.org&lifetime=43200",
            &["/virgo", "/virgo/virgo"],
        ),
    ];
    for (query, wanted) in cases {
        let answer = iam().curl("user", &format!("/generate-ac{query}"), &[]);
        assert_eq!(answer.status(), "200 OK", "{query}");
        assert_eq!(answer.field("Server"), Some("nginx"), "{query}");
        assert_eq!(answer.field("Content-Type"), Some(XML_TYPE), "{query}");
        assert_eq!(fqans(&answer.ac()), wanted, "{query}");
        assert!(!asn1parse(&answer.ac()).contains(TARGETS), "{query}");
        assert!(!answer.body.contains("<warning>"), "{query}");
    }
}

#[test]
fn iam_writes_an_ac_as_java_does() {
    let body = iam().curl("user", "/generate-ac", &[]).body;
    let ac = body
        .strip_prefix(&format!("{XML}<voms><ac>"))
        .and_then(|rest| rest.strip_suffix("</ac></voms>"));
    let mut lines: Vec<&str> = ac
        .unwrap_or_else(|| panic!("{body}"))
        .split("&#13;\n")
        .collect();
    assert_eq!(lines.pop(), Some(""));
    let last = lines.pop().unwrap();
    assert!((1..=64).contains(&last.len()));
    assert!(
        lines.len() > 10 && lines.iter().all(|line| line.len() == 64),
        "{body}"
    );
    let fits = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    assert!(lines.iter().all(|line| line.chars().all(fits)), "{body}");
}

#[test]
fn iam_shortens_to_half_a_day_with_a_warning() {
    let answer = iam().curl("user", "/generate-ac?lifetime=43201", &[]);
    let warning = "WARNING: virgo : The validity of this VOMS AC in your proxy is shortened to 43200 seconds, which is \
                   the maximum allowed by this VOMS server configuration.";
    assert!(
        answer
            .body
            .ends_with(&format!("&#13;\n</ac><warning>{warning}</warning></voms>")),
        "{answer:?}"
    );
    assert_eq!(answer.status(), "200 OK");
}

#[test]
fn iam_refuses_in_its_own_words() {
    let unknown = error(
        1001,
        &format!(
            "User unknown to this VO: 'CN=Stranger,{SANDBOX}' (issued by 'CN=Sandbox CA,{SANDBOX}')"
        ),
    );
    let inactive = error(
        1004,
        &format!("User 'CN=Suspended User,{SANDBOX}, CN=Sandbox CA,{SANDBOX}' is not active."),
    );
    let aup = error(
        1004,
        "User aup needs to sign AUP for this organization in order to proceed.",
    );
    let no_number = error(
        1006,
        "Failed to convert property value of type 'java.lang.String' to required type 'java.lang.Long' for property \
         'lifetime'; nested exception is java.lang.NumberFormatException: For input string: \"&lt;x&gt;\"",
    );
    let too_long = |name: &str| {
        error(
            1006,
            &format!("{name} parameter length is limited to 512 characters"),
        )
    };
    let positive = error(1006, "lifetime must be a positive integer");
    let at_limit = format!("{:,<512}", "/virgo,".repeat(73));
    let above = format!("{at_limit},");
    let cases = [
        ("users/stranger", "", "403 Forbidden", &unknown),
        ("users/stranger", "lifetime=0", "403 Forbidden", &unknown),
        ("users/suspended", "", "200 OK", &inactive),
        ("users/suspended", "fqans=/virgo/x", "200 OK", &inactive),
        ("users/aup", "", "200 OK", &aup),
        (
            "users/aup",
            "fqans=/virgo/x",
            "200 OK",
            &not_held("/virgo/x"),
        ),
        (
            "user",
            "fqans=/virgo,/virgo/x,/virgo/y",
            "200 OK",
            &not_held("/virgo/x"),
        ),
        (
            "user",
            "fqans=/virgo/Role=production",
            "200 OK",
            &not_held("/virgo/Role=production"),
        ),
        (
            "user",
            "fqans=/virgo/Role=NULL",
            "200 OK",
            &not_held("/virgo/Role=NULL"),
        ),
        ("user", "fqans=/Virgo", "200 OK", &not_held("/Virgo")),
        ("user", "fqans=/ligo", "200 OK", &not_held("/ligo")),
        (
            "user",
            &format!("fqans={above}"),
            "200 OK",
            &too_long("fqans"),
        ),
        (
            "user",
            &format!("targets={above}"),
            "200 OK",
            &too_long("targets"),
        ),
        ("user", "lifetime=0", "200 OK", &positive),
        ("user", "lifetime=-5&fqans=all", "200 OK", &positive),
        ("user", "lifetime=%3Cx%3E", "200 OK", &no_number),
    ];
    for (user, query, status, body) in cases {
        let answer = iam().curl(user, &format!("/generate-ac?{query}"), &[]);
        assert_eq!(
            (answer.status(), &answer.body),
            (status, body),
            "{user} {query}"
        );
        let typed = (status == "200 OK").then_some(XML_TYPE);
        assert_eq!(answer.field("Content-Type"), typed, "{user} {query}");
    }
    assert_eq!(
        iam()
            .curl("user", &format!("/generate-ac?fqans={at_limit}"), &[])
            .status(),
        "200 OK"
    );
}

/// Spring's JSON, without the moment.
fn spring(answer: &Answer) -> String {
    assert_eq!(
        answer.field("Content-Type"),
        Some("application/json"),
        "{answer:?}"
    );
    let (moment, rest) = answer
        .body
        .strip_prefix("{\"timestamp\":\"")
        .unwrap()
        .split_once("\",")
        .unwrap();
    assert!(
        chrono::DateTime::parse_from_rfc3339(moment).is_ok() && moment.ends_with("+00:00"),
        "{moment}"
    );
    format!("{{{rest}")
}

#[test]
fn iam_breaks_on_malformed_fqans() {
    let long = format!("/{}", "x".repeat(255));
    for fqan in [
        "all",
        "/virgo/Role=NULL/Capability=NULL",
        "virgo",
        "/virgo//virgo",
        "/virgo/",
        "/virgo,a b",
        &long,
    ] {
        let answer = iam().curl(
            "user",
            &format!("/generate-ac?fqans={}", fqan.replace(' ', "%20")),
            &[],
        );
        assert_eq!(answer.status(), "500 Internal Server Error", "{fqan}");
        let body = r#"{"status":500,"error":"Internal Server Error","path":"/generate-ac"}"#;
        assert_eq!(spring(&answer), body, "{fqan}");
    }
}

#[test]
fn iam_has_one_resource_to_get() {
    for target in ["/", "/voms/virgo", "/generate-ac/list"] {
        let answer = iam().curl("user", target, &[]);
        assert_eq!(answer.status(), "404 Not Found");
        assert_eq!(
            spring(&answer),
            format!(r#"{{"status":404,"error":"Not Found","path":"{target}"}}"#)
        );
    }
    for options in [["-X", "DELETE"], ["-d", "fqans=/virgo"]] {
        let answer = iam().curl("user", "/generate-ac", &options);
        assert_eq!(
            (answer.status(), answer.field("Allow")),
            ("405 Method Not Allowed", Some("GET"))
        );
        assert_eq!(
            spring(&answer),
            r#"{"status":405,"error":"Method Not Allowed","path":"/generate-ac"}"#
        );
    }
    let answer = iam().curl("user", "/generate-ac", &["-I"]);
    assert_eq!((answer.status(), answer.body.as_str()), ("200 OK", ""));
}

fn page(title: &str, more: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n\
         {more}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}

#[test]
fn nginx_answers_clients_without_a_valid_certificate() {
    let elsewhere = tempfile::tempdir_in(&iam().dir).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=Ada Lovelace",
        "-keyout",
    ]);
    openssl
        .arg(elsewhere.path().join("userkey.pem"))
        .arg("-out")
        .arg(elsewhere.path().join("usercert.pem"));
    run(&mut openssl, b"").success();
    let unfit = page(
        "400 The SSL certificate error",
        "<center>The SSL certificate error</center>\r\n",
    );
    let none = page(
        "400 No required SSL certificate was sent",
        "<center>No required SSL certificate was sent</center>\r\n",
    );
    let elsewhere = elsewhere.path().to_str().unwrap();
    let cases = [
        ("users/expired", &unfit),
        ("users/revoked", &unfit),
        (elsewhere, &unfit),
        ("", &none),
    ];
    for (user, body) in cases {
        for target in ["/generate-ac?fqans=/virgo", "/elsewhere"] {
            let answer = iam().curl(user, target, &[]);
            assert_eq!(
                (answer.status(), &answer.body),
                ("400 Bad Request", body),
                "{user}"
            );
            assert_eq!(answer.field("Content-Type"), Some("text/html"), "{user}");
            assert_eq!(answer.field("Server"), Some("nginx"), "{user}");
        }
    }
}

#[test]
fn nginx_rejects_the_legacy_protocol() {
    let document =
        "<?xml version=\"1.0\" encoding=\"US-ASCII\"?><voms><command>G/virgo</command></voms>";
    for bytes in [
        document,
        &format!("0{document}"),
        "get / HTTP/1.1\r\n\r\n",
        "GET /generate-ac\r\n\r\n",
        "\r\n\r\n",
    ] {
        let reply = iam().raw(bytes.as_bytes());
        let (head, body) = reply
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{bytes}: {reply}"));
        assert!(
            head.starts_with("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n"),
            "{bytes}: {reply}"
        );
        assert_eq!(body, page("400 Bad Request", ""), "{bytes}");
    }
    let swallowed = iam().raw(b"0GET /generate-ac HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(
        fqans(&attribute_certificate(&swallowed)),
        ["/virgo", "/virgo/virgo"]
    );
}

#[test]
fn iam_sees_no_certificate_after_a_resumed_session() {
    let url = iam().url("/generate-ac");
    let options = ["--tls-max", "1.2", "-H", "Connection: close", &url];
    let first = iam().curl("user", "/generate-ac", &options);
    let (_, second) = first
        .body
        .split_once("HTTP/1.1 ")
        .unwrap_or_else(|| panic!("{first:?}"));
    assert!(
        second.starts_with("400 Bad Request\r\n") && !second.contains("Content-Type"),
        "{second}"
    );
    assert!(
        second.ends_with(&error(1006, "Client is not authenticated.")),
        "{second}"
    );
}

#[test]
fn iam_answers_libvomsapi_in_the_old_form() {
    let old = ["-A", "voms APIs 2.0"];
    let answer = iam().curl("user", "/generate-ac?fqans=/virgo/x", &old);
    let message =
        "User is not authorized to request attribute '/virgo/x' or attribute does not exist.";
    assert_eq!(
        answer.body,
        format!(
            "{XML}<vomsans><version>3</version><error><item><number>1007</number><message>{message}</message></item>\
             </error><ac>QQ==\n</ac></vomsans>"
        )
    );
    let aup = error(
        1004,
        "User aup needs to sign AUP for this organization in order to proceed.",
    );
    assert_eq!(iam().curl("users/aup", "/generate-ac", &old).body, aup);
}

/// What an authority like IAM says to this user, without a server between.
fn answered(user: &Credential, query: &str, change: impl FnOnce(&mut Member)) -> String {
    let mut authority = world().iam_authority(15_009);
    change(&mut authority.members[0]);
    let request = format!("GET /generate-ac{query} HTTP/1.1\r\n\r\n");
    let client = Client::Verified(user.chain().clone());
    let reply = authority.iam_answer(&world().host, &client, request.as_bytes(), now());
    String::from_utf8(reply).unwrap()
}

#[test]
fn iam_also_checks_the_issuer() {
    let issuer = [("CN", "Another CA".to_owned())];
    let other = ThrowAwayCa::create(&issuer, now()).unwrap();
    let same_name = other
        .issue(&certification("Ada Lovelace", Purpose::User))
        .unwrap();
    let reply = answered(&same_name, "", |_| {});
    let message =
        format!("User unknown to this VO: 'CN=Ada Lovelace,{SANDBOX}' (issued by 'CN=Another CA')");
    assert!(
        reply.starts_with("HTTP/1.1 403 ") && reply.ends_with(&error(1001, &message)),
        "{reply}"
    );
    assert!(answered(&world().user, "", |_| {}).starts_with("HTTP/1.1 200 "));
}

#[test]
fn iam_does_not_know_a_user_without_groups() {
    let reply = answered(&world().user, "", |member| {
        member.groups = vec!["/ligo".parse().unwrap()]
    });
    let message = format!(
        "User unknown to this VO: 'CN=Ada Lovelace,{SANDBOX}' (issued by 'CN=Sandbox CA,{SANDBOX}')"
    );
    assert!(
        reply.starts_with("HTTP/1.1 200 ") && reply.ends_with(&error(1001, &message)),
        "{reply}"
    );
}

#[test]
fn iam_sorts_the_other_groups_and_never_mistakes_a_group_for_a_role() {
    let groups = |member: &mut Member| {
        member.groups = ["/virgo/virgo", "/virgo/production", "/virgo"]
            .map(|group| group.parse().unwrap())
            .to_vec();
    };
    let reply = answered(&world().user, "?fqans=/virgo/virgo", groups);
    assert_eq!(
        fqans(&attribute_certificate(&reply)),
        ["/virgo/virgo", "/virgo", "/virgo/production"]
    );
    let reply = answered(&world().user, "?fqans=/virgo/Role=production", groups);
    assert!(
        reply.ends_with(&not_held("/virgo/Role=production")),
        "{reply}"
    );
}

#[test]
fn the_cpp_client_gets_its_proxy_from_both_kinds() {
    let script =
        "voms-proxy-init2 -voms virgo -vomses \"$X509_VOMSES\" >&2; voms-proxy-info2 -fqan";
    assert_eq!(iam().sh(script).success().stdout, "/virgo\n/virgo/virgo\n");
    let long =
        ["/virgo", "/virgo/virgo"].map(|group| format!("{group}/Role=NULL/Capability=NULL\n"));
    assert_eq!(voms().sh(script).success().stdout, long.concat());
}

#[test]
fn a_proxy_is_as_good_as_its_users_certificate() {
    let get = "curl -sS --cacert certificates/SandboxCA.pem --cert \"$X509_USER_PROXY\" ";
    for sandbox in [iam(), voms()] {
        let script = format!(
            "grid-proxy-init -q >&2; {get} {}",
            sandbox.url("/generate-ac?fqans=/virgo")
        );
        let reply = sandbox.sh(&script).success().stdout;
        assert!(
            fqans(&attribute_certificate(&reply))[0].starts_with("/virgo"),
            "{reply}"
        );
    }
}

#[test]
fn the_cpp_kind_says_what_it_is_and_knows_the_users() {
    let cases = [
        (
            "users/suspended",
            "SuspendedUser",
            "User membership has expired.",
        ),
        (
            "users/aup",
            "SuspendedUser",
            "User failed to sign the AUP in time.",
        ),
        ("users/stranger", "NoSuchUser", "User unknown to this VO."),
        ("users/ec", "<ac>", ""),
        ("users/encrypted", "<ac>", ""),
        ("user", "<ac>", ""),
    ];
    for (user, code, text) in cases {
        let answer = voms().curl(user, "/generate-ac?fqans=/virgo&lifetime=3600", &[]);
        assert_eq!(answer.field("Server"), Some("gSOAP/2.8"), "{user}");
        assert!(
            answer.body.contains(code) && answer.body.contains(text),
            "{user}: {answer:?}"
        );
    }
    for (user, alert) in [
        ("expired", "certificate expired"),
        ("revoked", "certificate revoked"),
    ] {
        let script = format!(
            "as-user {user} sh -c 'curl -sS --cacert certificates/SandboxCA.pem --cert \"$X509_USER_CERT\" \
             --key \"$X509_USER_KEY\" {}'",
            voms().url("/generate-ac")
        );
        voms().sh(&script).says(user, alert);
    }
}

#[test]
fn the_cpp_kind_honours_targets_in_both_protocols() {
    let rest = voms()
        .curl(
            "user",
            "/generate-ac?fqans=/virgo&targets=a.example,b.example&lifetime=3600",
            &[],
        )
        .ac();
    let document = "<?xml version=\"1.0\" encoding=\"US-ASCII\"?><voms><command>G/virgo</command>\
                    <targets>a.example,b.example</targets><base64>1</base64><version>4</version>\
                    <lifetime>3600</lifetime></voms>";
    let legacy = attribute_certificate(&voms().raw(document.as_bytes()));
    for ac in [rest, legacy] {
        let parsed = asn1parse(&ac);
        let (_, after) = parsed
            .split_once(TARGETS)
            .unwrap_or_else(|| panic!("{parsed}"));
        let mut next = after.lines().skip(1);
        assert!(
            next.next().unwrap().ends_with("BOOLEAN           :255"),
            "{parsed}"
        );
        let value = next.next().unwrap();
        for host in ["a.example", "b.example"] {
            let hex: String = host.bytes().map(|byte| format!("{byte:02X}")).collect();
            assert!(value.contains(&hex), "{host}: {value}");
        }
        // The certificate of the signer comes first, as the C++ code writes it.
        assert!(!after.contains(SIGNER), "{parsed}");
        assert!(parsed.contains(SIGNER), "{parsed}");
    }
    let all = voms()
        .curl("user", "/generate-ac?fqans=/virgo&lifetime=3600", &[])
        .ac();
    assert!(!asn1parse(&all).contains(TARGETS));
}

#[test]
fn the_sandbox_has_its_own_commands_for_every_user() {
    let elsewhere = "\"virgo\" \"no-such-host.invalid\" \"15000\" \"/CN=elsewhere\" \"virgo\"\n";
    fs::create_dir_all(voms().home.path().join(".voms")).unwrap();
    fs::write(voms().home.path().join(".voms/vomses"), elsewhere).unwrap();
    let scripts = [
        "voms-proxy init --voms virgo -q; voms-proxy info --exists",
        "voms-proxy-init --voms virgo -q",
        "as-user ec voms-proxy-init --voms virgo -q; voms-proxy-info --identity | grep -q 'CN=EC User'",
        "echo pass | as-user encrypted voms-proxy-init --voms virgo -q --pwstdin",
        "voms-proxy-list --voms virgo | grep -q production",
        "voms-proxy doctor --voms virgo || [ $? = 2 ]",
        "voms-proxy register --voms virgo --check",
        "SHELL=/bin/true as-user expired",
    ];
    for script in scripts {
        let outcome = voms().sh(script);
        assert!(
            !outcome.stdout.contains("no-such-host"),
            "{script}: {outcome:?}"
        );
        outcome.success();
    }
    let outcome = voms().sh("as-user somebody true");
    assert_eq!(outcome.code, Some(2));
    outcome.says(
        "an unknown user",
        "aup ec encrypted expired revoked stranger suspended",
    );
    assert_eq!(
        voms()
            .sh("as-user stranger voms-proxy-init --voms virgo -q")
            .code,
        Some(1)
    );
}

#[test]
fn programs_learn_where_everything_is() {
    let mut command = Command::new(BINARY);
    command
        .args(["sandbox", "--kind", "iam", "--json", "--"])
        .args(["sh", "-c", "env"])
        .env("PATH", "/usr/bin:/bin");
    let outcome = run(&mut command, b"").success();
    let (first, variables) = outcome.stdout.split_once('\n').unwrap();
    let described = parsed(first, "sandbox");
    for (name, value) in described["environment"].as_object().unwrap() {
        let set = format!("{name}={}", value.as_str().unwrap());
        assert!(
            variables.lines().any(|line| line == set),
            "{set}: {variables}"
        );
    }
    assert!(
        described["users"]
            .as_array()
            .unwrap()
            .contains(&"stranger".into())
    );
}

#[test]
fn an_unknown_kind_is_refused() {
    let outcome = run(
        Command::new(BINARY).args(["sandbox", "--kind", "vomses", "--", "true"]),
        b"",
    );
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    outcome.says("kind", "invalid value 'vomses' for '--kind <KIND>'");
}

#[test]
fn a_directory_that_others_can_reach_is_no_place_for_a_sandbox() {
    let top = tempfile::tempdir().unwrap();
    let open = top.path().join("open");
    fs::create_dir(&open).unwrap();
    let sandbox = |dir: &Path| {
        let mut command = Command::new(BINARY);
        command.args(["sandbox", "--dir"]).arg(dir);
        run(command.args(["--", "sh", "-c", "echo $PATH"]), b"")
    };
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    for dir in [&open, &open.join("vo")] {
        let refused = sandbox(dir);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        refused.says("", "help: ");
    }
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    let vo = open.join("vo");
    let started = sandbox(&vo).success();
    assert!(started.stdout.starts_with(vo.join("bin").to_str().unwrap()));
    assert_eq!(common::mode(&vo), 0o700);
}
