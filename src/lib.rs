//! The `voms-proxy` program as a library, for its tests: [`cli`] holds the commands, [`home`] the
//! user's files.
//!
//! To verify proxies in a service, use the crate `voms`; to query VOMS servers, `voms-client`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cli;
pub mod home;
mod time;
