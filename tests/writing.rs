//! How the proxy gets to its place and away from it, and what happens at the terminal.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use common::servers::{authority, honest};
use common::{
    BINARY, Home, Outcome, SENTINEL, certificate_pem, judge, key_pem, mode, names, run,
    with_own_mounts, world,
};
use rustix::process::{Pid, Signal, kill_process};

const PASSPHRASE: &str = "Correct-Horse-7";

fn sh(home: &Home, script: &str) -> Outcome {
    let mut command = home.command("sh");
    run(command.args(["-c", script, "sh", BINARY, "init"]), b"")
}

#[test]
fn a_link_is_replaced_and_what_it_points_to_stays() {
    let home = Home::ada();
    let precious = home.write("precious", b"precious", 0o644);
    fs::create_dir(home.path("directory")).unwrap();
    for target in [
        precious.as_path(),
        &home.path("nothing"),
        &home.path("directory"),
    ] {
        let _ = fs::remove_file(home.proxy());
        symlink(target, home.proxy()).unwrap();
        home.init(&[]).success();
        assert!(!home.proxy().is_symlink(), "{target:?}");
        judge::rfc(&home);
    }
    assert_eq!(
        (fs::read(&precious).unwrap(), mode(&precious)),
        (b"precious".to_vec(), 0o644)
    );
    assert!(!home.path("nothing").exists() && names(&home.path("directory")).is_empty());
}

#[test]
fn a_file_of_any_mode_is_replaced_by_one_that_only_its_owner_reads() {
    let home = Home::ada();
    for old in [0o444, 0o000, 0o666, 0o7777] {
        home.write("out/x509up", SENTINEL, old);
        home.init(&[]).success();
        judge::rfc(&home);
    }
}

#[test]
fn the_umask_has_no_effect() {
    let home = Home::ada();
    for umask in ["000", "022", "077", "777"] {
        sh(&home, &format!("umask {umask}; exec \"$@\"")).success();
        assert_eq!(
            (mode(&home.proxy()), home.beside_the_proxy()),
            (0o600, vec!["x509up".to_owned()]),
            "{umask}"
        );
    }
}

#[test]
fn a_target_that_cannot_be_written_is_refused() {
    let home = Home::ada();
    fs::create_dir(home.path("directory")).unwrap();
    for (target, words) in [
        ("directory", "is a directory"),
        ("no/such/proxy", "there is no directory "),
    ] {
        let outcome = home.refused(&["--out", target]);
        outcome.says(
            target,
            &format!(
                "Error creating proxy certificate: {}",
                home.path(target).display()
            ),
        );
        outcome.says(target, words).says(target, "help: ");
    }
    assert!(names(&home.path("directory")).is_empty());
}

#[test]
fn a_device_or_pipe_is_not_replaced() {
    let home = Home::ada();
    run(home.command("mkfifo").arg("pipe"), b"").success();
    home.refused(&["--out", "pipe"]).says("", "help: ");
    assert!(!home.path("pipe").is_file());
}

#[test]
fn a_relative_target_is_named_in_full() {
    let home = Home::ada();
    let outcome = home.init(&["--out", "here.pem"]).success();
    assert!(outcome.stdout.contains(&format!(
        "Created proxy in {}.",
        home.path("here.pem").display()
    )));
    assert_eq!(mode(&home.path("here.pem")), 0o600);
}

/// Mounts something over the proxy's directory, puts the old proxy there, and shows what is left
/// after a run.
fn on(home: &Home, prepare: &str) -> Outcome {
    let script =
        format!("{prepare}\n\"$@\"; code=$?; echo ---; cat out/x509up; ls -A out; exit $code");
    let mut command = with_own_mounts(home);
    command.args(["sh", "-c", &script, "sh", BINARY, "init"]);
    home.put_sentinel();
    run(&mut command, b"")
}

#[test]
fn a_full_disk_leaves_the_old_proxy() {
    let home = Home::ada();
    let fill =
        "cp out/x509up old && mount -t tmpfs -o size=16k none out && cp old out/x509up || exit 99
        head -c 100000 /dev/zero > out/fill 2>/dev/null";
    let outcome = on(&home, fill);
    let (_, left) = outcome
        .stdout
        .split_once("---\n")
        .unwrap_or_else(|| panic!("{outcome:?}"));
    assert_eq!(
        left,
        format!("{}fill\nx509up\n", String::from_utf8_lossy(SENTINEL))
    );
    home.failed(outcome, "")
        .says("", "No space left on device")
        .says("", "help: free some space");
}

