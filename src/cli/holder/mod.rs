//! `voms-proxy unlock` and `lock`: a process that holds the decrypted key for a while, and makes
//! proxies for the other commands of the same user. The key never leaves it.
//!
//! It makes whole proxies, with the request to the VOMS server, instead of signing for others: a
//! handshake of TLS with the key of another process takes a provider of OpenSSL, which is unsafe
//! code.

mod ask;
mod request;
mod serve;
mod socket;
mod unlock;
mod wire;

pub use self::ask::{Made, ask, fingerprint};
pub use self::request::Request;
pub use self::unlock::{LockArgs, UnlockArgs, lock, unlock};
