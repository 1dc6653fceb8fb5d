//! The functions of voms_apic.h that few callers use: copies, targets, export.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::Arc;

use crate::border::guard;
use crate::c::{VOMS_Destroy, VOMS_Init, retrieved};
use crate::code::{self, Refusal};
use crate::export;
use crate::memory::{self, OutOfMemory};
use crate::session::{SHOWN, Session, VomsData, of_voms, tell};
use crate::shown::{Shown, Voms};

/// A copy that [`VOMS_Delete`] frees.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Copy(v: *mut Voms, error: *mut c_int) -> *mut Voms {
    let copied = || -> Result<*mut Voms, i32> {
        let shown = SHOWN.get(v.addr()).ok_or(code::PARAM)?;
        let copy = Arc::new(shown.copy().map_err(|OutOfMemory| code::MEMORY)?);
        let pointer = copy.as_ptr();
        SHOWN.insert(pointer.addr(), copy);
        Ok(pointer)
    };
    guard(copied, Err(code::MEMORY)).unwrap_or_else(|code| {
        // SAFETY: the caller's promise.
        unsafe { tell(error, code) };
        ptr::null_mut()
    })
}

/// Frees a copy. One that belongs to a session is left alone until that ends.
#[unsafe(no_mangle)]
pub extern "C" fn VOMS_Delete(v: *mut Voms) {
    let delete = || {
        // A session holds a reference of its own.
        let is_copy = SHOWN
            .get(v.addr())
            .is_some_and(|shown| Arc::strong_count(&shown) == 2);
        if is_copy {
            drop(SHOWN.remove(v.addr()));
        }
    };
    guard(delete, ());
}

/// The first of `data`.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_DefaultData(vd: *mut VomsData, error: *mut c_int) -> *mut Voms {
    let first = || {
        let session = Session::of(vd)?;
        let state = session.state();
        Some(
            state
                .found
                .first()
                .map_or(ptr::null_mut(), |shown| shown.as_ptr()),
        )
    };
    guard(first, None).unwrap_or_else(|| {
        // SAFETY: the caller's promise.
        unsafe { tell(error, code::PARAM) };
        ptr::null_mut()
    })
}

/// Another session with the same directories, settings and data.
#[unsafe(no_mangle)]
pub extern "C" fn VOMS_Duplicate(vd: *mut VomsData) -> *mut VomsData {
    let duplicate = || -> Option<*mut VomsData> {
        let session = Session::of(vd)?;
        let state = session.state();
        // SAFETY: the visible part is valid, and both are C strings of ours or of a caller's.
        let other = unsafe {
            VOMS_Init(
                (*session.visible.as_ptr()).cdir,
                (*session.visible.as_ptr()).vdir,
            )
        };
        let copy = Session::of(other)?;
        let mut new = copy.state();
        new.vomsdir.clone_from(&state.vomsdir);
        new.certdir.clone_from(&state.certdir);
        (new.checks, new.time) = (state.checks, state.time);
        new.message.clone_from(&state.message);
        let shown = state.found.iter().map(|shown| shown.copy());
        let shown = shown.collect::<Result<Vec<_>, _>>();
        if shown.and_then(|shown| copy.add(&mut new, shown)).is_err() {
            drop(new);
            VOMS_Destroy(other);
            return None;
        }
        Some(other)
    };
    guard(duplicate, None).unwrap_or(ptr::null_mut())
}

/// The hosts that an attribute certificate is for; [`VOMS_FreeTargetsList`] frees them.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_GetTargetsList(
    v: *mut Voms,
    vd: *mut VomsData,
    error: *mut c_int,
) -> *mut *mut c_char {
    let targets = |shown: &Shown| {
        let targets = &shown.found.targets;
        let list = memory::pointers(targets.len()).ok()?;
        for (at, target) in targets.iter().enumerate() {
            let Ok(text) = memory::text(target.as_bytes()) else {
                VOMS_FreeTargetsList(list);
                return None;
            };
            // SAFETY: the list has as many places as there are targets.
            unsafe { *list.add(at) = text };
        }
        Some(list)
    };
    of_voms(v, vd, error, targets).unwrap_or(ptr::null_mut())
}

/// Frees what [`VOMS_GetTargetsList`] has given out.
#[unsafe(no_mangle)]
pub extern "C" fn VOMS_FreeTargetsList(targets: *mut *mut c_char) {
    let mut at = targets;
    // SAFETY: the list is NULL or one of VOMS_GetTargetsList, which ends with NULL.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            memory::free(*at);
            at = at.add(1);
        }
        memory::free(targets);
    }
}

/// The attribute certificates and their holders, as text.
///
/// # Safety
/// All pointers but `vd` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Export(
    buffer: *mut *mut c_char,
    length: *mut c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let exported = || {
        let session = Session::of(vd)?;
        let state = session.state();
        let parts = state.found.iter().flat_map(|shown| shown.exported());
        let text = export::encode(&parts.flatten().collect::<Vec<_>>());
        Some((
            memory::text(&text),
            c_int::try_from(text.len()).unwrap_or(0),
        ))
    };
    // SAFETY: the caller's promise.
    let (buffer, length) = unsafe { (buffer.as_mut(), length.as_mut()) };
    let code = match (buffer, length, guard(exported, None)) {
        (Some(buffer), Some(length), Some((Ok(text), size))) => {
            (*buffer, *length) = (text, size);
            return 1;
        }
        (_, _, Some((text, _))) => {
            // SAFETY: the text was allocated above, and is given to nobody.
            text.map_or(code::MEMORY, |text| unsafe {
                memory::free(text);
                code::PARAM
            })
        }
        _ => code::PARAM,
    };
    // SAFETY: the caller's promise.
    unsafe { tell(error, code) };
    0
}

/// Not available: callers need the symbol only.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Import(
    _buffer: *mut c_char,
    _length: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let why = || Refusal::new(code::NOT_AVAILABLE, "Exported attributes are not imported.");
    // SAFETY: the caller's promise.
    unsafe { retrieved(vd, error, |_| Err(why())) }
}
