//! `struct voms` as C callers see it.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use openssl_sys::X509;

use crate::found::{Found, Parts};
use crate::handed::{Handed, Owned};
use crate::memory::{self, OutOfMemory};

/// `TYPE_STD`: groups, roles and capabilities.
const STANDARD: c_int = 1;

/// `struct data` of voms_apic.h.
#[repr(C)]
pub struct Data {
    group: *mut c_char,
    role: *mut c_char,
    cap: *mut c_char,
}

/// `struct voms` of voms_apic.h.
#[repr(C)]
pub struct Voms {
    siglen: c_int,
    signature: *mut c_char,
    user: *mut c_char,
    userca: *mut c_char,
    server: *mut c_char,
    serverca: *mut c_char,
    voname: *mut c_char,
    uri: *mut c_char,
    date1: *mut c_char,
    date2: *mut c_char,
    kind: c_int,
    std: *mut *mut Data,
    custom: *mut c_char,
    datalen: c_int,
    version: c_int,
    fqan: *mut *mut c_char,
    serial: *mut c_char,
    ac: *mut c_void,
    holder: *mut X509,
}

const _: () = assert!(size_of::<Data>() == 24);
const _: () = assert!(size_of::<Voms>() == 144);
const _: () = assert!(std::mem::offset_of!(Voms, std) == 88);
const _: () = assert!(std::mem::offset_of!(Voms, fqan) == 112);
const _: () = assert!(std::mem::offset_of!(Voms, holder) == 136);

/// One attribute certificate in C's form, and what is behind it.
pub struct Shown {
    /// Ours; callers may write to it.
    visible: *mut Voms,
    pub granted: Vec<Granted>,
    pub found: Found,
    holder: Owned,
}

/// Generic attributes of one grantor.
pub struct Granted {
    pub grantor: CString,
    pub attributes: Vec<Attribute>,
}

/// A generic attribute, up to the first NUL in each part.
pub struct Attribute {
    pub name: CString,
    pub value: CString,
    /// `None` if it is empty.
    pub qualifier: Option<CString>,
}

// SAFETY: the block belongs to this value alone, and is read and written here only while it is made
// and dropped; callers who share a vomsdata between threads share what they see of it themselves.
unsafe impl Send for Shown {}
// SAFETY: as above.
unsafe impl Sync for Shown {}

impl Shown {
    pub fn new(found: Found, holder: Handed) -> Result<Self, OutOfMemory> {
        // SAFETY: calloc takes any sizes.
        let visible = unsafe { libc::calloc(1, size_of::<Voms>()) }.cast::<Voms>();
        // SAFETY: calloc's memory is aligned for every type, and a Voms may be all zero.
        let Some(voms) = (unsafe { visible.as_mut() }) else {
            return Err(OutOfMemory);
        };
        let shown = Self {
            visible,
            granted: found.generic.iter().map(Granted::new).collect(),
            found,
            holder: Owned::of(holder),
        };
        shown.fill(voms)?;
        Ok(shown)
    }

    /// Whatever has been filled in when memory ends is freed with the value.
    fn fill(&self, voms: &mut Voms) -> Result<(), OutOfMemory> {
        let found = &self.found;
        voms.siglen = c_int::try_from(found.signature.len()).unwrap_or(0);
        voms.signature = memory::text(&found.signature)?;
        voms.user = memory::text(&found.user)?;
        voms.userca = memory::text(&found.userca)?;
        voms.server = memory::text(&found.server)?;
        voms.serverca = memory::text(&found.serverca)?;
        voms.voname = memory::text(found.vo.as_bytes())?;
        voms.uri = memory::text(found.uri.as_bytes())?;
        voms.date1 = memory::text(found.date1.as_bytes())?;
        voms.date2 = memory::text(found.date2.as_bytes())?;
        voms.kind = STANDARD;
        voms.custom = memory::text(b"")?;
        voms.version = 1;
        voms.serial = memory::text(found.serial.as_bytes())?;
        voms.holder = self.holder.as_ptr();
        voms.fqan = memory::pointers(found.fqans.len())?;
        voms.std = memory::pointers(found.fqans.len())?;
        for (at, fqan) in found.fqans.iter().enumerate() {
            let data = data(&Parts::of(fqan))?;
            // SAFETY: both lists have as many places as there are FQANs.
            unsafe {
                *voms.std.add(at) = data;
                *voms.fqan.add(at) = memory::text(fqan.as_bytes())?;
            }
        }
        Ok(())
    }

