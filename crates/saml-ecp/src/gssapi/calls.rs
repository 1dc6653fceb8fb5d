//! The parts of the C interface of RFC 2744 that are used.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr;

use libloading::Library;

/// `gss_buffer_desc` (RFC 2744 section 3.2).
#[repr(C)]
pub struct Buffer {
    length: usize,
    value: *mut c_void,
}

impl Buffer {
    pub const EMPTY: Self = Self {
        length: 0,
        value: ptr::null_mut(),
    };

    /// Lends bytes to the library, which only reads them. The bytes must outlive the buffer.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len(),
            value: bytes.as_ptr().cast_mut().cast(),
        }
    }

    /// The bytes the library stored in the buffer.
    ///
    /// # Safety
    /// `value` must be null or point to `length` bytes that remain valid as long as `self`.
    pub unsafe fn bytes(&self) -> &[u8] {
        if self.value.is_null() {
            return &[];
        }
        // SAFETY: as promised by the caller.
        unsafe { std::slice::from_raw_parts(self.value.cast(), self.length) }
    }
}

/// `gss_OID_desc` (RFC 2744 section 3.3), which MIT's gssapi.h packs on Macs with an Intel
/// processor.
#[cfg_attr(
    all(target_vendor = "apple", target_arch = "x86_64"),
    repr(C, packed(2))
)]
#[cfg_attr(not(all(target_vendor = "apple", target_arch = "x86_64")), repr(C))]
pub struct Oid {
    length: u32,
    elements: *const u8,
    bytes: PhantomData<&'static [u8]>,
}

// SAFETY: it points to bytes that are static and never written.
unsafe impl Sync for Oid {}

impl Oid {
    const fn new(bytes: &'static [u8]) -> Self {
        Self {
            length: bytes.len() as u32,
            elements: bytes.as_ptr(),
            bytes: PhantomData,
        }
    }
}

/// 1.3.6.1.5.5.2 (RFC 4178 section 3).
pub static SPNEGO: Oid = Oid::new(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02]);
/// 1.2.840.113554.1.2.1.4 (RFC 2744 section 3.10, as `GSS_C_NT_HOSTBASED_SERVICE`).
pub static HOST_BASED_SERVICE: Oid =
    Oid::new(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x01, 0x04]);

/// 1.2.840.113554.1.2.2.1 (RFC 1964 section 2.1.1, `GSS_KRB5_NT_PRINCIPAL_NAME`).
pub static PRINCIPAL_NAME: Oid =
    Oid::new(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01]);

type Handle = *mut c_void;

type ImportName = unsafe extern "C" fn(*mut u32, *mut Buffer, *const Oid, *mut Handle) -> u32;
type InitSecContext = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    Handle,
    *const Oid,
    u32,
    u32,
    *mut c_void,
    *mut Buffer,
    *mut *const Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type InquireCred = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    *mut u32,
    *mut c_int,
    *mut *mut c_void,
) -> u32;
type AcquireCred = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *mut c_void,
    c_int,
    *mut Handle,
    *mut *mut c_void,
    *mut u32,
) -> u32;
type ReleaseCred = unsafe extern "C" fn(*mut u32, *mut Handle) -> u32;
type DisplayName = unsafe extern "C" fn(*mut u32, Handle, *mut Buffer, *mut *const Oid) -> u32;
type DisplayStatus =
    unsafe extern "C" fn(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32;
type ReleaseName = unsafe extern "C" fn(*mut u32, *mut Handle) -> u32;
type DeleteSecContext = unsafe extern "C" fn(*mut u32, *mut Handle, *mut Buffer) -> u32;

/// The functions, and the library they were loaded from.
pub struct Calls {
    pub import_name: ImportName,
    pub init_sec_context: InitSecContext,
    pub inquire_cred: InquireCred,
    pub acquire_cred: AcquireCred,
    pub release_cred: ReleaseCred,
    pub display_name: DisplayName,
    pub display_status: DisplayStatus,
    pub release_buffer: ReleaseBuffer,
    pub release_name: ReleaseName,
    pub delete_sec_context: DeleteSecContext,
    /// Keeps the library loaded, so that the functions remain valid.
    _library: Library,
}

/// The file names of MIT's library on Linux and macOS.
const NAMES: [&str; 3] = [
    "libgssapi_krb5.so.2",
    "libgssapi_krb5.so",
    "libgssapi_krb5.dylib",
];

impl Calls {
    pub fn load() -> Option<Self> {
        // SAFETY: loading MIT's library has no effect on the rest of the process.
        let library = NAMES
            .iter()
            .find_map(|name| unsafe { Library::new(*name) }.ok())?;
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: RFC 2744 defines the function of that name with the type of the field it
                // fills.
                *unsafe { library.get($name) }.ok()?
            };
        }
        Some(Self {
            import_name: function!(b"gss_import_name\0"),
            init_sec_context: function!(b"gss_init_sec_context\0"),
            inquire_cred: function!(b"gss_inquire_cred\0"),
            acquire_cred: function!(b"gss_acquire_cred\0"),
            release_cred: function!(b"gss_release_cred\0"),
            display_name: function!(b"gss_display_name\0"),
            display_status: function!(b"gss_display_status\0"),
            release_buffer: function!(b"gss_release_buffer\0"),
            release_name: function!(b"gss_release_name\0"),
            delete_sec_context: function!(b"gss_delete_sec_context\0"),
            _library: library,
        })
    }
}
