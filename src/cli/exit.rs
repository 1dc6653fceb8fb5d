//! Exit codes.

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was done, or the answer is yes.
    Success,
    /// Something failed, the answer is no, or the command line is wrong.
    Failure,
    /// Nothing failed, but something will.
    Warned,
    /// The user broke off.
    Interrupted,
    /// What the command ran ended with this code.
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
