//! Certificates, names and keys.

pub mod certificate;
pub mod dn;
mod early;
pub mod key;
pub mod key_cost;
pub mod key_limit;
pub mod key_usage;
mod labels;
pub mod pem;
pub mod pkcs12;
pub mod proxy_kind;
pub mod strength;
