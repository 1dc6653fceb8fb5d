//! What OpenSSL is told before it is used: no configuration file, and memory that is locked.

use std::ptr;

/// `OPENSSL_INIT_NO_LOAD_CONFIG` of `openssl/crypto.h`, which the bindings lack.
const NO_LOAD_CONFIG: u64 = 0x80;

/// OpenSSL's heap for keys, in bytes: enough for many at a time, and little of what a user may lock.
const LOCKED: usize = 256 << 10;

unsafe extern "C" {
    /// Of `openssl/crypto.h`, which the bindings lack.
    fn CRYPTO_secure_malloc_init(size: usize, minsize: usize) -> std::ffi::c_int;
}

/// From here on, private keys are read into memory that is never swapped out nor dumped. Whether
/// that could be had.
///
/// For programs that hold a key for long. It has to come before the key is read, in `main`.
pub fn lock_keys_in_memory() -> bool {
    // SAFETY: it allocates, and may be called from any thread; both numbers are powers of two.
    unsafe { CRYPTO_secure_malloc_init(LOCKED, 32) == 1 }
}

/// Keeps OpenSSL from reading its configuration file, and from loading the engines and providers
/// that it names, from `OPENSSL_CONF` or the directory that OpenSSL was built for.
///
/// For programs that bring their own OpenSSL, whose directories are those of the machine that built
/// it. It has to come before every other use of OpenSSL, in `main`: what has been read stays.
pub fn ignore_configuration() {
    // As the bindings initialise it: no clean-up at exit, while threads may still use it.
    let options = NO_LOAD_CONFIG | openssl_sys::OPENSSL_INIT_NO_ATEXIT;
    // SAFETY: OPENSSL_init_ssl may be called at any time from any thread, and takes no settings.
    let initialised = unsafe { openssl_sys::OPENSSL_init_ssl(options, ptr::null()) };
    debug_assert_eq!(initialised, 1);
}
