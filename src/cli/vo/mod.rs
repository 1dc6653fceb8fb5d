//! `voms-proxy vo list` and `voms-proxy vo add`: which VOs are known, and making one known.

mod adding;
mod listing;
mod source;

pub use self::adding::{AddArgs, add};
pub use self::listing::{ListArgs, list};
