//! Exit codes.

/// The exit status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything succeeded, or the answer is yes.
    Success,
    /// Something failed, the answer is no, or the command line is invalid.
    Failure,
    /// Nothing failed yet, but something will.
    Warned,
    /// The user interrupted it.
    Interrupted,
    /// The exit code of a program that the command ran.
    Code(u8),
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Warned => 2,
            Exit::Interrupted => 130,
            Exit::Code(code) => code,
        })
    }
}
