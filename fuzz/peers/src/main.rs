//! Hands mutated vectors to us and to the other implementations, and keeps what we believe and two
//! of them refuse: `voms-against-peers MINUTES [SEED]`, with the drivers of `tests/peers` built in
//! `$PEERS`.

mod chance;
mod der;
mod fields;
mod files;
mod keys;
mod mutate;
mod peers;
mod report;
mod run;
mod subject;
mod vectors;
mod verdict;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::run::Run;

fn main() -> ExitCode {
    match fuzz() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("voms-against-peers: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing was found.
fn fuzz() -> Result<bool, Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let minutes: f64 = words
        .first()
        .ok_or("usage: voms-against-peers MINUTES [SEED]")?
        .parse()?;
    let clock = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_nanos() as u64)
    };
    let seed = words
        .get(1)
        .map_or_else(|| Ok(clock()), |word| word.parse())?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = here.join("../..");
    let peers =
        std::env::var_os("PEERS").map_or_else(|| project.join("target/peers"), PathBuf::from);
    let scratch = std::env::temp_dir().join(format!("voms-against-peers-{}", std::process::id()));
    let mut run = Run::start(&project, &peers, &scratch)?;
    println!("seed {seed}");
    run.go(seed, Duration::from_secs_f64(minutes * 60.0))?;
    let clean = run.finish();
    std::fs::remove_dir_all(&scratch)?;
    Ok(clean)
}
