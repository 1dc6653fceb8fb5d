//! What is behind a `vomsdata` of C.

use std::ffi::{c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use crate::border::guard;
use crate::code::{self, Checks, Refusal};
use crate::handed::Handed;
use crate::judge::{self, Question};
use crate::live::Live;
use crate::memory::{self, OutOfMemory};
use crate::shown::{Shown, Voms};

/// `struct vomsdata` of voms_apic.h.
#[repr(C)]
pub struct VomsData {
    pub cdir: *mut c_char,
    pub vdir: *mut c_char,
    pub data: *mut *mut Voms,
    pub workvo: *mut c_char,
    pub extra_data: *mut c_char,
    pub volen: c_int,
    pub extralen: c_int,
    pub real: *mut c_void,
}

const _: () = assert!(size_of::<VomsData>() == 56);
const _: () = assert!(std::mem::offset_of!(VomsData, data) == 16);

/// Behind a `vomsdata`.
pub struct Session {
    /// What callers see, a block of our own: `data` is written under the lock of `state`.
    pub visible: NonNull<VomsData>,
    pub state: Mutex<State>,
}

pub struct State {
    pub vomsdir: PathBuf,
    pub certdir: PathBuf,
    pub checks: Checks,
    pub time: i64,
    pub message: String,
    pub found: Vec<Arc<Shown>>,
    /// The lists that `data` has pointed to, and how many pointers fit into the last. Each is at
    /// least twice as long as the one before, which stays valid for other threads.
    pub lists: Vec<*mut *mut Voms>,
    pub room: usize,
}

// SAFETY: the pointers are to blocks of this value's own, which change under its lock only. What
// callers do with the visible part is between them, as it is with libvomsapi.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

pub static SESSIONS: Live<Session> = Live::new();
pub static SHOWN: Live<Shown> = Live::new();

impl Session {
    pub fn of(pointer: *mut VomsData) -> Option<Arc<Self>> {
        SESSIONS.get(pointer.addr())
    }

    pub fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to `data`, all or nothing.
    pub fn add(&self, state: &mut State, new: Vec<Shown>) -> Result<(), OutOfMemory> {
        let visible = self.visible.as_ptr();
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
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the block is VOMS_Init's box, its members are malloc's or NULL, and the last
        // reference is being dropped.
        unsafe {
            let visible = Box::from_raw(self.visible.as_ptr());
            memory::free(visible.cdir);
            memory::free(visible.vdir);
            memory::free(visible.workvo);
            memory::free(visible.extra_data);
            state.lists.drain(..).for_each(|list| memory::free(list));
        }
    }
}

impl Session {
    /// `chain` is `Some(None)` if it was too long.
    pub fn retrieve(
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
        answered.and_then(|answer| {
            let found = answer.found.into_iter();
            let shown = found.map(|found| Shown::new(found, answer.holder));
            let shown = shown.collect::<Result<Vec<_>, _>>();
            let added = shown.and_then(|shown| self.add(&mut state, shown));
            added.map_err(|OutOfMemory| Refusal::new(code::MEMORY, "Out of memory."))
        })
    }
}

/// Writes a code where the caller wants it.
///
/// # Safety
/// The pointer is NULL or writable.
pub unsafe fn tell(error: *mut c_int, code: i32) {
    // SAFETY: see above.
    if let Some(error) = unsafe { error.as_mut() } {
        *error = code;
    }
}

/// Asks a living `voms`; `None` with a code if there is none or it has no answer.
pub fn of_voms<T>(
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
