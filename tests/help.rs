//! Help as it looks on terminals.

mod common;

use std::process::Command;

use common::{BINARY, run};

/// What the program shows on a terminal of so many columns.
fn shown(columns: u32, words: &str) -> String {
    let script = format!("stty cols {columns}; {BINARY} {words}");
    let mut command = Command::new("script");
    command.args(["-qec", &script, "/dev/null"]);
    run(&mut command, b"").success().stdout.replace('\r', "")
}

#[test]
fn help_fits_the_terminal_and_has_80_columns_in_pipes() {
    let widest = |text: &str| text.lines().map(str::len).max().unwrap();
    let narrow = widest(&shown(60, "init --help"));
    let wide = widest(&shown(200, "init --help"));
    assert!((50..=60).contains(&narrow), "{narrow}");
    assert!((81..=100).contains(&wide), "{wide}");
    let piped = run(Command::new(BINARY).args(["init", "--help"]), b"").success();
    assert!((70..=80).contains(&widest(&piped.stdout)));
    assert!(widest(&shown(60, "--help")) <= 60);
}
