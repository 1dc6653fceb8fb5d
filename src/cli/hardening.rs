//! Core dumps are disabled: the process holds keys and passphrases.

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// Turns core dumps off, and with them attaching by other processes of the user. Where that is not
/// possible the program works all the same.
pub fn forbid_dumps() {
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // The hard limit stays: a shell in the sandbox may want dumps of its own programs.
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    let none = Rlimit {
        current: Some(0),
        maximum,
    };
    let _ = setrlimit(Resource::Core, none);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_cannot_be_dumped() {
        forbid_dumps();
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            DumpableBehavior::NotDumpable
        );
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
