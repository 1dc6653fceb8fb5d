//! The functions of voms_apic.h that every caller uses.

use std::ffi::{c_char, c_int};
use std::io::Write;
use std::path::PathBuf;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex};

use openssl_sys::{OPENSSL_STACK, X509};

use crate::border::{directories, guard, path, unusable};
use crate::code::{self, Checks, Refusal};
use crate::gate;
use crate::handed::{self, Handed};
use crate::judge;
use crate::memory;
use crate::session::{SESSIONS, SHOWN, Session, State, VomsData, tell};

/// Makes a session; the directories need not exist.
///
/// # Safety
/// The arguments are NULL or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Init(voms: *mut c_char, cert: *mut c_char) -> *mut VomsData {
    let made = || -> Option<*mut VomsData> {
        if let Some(refusal) = unusable() {
            // Callers get NULL, and have nobody to ask why.
            let _ = writeln!(std::io::stderr(), "{}", refusal.message);
            return None;
        }
        // SAFETY: the caller's promise.
        let [given_voms, given_cert] = unsafe { [path(voms), path(cert)] };
        let directories = directories(given_voms.as_deref(), given_cert.as_deref());
        let copy = |given: &Option<PathBuf>| {
            let given = given
                .as_ref()
                .map(|path| path.as_os_str().as_encoded_bytes());
            memory::text(given.unwrap_or_default()).ok()
        };
        let visible = VomsData {
            cdir: ptr::null_mut(),
            vdir: ptr::null_mut(),
            data: ptr::null_mut(),
            workvo: ptr::null_mut(),
            extra_data: ptr::null_mut(),
            volen: 0,
            extralen: 0,
            real: ptr::null_mut(),
        };
        let session = Session {
            visible: NonNull::from(Box::leak(Box::new(visible))),
            state: Mutex::new(State {
                vomsdir: directories.vomsdir,
                certdir: directories.certdir,
                checks: Checks(u32::MAX),
                time: 0,
                message: directories.missing.unwrap_or_default().to_owned(),
                found: Vec::new(),
                lists: Vec::new(),
                room: 0,
            }),
        };
        let pointer = session.visible.as_ptr();
        // SAFETY: the block is the session's, and nobody else has seen it.
        unsafe {
            (*pointer).cdir = copy(&given_voms)?;
            (*pointer).vdir = copy(&given_cert)?;
        }
        SESSIONS.insert(pointer.addr(), Arc::new(session));
        Some(pointer)
    };
    if gate::is_orphaned() {
        let _ = writeln!(std::io::stderr(), "{}", gate::broken());
    }
    guard(|| made().unwrap_or(ptr::null_mut()), ptr::null_mut())
}

/// Frees a session and all that it has given out.
#[unsafe(no_mangle)]
pub extern "C" fn VOMS_Destroy(vd: *mut VomsData) {
    let destroy = || {
        if let Some(session) = SESSIONS.remove(vd.addr()) {
            for shown in &session.state().found {
                drop(SHOWN.remove(shown.as_ptr().addr()));
            }
        }
    };
    guard(destroy, ());
}

/// Adds the attributes of a proxy to `data`: 1, or 0 and a code.
///
/// # Safety
/// The certificate is NULL or one of the process's libcrypto, the chain NULL or a stack of such,
/// and `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Retrieve(
    cert: *mut X509,
    chain: *mut OPENSSL_STACK,
    how: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let retrieve = |session: &Session| {
        // SAFETY: the caller's promise.
        let certificate = unsafe { Handed::new(cert) }.ok_or_else(judge::parameters)?;
        let chain = match chain.is_null() {
            true => None,
            // SAFETY: the caller's promise.
            false => Some(unsafe { handed::stack(chain) }),
        };
        session.retrieve(certificate, chain, how)
    };
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, retrieve) }
}

/// What a caller is told of an attempt to retrieve: 1, or 0 and a code.
///
/// # Safety
/// `error` is NULL or writable.
pub unsafe fn retrieved(
    vd: *mut VomsData,
    error: *mut c_int,
    retrieve: impl FnOnce(&Session) -> Result<(), Refusal>,
) -> c_int {
    let retrieved = || -> Result<(), Refusal> {
        let session = Session::of(vd).filter(|_| !error.is_null());
        let session = session.ok_or_else(judge::parameters)?;
        let retrieved = retrieve(&session);
        if let Err(refusal) = &retrieved
            && refusal.code != code::PARAM
        {
            session.state().message.clone_from(&refusal.message);
        }
        retrieved
    };
    let code = match guard(|| Some(retrieved()), None) {
        Some(Ok(())) => return 1,
        Some(Err(refusal)) => refusal.code,
        None => {
            let broken =
                || Session::of(vd).map(|session| session.state().message = gate::broken().into());
            guard(broken, None);
            code::VERIFY
        }
    };
    // SAFETY: the caller's promise.
    unsafe { tell(error, code) };
    0
}

/// The text of an error: of the last refusal, except for two codes.
///
/// # Safety
/// The buffer is NULL or has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_ErrorMessage(
    vd: *mut VomsData,
    error: c_int,
    buffer: *mut c_char,
    len: c_int,
) -> *mut c_char {
    let message = || {
        let session = Session::of(vd)?;
        Some(match error {
            code::PARAM => "Parameters incorrect.".to_owned(),
            code::MEMORY => "Out of memory.".to_owned(),
            _ => session.state().message.clone(),
        })
    };
    let orphaned = || gate::is_orphaned().then(|| gate::broken().to_owned());
    let Some(message) = guard(message, None).or_else(orphaned) else {
        return ptr::null_mut();
    };
    if buffer.is_null() {
        return memory::text(message.as_bytes()).unwrap_or(ptr::null_mut());
    }
    if usize::try_from(len).is_ok_and(|len| len > message.len()) {
        // SAFETY: the buffer has room for the text and the NUL behind it.
        unsafe {
            ptr::copy_nonoverlapping(message.as_ptr().cast(), buffer, message.len());
            *buffer.add(message.len()) = 0;
        }
        return buffer;
    }
    ptr::null_mut()
}

fn change(vd: *mut VomsData, error: *mut c_int, change: impl FnOnce(&mut State)) -> c_int {
    let changed = || {
        let session = Session::of(vd)?;
        change(&mut session.state());
        Some(())
    };
    match guard(changed, None) {
        Some(()) => 1,
        None => {
            // SAFETY: the promise of the callers of both functions that call this.
            unsafe { tell(error, code::PARAM) };
            0
        }
    }
}

/// Sets what is checked: bits of `VERIFY_*`.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_SetVerificationType(
    kind: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    change(vd, error, |state| {
        state.checks = Checks(kind.cast_unsigned())
    })
}

/// Sets the time that is judged by; 0 is the present.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_SetVerificationTime(
    time: libc::time_t,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    change(vd, error, |state| state.time = time)
}
