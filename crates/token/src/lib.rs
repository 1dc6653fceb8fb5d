//! Bearer tokens: from a vault as `htgettoken` gets them, from oidc-agent, and in the places where
//! programs look for them.
//!
//! The sequence: a vault token that is there, or [`vault::Vault::log_in_by_kerberos`], or
//! [`vault::Vault::start_login`] and [`vault::Vault::poll`] → [`vault::Vault::shortened`] →
//! [`vault::Vault::bearer`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod address;
mod codes;
pub mod discovery;
pub mod error;
pub mod http;
pub mod jwt;
pub mod life;
pub mod oidc_agent;
pub mod path;
pub mod secret;
pub mod vault;
