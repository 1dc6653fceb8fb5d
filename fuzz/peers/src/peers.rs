//! The other implementations, each asked by file name.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

pub const NAMES: [&str; 3] = ["cpp", "java", "openssl"];

const LIMIT: Duration = Duration::from_secs(20);
/// A JVM needs some seconds to come up.
const START_LIMIT: Duration = Duration::from_secs(60);
const OPENSSL: &str = "/usr/bin/openssl";

/// What to judge, by paths below the directory of the run.
#[derive(Clone)]
pub struct Question {
    pub file: String,
    pub certdir: String,
    pub vomsdir: String,
}

/// One of the drivers in `tests/peers`; started again after it died.
pub struct Driver {
    program: PathBuf,
    root: PathBuf,
    running: Option<Running>,
}

struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Driver {
    pub fn new(program: PathBuf, root: &Path) -> Self {
        Self {
            program,
            root: root.to_owned(),
            running: None,
        }
    }

    pub fn ask(&mut self, question: &Question) -> String {
        let limit = if self.running.is_some() {
            LIMIT
        } else {
            START_LIMIT
        };
        let answer = self.answer(question, limit);
        answer.unwrap_or_else(|failure| {
            self.stop();
            failure.to_owned()
        })
    }

    fn answer(&mut self, question: &Question, limit: Duration) -> Result<String, &'static str> {
        if self.running.is_none() {
            self.running = Some(self.start().map_err(|_| "crash")?);
        }
        let running = self.running.as_mut().ok_or("crash")?;
        let line = format!(
            "{}\t{}\t{}\n",
            question.file, question.certdir, question.vomsdir
        );
        running
            .questions
            .write_all(line.as_bytes())
            .map_err(|_| "crash")?;
        running
            .answers
            .recv_timeout(limit)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => "timeout",
                RecvTimeoutError::Disconnected => "crash",
            })
    }

    fn start(&self) -> io::Result<Running> {
        let mut child = Command::new(&self.program)
            .args(["verdict", ".", "."])
            .current_dir(&self.root)
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let questions = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender
                    .send(String::from_utf8_lossy(&line).trim().to_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        Ok(Running {
            child,
            questions,
            answers,
        })
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What `openssl verify` says of the first certificate of the file, the others at hand.
pub fn openssl(question: &Question, root: &Path) -> String {
    let mut command = Command::new("timeout");
    command
        .arg(LIMIT.as_secs().to_string())
        .arg(OPENSSL)
        .current_dir(root);
    command.args([
        "verify",
        "-allow_proxy_certs",
        "-no-CAfile",
        "-no-CAstore",
        "-CApath",
        &question.certdir,
    ]);
    // It knows no "where there is one".
    if has_list(&root.join(&question.certdir)) {
        command.arg("-crl_check_all");
    }
    command.args(["-untrusted", &question.file, &question.file]);
    let Ok(output) = command.output() else {
        return "crash".into();
    };
    match output.status.code() {
        Some(0) => return "accept".into(),
        Some(124) => return "timeout".into(),
        None | Some(128..) => return "crash".into(),
        _ => {}
    }
    let said = [output.stdout, output.stderr].concat();
    let mut errors: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(&said).lines() {
        if let Some((number, rest)) = line
            .strip_prefix("error ")
            .and_then(|rest| rest.split_once(" at "))
            && let Some((_, text)) = rest.split_once(" depth lookup:")
        {
            let error = format!("{number} {}", text.trim());
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
    format!(
        "reject {}",
        if errors.is_empty() {
            "UNREADABLE".into()
        } else {
            errors.join("; ")
        }
    )
}

fn has_list(certdir: &Path) -> bool {
    let names = std::fs::read_dir(certdir).into_iter().flatten().flatten();
    names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .any(|name| {
            name.rsplit_once(".r")
                .is_some_and(|(_, number)| number.starts_with(|digit: char| digit.is_ascii_digit()))
        })
}
