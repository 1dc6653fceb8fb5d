//! Counts the signatures that this thread has verified, whether a budget was asked or not, for the
//! fuzz target that holds the budget to its word. The paths that OpenSSL builds are not counted; it
//! verifies one signature at a time, from the trusted end, and stops at the first that is wrong.

use std::cell::Cell;

thread_local! {
    static SPENT: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn count(cost: u32) {
    SPENT.set(SPENT.get().saturating_add(cost));
}

/// The cost since the last call, in signatures of RSA 2048.
pub fn take() -> u32 {
    SPENT.take()
}
