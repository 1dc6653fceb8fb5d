//! Certificates, names and keys.

mod base64;
pub mod certificate;
pub mod dn;
mod early;
pub mod key;
pub mod key_cost;
pub mod key_limit;
pub mod key_usage;
pub(crate) mod known;
mod labels;
pub mod pem;
pub mod pkcs12;
pub mod proxy_kind;
pub mod strength;
