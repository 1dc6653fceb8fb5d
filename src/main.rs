//! Selects the command by the name the program was invoked as, and runs it.

fn main() -> std::process::ExitCode {
    voms_proxy::cli::main(std::env::args_os().collect())
}
