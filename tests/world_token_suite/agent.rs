//! A token from Debian's oidc-agent, with an account at the world's issuer.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::desk::{Desk, Whose, file, usual, world};

/// An agent that ends with the test.
struct Agent {
    process: String,
    socket: String,
}

impl Agent {
    fn start(desk: &Desk) -> Self {
        let ended = desk.run("oidc-agent", &[]);
        let value = |name: &str| {
            let line = ended
                .stdout
                .lines()
                .find_map(|line| line.split_once(&format!("{name}=")));
            let (_, value) = line.unwrap_or_else(|| panic!("oidc-agent: {ended:?}"));
            value.split(';').next().unwrap().to_owned()
        };
        let agent = Self {
            process: value("OIDCD_PID"),
            socket: value("OIDC_SOCK"),
        };
        // It says so before it listens.
        for _ in 0..100 {
            if UnixStream::connect(&agent.socket).is_ok() {
                return agent;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("nobody listens at {}: {ended:?}", agent.socket);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.process).status();
    }
}

#[test]
fn an_account_of_oidc_agent_gives_a_token() {
    let _usual = usual();
    let desk = Desk::new();
    let first = desk.with_person(&[], Whose::Ours, "htgettoken", &["-i", "wlcg"]);
    assert_eq!(first.exit, 0, "{first:?}");
    // The login that the vault keeps is good for an agent too.
    let kept: Value = serde_json::from_slice(&fs::read(file("bao/oauth.json")).unwrap()).unwrap();
    let refresh = kept["wlcg/albert.einstein:default"]["refresh_token"]
        .as_str()
        .unwrap();
    let secret = fs::read_to_string(file("conf/wlcg.secret")).unwrap();
    let agent = Agent::start(&desk);
    let desk = desk.with("OIDC_SOCK", &agent.socket);
    let made = desk.run(
        "oidc-gen",
        &[
            "iam",
            &format!("--issuer={}/wlcg", world().get("TOKEN_ISSUER")),
            "--client-id=vault-wlcg",
            &format!("--client-secret={}", secret.trim()),
            &format!("--cp={}", world().get("SSL_CERT_FILE")),
            "--scope=openid profile offline_access storage.read:/",
            &format!("--rt={refresh}"),
            "--redirect-uri=http://localhost:4242",
            "--pw-cmd=echo password",
            "--prompt=none",
            "--confirm-default",
        ],
    );
    assert_eq!(made.exit, 0, "{made:?}");
    fs::remove_file(desk.bearer_token()).unwrap();
    crate::beside::self_signed(&desk);
    let proxy = desk.path("x509up").display().to_string();
    let desk = desk.with("X509_USER_PROXY", &proxy);
    let init =
        |source: &str| desk.ours(&["init", "--skip-chain-integrity-checks", "--token", source]);
    let ended = init("oidc:iam");
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(desk.claims()["wlcg.groups"][1], "/virgo/virgo");
    let before = fs::read(desk.bearer_token()).unwrap();
    let ended = init("oidc:nosuch");
    assert_eq!(ended.exit, 1, "{ended:?}");
    assert_eq!(fs::read(desk.bearer_token()).unwrap(), before);
    drop(agent);
}
