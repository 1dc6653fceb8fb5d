//! SAML's Enhanced Client or Proxy profile (SAML 2.0 Profiles section 4.2): logging in to a web service through the
//! identity provider of one's institution without a browser, and getting a certificate there.
//!
//! The way: [`idp::choose`] → [`session::Session::log_in`] → [`certificate::request`].

pub mod certificate;
pub mod error;
pub mod http;
pub mod idp;
pub mod jar;
pub mod kerberos;
pub mod paos;
pub mod session;
