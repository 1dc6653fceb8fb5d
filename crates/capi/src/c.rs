//! The functions of voms_apic.h.

use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int, c_void};
use std::io::Write;
use std::path::PathBuf;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use openssl_sys::{OPENSSL_STACK, X509};

use crate::border::{directories, guard, path, unusable};
use crate::code::{self, Checks, Refusal};
use crate::export;
use crate::handed::{self, Handed};
use crate::judge::{self, Question};
use crate::live::Live;
use crate::memory::{self, OutOfMemory};
use crate::shown::{Attribute, Granted, Shown, Voms};

/// `struct vomsdata` of voms_apic.h.
#[repr(C)]
pub struct VomsData {
    cdir: *mut c_char,
    vdir: *mut c_char,
    data: *mut *mut Voms,
    workvo: *mut c_char,
    extra_data: *mut c_char,
    volen: c_int,
    extralen: c_int,
    real: *mut c_void,
}

/// `struct attribute` of voms_apic.h.
#[repr(C)]
pub struct CAttribute {
    name: *const c_char,
    value: *const c_char,
    qualifier: *const c_char,
}

const _: () = assert!(size_of::<VomsData>() == 56);
const _: () = assert!(std::mem::offset_of!(VomsData, data) == 16);
const _: () = assert!(size_of::<CAttribute>() == 24);

/// Behind a `vomsdata`.
struct Session {
    /// What callers see: `data` is written under the lock of `state`.
    visible: Box<UnsafeCell<VomsData>>,
    state: Mutex<State>,
}

struct State {
    vomsdir: PathBuf,
    certdir: PathBuf,
    checks: Checks,
    time: i64,
    message: String,
    found: Vec<Arc<Shown>>,
    /// The lists that `data` has pointed to, and how many pointers fit into the last. Each is at
    /// least twice as long as the one before, which stays valid for other threads.
    lists: Vec<*mut *mut Voms>,
    room: usize,
}

// SAFETY: the pointers are to blocks of this value's own, which change under its lock only. What
// callers do with the visible part is between them, as it is with libvomsapi.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

static SESSIONS: Live<Session> = Live::new();
static SHOWN: Live<Shown> = Live::new();

impl Session {
    fn of(pointer: *mut VomsData) -> Option<Arc<Self>> {
        SESSIONS.get(pointer.addr())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to `data`, all or nothing.
    fn add(&self, state: &mut State, new: Vec<Shown>) -> Result<(), OutOfMemory> {
        let visible = self.visible.get();
        let (old, count) = (state.found.len(), state.found.len() + new.len());
        let mut list = state.lists.last().copied().unwrap_or(ptr::null_mut());
        if list.is_null() || count > state.room {
            let room = count.max(2 * state.room);
            list = memory::pointers(room)?;
            state.lists.push(list);
            state.room = room;
            for (at, shown) in state.found.iter().enumerate() {
                // SAFETY: there is room for more than these.
                unsafe { *list.add(at) = shown.as_ptr() };
            }
        }
        for (at, shown) in new.into_iter().enumerate() {
            let shown = Arc::new(shown);
            // SAFETY: there is room for `count` pointers and the NULL behind them, and a list is
            // NULL behind its last member at all times.
            unsafe { *list.add(old + at) = shown.as_ptr() };
            SHOWN.insert(shown.as_ptr().addr(), shown.clone());
            state.found.push(shown);
        }
        // SAFETY: `visible` is valid as long as `self`.
        unsafe { (*visible).data = list };
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let visible = self.visible.get_mut();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: all are malloc's or NULL, and the last reference is being dropped.
        unsafe {
            memory::free(visible.cdir);
            memory::free(visible.vdir);
            memory::free(visible.workvo);
            memory::free(visible.extra_data);
            state.lists.drain(..).for_each(|list| memory::free(list));
        }
    }
}

/// Writes a code where the caller wants it.
///
/// # Safety
/// The pointer is NULL or writable.
unsafe fn tell(error: *mut c_int, code: i32) {
    // SAFETY: see above.
    if let Some(error) = unsafe { error.as_mut() } {
        *error = code;
    }
}

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
        let mut session = Session {
            visible: Box::new(UnsafeCell::new(VomsData {
                cdir: ptr::null_mut(),
                vdir: ptr::null_mut(),
                data: ptr::null_mut(),
                workvo: ptr::null_mut(),
                extra_data: ptr::null_mut(),
                volen: 0,
                extralen: 0,
                real: ptr::null_mut(),
            })),
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
        session.visible.get_mut().cdir = copy(&given_voms)?;
        session.visible.get_mut().vdir = copy(&given_cert)?;
        let pointer = session.visible.get();
        SESSIONS.insert(pointer.addr(), Arc::new(session));
        Some(pointer)
    };
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
/// The certificate is NULL or one of the process's libcrypto, the chain NULL or a stack of such, and
/// `error` NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_Retrieve(
    cert: *mut X509,
    chain: *mut OPENSSL_STACK,
    how: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let retrieve = || -> Result<(), Refusal> {
        let session = Session::of(vd).filter(|_| !error.is_null());
        let session = session.ok_or_else(judge::parameters)?;
        // SAFETY: the caller's promise.
        let certificate = unsafe { Handed::new(cert) }.ok_or_else(judge::parameters)?;
        let chain = match chain.is_null() {
            true => None,
            // SAFETY: the caller's promise.
            false => Some(unsafe { handed::stack(chain) }),
        };
        session.retrieve(certificate, chain, how)
    };
    let panicked = || Err(Refusal::new(code::VERIFY, ""));
    match guard(retrieve, panicked()) {
        Ok(()) => 1,
        Err(refusal) => {
            // SAFETY: the caller's promise.
            unsafe { tell(error, refusal.code) };
            0
        }
    }
}

