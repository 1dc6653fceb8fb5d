//! Virtual organisations: the names of their groups and roles, and who may sign for them.

pub mod fqan;
pub mod lsc;
pub mod vomsdir;
