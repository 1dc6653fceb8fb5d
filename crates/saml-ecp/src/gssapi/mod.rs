//! The client side of HTTP Negotiate (SPNEGO, RFC 4178; RFC 4559), using the system's GSSAPI
//! library (RFC 2743, RFC 2744). The library is loaded on demand: a machine without Kerberos lacks
//! only this feature.
//!
//! The only module of this crate with unsafe code: calls into C, each with the reason why it is
//! sound.

mod calls;

use std::ffi::c_void;
use std::ptr;

use self::calls::{Buffer, Calls, HOST_BASED_SERVICE, Oid, PRINCIPAL_NAME, SPNEGO};

/// RFC 2744 section 5.19: the server must authenticate itself as well.
const MUTUAL: u32 = 2;
const CONTINUE_NEEDED: u32 = 1;
/// RFC 2744 section 5.2: credentials to initiate contexts with, for as long as there are.
const INITIATE: i32 = 1;
const INDEFINITE: u32 = u32::MAX;
const ERROR_BITS: u32 = 0xffff_0000;
/// RFC 2744 section 3.9.1: the routine errors, and those that concern the ticket.
const ROUTINE_BITS: u32 = 0x00ff_0000;
const NO_CRED: u32 = 7 << 16;
const CREDENTIALS_EXPIRED: u32 = 11 << 16;
/// Longer than any HTTP Negotiate token: header sizes are limited.
const LONGEST_TOKEN: usize = 64 << 10;

/// Why Kerberos is unavailable or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GssError {
    /// The library is not installed.
    #[error("the Kerberos library (libgssapi_krb5) is not installed")]
    NoLibrary,
    /// The program is linked statically, and so cannot load the library.
    #[error("this build of the program is static, which cannot use Kerberos")]
    Static,
    /// There is no valid ticket.
    #[error("there is no valid Kerberos ticket: {0}")]
    NoTicket(String),
    /// The library's error message for the exchange.
    #[error("Kerberos failed: {0}")]
    Exchange(String),
}

/// The GSSAPI library.
pub struct Gssapi {
    calls: Calls,
}

impl Gssapi {
    /// Loads the library.
    ///
    /// # Errors
    /// [`GssError::NoLibrary`], [`GssError::Static`].
    pub fn load() -> Result<Self, GssError> {
        if cfg!(all(target_env = "musl", target_feature = "crt-static")) {
            return Err(GssError::Static);
        }
        Calls::load()
            .map(|calls| Self { calls })
            .ok_or(GssError::NoLibrary)
    }

    /// The ticket's principal, such as `albert.einstein@LIGO.ORG`.
    ///
    /// # Errors
    /// [`GssError::NoTicket`].
    pub fn principal(&self) -> Result<String, GssError> {
        self.ticket().map(|(principal, _)| principal)
    }

