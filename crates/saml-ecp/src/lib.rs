//! The SAML Enhanced Client or Proxy profile (SAML 2.0 Profiles section 4.2): logs in to a web
//! service through the user's identity provider without a browser, and obtains a certificate there.
//!
//! The sequence: [`idp::choose`] → [`session::Session::log_in`] → [`certificate::request`].

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod certificate;
mod codes;
pub mod error;
#[allow(unsafe_code)]
pub mod gssapi;
pub mod http;
pub mod idp;
pub mod jar;
pub mod kerberos;
pub mod paos;
mod public_suffix;
pub mod session;