    /// A copy for its own.
    pub fn copy(&self) -> Result<Self, OutOfMemory> {
        Self::new(self.found.clone(), self.holder.as_handed())
    }

    /// The holder and the attribute certificate, for export.
    pub fn exported(&self) -> [Vec<u8>; 2] {
        let holder = self.holder.as_handed().der().unwrap_or_default();
        [holder, self.found.ac.clone()]
    }

    /// What callers get, and name it by.
    pub fn as_ptr(&self) -> *mut Voms {
        self.visible
    }
}

fn data(parts: &Parts) -> Result<*mut Data, OutOfMemory> {
    // SAFETY: calloc takes any sizes.
    let block = unsafe { libc::calloc(1, size_of::<Data>()) }.cast::<Data>();
    // SAFETY: calloc's memory is aligned for every type, and a Data may be all zero.
    let data = unsafe { block.as_mut() }.ok_or(OutOfMemory)?;
    let filled = (|| {
        data.group = memory::text(parts.group.as_bytes())?;
        data.role = memory::text(parts.role.as_bytes())?;
        data.cap = memory::text(parts.capability.as_bytes())?;
        Ok(block)
    })();
    if filled.is_err() {
        // SAFETY: nobody else has seen the block.
        unsafe { free_data(block) };
    }
    filled
}

/// # Safety
/// The block was made by `data`, and nobody uses it any more.
unsafe fn free_data(block: *mut Data) {
    // SAFETY: the block is valid, and all members are malloc's or NULL.
    unsafe {
        for text in [(*block).group, (*block).role, (*block).cap] {
            memory::free(text);
        }
        memory::free(block);
    }
}

/// # Safety
/// The list is NULL, or ends with NULL and is malloc's like its members, for which `free` is right.
unsafe fn free_list<T>(list: *mut *mut T, free: unsafe fn(*mut T)) {
    if list.is_null() {
        return;
    }
    let mut at = list;
    // SAFETY: the list ends with NULL, and the walk does not go beyond.
    unsafe {
        while !(*at).is_null() {
            free(*at);
            at = at.add(1);
        }
        memory::free(list);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        // SAFETY: the block and all members are malloc's or NULL, here or as a caller left them.
        unsafe {
            let voms = ptr::read(self.visible);
            let texts = [
                voms.signature,
                voms.user,
                voms.userca,
                voms.server,
                voms.serverca,
                voms.voname,
                voms.uri,
                voms.date1,
                voms.date2,
                voms.custom,
                voms.serial,
            ];
            for text in texts {
                memory::free(text);
            }
            free_list(voms.std, free_data);
            free_list(voms.fqan, memory::free);
            memory::free(self.visible);
        }
    }
}

impl Granted {
    fn new(granted: &voms_asn1::voms::generic_attributes::GrantedAttributes) -> Self {
        let attributes = granted.attributes.iter().map(|attribute| Attribute {
            name: until_nul(&attribute.name),
            value: until_nul(&attribute.value),
            qualifier: Some(until_nul(&attribute.qualifier)).filter(|text| !text.is_empty()),
        });
        Self {
            grantor: until_nul(granted.grantor.as_bytes()),
            attributes: attributes.collect(),
        }
    }
}

fn until_nul(bytes: &[u8]) -> CString {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    CString::new(text).unwrap_or_default()
}
