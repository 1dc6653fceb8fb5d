//! What programs that ask VOMS servers import. They can be loaded; asking is the business of
//! `voms-proxy-init` and the crate `voms-client`.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use crate::c::retrieved;
use crate::code::{self, Refusal};
use crate::session::VomsData;
use crate::shown::Voms;

/// What callers are told of all this.
fn not_available() -> Refusal {
    Refusal::new(
        code::NOT_AVAILABLE,
        "VOMS servers are not asked by this library: voms-proxy-init does that.",
    )
}

/// Not available.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Contact(
    _host: *mut c_char,
    _port: c_int,
    _subject: *mut c_char,
    _command: *mut c_char,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, |_| Err(not_available())) }
}

/// Not available: no server is known.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_FindByAlias(
    vd: *mut VomsData,
    _alias: *mut c_char,
    _system: *mut c_char,
    _user: *mut c_char,
    error: *mut c_int,
) -> *mut *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, |_| Err(not_available())) };
    ptr::null_mut()
}

/// Nothing has been given out that could be freed.
#[unsafe(no_mangle)]
pub extern "C" fn VOMS_DeleteContacts(_list: *mut *mut c_void) {}

/// Not available.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_SetLifetime(
    _length: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, |_| Err(not_available())) }
}

/// Not available: `ac` is NULL in every `voms` too.
#[unsafe(no_mangle)]
pub extern "C" fn VOMS_GetAC(_v: *mut Voms) -> *mut c_void {
    ptr::null_mut()
}

/// Not available.
#[unsafe(no_mangle)]
pub extern "C" fn AC_SEQ_new() -> *mut c_void {
    ptr::null_mut()
}

/// Nothing has been given out that could be freed.
#[unsafe(no_mangle)]
pub extern "C" fn AC_SEQ_free(_list: *mut c_void) {}

/// Not available: -1, as for whatever cannot be encoded.
#[unsafe(no_mangle)]
pub extern "C" fn i2d_AC_SEQ(_list: *mut c_void, _out: *mut *mut u8) -> c_int {
    -1
}
