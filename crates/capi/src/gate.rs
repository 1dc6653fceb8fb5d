//! The way into the library, closed while the process forks: a child has only the thread that
//! forked, and would wait forever for a lock that another one held, ours or OpenSSL's.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a fork waits for threads that are inside. A verdict takes milliseconds, but a directory
/// on a network may hang.
const PATIENCE: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_micros(50);

/// A fork under way, in `STATE`.
const FORK: u64 = 1 << 32;

/// How many threads are inside, and above them how many forks are under way. The first number does
/// not grow while the second is not 0.
static STATE: AtomicU64 = AtomicU64::new(0);
/// Whether this process was forked while a thread was inside.
static ORPHANED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// How often this thread has entered: functions of the library call each other.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

// SAFETY: pthread_atfork may be called before main. The handlers do not unwind, and stay in memory:
// the library is linked with -z nodelete.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_FORK: extern "C" fn() = {
    extern "C" fn register() {
        // SAFETY: as above.
        unsafe { libc::pthread_atfork(Some(close), Some(open), Some(open_in_child)) };
    }
    register
};

/// A thread's stay.
pub struct Inside(());

/// Enters, once no fork is under way; `None` if locks may be held that nobody will release.
pub fn enter() -> Option<Inside> {
    if DEPTH.get() == 0 {
        let grown = |state: u64| (state < FORK).then_some(state + 1);
        while STATE
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, grown)
            .is_err()
        {
            thread::sleep(PAUSE);
        }
    }
    DEPTH.set(DEPTH.get() + 1);
    let inside = Inside(());
    (!is_orphaned()).then_some(inside)
}

/// Whether nobody may come in any more.
pub fn is_orphaned() -> bool {
    ORPHANED.load(Ordering::SeqCst)
}

/// Why a call has failed that is not to be blamed on its arguments.
pub fn broken() -> &'static str {
    match is_orphaned() {
        true => {
            "AC refused. This process was forked while another thread was verifying, and cannot \
             verify."
        }
        false => "AC refused. An internal error has ended its verification.",
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        if DEPTH.get() == 0 {
            STATE.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// This thread's part of `STATE`: a signal handler may fork in the middle of a call.
fn own() -> u64 {
    u64::from(DEPTH.get() > 0)
}

extern "C" fn close() {
    STATE.fetch_add(FORK, Ordering::SeqCst);
    let end = Instant::now() + PATIENCE;
    while STATE.load(Ordering::SeqCst) % FORK > own() && Instant::now() < end {
        thread::sleep(PAUSE);
    }
}

extern "C" fn open() {
    STATE.fetch_sub(FORK, Ordering::SeqCst);
}

extern "C" fn open_in_child() {
    let inside = STATE.swap(own(), Ordering::SeqCst) % FORK;
    ORPHANED.fetch_or(inside > own(), Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forks, and returns what a child's `enter` says.
    fn child_enters() -> bool {
        // SAFETY: the child calls only `enter` and `_exit`, which take no locks.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = i32::from(enter().is_none());
            // SAFETY: it ends the child.
            unsafe { libc::_exit(code) };
        }
        let mut status = -1;
        // SAFETY: the status is writable.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        status == 0
    }

    #[test]
    fn a_fork_waits_for_threads_inside_but_not_forever() {
        let (entered, at_once) = std::sync::mpsc::channel();
        let stay = |time| {
            let entered = entered.clone();
            let staying = thread::spawn(move || {
                let inside = enter();
                entered.send(()).unwrap();
                thread::sleep(time);
                drop(inside);
            });
            at_once.recv().unwrap();
            staying
        };
        let short = stay(PATIENCE / 10);
        assert!(child_enters());
        short.join().unwrap();
        let long = stay(2 * PATIENCE);
        assert!(!child_enters(), "it would wait for a lock forever");
        assert!(enter().is_some(), "the parent goes on");
        long.join().unwrap();
        let _inside = enter();
        assert!(child_enters(), "who forks inside is not waited for");
    }
}
