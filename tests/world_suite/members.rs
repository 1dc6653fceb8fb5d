//! Every kind of certificate that a member may have.

use std::sync::OnceLock;

use super::desk::{Desk, pair};
use super::judges::{Spelling, arc_fqans, judge, ours};
use super::rows::{Row, assert_sound, success_faults};
use super::surroundings::world;

pub struct Member {
    pub name: &'static str,
    pub identity: &'static str,
    pub fqans: &'static [&'static str],
    nickname: Option<&'static str>,
    stderr: &'static str,
    spelling: Spelling,
    /// What the C++ client says when it fails for this user, or ends as if it had.
    pub cpp_cannot: Option<&'static str>,
    /// What the Java client says when it cannot make this user a proxy.
    pub java_cannot: Option<&'static str>,
}

const BOTH: &[&str] = &["/virgo", "/virgo/virgo"];
const PLAIN: Member = Member {
    name: "",
    identity: "",
    fqans: BOTH,
    nickname: None,
    stderr: "",
    spelling: Spelling {
        cpp: None,
        java: None,
    },
    cpp_cannot: None,
    java_cannot: None,
};
const NO_EC: Option<&str> = Some("Provided private key is not matching the certificate");

pub const MEMBERS: &[Member] = &[
    Member {
        name: "alice",
        identity: "Alice Adams",
        nickname: Some("alice"),
        ..PLAIN
    },
    Member {
        name: "carol",
        identity: "Carol Clark",
        fqans: &["/virgo"],
        ..PLAIN
    },
    Member {
        name: "grace",
        identity: "Grace Gray",
        java_cannot: NO_EC,
        ..PLAIN
    },
    Member {
        name: "judy",
        identity: "Judy Jones",
        java_cannot: NO_EC,
        ..PLAIN
    },
    Member {
        name: "heidi",
        identity: "Heidi Hill",
        ..PLAIN
    },
    Member {
        name: "zoe",
        identity: r"Zo\xC3\xAB M\xC3\xBCller",
        nickname: Some("zoe"),
        ..PLAIN
    },
    Member {
        name: "ivan",
        identity: "Ivan Ivanov",
        ..PLAIN
    },
    Member {
        name: "short",
        identity: "Short Lived",
        stderr: "warning: proxy lifetime limited to issuing credential lifetime.\n",
        cpp_cannot: Some("within the requested lifetime of the proxy"),
        ..PLAIN
    },
    Member {
        name: "email",
        identity: "Robot: data/mover/emailAddress=robot@world.example",
        spelling: Spelling {
            cpp: Some(("data/", r"data\/")),
            java: Some(("emailAddress", "EMAILADDRESS")),
        },
        cpp_cannot: Some("certificate signature failure"),
        ..PLAIN
    },
];

impl Member {
    fn dn(&self) -> String {
        format!("/DC=example/DC=world/O=Virgo/CN={}", self.identity)
    }

    fn generic(&self) -> Vec<String> {
        let site = (self.fqans.len() > 1).then(|| "site = cascina (/virgo/virgo)".to_owned());
        let nickname = self
            .nickname
            .map(|name| format!("nickname = {name} (virgo)"));
        let mut all: Vec<String> = site.into_iter().chain(nickname).collect();
        all.sort();
        all
    }
}

pub fn seen() -> &'static [Row] {
    static SEEN: OnceLock<Vec<Row>> = OnceLock::new();
    SEEN.get_or_init(|| MEMBERS.iter().map(see).collect())
}

fn see(member: &Member) -> Row {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let ended = desk.init(member.name, &["--voms", "virgo"], &out);
    let kind = format!("{}: --voms virgo", member.name);
    let faults = success_faults(&ended, &out, member.stderr);
    if !out.exists() {
        return Row::new(
            &kind,
            &ended,
            super::judges::Verdicts {
                faults,
                ..Default::default()
            },
        );
    }
    let mut verdicts = judge(&desk, &out, member.spelling, None);
    verdicts.faults.extend(faults);
    let mut shown = ours(&desk, &out);
    shown.generic.sort();
    if (shown.identity.as_str(), shown.short_fqans()) != (member.dn().as_str(), owned(member.fqans))
    {
        verdicts.faults.push(format!(
            "should be {} with {:?}: {shown:?}",
            member.dn(),
            member.fqans
        ));
    }
    if shown.generic != member.generic() {
        verdicts
            .faults
            .push(format!("should have {:?}: {shown:?}", member.generic()));
    }
    Row::new(&kind, &ended, verdicts)
}

