//! SAML's Enhanced Client or Proxy profile (SAML 2.0 Profiles section 4.2): logging in to a web service through the
//! identity provider of one's institution without a browser, and getting a certificate there.
//!
//! The way: [`idp::choose`] → [`session::Session::log_in`] → [`certificate::request`].

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod certificate;
pub mod error;
#[allow(unsafe_code)]
pub mod gssapi;
pub mod http;
pub mod idp;
pub mod jar;
pub mod kerberos;
pub mod paos;
pub mod session;
