//! What has to be put right before a signal ends the program: the terminal's echo, and a half-written file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// What is to be undone.
#[derive(Default)]
struct Undo {
    terminal: Option<(File, Termios)>,
    temporary: Option<PathBuf>,
}

static UNDO: Mutex<Undo> = Mutex::new(Undo { terminal: None, temporary: None });

fn undo() -> MutexGuard<'static, Undo> {
    UNDO.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches for the signals that end a program, for the rest of its life; they end it as they would have.
pub fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for signal in &mut signals {
            let undo = undo();
            if let Some((terminal, settings)) = &undo.terminal {
                let _ = tcsetattr(terminal, OptionalActions::Now, settings);
            }
            if let Some(path) = &undo.temporary {
                let _ = std::fs::remove_file(path);
            }
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Runs something that changes the terminal's settings; a signal puts them back.
pub fn with_terminal<T>(run: impl FnOnce() -> T) -> T {
    let terminal = File::open("/dev/tty").ok();
    undo().terminal = terminal.and_then(|tty| tcgetattr(&tty).ok().map(|settings| (tty, settings)));
    let outcome = run();
    undo().terminal = None;
    outcome
}

/// Runs something that is done with a file once it returns; a signal removes the file.
pub fn with_temporary<T>(path: &Path, run: impl FnOnce() -> T) -> T {
    undo().temporary = Some(path.to_owned());
    let outcome = run();
    undo().temporary = None;
    outcome
}
