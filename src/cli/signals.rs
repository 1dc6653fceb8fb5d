//! Cleanup before a signal ends the program: the terminal's echo, and a file being written.

use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::output;

/// The terminal settings to restore. Signals are handled only once this lock is free.
static TERMINAL: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// What to say to a user who does not wait for the end.
static ANNOUNCED: Mutex<Option<&str>> = Mutex::new(None);

/// Sets what a signal prints, in place of the last line, before it ends the program.
pub fn announce(text: Option<&'static str>) {
    *ANNOUNCED.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

fn say_goodbye() {
    let text = *ANNOUNCED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = text {
        output::replace_line(text);
    }
}

fn terminal() -> MutexGuard<'static, Option<(File, Termios)>> {
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where signals go instead, once somebody takes them.
static TAKER: Mutex<Option<Taker>> = Mutex::new(None);

type Taker = Box<dyn Fn(i32) + Send>;

/// What to do before a signal, or `leave`, ends the program.
static LEFTOVERS: Mutex<Vec<(u64, Leftover)>> = Mutex::new(Vec::new());

type Leftover = Box<dyn Fn() + Send>;

/// As long as it lives, `clean` is called before the program ends early.
pub struct AtEnd(u64);

impl AtEnd {
    pub fn new(clean: impl Fn() + Send + 'static) -> Self {
        let mut all = leftovers();
        let number = all.last().map_or(0, |(last, _)| last + 1);
        all.push((number, Box::new(clean)));
        Self(number)
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        leftovers().retain(|(number, _)| *number != self.0);
    }
}

fn leftovers() -> MutexGuard<'static, Vec<(u64, Leftover)>> {
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cleans up what other threads would leave behind, for a program that ends now.
pub fn leave() {
    leftovers().iter().for_each(|(_, clean)| clean());
}

/// Signals no longer end the program: they are handed to `take`.
pub fn hand_to(take: impl Fn(i32) + Send + 'static) {
    *TAKER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(take));
}

/// Whether somebody took it.
fn hand_over(signal: i32) -> bool {
    let taker = TAKER.lock().unwrap_or_else(PoisonError::into_inner);
    taker.as_ref().inspect(|take| take(signal)).is_some()
}

/// Hands over the other signals that one process sends another, too.
pub fn watch_more() {
    let Ok(mut signals) = Signals::new([SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH]) else {
        return;
    };
    std::thread::spawn(move || {
        for signal in &mut signals {
            hand_over(signal);
        }
    });
}

/// Watches for termination signals while the program runs; after cleanup, they take their default
/// effect.
pub fn watch() {
    if let Err(error) = start() {
        output::warning(format!("cannot install signal handlers: {error}"));
    }
}

fn start() -> io::Result<()> {
    let ignored = ignored();
    let ends = [SIGHUP, SIGINT, SIGTERM]
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = Signals::new(ends)?;
    std::thread::spawn(move || {
        for signal in &mut signals {
            if hand_over(signal) {
                continue;
            }
            leave();
            // Held until exit, so that nothing uninterruptible can start.
            let terminal = terminal();
            if let Some((tty, settings)) = terminal.as_ref() {
                let _ = tcsetattr(tty, OptionalActions::Now, settings);
            }
            say_goodbye();
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// The signals that were already ignored when the program started, as by nohup: bit 0 is signal 1.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Whether a user at the terminal waits for this process.
pub fn is_in_foreground() -> bool {
    let terminal = File::open("/dev/tty");
    terminal.is_ok_and(|tty| tcgetpgrp(tty).is_ok_and(|group| group == getpgrp()))
}

/// Runs something that changes the terminal settings; a signal restores them.
pub fn with_terminal<T>(run: impl FnOnce() -> T) -> T {
    let tty = File::open("/dev/tty").ok();
    *terminal() = tty.and_then(|tty| tcgetattr(&tty).ok().map(|settings| (tty, settings)));
    let outcome = run();
    *terminal() = None;
    outcome
}

/// Runs a short operation that must not be cut off half-way; signals wait until it is done.
pub fn uninterrupted<T>(run: impl FnOnce() -> T) -> T {
    let _held = terminal();
    run()
}
