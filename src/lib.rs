//! The program `voms-proxy`, as a library for its tests: [`cli`] has the commands, [`home`] the user's files.
//!
//! Services that verify proxies want the crate `voms`, clients of VOMS servers `voms-client`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cli;
pub mod home;
