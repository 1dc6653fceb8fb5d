use std::ffi::OsString;
use super::exit::Exit;
pub fn main(_name: &str, _words: &[OsString]) -> Exit { Exit::Failure }
