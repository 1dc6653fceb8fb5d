//! What the other clients get from the same servers: the tables of this suite rest on it.

use super::desk::{Desk, Ended, pair, run};
use super::granted;
use super::judges::{Shown, ours};
use super::surroundings::world;

const CLIENTS: [&str; 3] = ["voms-proxy-init2", "voms-proxy-init3", "arcproxy"];

/// A proxy of a user's, by another client. The C++ client merges `-vomses` with what the
/// environment names.
fn theirs(desk: &Desk, client: &str, user: &str, voms: &str, vomses: &str, out: &str) -> Ended {
    let (world, vomses) = (world(), world().file(vomses).display().to_string());
    let [_, cert, _, key] = pair(user);
    let (certificates, vomsdir) = (
        world.cert_dir.display().to_string(),
        world.voms_dir.display().to_string(),
    );
    let mut command = desk.command(client);
    command
        .env("X509_VOMSES", &vomses)
        .env("VOMS_USERCONF", &vomses);
    match client {
        "arcproxy" => command
            .args(["-C", &cert, "-K", &key, "-T", &certificates, "-s", &vomsdir])
            .args(["-V", &vomses, "-S", voms, "-P", out]),
        _ => command
            .args(["-cert", &cert, "-key", &key, "-voms", voms])
            .args(["-vomses", &vomses, "-out", out]),
    };
    run(&mut command, "")
}

/// What the server decides.
fn essence(shown: &Shown) -> (&str, &[String], &[String]) {
    (&shown.identity, &shown.fqans, &shown.generic)
}

#[test]
fn the_other_clients_get_what_we_get() {
    let cases = [
        ("alice", "virgo", "vomses"),
        ("alice", "virgo:/virgo/virgo/Role=production", "vomses"),
        ("alice", "virgo:/virgo/ops", "vomses"),
        ("alice", "virgo:/virgo/virgo", "vomses-legacy"),
        ("alice", "virgo", "vomses-renewed"),
        ("alice", "virgo", "vomses-lb"),
        ("alice", "virgo", "vomses-xmlerr"),
        ("carol", "virgo", "vomses"),
        ("zoe", "virgo", "vomses"),
    ];
    let desk = Desk::new();
    let mut faults = Vec::new();
    for (user, voms, vomses) in cases {
        let mine = desk.path("mine.pem");
        let ended = granted::init(
            user,
            &format!("--voms {voms} --vomses @/{vomses}"),
            &desk,
            &mine,
        );
        assert_eq!(ended.exit, 0, "{user} {voms} {vomses}: {}", ended.stderr);
        let expected = ours(&desk, &mine);
        for client in CLIENTS {
            let out = desk.path("theirs.pem");
            let _ = std::fs::remove_file(&out);
            let ended = theirs(&desk, client, user, voms, vomses, out.to_str().unwrap());
            if ended.exit != 0 {
                faults.push(format!("{client} {user} {voms} {vomses}: {}", ended.all()));
                continue;
            }
            let shown = ours(&desk, &out);
            if essence(&shown) != essence(&expected) {
                faults.push(format!(
                    "{client} {user} {voms} {vomses}: {shown:?}, ours {expected:?}"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_other_clients_are_refused_where_we_are() {
    let desk = Desk::new();
    let out = desk.path("out.pem");
    let mut faults = Vec::new();
    for client in ["voms-proxy-init2", "voms-proxy-init3"] {
        for user in [
            "dave",
            "erin",
            "frank",
            "heidi",
            "mallory",
            "alice-new",
            "revoked",
        ] {
            let ended = theirs(
                &desk,
                client,
                user,
                "virgo",
                "vomses",
                out.to_str().unwrap(),
            );
            if ended.exit == 0 {
                faults.push(format!("{client} {user}: {}", ended.all()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
