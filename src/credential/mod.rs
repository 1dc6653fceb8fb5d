//! Who I am: certificates, keys, proxies and the CAs that vouch for them.

pub mod anchors;
pub mod certificate;
pub mod chain;
mod cost;
pub mod dn;
pub mod key;
pub mod key_usage;
pub mod location;
pub mod pair;
pub mod pem;
pub mod pkcs12;
pub mod policy;
pub mod proxy;
pub mod proxy_type;
pub mod received;
pub mod strength;
pub mod user;
