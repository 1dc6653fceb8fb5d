//! What others say of a proxy, and how long it and its attributes live.

use std::path::Path;
use std::time::SystemTime;

use voms::ac::verify::validity;
use voms::chain::Chain;
use voms_asn1::voms::ac_seq::AcSeq;
use voms_asn1::{EncodedAc, oid};

use super::desk::{Desk, Ended};
use super::surroundings::world;

/// What a command with `-all` shows, in the layout that the VOMS clients share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    pub identity: String,
    pub kind: String,
    pub bits: String,
    pub vos: Vec<String>,
    /// Of every VO in turn.
    pub fqans: Vec<String>,
    pub generic: Vec<String>,
}

impl Shown {
    fn read(text: &str) -> Self {
        let fields: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.split_once(" : "))
            .map(|(k, v)| (k.trim(), v.trim()))
            .collect();
        let first = |key: &str| {
            fields
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, v)| (*v).to_owned())
                .unwrap_or_default()
        };
        let all = |key: &str| {
            fields
                .iter()
                .filter(|(k, _)| *k == key)
                .map(|(_, v)| (*v).to_owned())
                .collect()
        };
        let attributes: Vec<String> = all("attribute");
        let (generic, fqans) = attributes
            .into_iter()
            .partition(|attribute| attribute.contains(" = "));
        Self {
            identity: first("identity"),
            kind: first("type"),
            bits: first("strength").trim_end_matches(" bits").to_owned(),
            vos: all("VO"),
            fqans,
            generic,
        }
    }

    /// FQANs as people write them.
    pub fn short_fqans(&self) -> Vec<String> {
        let without = |fqan: &String| {
            fqan.trim_end_matches("/Capability=NULL")
                .trim_end_matches("/Role=NULL")
                .to_owned()
        };
        self.fqans.iter().map(without).collect()
    }

    /// What every judge must show alike.
    fn essence(&self) -> (&str, &[String], &[String], &[String]) {
        (&self.bits, &self.vos, &self.fqans, &self.generic)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub fn ours(desk: &Desk, proxy: &Path) -> Shown {
    let info = desk.ours("info", &["--all", "--file", text(proxy)]);
    let weak = |line: &&str| line.ends_with("its key is shorter than RSA 2048");
    let shown = Shown::read(&info.stdout);
    let warnings: Vec<&str> = info
        .stderr
        .lines()
        .filter(|line| shown.bits != "1024" || !weak(line))
        .collect();
    assert!(
        info.exit == 0 && warnings.is_empty(),
        "info: {}{}",
        info.stdout,
        info.stderr
    );
    shown
}

/// What the judges said, for the table, and what is wrong with it.
#[derive(Debug, Default, Clone)]
pub struct Verdicts {
    pub info2: String,
    pub info3: String,
    pub faults: Vec<String>,
}

/// How a judge spells a name where it differs from all others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spelling {
    pub cpp: Option<(&'static str, &'static str)>,
    pub java: Option<(&'static str, &'static str)>,
}

/// Why OpenSSL cannot follow a chain.
pub type OpenSslInability = Option<&'static str>;

