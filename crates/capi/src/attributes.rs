//! The functions of voms_apic.h for generic attributes.

use std::ffi::{c_char, c_int};
use std::ptr;

use crate::session::{VomsData, of_voms};
use crate::shown::{Attribute, Granted, Shown, Voms};

/// `struct attribute` of voms_apic.h.
#[repr(C)]
pub struct CAttribute {
    name: *const c_char,
    value: *const c_char,
    qualifier: *const c_char,
}

const _: () = assert!(size_of::<CAttribute>() == 24);

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