    /// The ticket's principal, and the seconds that the ticket has left.
    ///
    /// # Errors
    /// [`GssError::NoTicket`].
    pub fn ticket(&self) -> Result<(String, u32), GssError> {
        let (mut minor, mut name, mut lifetime) = (0, ptr::null_mut(), 0);
        // SAFETY: all pointers are to locals; null asks for the default credential, and leaves out
        // what is not wanted.
        let major = unsafe {
            (self.calls.inquire_cred)(
                &mut minor,
                ptr::null_mut(),
                &mut name,
                &mut lifetime,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if major & ERROR_BITS != 0 {
            return Err(GssError::NoTicket(self.reason(major, minor)));
        }
        let name = Name {
            calls: &self.calls,
            name,
        };
        if lifetime == 0 {
            return Err(GssError::NoTicket("it has expired".to_owned()));
        }
        let mut text = Buffer::EMPTY;
        // SAFETY: `name` was just given out by the library and is released after this; `text` is to
        // be filled.
        let major =
            unsafe { (self.calls.display_name)(&mut minor, name.name, &mut text, ptr::null_mut()) };
        let bytes = self.take(text);
        if major & ERROR_BITS != 0 {
            return Err(GssError::NoTicket(self.reason(major, minor)));
        }
        Ok((String::from_utf8_lossy(&bytes).into_owned(), lifetime))
    }

    /// Starts authenticating to a host's web server. Returns the first token to send.
    ///
    /// # Errors
    /// [`GssError::NoTicket`], [`GssError::Exchange`].
    pub fn begin(&self, host: &str) -> Result<(Negotiation<'_>, Vec<u8>), GssError> {
        let target = self.name(&format!("HTTP@{host}"), &HOST_BASED_SERVICE)?;
        self.begin_to(target, None)
    }

    /// The same to another service, such as `host`. The host's name is taken as it is, without
    /// asking the DNS; only if the realm does not know it, the library may look for its usual name.
    /// The ticket is that of `principal`, or else the default one.
    ///
    /// # Errors
    /// [`GssError::NoTicket`], [`GssError::Exchange`].
    pub fn begin_as(
        &self,
        principal: Option<&str>,
        service: &str,
        host: &str,
    ) -> Result<(Negotiation<'_>, Vec<u8>), GssError> {
        // Without a realm after the @, it is the ticket's, or the one its KDC refers to.
        let exact = self.name(&format!("{service}/{host}@"), &PRINCIPAL_NAME)?;
        match self.begin_to(exact, principal) {
            Err(GssError::Exchange(_)) => {
                let usual = self.name(&format!("{service}@{host}"), &HOST_BASED_SERVICE)?;
                self.begin_to(usual, principal)
            }
            begun => begun,
        }
    }

    fn begin_to<'a>(
        &'a self,
        target: Name<'a>,
        principal: Option<&str>,
    ) -> Result<(Negotiation<'a>, Vec<u8>), GssError> {
        let mut negotiation = Negotiation {
            gssapi: self,
            target,
            credential: principal.map(|name| self.credential(name)).transpose()?,
            context: ptr::null_mut(),
            complete: false,
        };
        let token = negotiation.step(&[])?;
        Ok((negotiation, token))
    }

    fn name<'a>(&'a self, text: &str, kind: &'static Oid) -> Result<Name<'a>, GssError> {
        let (mut minor, mut name) = (0, ptr::null_mut());
        let mut given = Buffer::of(text.as_bytes());
        // SAFETY: `given` borrows `text`, which outlives the call; the name type is static.
        let major = unsafe { (self.calls.import_name)(&mut minor, &mut given, kind, &mut name) };
        if major & ERROR_BITS != 0 {
            return Err(GssError::Exchange(self.reason(major, minor)));
        }
        Ok(Name {
            calls: &self.calls,
            name,
        })
    }

    /// The credential of a principal, from whichever cache has it.
    fn credential<'a>(&'a self, principal: &str) -> Result<Credential<'a>, GssError> {
        let name = self.name(principal, &PRINCIPAL_NAME)?;
        let (mut minor, mut credential) = (0, ptr::null_mut());
        // SAFETY: `name` lives until after the call; `credential` is to be filled; nulls stand for
        // defaults and for what is not wanted.
        let major = unsafe {
            (self.calls.acquire_cred)(
                &mut minor,
                name.name,
                INDEFINITE,
                ptr::null_mut(),
                INITIATE,
                &mut credential,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if major & ERROR_BITS != 0 {
            return Err(GssError::NoTicket(self.reason(major, minor)));
        }
        Ok(Credential {
            calls: &self.calls,
            credential,
        })
    }

    /// Copies a buffer filled by the library and releases it.
    fn take(&self, mut buffer: Buffer) -> Vec<u8> {
        // SAFETY: the library filled it: `length` bytes at `value`, or nothing at all.
        let bytes = unsafe { buffer.bytes() }.to_vec();
        let mut minor = 0;
        // SAFETY: a buffer that the library filled, released once.
        unsafe { (self.calls.release_buffer)(&mut minor, &mut buffer) };
        bytes
    }

    /// The library's message for a failure; the mechanism's message, if that is more specific.
    fn reason(&self, major: u32, minor: u32) -> String {
        const GSS_CODE: i32 = 1;
        const MECHANISM_CODE: i32 = 2;
        let said = |code: u32, kind: i32| {
            let (mut ignored, mut context, mut text) = (0, 0, Buffer::EMPTY);
            // SAFETY: pointers to locals; null stands for the default mechanism.
            unsafe {
                (self.calls.display_status)(
                    &mut ignored,
                    code,
                    kind,
                    ptr::null(),
                    &mut context,
                    &mut text,
                );
            }
            String::from_utf8_lossy(&self.take(text)).into_owned()
        };
        let detail = if minor == 0 {
            String::new()
        } else {
            said(minor, MECHANISM_CODE)
        };
        if detail.is_empty() || detail.contains("Unknown error") {
            said(major, GSS_CODE)
        } else {
            detail
        }
    }
}

/// A name held by the library.
struct Name<'a> {
    calls: &'a Calls,
    name: *mut c_void,
}

