//! The examples, as the README runs them.

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use common::servers::{authority, honest};
use common::{BINARY, Home, run, world};

/// `cargo test` builds the examples beside the program.
fn example(name: &str) -> PathBuf {
    Path::new(BINARY).with_file_name("examples").join(name)
}

fn ada() -> (Home, common::servers::Voms) {
    let server = honest(authority(|_| {}));
    (Home::ada().servers(&[server.virgo()]), server)
}

#[test]
fn attributes_prints_what_verifies_and_fails_otherwise() {
    let (home, _server) = ada();
    let read = || run(home.command(example("attributes")).arg(home.proxy()), b"");
    home.init(&["--voms", "virgo:/virgo/virgo"]).success();
    let lines =
        ["/virgo/virgo", "/virgo"].map(|group| format!("{group}/Role=NULL/Capability=NULL\n"));
    assert_eq!(read().success().stdout, lines.concat());
    std::fs::write(home.proxy(), "nothing").unwrap();
    let outcome = read();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    outcome.says("no proxy", "no certificate chain");
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn virgo_only_admits_only_members() {
    admits_only_members("virgo_only");
}

#[test]
fn virgo_only_rustls_admits_only_members() {
    admits_only_members("virgo_only_rustls");
}

fn admits_only_members(name: &str) {
    let (home, _server) = ada();
    let host = |name: &str| world().dir.join("host").join(name);
    let mut command = home.command(example(name));
    command
        .args([host("hostcert.pem"), host("hostkey.pem")])
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped());
    let mut server = Running(command.spawn().unwrap());
    let mut first = String::new();
    BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let port = first.trim().rsplit(':').next().unwrap().to_owned();
    let get = |credential: &[&Path]| {
        let mut curl = home.command("curl");
        curl.args(["-sS", "-o", "-", "-w", "%{http_code}", "--cacert"]);
        curl.arg(world().certificates().join("SandboxCA.pem"));
        for (option, file) in ["--cert", "--key"].iter().zip(credential) {
            curl.arg(option).arg(file);
        }
        run(curl.arg(format!("https://localhost:{port}/")), b"")
    };
    let proxy = home.proxy();
    home.init(&["--voms", "virgo:/virgo/virgo"]).success();
    let welcome = get(&[&proxy]).success().stdout;
    assert!(
        welcome.starts_with("welcome, ") && welcome.ends_with("\n200"),
        "{welcome}"
    );
    home.init(&["--voms", "virgo:/virgo/virgo", "--old"])
        .success();
    assert!(get(&[&proxy]).success().stdout.ends_with("\n200"));
    home.init(&[]).success();
    let plain = get(&[&proxy]).success().stdout;
    assert!(plain.ends_with("is not in /virgo/virgo\n403"), "{plain}");
    let user = [".globus/usercert.pem", ".globus/userkey.pem"].map(|name| home.path(name));
    assert!(
        get(&[&user[0], &user[1]])
            .success()
            .stdout
            .ends_with("is not in /virgo/virgo\n403")
    );
    assert_ne!(get(&[]).code, Some(0));
}
