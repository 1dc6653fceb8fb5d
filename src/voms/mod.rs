//! What I may do: VOs, their servers, and the attribute certificates those issue.

pub mod embedded;
pub mod finding;
pub mod fqan;
pub mod lsc;
pub mod refusal;
pub mod registration;
pub mod request;
pub mod response;
pub mod spec;
pub mod verify;
pub mod vomsdir;
pub mod vomses;
mod xml;
