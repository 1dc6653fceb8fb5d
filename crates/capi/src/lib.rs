//! `libvomsapi.so.1` by other means: its C functions, and what its C++ classes (`shim/`) call.
//!
//! Callers' certificates are objects of the system's libcrypto, the only OpenSSL here. They are
//! read as DER; everything behind is the crate `voms`. README.md says what differs.
//!
//! "Spec" is the repository's `docs/spec`. All of the library's unsafe code is in this crate.
#![warn(missing_docs)]

mod attributes;
mod border;
mod c;
mod client;
mod code;
mod export;
mod files;
mod found;
mod gate;
mod handed;
mod host;
mod judge;
mod live;
mod memory;
mod names;
mod openssl_here;
mod second;
mod session;
mod shown;
mod trust;
