//! `voms-proxy keep --install-timer`: systemd's user units.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::Duration;

use super::args::KeepArgs;
use crate::cli::failure;
use crate::cli::file;
use crate::cli::init::InitPlan;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::Report;
use crate::cli::output::{self, Diagnostic};

const NAME: &str = "voms-proxy-keep";

/// Options that are not for the init in the unit.
const OWN: [&str; 10] = [
    "install-timer",
    "uninstall-timer",
    "dry-run",
    "background",
    "from",
    "pid-file",
    "log",
    "until",
    "quiet",
    "q",
];

/// Options whose values are paths.
const FILES: [&str; 13] = [
    "out",
    "o",
    "cert",
    "key",
    "k",
    "include",
    "includeac",
    "policy",
    "vomses",
    "certdir",
    "vomsdir",
    "conf",
    "passphrase-file",
];

/// Writes, shows or removes the units.
pub fn run(args: &KeepArgs, invocation: &Invocation) -> Result<Report, Diagnostic> {
    let home = invocation.env.home.as_ref().ok_or_else(|| {
        Diagnostic::usage("HOME is not set").help("set it to your home directory")
    })?;
    let directory = home.join(".config/systemd/user");
    let files = ["service", "timer"].map(|kind| directory.join(format!("{NAME}.{kind}")));
    if args.uninstall_timer {
        return Ok(uninstall(&files, args.dry_run));
    }
    let units = units(args, invocation)?;
    if args.dry_run {
        let shown = files.iter().zip(&units);
        let lines = shown.map(|(file, unit)| format!("# {}\n{unit}", file.display()));
        return Ok(Report::lines(lines.collect()));
    }
    std::fs::create_dir_all(&directory)
        .map_err(|error| failure::cannot_write(&directory, &voms::files::reason(&error)))?;
    let is_other = |(file, unit): (&PathBuf, &String)| {
        std::fs::read(file).is_ok_and(|there| there != unit.as_bytes())
    };
    let is_replaced = files.iter().zip(&units).any(is_other);
    for (file, unit) in files.iter().zip(&units) {
        file::replace_with_mode(file, unit.as_bytes(), 0o644)
            .map_err(|error| failure::cannot_write(file, &voms::files::reason(&error)))?;
    }
    let mut lines: Vec<String> = files
        .iter()
        .map(|file| format!("Wrote {}.", file.display()))
        .collect();
    if is_replaced {
        lines.push("The timer that was there before is replaced: one keeps one file.".to_owned());
    }
    let timer = format!("{NAME}.timer");
    let is_running = systemctl(&["daemon-reload"]) && systemctl(&["enable", "--now", &timer]);
    lines.push(match is_running {
        true => format!("{timer} is running; see: systemctl --user status {timer}"),
        false => format!("To start it: systemctl --user enable --now {timer}"),
    });
    Ok(Report::lines(lines))
}

fn uninstall(files: &[PathBuf], dry_run: bool) -> Report {
    if !dry_run {
        systemctl(&["disable", "--now", &format!("{NAME}.timer")]);
    }
    let there = files.iter().filter(|file| file.exists());
    let lines = there.map(|file| match dry_run {
        true => format!("Would remove {}.", file.display()),
        false => match std::fs::remove_file(file) {
            Ok(()) => format!("Removed {}.", file.display()),
            Err(error) => format!("Cannot remove {}: {error}", file.display()),
        },
    });
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        lines.push("There is no timer.".to_owned());
    }
    if !dry_run {
        systemctl(&["daemon-reload"]);
    }
    Report::lines(lines)
}

/// There may be no systemd, or no bus of the user: what is in the files starts at the next login.
fn systemctl(words: &[&str]) -> bool {
    let mut command = Command::new("systemctl");
    command
        .arg("--user")
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn units(args: &KeepArgs, invocation: &Invocation) -> Result<[String; 2], Diagnostic> {
    let plan = InitPlan::new(args.init.clone(), &invocation.env)?;
    let program = std::env::current_exe().map_err(Diagnostic::unexpected)?;
    let mut line = vec![
        quoted(program.as_os_str()),
        "init".to_owned(),
        "--if-needed".to_owned(),
        "--quiet".to_owned(),
    ];
    line.extend(options(args, invocation));
    if args.init.out.is_none() {
        line.push(quoted(&joined("--out=", &plan.out)));
    }
    let mut service = format!(
        "[Unit]\nDescription=Renew the grid proxy {}\n\n[Service]\nType=oneshot\n",
        escaped(&plan.out.to_string_lossy())
    );
    for (name, value) in invocation.env.for_units() {
        let _ = writeln!(
            service,
            "Environment={}",
            in_quotes(&escaped(
                &joined(&format!("{name}="), &value).to_string_lossy()
            ))
        );
    }
    let _ = writeln!(service, "ExecStart={}", line.join(" "));
    let every = (plan.lifetime / 16).clamp(Duration::minutes(1), Duration::minutes(30));
    let timer = format!(
        "[Unit]\nDescription=Renew the grid proxy in time\n\n[Timer]\nOnActiveSec=0\nOnUnitActiveSec={}\n\n[Install]\nWantedBy=timers.target\n",
        every.num_seconds()
    );
    if plan.lifetime < every * 2 {
        output::warning(
            "a timer is too slow for lives of less than two minutes: use voms-proxy keep --background",
        );
    }
    if plan.needs_user() {
        output::warning(
            "your key has a passphrase, which the timer cannot ask for: add --passphrase-command or --from",
        );
    }
    Ok([service, timer])
}

/// The user's words, without those about the timer, and with absolute paths.
fn options(args: &KeepArgs, invocation: &Invocation) -> Vec<String> {
    let words = crate::cli::args::normalised::<KeepArgs>(&invocation.words);
    let own = |word: &str| {
        let name = word
            .trim_start_matches('-')
            .split('=')
            .next()
            .unwrap_or_default();
        OWN.contains(&name)
    };
    let kept = words.iter().filter(|word| !word.to_str().is_some_and(own));
    let mut options: Vec<String> = kept.map(|word| quoted(&absolute(word))).collect();
    if let Some(from) = &args.from {
        options.push(quoted(&joined("--cert=", &file::absolute(from))));
    }
    options
}

/// An option that names a file, as seen from elsewhere.
fn absolute(word: &OsStr) -> std::ffi::OsString {
    let split = word.to_str().and_then(|word| word.split_once('='));
    match split {
        Some((name, value)) if FILES.contains(&name.trim_start_matches('-')) => {
            joined(&format!("{name}="), &file::absolute(Path::new(value)))
        }
        _ => word.to_owned(),
    }
}

fn joined(name: &str, path: &Path) -> std::ffi::OsString {
    let mut word = std::ffi::OsString::from(name);
    word.push(path);
    word
}

/// A word of a command line in a unit (systemd.service(5), "COMMAND LINES").
fn quoted(word: &OsStr) -> String {
    in_quotes(&escaped(&word.to_string_lossy()).replace('$', "$$"))
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Specifiers begin with a percent sign.
fn escaped(text: &str) -> String {
    text.replace('%', "%%").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_systemd() {
        assert_eq!(quoted(OsStr::new(r#"a b"#)), r#""a b""#);
        assert_eq!(
            quoted(OsStr::new(r#"100% $HOME "x" \"#)),
            r#""100%% $$HOME \"x\" \\""#
        );
    }
}
