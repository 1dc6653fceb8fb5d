//! Memory that C sees: malloc's, since some callers free or replace what they are given.

use std::ffi::{c_char, c_void};
use std::ptr;

/// malloc failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfMemory;

/// Copies bytes and puts a NUL behind them.
pub fn text(bytes: &[u8]) -> Result<*mut c_char, OutOfMemory> {
    // SAFETY: malloc takes any size.
    let copy = unsafe { libc::malloc(bytes.len() + 1) }.cast::<c_char>();
    if copy.is_null() {
        return Err(OutOfMemory);
    }
    // SAFETY: the new block has room for the bytes and the NUL, and overlaps with nothing.
    unsafe {
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), copy, bytes.len());
        *copy.add(bytes.len()) = 0;
    }
    Ok(copy)
}

/// Room for that many pointers and a NULL behind them, all of them NULL.
pub fn pointers<T>(count: usize) -> Result<*mut *mut T, OutOfMemory> {
    // SAFETY: calloc takes any sizes, and checks their product.
    let list = unsafe { libc::calloc(count + 1, size_of::<*mut T>()) }.cast::<*mut T>();
    match list.is_null() {
        true => Err(OutOfMemory),
        false => Ok(list),
    }
}

/// Frees what this module, or a caller in its place, has allocated.
///
/// # Safety
/// The block is malloc's, or NULL, and nobody uses it any more.
pub unsafe fn free<T>(block: *mut T) {
    // SAFETY: see above.
    unsafe { libc::free(block.cast::<c_void>()) }
}
