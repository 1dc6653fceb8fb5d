//! `voms-proxy renew`, `keep` and `run`: proxies that outlive themselves.

mod args;
pub mod background;
mod keeper;
mod lock;
mod pace;
mod recipe;
mod renew;
mod run;
mod source;
mod timer;
mod token;
mod watch;

pub use self::args::{KeepArgs, RenewArgs, RunArgs};
pub use self::lock::keeper_of;
pub use self::renew::main as renew;
pub use self::run::main as run;
pub use self::watch::main as keep;
