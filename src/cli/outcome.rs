//! The outcome of a command, and the one place that prints it and chooses the exit code.

use serde_json::Value;

use super::args::{self, Arguments};
use super::exit::Exit;
use super::invocation::Invocation;
use super::output::{self, Diagnostic};

/// What is left to print when a command is done.
#[derive(Debug)]
pub struct Report {
    lines: Vec<String>,
    exit: Exit,
}

impl Report {
    /// Everything was printed while it ran.
    pub fn done() -> Self {
        Self::lines(Vec::new())
    }

    /// Lines for stdout.
    pub fn lines(lines: Vec<String>) -> Self {
        Self {
            lines,
            exit: Exit::Success,
        }
    }

    /// A JSON document.
    pub fn json(document: &Value) -> Self {
        Self::lines(vec![output::json(document)])
    }

    /// Sets an exit status other than success.
    pub fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub enum CommandError {
    /// It failed.
    Failed(Diagnostic),
    /// The command line is invalid.
    Usage(Diagnostic),
    /// The user interrupted it.
    Interrupted,
    /// Not an error: the help or version text that was requested.
    Help(String),
}

/// The audience of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl Format {
    /// The format that `--json` selects.
    pub fn new(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// Runs a command from arguments to exit code: `run` makes a plan, executes it and reports the
/// outcome.
pub fn run_command<A: Arguments>(
    invocation: &Invocation,
    run: impl FnOnce(A) -> Result<Report, CommandError>,
) -> Exit {
    let (outcome, format) = match args::parse::<A>(invocation.name, &invocation.words) {
        Ok(args) => {
            let format = args.format();
            (run(args), format)
        }
        // The format can only be guessed then, so always print text for people.
        Err(error) => (Err(error), Format::Text),
    };
    match outcome {
        Ok(report) => {
            report.lines.iter().for_each(|line| output::line(line));
            report.exit
        }
        Err(CommandError::Usage(diagnostic)) => {
            let json = output::wants_json(&invocation.words).then(|| A::misunderstood(&diagnostic));
            print(&CommandError::Usage(diagnostic), format, json.as_ref());
            A::WRONG_USAGE
        }
        Err(error) => print(&error, format, None),
    }
}

/// Prints an error, of a command line in the JSON that it asked for as well.
fn print(error: &CommandError, format: Format, json: Option<&Value>) -> Exit {
    match error {
        CommandError::Help(text) => {
            output::line(text);
            Exit::Success
        }
        CommandError::Interrupted => Exit::Interrupted,
        CommandError::Failed(diagnostic) => {
            match format {
                Format::Text => diagnostic.print(),
                Format::Json => output::line(&output::json(&diagnostic.as_json())),
            }
            Exit::Failure
        }
        CommandError::Usage(diagnostic) => {
            diagnostic.print();
            if let Some(json) = json {
                output::line(&output::json(json));
            }
            Exit::Failure
        }
    }
}