#[test]
fn a_read_only_directory_leaves_the_old_proxy() {
    let home = Home::ada();
    let outcome = on(
        &home,
        "mount --bind out out && mount -o remount,bind,ro out || exit 99",
    );
    let (_, left) = outcome
        .stdout
        .split_once("---\n")
        .unwrap_or_else(|| panic!("{outcome:?}"));
    assert_eq!(
        left,
        format!("{}x509up\n", String::from_utf8_lossy(SENTINEL))
    );
    home.failed(outcome, "")
        .says("", "Read-only file system")
        .says("", "help: X509_USER_PROXY names it");
}

fn start(home: &Home) -> Child {
    let mut command = home.init_command(&["--voms", "virgo"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a_run_that_is_killed_leaves_the_old_proxy_or_the_new_one() {
    let voms = honest(authority(|_| {}));
    let home = Home::ada().servers(&[voms.virgo()]);
    home.init(&[]).success();
    let began = Instant::now();
    start(&home).wait().unwrap();
    let whole_run = began.elapsed();
    let (mut broken_off, mut finished) = (0, 0);
    for signal in [Signal::KILL, Signal::INT, Signal::TERM] {
        for moment in 0..30u32 {
            let old = fs::read(home.proxy()).unwrap();
            let mut child = start(&home);
            // Under load none may end within the time that the first one took.
            if moment == 29 {
                child.wait().unwrap();
            } else {
                std::thread::sleep(whole_run * moment / 24);
            }
            // It may have ended by itself.
            let _ = kill_process(Pid::from_child(&child), signal);
            let status = child.wait().unwrap();
            let new = fs::read(home.proxy()).unwrap();
            assert!(
                judge::is_whole(&new),
                "{signal:?} at moment {moment}: {}",
                String::from_utf8_lossy(&new)
            );
            assert_eq!(mode(&home.proxy()), 0o600);
            if status.success() {
                finished += 1;
                assert_ne!(new, old);
            } else {
                broken_off += 1;
                assert!(
                    status.signal() == Some(signal.as_raw()) || status.code() == Some(130),
                    "{status:?}"
                );
            }
            // Files without names vanish with their program; only between link and rename there is
            // one.
            for left in home
                .beside_the_proxy()
                .iter()
                .filter(|name| *name != "x509up")
            {
                assert_eq!(mode(&home.path("out").join(left)), 0o600);
                assert_eq!(signal, Signal::KILL, "{left} was left behind");
                fs::remove_file(home.path("out").join(left)).unwrap();
            }
        }
    }
    assert!(
        broken_off > 10 && finished > 1,
        "{broken_off} broken off, {finished} finished"
    );
}

#[test]
fn runs_at_the_same_time_leave_one_whole_proxy() {
    let voms = honest(authority(|_| {}));
    let home = Home::ada().servers(&[voms.virgo()]);
    let children: Vec<Child> = (0..6).map(|_| start(&home)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(judge::rfc(&home).fqans(), ["/virgo", "/virgo/virgo"]);
}

fn destroy(home: &Home, args: &[&str]) -> Outcome {
    run(home.command(BINARY).arg("destroy").args(args), b"")
}

#[test]
fn a_destroyed_proxy_is_overwritten_and_gone() {
    let home = Home::ada();
    for args in [
        &[][..],
        &["--file", "out/x509up"],
        &["-file=out/x509up", "-q"],
        &["-fi", "out/x509up"],
        &["--force"],
    ] {
        home.init(&[]).success();
        let mut open = fs::File::open(home.proxy()).unwrap();
        let length = open.metadata().unwrap().len();
        let outcome = destroy(&home, args).success();
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
        assert!(home.beside_the_proxy().is_empty());
        let mut rest = Vec::new();
        open.read_to_end(&mut rest).unwrap();
        assert!(rest.len() as u64 == length && rest.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn a_proxy_with_another_name_loses_this_one_only_and_that_is_said() {
    let home = Home::ada();
    for (program, said) in [
        (&["destroy"][..], true),
        (&["destroy", "--force"], true),
        (&["destroy", "-q"], false),
        (&["grid-proxy-destroy"], true),
    ] {
        home.init(&[]).success();
        let second = home.path("second name");
        fs::hard_link(home.proxy(), &second).unwrap();
        let before = fs::read(&second).unwrap();
        let outcome = run(home.command(BINARY).args(program), b"").success();
        assert_eq!(!outcome.stderr.is_empty(), said, "{program:?}: {outcome:?}");
        assert!(home.beside_the_proxy().is_empty());
        assert_eq!(fs::read(&second).unwrap(), before);
        fs::remove_file(second).unwrap();
    }
}

#[test]
fn a_thesis_or_a_key_is_only_destroyed_by_force() {
    let home = Home::ada();
    let key = key_pem(&world().user);
    let credential = [certificate_pem(&world().user), key.clone()].concat();
    home.init(&[]).success();
    let proxy = fs::read(home.proxy()).unwrap();
    let large = [&proxy[..], &vec![b'\n'; 2 << 20]].concat();
    for contents in [
        &b"My thesis"[..],
        b"",
        &proxy[..100],
        &key,
        &credential,
        &large,
    ] {
        for (program, words) in [
            ("destroy", &["--file", "precious"][..]),
            ("destroy", &["--file", "precious", "--dry"]),
            ("destroy", &[]),
            ("grid-proxy-destroy", &["precious"]),
            ("grid-proxy-destroy", &[]),
        ] {
            let home = Home::ada();
            let file = home.write("precious", contents, 0o600);
            let home = home.with("X509_USER_PROXY", &file);
            let run = |more: &[&str]| {
                run(
                    home.command(BINARY).arg(program).args(words).args(more),
                    b"",
                )
            };
            let outcome = run(&[]);
            assert_eq!(
                (outcome.code, outcome.stdout.as_str()),
                (Some(1), ""),
                "{program} {words:?}: {outcome:?}"
            );
            outcome.says(program, "help: ").says(program, "--force");
            assert_eq!(fs::read(&file).unwrap(), contents);
            run(&["--force"]).success();
            assert_eq!(file.exists(), words.contains(&"--dry"));
        }
    }
}

#[test]
fn the_ecp_commands_remove_what_they_wrote_and_nothing_else() {
    let home = Home::ada();
    let key = key_pem(&world().user);
    let credential = [certificate_pem(&world().user), key.clone()].concat();
    let cookies = b"# Netscape HTTP Cookie File\nsp.example\tFALSE\t/\tTRUE\t0\tname\tvalue\n";
    let get_cert = &["ecp-get-cert", "-X", "--file", "it"][..];
    let get_cookie = &["ecp-get-cookie", "-X", "-c", "it"][..];
    for (words, contents, goes) in [
        (get_cert, &credential[..], true),
        (get_cert, &key, false),
        (get_cert, b"My thesis", false),
        (get_cert, cookies, false),
        (get_cookie, cookies, true),
        (get_cookie, &credential, false),
        (get_cookie, b"My thesis", false),
    ] {
        let file = home.write("it", contents, 0o600);
        let outcome = run(home.command(BINARY).args(words), b"");
        let text = String::from_utf8_lossy(contents);
        assert_eq!(
            outcome.code,
            Some(i32::from(!goes)),
            "{words:?}, {text}: {outcome:?}"
        );
        assert_eq!(fs::read(&file).ok().as_deref(), (!goes).then_some(contents));
    }
}

#[test]
fn a_run_that_is_killed_while_it_writes_leaves_no_key() {
    let home = Home::ada();
    home.put_sentinel();
    let mut command = home.command("strace");
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-etrace=fsync"])
        .args(["-e", "inject=fsync:signal=KILL:when=1", BINARY, "init"])
        .args(home.init_args::<&str>(&[]));
    let outcome = run(&mut command, b"");
    assert!(matches!(outcome.code, None | Some(137)), "{outcome:?}");
    assert_eq!(fs::read(home.proxy()).unwrap(), SENTINEL);
    assert_eq!(home.beside_the_proxy(), ["x509up"]);
}

#[test]
fn what_a_killed_run_left_goes_with_the_next_run_but_nothing_else() {
    let home = Home::ada();
    let kept = [
        "x509up",
        ".x509up.backup",
        ".x509up.of-the-others.unfinished",
    ];
    for command in [&["init"][..], &["destroy"], &["grid-proxy-destroy"]] {
        home.init(&[]).success();
        for name in &kept[1..] {
            home.write(&format!("out/{name}"), b"key", 0o600);
        }
        let fresh = ".x509up.abcdefghijkl.unfinished";
        let left = home.write("out/.x509up.Zbcdefghijk9.unfinished", b"key", 0o600);
        home.write(&format!("out/{fresh}"), b"key", 0o600);
        let long_ago = std::time::UNIX_EPOCH;
        for name in [kept[1], kept[2], ".x509up.Zbcdefghijk9.unfinished"] {
            let file = fs::File::options()
                .write(true)
                .open(home.path("out").join(name))
                .unwrap();
            file.set_modified(long_ago).unwrap();
        }
        if command == ["init"] {
            home.init(&[]).success();
        } else {
            run(home.command(BINARY).args(command), b"").success();
        }
        assert!(!left.exists(), "{command:?}");
        for name in [kept[1], kept[2], fresh] {
            assert!(home.path("out").join(name).exists(), "{command:?}: {name}");
        }
    }
}

#[test]
fn a_dry_destroy_only_says_what_it_would_do() {
    let home = Home::ada();
    home.init(&[]).success();
    let before = fs::read(home.proxy()).unwrap();
    for option in ["--dry", "-dryrun"] {
        destroy(&home, &[option])
            .success()
            .says(option, &format!("Would remove {}", home.proxy().display()));
        assert_eq!(fs::read(home.proxy()).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_not_a_proxy_is_not_destroyed() {
    let home = Home::ada();
    let precious = home.write("precious", b"precious", 0o600);
    symlink(&precious, home.path("link")).unwrap();
    fs::create_dir(home.path("directory")).unwrap();
    run(home.command("mkfifo").arg("pipe"), b"").success();
    for name in ["link", "directory", "pipe", "missing", "/dev/null"] {
        let dry: &[&[&str]] = if name == "missing" {
            &[&[], &["--dry"]]
        } else {
            &[&[]]
        };
        for more in dry {
            let outcome = destroy(&home, &[&["--file", name], *more].concat());
            assert_eq!(
                (outcome.code, outcome.stdout.as_str()),
                (Some(1), ""),
                "{name}: {outcome:?}"
            );
            outcome
                .says(
                    name,
                    "error: Proxy file doesn't exist or has bad permissions",
                )
                .says(name, "help: ");
        }
        let quiet = destroy(&home, &["--file", name, "--quiet"]);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(1), ""), "{name}");
        assert_eq!(
            home.path(name).symlink_metadata().is_ok(),
            name != "missing",
            "{name}"
        );
    }
    assert_eq!(fs::read(precious).unwrap(), b"precious");
    assert!(Path::new("/dev/null").exists());
}

fn with_encrypted_key() -> Home {
    let home = Home::ada();
    home.write("clear", &key_pem(&world().user), 0o600);
    fs::remove_file(home.path(".globus/userkey.pem")).unwrap();
    let args = [
        "pkcs8",
        "-topk8",
        "-in",
        "clear",
        "-out",
        ".globus/userkey.pem",
        "-passout",
    ];
    run(
        home.command("openssl")
            .args(args)
            .arg(format!("pass:{PASSPHRASE}")),
        b"",
    )
    .success();
    fs::set_permissions(
        home.path(".globus/userkey.pem"),
        fs::Permissions::from_mode(0o400),
    )
    .unwrap();
    home.put_sentinel();
    home
}

#[test]
fn a_passphrase_is_taken_from_standard_input_and_nothing_behind_it() {
    let home = with_encrypted_key();
    let script = "{ \"$1\" init --pwstdin >/dev/null && cat; }";
    let mut command = home.command("sh");
    command.args(["-c", script, "sh", BINARY]);
    let outcome = run(&mut command, format!("{PASSPHRASE}\nthe rest").as_bytes()).success();
    assert_eq!(outcome.stdout, "the rest");
    judge::rfc(&home);
}

#[test]
fn a_program_that_dies_with_a_passphrase_in_memory_leaves_no_core() {
    let home = with_encrypted_key();
    let mut child = home
        .command("sh")
        .args([
            "-c",
            "ulimit -c unlimited; exec \"$1\" init --pwstdin",
            "sh",
            BINARY,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for the rest of the line.
    child.stdin.as_mut().unwrap().write_all(b"half").unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let closed = |text: String| {
        let line = text
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        line.and_then(|line| line.split_whitespace().nth(4).map(|soft| soft == "0"))
    };
    let began = Instant::now();
    while fs::read_to_string(&limits).ok().and_then(closed) != Some(true) {
        assert!(began.elapsed().as_secs() < 30, "dumps are allowed");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::ABORT).unwrap();
    assert!(!child.wait().unwrap().core_dumped());
}

/// Runs `init` on a terminal with its output in files, types `keys` at each prompt, and gives what
/// stood on the terminal, with its settings at the end.
fn typed(home: &Home, keys: &str) -> String {
    let inner = "trap : INT; \"$0\" init >printed 2>trouble </dev/null; echo code=$?; stty -a";
    // A pattern list has to begin with a line feed: else all of it is one pattern.
    let script = format!(
        "set timeout 30\nspawn sh -c {{{inner}}} {BINARY}\n\
         expect {{\n\"Enter GRID pass phrase:\" {{ sleep 0.3; send \"{keys}\"; exp_continue }}\n\
         timeout {{ exit 98 }}\neof {{}}\n}}\n"
    );
    home.write("script", script.as_bytes(), 0o600);
    run(home.command("expect").arg("-f").arg("script"), b"")
        .success()
        .stdout
}

fn printed(home: &Home) -> (String, String) {
    (
        fs::read_to_string(home.path("printed")).unwrap(),
        fs::read_to_string(home.path("trouble")).unwrap(),
    )
}

#[track_caller]
fn is_sane(terminal: &str) {
    let words: Vec<&str> = terminal.split([' ', ';', '\r', '\n']).collect();
    for word in ["echo", "icanon", "isig", "icrnl"] {
        assert!(words.contains(&word), "{word} is off: {terminal}");
    }
}

#[test]
fn the_prompt_goes_to_the_terminal_and_the_passphrase_is_not_echoed() {
    let home = with_encrypted_key();
    let terminal = typed(&home, &format!("{PASSPHRASE}\\r"));
    assert!(terminal.contains("code=0"), "{terminal}");
    assert!(!terminal.contains(PASSPHRASE), "{terminal}");
    is_sane(&terminal);
    let (stdout, stderr) = printed(&home);
    assert!(
        stdout.contains("Created proxy in") && !stdout.contains("pass phrase"),
        "{stdout}"
    );
    assert!(!stderr.contains("pass phrase"), "{stderr}");
    judge::rfc(&home);
}

#[test]
fn an_interrupt_at_the_prompt_ends_it_and_leaves_the_terminal_as_it_was() {
    let home = with_encrypted_key();
    let terminal = typed(&home, "half\\003");
    assert!(terminal.contains("code=130"), "{terminal}");
    assert_eq!(terminal.matches("Enter GRID pass phrase:").count(), 1);
    is_sane(&terminal);
    assert_eq!(fs::read(home.proxy()).unwrap(), SENTINEL);
    assert_eq!(home.beside_the_proxy(), ["x509up"]);
}

#[test]
fn a_wrong_empty_or_missing_passphrase_at_the_prompt_is_an_error() {
    for (keys, prompts) in [("wrong word\\r", 3), ("\\r", 3), ("\\004", 1)] {
        let home = with_encrypted_key();
        let terminal = typed(&home, keys);
        assert!(terminal.contains("code=1\r"), "{keys}: {terminal}");
        assert_eq!(
            terminal.matches("Enter GRID pass phrase:").count(),
            prompts,
            "{keys}: {terminal}"
        );
        is_sane(&terminal);
        let (stdout, stderr) = printed(&home);
        home.failed(
            Outcome {
                code: Some(1),
                stdout,
                stderr: stderr[stderr.find("error: ").unwrap_or(0)..].to_owned(),
            },
            "wrong word",
        )
        .says(keys, "userkey.pem");
        assert!(
            !stderr.contains("No credentials found!"),
            "{keys}: {stderr}"
        );
        let identity = stderr
            .lines()
            .filter(|line| line.starts_with("identity: /"));
        assert_eq!(identity.count(), 1, "{keys}: {stderr}");
    }
}