impl Session {
    /// `chain` is `Some(None)` if it was too long.
    fn retrieve(
        &self,
        certificate: Handed,
        chain: Option<Option<Vec<Handed>>>,
        how: i32,
    ) -> Result<(), Refusal> {
        let mut state = self.state();
        let answered = match chain {
            Some(None) => Err(judge::too_many()),
            chain => judge::answer(&Question {
                certificate,
                chain: chain.flatten(),
                how,
                checks: state.checks,
                time: state.time,
                vomsdir: &state.vomsdir,
                certdir: &state.certdir,
            }),
        };
        let added = answered.and_then(|answer| {
            let found = answer.found.into_iter();
            let shown = found.map(|found| Shown::new(found, answer.holder));
            let shown = shown.collect::<Result<Vec<_>, _>>();
            let added = shown.and_then(|shown| self.add(&mut state, shown));
            added.map_err(|OutOfMemory| Refusal::new(code::MEMORY, "Out of memory."))
        });
        if let Err(refusal) = &added {
            state.message.clone_from(&refusal.message);
        }
        added
    }
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
    let Some(message) = guard(message, None) else {
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

/// How many have granted generic attributes.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_GetAttributeSourcesNumber(
    v: *mut Voms,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let number = of_voms(v, vd, error, |shown| Some(count(shown.granted.len())));
    number.unwrap_or(0)
}

/// The handle of a grantor.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_GetAttributeSourceHandle(
    v: *mut Voms,
    num: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let is_one = |shown: &Shown| granted(shown, num).map(|_| num);
    of_voms(v, vd, error, is_one).unwrap_or(-1)
}

/// Who has granted the attributes of a handle.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_GetAttributeGrantor(
    v: *mut Voms,
    handle: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> *const c_char {
    let grantor = |shown: &Shown| granted(shown, handle).map(|granted| granted.grantor.as_ptr());
    of_voms(v, vd, error, grantor).unwrap_or(ptr::null())
}

/// How many attributes a grantor has granted.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_GetAttributesNumber(
    v: *mut Voms,
    handle: c_int,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let number =
        |shown: &Shown| granted(shown, handle).map(|granted| count(granted.attributes.len()));
    of_voms(v, vd, error, number).unwrap_or(-1)
}

/// One attribute, which lives as long as the `voms` does.
///
/// # Safety
/// `at` and `error` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn VOMS_GetAttribute(
    v: *mut Voms,
    handle: c_int,
    num: c_int,
    at: *mut CAttribute,
    vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    let attribute = |shown: &Shown| {
        let index = usize::try_from(num).ok()?;
        let found = granted(shown, handle)?.attributes.get(index)?;
        // SAFETY: the caller's promise.
        *unsafe { at.as_mut() }? = CAttribute::of(found);
        Some(1)
    };
    of_voms(v, vd, error, attribute).unwrap_or(0)
}

impl CAttribute {
    fn of(attribute: &Attribute) -> Self {
        let qualifier = attribute.qualifier.as_ref();
        Self {
            name: attribute.name.as_ptr(),
            value: attribute.value.as_ptr(),
            qualifier: qualifier.map_or(ptr::null(), |text| text.as_ptr()),
        }
    }
}

fn count(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

fn granted(shown: &Shown, handle: c_int) -> Option<&Granted> {
    shown.granted.get(usize::try_from(handle).ok()?)
}

/// Asks a living `voms`; `None` with a code if there is none or it has no answer.
fn of_voms<T>(
    v: *mut Voms,
    vd: *mut VomsData,
    error: *mut c_int,
    ask: impl FnOnce(&Shown) -> Option<T>,
) -> Option<T> {
    let asked = || {
        let shown = SHOWN.get(v.addr()).filter(|_| !vd.is_null())?;
        ask(&shown)
    };
    let answer = guard(asked, None);
    if answer.is_none() {
        // SAFETY: the promise of the callers of all functions that call this.
        unsafe { tell(error, code::PARAM) };
    }
    answer
}

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
        let other =
            unsafe { VOMS_Init((*session.visible.get()).cdir, (*session.visible.get()).vdir) };
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
        Some((memory::text(&text), count(text.len())))
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
    _vd: *mut VomsData,
    error: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { tell(error, code::NOT_AVAILABLE) };
    0
}
