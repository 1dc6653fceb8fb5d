//! What callers hold pointers to. Pointers are looked up here and never followed, so that one freed
//! twice, or made up, does no harm.

use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

/// Living values by the address that callers know them by.
pub struct Live<T> {
    lock: &'static Lock,
    values: UnsafeCell<BTreeMap<usize, Arc<T>>>,
}

/// A lock that a child of fork finds free. It is held for a look into a map.
pub struct Lock {
    held: AtomicBool,
}

static LOCK: Lock = Lock {
    held: AtomicBool::new(false),
};

// SAFETY: the map is reached through `with` alone, which holds the lock.
unsafe impl<T: Send + Sync> Sync for Live<T> {}

impl<T> Live<T> {
    pub const fn new() -> Self {
        Self {
            lock: &LOCK,
            values: UnsafeCell::new(BTreeMap::new()),
        }
    }

    pub fn insert(&self, address: usize, value: Arc<T>) {
        self.with(|values| values.insert(address, value));
    }

    pub fn get(&self, address: usize) -> Option<Arc<T>> {
        self.with(|values| values.get(&address).cloned())
    }

    /// Removes it; current users keep it alive until they are done.
    pub fn remove(&self, address: usize) -> Option<Arc<T>> {
        self.with(|values| values.remove(&address))
    }

    fn with<R>(&self, look: impl FnOnce(&mut BTreeMap<usize, Arc<T>>) -> R) -> R {
        let _held = self.lock.hold();
        // SAFETY: the lock is held, so this is the only reference.
        look(unsafe { &mut *self.values.get() })
    }
}

struct Held<'a>(&'a Lock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Lock {
    fn hold(&self) -> Held<'_> {
        static AT_FORK: Once = Once::new();
        // SAFETY: the handlers take no arguments, do not unwind, and stay in memory: the library is
        // linked with -z nodelete.
        AT_FORK.call_once(|| unsafe {
            libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(after_fork));
        });
        self.take();
        Held(self)
    }

    fn take(&self) {
        while self.held.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
    }

    fn release(&self) {
        self.held.store(false, Ordering::Release);
    }
}

unsafe extern "C" fn before_fork() {
    LOCK.take();
}

unsafe extern "C" fn after_fork() {
    LOCK.release();
}
