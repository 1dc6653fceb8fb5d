//! What programs in wide use conclude from our commands: each with its own command line and its own
//! parsing.

use std::process::Command;

use super::desk::{Desk, Ended, pair, run};
use super::surroundings::world;

enum Script {
    Sh(&'static str),
    Python(&'static str),
}
use Script::{Python, Sh};

const PRELUDE: &str = r"
import os, re, ssl, subprocess, sys, time
F, OUT = os.environ['F'], os.environ['OUT']
def run(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.stdout, done.returncode
";

/// What is seen, the file, and how much later it is by the caller's clock.
type Situations<const N: usize> = [(&'static str, &'static str, &'static str); N];

/// Caller, script, and the outcome of each situation: its lines joined by `;`, `%` for the proxy's
/// path, and an exit status other than 0 in brackets. Scripts find the file in `F`, and make
/// another in `OUT`; their hours are whole.
type Row<const N: usize> = (&'static str, Script, [&'static str; N]);

/// The proxy is for 9 hours with attributes for 5, the one without is for a week.
const READING: Situations<6> = [
    ("success", "proxy.pem", ""),
    ("AC expired", "proxy.pem", "+6h"),
    ("expired", "proxy.pem", "+10h"),
    ("no proxy", "none.pem", ""),
    ("no AC", "plain.pem", ""),
    ("two VOs", "two.pem", ""),
];

const ALICE: &str = "/DC=example/DC=world/O=Virgo/CN=Alice Adams";
const PRODUCTION: &str = "/virgo/virgo/Role=production/Capability=NULL";
const VALID: [&str; 6] = ["", "", "[1]", "[1]", "", ""];

/// Of every proxy, expired or not; and of none.
const fn any(proxy: &'static str, none: &'static str) -> [&'static str; 6] {
    [proxy, proxy, proxy, none, proxy, proxy]
}

const READERS: &[Row<6>] = &[
    (
        "CRABClient: time left",
        Python(
            r"
out, rc = run(f'voms-proxy-info --actimeleft --timeleft --file {F}')
print(rc, min(int(line) for line in out.split('\n')[:2]) // 3600 if rc == 0 else 'unknown')",
        ),
        ["0 4", "0 0", "0 0", "1 unknown", "1 unknown", "0 4"],
    ),
    (
        "CRABClient: group and role",
        Python(
            r"
out, rc = run(f'voms-proxy-info --fqan --file {F}')
parts = out.split('\n')[0].split('/')
print(parts[2], parts[3].split('=')[1]) if rc == 0 else print(rc)",
        ),
        [
            "virgo production",
            "virgo production",
            "virgo production",
            "1",
            "1",
            "virgo production",
        ],
    ),
    (
        "CRABClient: identity",
        Sh("voms-proxy-info --identity --file $F"),
        any(ALICE, "[1]"),
    ),
    (
        "WMCore: time left",
        Python(
            r"
def left(option):
    out, rc = run(f'voms-proxy-info -file {F} {option}')
    return int(out.strip().split('\n')[-1]) if rc == 0 else 0
proxy = left('-timeleft')
print((min(proxy, left('-actimeleft')) if proxy > 0 else proxy) // 3600)",
        ),
        ["4", "0", "0", "0", "0", "4"],
    ),
    (
        "WMCore: type",
        Python(
            "out, rc = run(f'voms-proxy-info -type -file {F}'); print(rc, out.startswith('RFC'))",
        ),
        any("0 True", "1 False"),
    ),
    (
        "WMCore: identity of a certificate",
        Sh("voms-proxy-info -file $CERT -identity"),
        [ALICE; 6],
    ),
    (
        // Of two lines it makes no number.
        "glideinWMS: time left",
        Python(
            r"
for option in '-timeleft', '-actimeleft':
    out, _ = run(f'voms-proxy-info -file {F} {option}')
    print(int(out) // 3600 if out.strip().isdigit() else 0)",
        ),
        ["8;4", "2;0", "0;0", "0;0", "167;0", "8;0"],
    ),
    (
        "glideinWMS: expired",
        Sh(r#"voms-proxy-info -all -file $F | grep -q "timeleft  : 0" && echo expired"#),
        ["[1]", "expired", "expired", "[1]", "[1]", "[1]"],
    ),
    (
        "PanDA pilot: time left",
        Python(
            r"
out, rc = run(f'voms-proxy-info -actimeleft --timeleft --file {F}')
lines = out[:-1].split('\n')
print(f'failure: {rc}' if rc else f'{int(lines[-2]) // 3600} {int(lines[-1]) // 3600}')",
        ),
        ["8 4", "2 0", "0 0", "failure: 1", "failure: 1", "4 4"],
    ),
    (
        "PanDA pilot: grid-proxy-info",
        Sh("grid-proxy-info -exists -valid 0:20"),
        VALID,
    ),
    (
        "PanDA pilot wrapper",
        Sh("voms-proxy-info -all >/dev/null"),
        any("", "[1]"),
    ),
    (
        "PanDA pilot: signature",
        Sh("voms-proxy-info -all 2>&1 | grep 'Unable to verify signature!'"),
        ["[1]"; 6],
    ),
    ("ATLAS ALRB: exists", Sh("voms-proxy-info -exists"), VALID),
    (
        "ATLAS ALRB: attributes' time left",
        Sh(
            r#"voms-proxy-info --actimeleft 2>&1 | grep -e "^[0-9]*$" | awk '{print int($1 / 3600)}'"#,
        ),
        ["4", "0", "0", "", "", "4;4"],
    ),
    (
        "ATLAS ALRB: type",
        Sh("voms-proxy-info -type | grep -q RFC"),
        any("", "[1]"),
    ),
    (
        "ATLAS ALRB: key usage",
        Sh("voms-proxy-info -text | grep nonRepudiation"),
        ["[1]"; 6],
    ),
    (
        "ATLAS AnalysisBase",
        Python(
            r"
out, rc = run('voms-proxy-info --actimeleft')
print(int(re.search('[0-9]+', out).group()) // 3600 if rc == 0 else 'none')",
        ),
        ["4", "0", "0", "none", "none", "4"],
    ),
    // The first FQAN and how many there are.
    (
        "BLAH",
        Sh("voms-proxy-info -file $F -fqan 2>/dev/null | sed -n '1s/Cap.*//p; $='"),
        {
            let three = "/virgo/virgo/Role=production/;3";
            [
                three,
                three,
                three,
                "",
                "",
                "/virgo/virgo/Role=production/;5",
            ]
        },
    ),
    (
        "jobsub: exists",
        Sh("voms-proxy-info -exists -valid 0:10 -file $F"),
        VALID,
    ),
    (
        "jobsub: certificate",
        Sh("voms-proxy-info -file $CERT -exists"),
        [""; 6],
    ),
    ("jobsub: path", Sh("voms-proxy-info -path"), any("%", "[1]")),
    // Without pipefail: awk is content with no line at all.
    (
        "Virgo cWB",
        Sh("voms-proxy-info --timeleft | awk '{if($1 < 600) exit 1}'"),
        ["", "", "[1]", "", "", ""],
    ),
    ("scripts", Sh("voms-proxy-info -exists -valid 0:20"), VALID),
    (
        "scripts",
        Sh("voms-proxy-info -e --valid 24:00"),
        ["[1]", "[1]", "[1]", "[1]", "", "[1]"],
    ),
    ("scripts", Sh("voms-proxy-info --exists"), VALID),
    ("scripts", Sh("voms-proxy-info -p"), any("%", "[1]")),
    (
        "scripts",
        Sh("voms-proxy-info -vo"),
        ["virgo", "virgo", "virgo", "[1]", "[1]", "virgo;testvo"],
    ),
    (
        "scripts",
        Sh("voms-proxy-info -vo -path"),
        [
            "%;virgo",
            "%;virgo",
            "%;virgo",
            "[1]",
            "%[1]",
            "%;virgo;testvo",
        ],
    ),
    (
        "scripts",
        Sh("voms-proxy-info -exists -vo -valid 1:00"),
        ["virgo", "virgo", "virgo[1]", "[1]", "[1]", "virgo;testvo"],
    ),
    (
        "scripts",
        Sh("voms-proxy-info -fqan -exists >/dev/null"),
        ["", "", "[1]", "[1]", "[1]", ""],
    ),
    // CERN's names, for which it was written, have one part more.
    (
        "scripts",
        Sh("voms-proxy-info -identity -dont-verify-ac | cut -d/ -f5"),
        any("CN=Alice Adams", ""),
    ),
    (
        "scripts",
        Sh("voms-proxy-info | grep ^path"),
        any("path      : %", "[1]"),
    ),
    (
        "scripts",
        Sh("voms-proxy-info | grep path | cut -b 13-"),
        any("%", ""),
    ),
    (
        "scripts",
        Sh("voms-proxy-info | grep timeleft | grep -oE '[0-9]+:[0-9]+:[0-9]+' | cut -d: -f1"),
        ["8", "2", "0", "", "167", "8"],
    ),
    (
        "scripts",
        Sh("voms-proxy-info 2>&1 | grep -o 'Proxy not found'"),
        any("[1]", "Proxy not found"),
    ),
    (
        "igwn-auth-utils, gwdatafind, rucio",
        Python(
            r"
path = os.environ['X509_USER_PROXY']
if not os.access(path, os.R_OK): sys.exit(1)
ssl.create_default_context().load_cert_chain(path)
print(oct(os.stat(path).st_mode & 0o7777), *re.findall('BEGIN (?:.* )?(.+?)-', open(path).read()))",
        ),
        any("0o600 CERTIFICATE KEY CERTIFICATE", "[1]"),
    ),
];

/// A server is asked, so the clock has to be its own.
const RENEWING: Situations<6> = {
    let mut situations = READING;
    situations[1] = ("AC expired", "ac-expired.pem", "");
    situations
};

const RENEWERS: &[Row<6>] = &[
    (
        "DIRAC",
        Python(
            r"
end = ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(F)['notAfter']) if os.path.exists(F) else 0
left = max(int(end - time.time()) - 300, 3840)
open(OUT, 'w', opener=lambda path, flags: os.open(path, flags, 0o600))
words = ['-cert', F, '-key', F, '-out', OUT, '-voms', 'virgo:/virgo/virgo', '-valid']
words += [f'{left // 3600}:{left % 3600 // 60}', '-bits', '2048', '-vomses', os.environ['X509_VOMSES'], '-r']
done = subprocess.run(['voms-proxy-init', *words, '-timeout', '12'], capture_output=True)
if done.returncode: sys.exit(1)
ssl.create_default_context().load_cert_chain(OUT)",
        ),
        ["", "", "[1]", "[1]", "", ""],
    ),
    (
        "WMCore",
        Python(
            r"
fqan = run(f'env X509_USER_PROXY={F} voms-proxy-info -fqan')[0].split('\n')[0] or '/virgo'
attribute = 'virgo:' + fqan.replace('/Role=NULL', '').replace('/Capability=NULL', '')
run(f'cp {F} {OUT}')
kind, rc = run(f'voms-proxy-info -type -file {OUT}')
if rc > 0: sys.exit(rc)
left = int(run(f'grid-proxy-info -file {OUT} -timeleft')[0].strip()) - 600
valid = '%d:%02d' % (left // 3600, left % 3600 // 60) if left > 0 else '00:00'
rfc = '-rfc' if kind.startswith('RFC') else ''
init = f'voms-proxy-init -noregen -voms {attribute} -out {OUT} -bits 2048 -valid {valid} {rfc}'
if run(f'env X509_USER_PROXY={OUT} {init}')[1] > 0: sys.exit(1)
print(run(f'voms-proxy-info -fqan -file {OUT}')[0].split('\n')[0])",
        ),
        {
            let group = "/virgo/Role=NULL/Capability=NULL";
            [PRODUCTION, group, "[1]", "[1]", group, PRODUCTION]
        },
    ),
    (
        "jobsub",
        Sh("cp $F $OUT && export X509_USER_PROXY=$OUT && \
            voms-proxy-init -noregen -rfc -voms virgo:/virgo/virgo/Role=production >/dev/null && \
            voms-proxy-info -exists -valid 0:10 -file $OUT && voms-proxy-info -fqan | sed -n 1p"),
        [PRODUCTION, PRODUCTION, "[1]", "[1]", PRODUCTION, PRODUCTION],
    ),
    (
        "Virgo ProxyRearm",
        Sh(
            "voms-proxy-init -cert $F -n -voms virgo:/virgo/virgo --out $OUT >/dev/null && \
            voms-proxy-info -fqan -file $OUT | head -1 | grep -q ^/virgo/virgo/Role=NULL && \
            voms-proxy-info -timeleft -file $OUT | awk '{print int($1 / 3600)}'",
        ),
        ["8", "6", "[1]", "[1]", "11", "8"],
    ),
];

/// No file, so that `OUT` is the caller's proxy.
const MAKING: Situations<1> = [("certificate", "", "")];

const MAKERS: &[Row<1>] = &[
    (
        "DIRAC: available",
        Sh("voms-proxy-info -h >/dev/null"),
        [""],
    ),
    (
        "DIRAC: limited",
        Sh(
            "voms-proxy-init -q -limited -out limited.pem && voms-proxy-init -limited -cert limited.pem \
            -key limited.pem -out $OUT -voms virgo -valid 11:4 -bits 2048 -r -timeout 12 >/dev/null && \
            voms-proxy-info -type -file $OUT | grep -o limited",
        ),
        ["limited"],
    ),
    (
        "DIRAC: no server",
        Sh(
            "voms-proxy-init -cert plain.pem -key plain.pem -out $OUT -voms virgo -valid 23:4 -bits 2048 \
            -vomses $WORLD/vomses-dead -r -timeout 12 2>&1 | grep -o 'returning a valid AC for the user'",
        ),
        ["returning a valid AC for the user"],
    ),
    (
        "CRABClient",
        Sh(
            "voms-proxy-init --rfc --cert $CERT --key $KEY --out $OUT --valid 192:00 \
            --voms virgo:/virgo/virgo/Role=production >/dev/null && voms-proxy-info -e --valid 191:00 --file $OUT && \
            voms-proxy-info --fqan --file $OUT | sed -n 1p",
        ),
        [PRODUCTION],
    ),
    (
        "glideinWMS",
        Sh(
            "umask 077; : >$OUT; voms-proxy-init --debug -cert $CERT -key $KEY -out $OUT -valid 9:00 \
            -voms virgo:/virgo/virgo -order /virgo/virgo >/dev/null 2>&1 && \
            voms-proxy-info -file $OUT -fqan | grep -m1 -o '^/virgo/virgo/Role=NULL'",
        ),
        ["/virgo/virgo/Role=NULL"],
    ),
    (
        "glideinWMS: no server",
        Sh(
            "umask 077; : >$OUT; voms-proxy-fake -rfc -hours 9 -cert $CERT -key $KEY -out $OUT -voms virgo \
            -hostcert $WORLD/host/hostcert.pem -hostkey $WORLD/host/hostkey.pem -uri voms.world.example:15000 \
            -fqan /virgo/Role=pilot/Capability=NULL >/dev/null 2>&1 && voms-proxy-info -file $OUT -fqan",
        ),
        ["/virgo/Role=pilot/Capability=NULL"],
    ),
    (
        "Virgo cWB",
        Sh(
            "voms-proxy-init -voms virgo >/dev/null && voms-proxy-info --timeleft | awk '{if($1 < 600) exit 1}' && \
            voms-proxy-info -vo",
        ),
        ["virgo"],
    ),
    (
        "grid UI",
        Sh(
            "voms-proxy-init -q -rfc -voms virgo -hours 192 -valid=192:0 -out=$OUT && \
            voms-proxy-info -exists -valid 191:0 -file $OUT && voms-proxy-info -vo -file=$OUT",
        ),
        ["virgo"],
    ),
    (
        "scripts",
        Sh(
            r"voms-proxy-init -voms virgo | grep -o 'Remote VOMS server contacted succesfully\.'
            voms-proxy-init -out $OUT | sed -n '2p; 4s/until .*/until/p'",
        ),
        ["Remote VOMS server contacted succesfully.;Created proxy in %.;Your proxy is valid until"],
    ),
    (
        "scripts",
        Sh("voms-proxy-list -voms virgo | sed 1q"),
        ["Available attributes:"],
    ),
];

/// A home with alice's certificate and the proxies of the tables.
fn callers_home() -> Desk {
    let desk = Desk::new();
    for directory in [".globus", "links"] {
        std::fs::create_dir(desk.path(directory)).unwrap();
    }
    for name in ["usercert.pem", "userkey.pem"] {
        std::fs::copy(
            world().file("users/alice").join(name),
            desk.path(".globus").join(name),
        )
        .unwrap();
    }
    let links = desk.ours("links", &[desk.path("links").to_str().unwrap()]);
    let words = [
        "-voms",
        "virgo:/virgo/virgo/Role=production",
        "-valid",
        "9:00",
        "-vomslife",
        "5:00",
    ];
    let proxy = desk.init("alice", &words, &desk.path("proxy.pem"));
    let two = desk.init(
        "alice",
        &[&words[..], &["-voms", "testvo"]].concat(),
        &desk.path("two.pem"),
    );
    let mut plain = desk.command("grid-proxy-init");
    plain
        .args(pair("alice"))
        .args(["-valid", "168:00", "-out", "plain.pem"]);
    let mut fake = desk.command("voms-proxy-fake");
    let host = ["cert", "key"].map(|kind| world().file(&format!("host/host{kind}.pem")));
    fake.arg("-hostcert")
        .arg(&host[0])
        .arg("-hostkey")
        .arg(&host[1])
        .args(pair("alice"));
    fake.args(
        "-rfc -voms virgo -fqan /virgo/Role=NULL/Capability=NULL -uri voms.world.example:15000"
            .split(' '),
    );
    fake.args("-hours 9 -vomslife 1:00 -out ac-expired.pem".split(' '));
    set_clock(&mut fake, "-2h");
    for made in [links, proxy, two, run(&mut plain, ""), run(&mut fake, "")] {
        assert_eq!(made.exit, 0, "{}", made.all());
    }
    desk
}

/// The wrapper `faketime` stumbles over what a killed one left behind.
fn set_clock(command: &mut Command, clock: &str) {
    command.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
    command
        .env("FAKETIME", clock)
        .env("FAKETIME_DISABLE_SHM", "1");
}

fn outcome(desk: &Desk, script: &Script, file: &str, clock: &str) -> String {
    let (interpreter, text) = match script {
        Sh(text) => ("bash", (*text).to_owned()),
        Python(text) => ("python3", format!("{PRELUDE}{text}")),
    };
    let out = desk.path("out.pem");
    let _ = std::fs::remove_file(&out);
    let proxy = if file.is_empty() {
        out.clone()
    } else {
        desk.path(file)
    };
    let [_, cert, _, key] = pair("alice");
    let mut command = desk.command(interpreter);
    command.arg("-c").arg(text).env(
        "PATH",
        format!("{}:/usr/bin:/bin", desk.path("links").display()),
    );
    command
        .env("F", desk.path(file))
        .env("X509_USER_PROXY", &proxy)
        .env("OUT", out);
    command
        .env("CERT", cert)
        .env("KEY", key)
        .env("WORLD", &world().dir);
    if !clock.is_empty() {
        set_clock(&mut command, clock);
    }
    let Ended {
        exit,
        stdout,
        stderr,
    } = run(&mut command, "");
    assert!(!stderr.contains("Traceback"), "{stderr}");
    let seen = stdout
        .lines()
        .collect::<Vec<_>>()
        .join(";")
        .replace(&proxy.display().to_string(), "%");
    if exit == 0 {
        seen
    } else {
        format!("{seen}[{exit}]")
    }
}

fn assert_outcomes<const N: usize>(rows: &[Row<N>], situations: &Situations<N>) {
    let desk = callers_home();
    let mut faults = String::new();
    for (caller, script, expected) in rows {
        for ((situation, file, clock), expected) in situations.iter().zip(expected) {
            let seen = outcome(&desk, script, file, clock);
            if seen != *expected {
                let (Sh(text) | Python(text)) = script;
                faults +=
                    &format!("{caller}: {situation}: {seen:?}, not {expected:?}, by {text}\n");
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn callers_read_a_proxy() {
    assert_outcomes(READERS, &READING);
}

#[test]
fn callers_renew_a_proxy_by_itself() {
    assert_outcomes(RENEWERS, &RENEWING);
}

#[test]
fn callers_make_a_proxy() {
    assert_outcomes(MAKERS, &MAKING);
}

#[test]
fn an_expect_script_answers_the_prompt() {
    let desk = callers_home();
    let script = r#"
        set timeout 10
        spawn voms-proxy-init -cert $env(CERT) -key $env(WORLD)/users/alice/userkey-enc.pem -voms virgo -out $env(OUT)
        expect "Enter GRID pass phrase:" { send "pass\r" } timeout { exit 3 } eof { exit 4 }
        expect eof
        exit [lindex [wait] 3]"#;
    std::fs::write(desk.path("answers"), script).unwrap();
    let expect =
        Sh("expect answers >/dev/null && voms-proxy-info -exists -acexists virgo -file $OUT");
    assert_eq!(outcome(&desk, &expect, "plain.pem", ""), "");
}