/// Lets the VOMS clients and OpenSSL judge a proxy of ours.
pub fn judge(desk: &Desk, proxy: &Path, spelling: Spelling, openssl: OpenSslInability) -> Verdicts {
    let ours = ours(desk, proxy);
    let mut verdicts = Verdicts::default();
    // The C++ client takes the identity for the issuer where a proxy was made from a proxy.
    let depth = Chain::parse(&std::fs::read(proxy).unwrap())
        .unwrap()
        .proxies()
        .len();
    for (program, differs) in [
        ("voms-proxy-info2", spelling.cpp),
        ("voms-proxy-info3", spelling.java),
    ] {
        let ended = desk.peer(program, &["-all", "-file", text(proxy)]);
        let theirs = Shown::read(&ended.stdout);
        let mut wrong = |what: String| verdicts.faults.push(format!("{program}: {what}"));
        if ended.exit != 0 || unsettled(&ended) {
            wrong(format!("exit {}, {}", ended.exit, ended.stderr));
        }
        if theirs.essence() != ours.essence() {
            wrong(format!("shows {theirs:?}, we {ours:?}"));
        }
        let identity = differs.map_or(ours.identity.clone(), |(from, to)| {
            ours.identity.replace(from, to)
        });
        let beginning = depth > 1
            && program == "voms-proxy-info2"
            && theirs.identity.starts_with(&format!("{identity}/CN="));
        if theirs.identity != identity && !beginning {
            wrong(format!("identity {}, ours {identity}", theirs.identity));
        }
        if differs.is_some() && theirs.identity == ours.identity {
            wrong("no longer spells the name in its own way".into());
        }
        let fqans = theirs.short_fqans();
        let fqans = if fqans == ours.short_fqans() && program == "voms-proxy-info3" {
            "the same".to_owned()
        } else {
            fqans.join(" ")
        };
        let said = format!("{}: {fqans}", theirs.kind);
        if program == "voms-proxy-info2" {
            verdicts.info2 = said;
        } else {
            if theirs.kind != ours.kind {
                wrong(format!("type {}, ours {}", theirs.kind, ours.kind));
            }
            verdicts.info3 = said;
        }
    }
    verdicts.faults.extend(openssl_fault(desk, proxy, openssl));
    verdicts
}

/// The clients end with 0 even where they reject the attributes.
fn unsettled(ended: &Ended) -> bool {
    let text = ended.all().to_ascii_lowercase();
    ["warning", "error", "unable", "not verif"]
        .iter()
        .any(|word| text.contains(word))
}

fn openssl_fault(desk: &Desk, proxy: &Path, inability: OpenSslInability) -> Option<String> {
    let proxy = text(proxy);
    let certificates = world().cert_dir.display().to_string();
    let mut args = vec![
        "verify",
        "-allow_proxy_certs",
        "-crl_check_all",
        "-no-CAfile",
        "-no-CAstore",
    ];
    args.extend(["-CApath", &certificates, "-untrusted", proxy, proxy]);
    let ended = desk.peer("openssl", &args);
    match inability {
        None => (ended.exit != 0).then(|| format!("openssl verify: {}", ended.all())),
        Some(why) if ended.exit != 0 && ended.all().contains(why) => None,
        Some(why) => Some(format!(
            "openssl verify was expected to say {why:?}: {}",
            ended.all()
        )),
    }
}

/// What ARC shows of the attributes; nothing where it rejects them.
pub fn arc_fqans(desk: &Desk, proxy: &Path) -> (Vec<String>, Ended) {
    let ended = desk.peer("arcproxy", &["-I", "-P", text(proxy)]);
    let fqans = Shown::read(&ended.stdout).fqans;
    (fqans, ended)
}

/// Seconds from begin to end: of the proxy, and of every attribute certificate in it.
pub fn lives(proxy: &Path) -> (i64, Vec<i64>) {
    let chain = Chain::parse(&std::fs::read(proxy).unwrap()).unwrap();
    let leaf = chain.leaf();
    let acs = leaf
        .extension(oid::VOMS_AC_SEQ)
        .map(|(_, value)| AcSeq::raw(value).unwrap())
        .unwrap_or_default();
    let seconds = |from: SystemTime, until: SystemTime| -> i64 {
        let life = until.duration_since(from).unwrap();
        life.as_secs().try_into().unwrap()
    };
    let of_ac = |der: &[u8]| {
        let ac = EncodedAc::from_der(der).unwrap();
        let (begin, end) = validity(&ac.certificate().acinfo);
        seconds(begin, end)
    };
    (
        seconds(leaf.not_before(), leaf.not_after()),
        acs.into_iter().map(of_ac).collect(),
    )
}