impl Drop for Name<'_> {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: given out by the library, released once.
        unsafe { (self.calls.release_name)(&mut minor, &mut self.name) };
    }
}

/// A credential held by the library.
struct Credential<'a> {
    calls: &'a Calls,
    credential: *mut c_void,
}

impl Drop for Credential<'_> {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: given out by the library, released once.
        unsafe { (self.calls.release_cred)(&mut minor, &mut self.credential) };
    }
}

/// An authentication in progress.
pub struct Negotiation<'a> {
    gssapi: &'a Gssapi,
    target: Name<'a>,
    credential: Option<Credential<'a>>,
    context: *mut c_void,
    complete: bool,
}

impl Negotiation<'_> {
    /// Whether both sides have authenticated.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Processes the server's token and returns the next one to send, or an empty one if there is
    /// none.
    ///
    /// # Errors
    /// [`GssError::NoTicket`], [`GssError::Exchange`].
    pub fn step(&mut self, token: &[u8]) -> Result<Vec<u8>, GssError> {
        if self.complete || token.len() > LONGEST_TOKEN {
            return Err(GssError::Exchange("an unexpected token arrived".to_owned()));
        }
        let calls = &self.gssapi.calls;
        let (mut minor, mut flags, mut out) = (0, 0, Buffer::EMPTY);
        let mut given = Buffer::of(token);
        let own = self.credential.as_ref();
        let credential = own.map_or(ptr::null_mut(), |own| own.credential);
        // SAFETY: the context is null or the library's own; target and credential live as long as
        // `self`; `given` borrows `token`; `out` is to be filled; nulls stand for defaults and for
        // what is not wanted.
        let major = unsafe {
            (calls.init_sec_context)(
                &mut minor,
                credential,
                &mut self.context,
                self.target.name,
                &SPNEGO,
                MUTUAL,
                0,
                ptr::null_mut(),
                &mut given,
                ptr::null_mut(),
                &mut out,
                &mut flags,
                ptr::null_mut(),
            )
        };
        let next = self.gssapi.take(out);
        if major & ERROR_BITS != 0 {
            let reason = self.gssapi.reason(major, minor);
            return Err(match major & ROUTINE_BITS {
                NO_CRED | CREDENTIALS_EXPIRED => GssError::NoTicket(reason),
                _ => GssError::Exchange(reason),
            });
        }
        self.complete = major & CONTINUE_NEEDED == 0 && flags & MUTUAL != 0;
        Ok(next)
    }
}

impl Drop for Negotiation<'_> {
    fn drop(&mut self) {
        if !self.context.is_null() {
            let mut minor = 0;
            // SAFETY: the library's own context, deleted once; null asks for no token.
            unsafe {
                (self.gssapi.calls.delete_sec_context)(
                    &mut minor,
                    &mut self.context,
                    ptr::null_mut(),
                )
            };
        }
    }
}
