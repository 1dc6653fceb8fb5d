//! OpenSSL's configuration file.

use std::ptr;

/// `OPENSSL_INIT_NO_LOAD_CONFIG` of `openssl/crypto.h`, which the bindings lack.
const NO_LOAD_CONFIG: u64 = 0x80;

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
