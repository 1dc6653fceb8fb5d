//! The user's own files: the credential in `~/.globus` or a named location, the files it was
//! imported from, and what is known about VOs.

pub mod built_in;
pub mod bundle;
pub mod globus_dir;
pub mod load;
pub mod location;
pub mod registration;