pub fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn every_member_gets_a_proxy_that_all_judges_read_alike() {
    assert_sound(seen());
}

#[test]
fn arc_reads_every_members_attributes_where_the_holder_is_named_by_subject_and_only_there() {
    let desk = Desk::new();
    let legacy = world().file("vomses-legacy").display().to_string();
    for member in MEMBERS {
        let out = desk.path(member.name);
        let ended = desk.init(member.name, &["--voms", "virgo", "--vomses", &legacy], &out);
        assert_eq!(ended.exit, 0, "{}: {}", member.name, ended.stderr);
        let (fqans, said) = arc_fqans(&desk, &out);
        assert_eq!(
            fqans,
            ours(&desk, &out).short_fqans(),
            "{}: {}",
            member.name,
            said.all()
        );

        assert_eq!(desk.init(member.name, &["--voms", "virgo"], &out).exit, 0);
        let (fqans, said) = arc_fqans(&desk, &out);
        let unrelated =
            "the holder name in AC is not related to the distinguished name in holder certificate";
        assert!(
            fqans.is_empty() && said.all().contains(unrelated),
            "{}: {}",
            member.name,
            said.all()
        );
    }
}

/// A peer's proxy is made and shown by us for every member, except where the table says that the
/// peer cannot.
fn peer_makes(
    program: &str,
    cannot: impl Fn(&Member) -> Option<&'static str>,
    init: impl Fn(&Desk, &str, &str) -> super::desk::Ended,
) {
    let desk = Desk::new();
    let mut faults = Vec::new();
    for member in MEMBERS {
        let out = desk.path(member.name);
        let ended = init(&desk, member.name, out.to_str().unwrap());
        match cannot(member) {
            Some(why) => {
                if ended.exit == 0 || !ended.all().contains(why) {
                    faults.push(format!(
                        "{}: {program} should fail with {why:?}: {}",
                        member.name,
                        ended.all()
                    ));
                }
            }
            None if ended.exit == 0 => {
                let shown = ours(&desk, &out);
                if (shown.identity, shown.fqans) != (member.dn(), long(member.fqans)) {
                    faults.push(format!(
                        "{}: info shows something else of {program}'s proxy",
                        member.name
                    ));
                }
            }
            None => faults.push(format!("{}: {program}: {}", member.name, ended.all())),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn long(fqans: &[&str]) -> Vec<String> {
    fqans
        .iter()
        .map(|fqan| format!("{fqan}/Role=NULL/Capability=NULL"))
        .collect()
}

#[test]
fn what_the_cpp_client_makes_is_shown_alike_and_it_fails_only_for_email_and_short() {
    peer_makes(
        "voms-proxy-init2",
        |member| member.cpp_cannot,
        |desk, user, out| {
            let pair = pair(user);
            let words: Vec<&str> = pair
                .iter()
                .map(String::as_str)
                .chain(["-voms", "virgo", "-out", out])
                .collect();
            desk.peer("voms-proxy-init2", &words)
        },
    );
}

#[test]
fn what_the_java_client_makes_is_shown_alike_and_it_fails_only_for_ec_keys() {
    peer_makes(
        "voms-proxy-init3",
        |member| member.java_cannot,
        |desk, user, out| {
            let (pair, vomses) = (pair(user), world().vomses.display().to_string());
            let rest = ["-voms", "virgo", "-vomses", &vomses, "-out", out];
            let words: Vec<&str> = pair.iter().map(String::as_str).chain(rest).collect();
            desk.peer("voms-proxy-init3", &words)
        },
    );
}

#[test]
fn what_arc_makes_is_shown_alike_for_every_member() {
    peer_makes(
        "arcproxy",
        |_| None,
        |desk, user, out| {
            let [_, cert, _, key] = pair(user);
            desk.peer(
                "arcproxy",
                &["-C", &cert, "-K", &key, "-S", "virgo", "-P", out],
            )
        },
    );
}
