//! `voms-proxy-info --timeleft` without all that other questions need: pilots and cron ask it
//! millions of times a day, and parsing options and starting OpenSSL cost more than the answer.

use std::ffi::OsString;
use std::path::PathBuf;

use super::plan::{Attributes, InfoPlan, NameForm, Output, ProxyValue, Section};
use super::{Checks, run};
use crate::cli::commands;
use crate::cli::exit::Exit;
use crate::cli::invocation::Invocation;

const NAME: &str = "voms-proxy-info";

/// Answers the question, if it is this one and nothing else.
pub fn time_left(argv: &[OsString]) -> Option<Exit> {
    let (command, words) = commands::find(argv).filter(|(command, _)| command.name == NAME)?;
    let file = asked_of(words)?;
    let invocation = Invocation::new(command.name, words);
    let env = &invocation.env;
    let values = vec![ProxyValue::TimeLeft];
    let names = NameForm::OpenSsl;
    let plan = InfoPlan {
        is_named: file.is_some(),
        file: file.unwrap_or_else(|| env.proxy()),
        output: Output::Sections(vec![Section::Values { values, names }]),
        checks: Checks::default(),
        attributes: Attributes::Ignored,
        time_zone: None,
        debug: false,
    };
    Some(run(plan, (invocation.now)()).unwrap_or_else(|diagnostic| {
        diagnostic.print();
        Exit::Failure
    }))
}

/// The file that is asked about, if one is named; `None` if something else is asked.
fn asked_of(words: &[OsString]) -> Option<Option<PathBuf>> {
    let is = |word: &OsString, name: &str| {
        let word = word.as_encoded_bytes();
        let dashes = word.iter().take_while(|octet| **octet == b'-').count();
        (1..=2).contains(&dashes) && &word[dashes..] == name.as_bytes()
    };
    let (mut is_asked, mut file) = (false, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match () {
            () if is(word, "timeleft") => is_asked = true,
            () if is(word, "file") => file = Some(PathBuf::from(rest.next()?)),
            () => return None,
        }
    }
    is_asked.then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Option<PathBuf>> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        asked_of(&words)
    }

    #[test]
    fn only_this_question_is_answered_here() {
        assert_eq!(asked("-timeleft"), Some(None));
        assert_eq!(asked("--file x --timeleft"), Some(Some("x".into())));
        for other in [
            "--file x",
            "--timeleft --json",
            "--timeleft --file",
            "--timeleft=1",
            "timeleft",
        ] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
