//! Prints the VO attributes of a proxy, one per line, if they verify.
//!
//! `cargo run --example attributes FILE [CERTDIR VOMSDIR]`

use std::process::ExitCode;

use voms::verifier::VomsVerifier;

fn main() -> ExitCode {
    match print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::disallowed_methods)] // Programs may read the environment and the clock.
fn print() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let file = words
        .first()
        .ok_or("usage: attributes FILE [CERTDIR VOMSDIR]")?;
    let directory = |at: usize, variable: &str| {
        let set = || {
            std::env::var(variable).map_err(|_| format!("name the directory, or set {variable}"))
        };
        words.get(at).cloned().map_or_else(set, Ok)
    };
    let (certdir, vomsdir) = (
        directory(1, "X509_CERT_DIR")?,
        directory(2, "X509_VOMS_DIR")?,
    );
    let verifier = VomsVerifier::open(certdir.as_ref(), vomsdir.as_ref())?;
    let verified = verifier.verify(&std::fs::read(file)?, std::time::SystemTime::now())?;
    verified.fqans().for_each(|fqan| println!("{fqan}"));
    Ok(())
}
