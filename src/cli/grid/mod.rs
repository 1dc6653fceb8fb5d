//! The names of the Globus tools: `grid-proxy-init`, `grid-proxy-info`, `grid-proxy-destroy` and
//! `grid-cert-info`. What scripts read of them is theirs line by line; `tests/goldens.md` lists
//! where and why it is not.

mod cert_info;
mod destroy;
mod info;
mod init;

use std::ffi::OsString;

use clap::Parser;
use voms::pki::dn::Dn;

pub use self::cert_info::{CertArgs, cert_info};
pub use self::destroy::{DestroyArgs, proxy_destroy};
pub use self::info::{InfoArgs, proxy_info};
pub use self::init::proxy_init;
use super::args;

/// An option by which something is printed, in all its spellings.
type Item<T> = (&'static [&'static str], T);

/// What the words ask for, in their order and as often.
fn asked<P: Parser, T: Copy>(words: &[OsString], items: &[Item<T>]) -> Vec<T> {
    let words = args::normalised::<P>(words);
    let options = words.iter().take_while(|word| *word != "--");
    let item = |word: &OsString| {
        items
            .iter()
            .find(|(spellings, _)| spellings.iter().any(|spelling| word == spelling))
            .map(|(_, item)| *item)
    };
    options.filter_map(item).collect()
}

fn name(dn: &Dn, rfc2253: bool) -> String {
    if rfc2253 {
        dn.rfc2253()
    } else {
        dn.to_string()
    }
}
