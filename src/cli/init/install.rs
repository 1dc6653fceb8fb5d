//! Writes the proxy that was made, and the plain one beside it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use voms::proxy::Proxy;

use super::plan::InitPlan;
use super::report::Reporter;
use super::run::Made;
use crate::cli::codes;
use crate::cli::failure;
use crate::cli::file;
use crate::cli::input;
use crate::cli::outcome::CommandError;
use crate::cli::output::Diagnostic;
use crate::cli::removal;

/// Writes them, the plain one first.
pub fn install(
    plan: &InitPlan,
    made: Made,
    now: DateTime<Utc>,
    report: &Reporter,
) -> Result<Proxy, CommandError> {
    report.writing();
    if !input::is_stream(&plan.out) {
        removal::clear_leftovers(&plan.out, plan.uid, now);
    }
    if let Some(plain) = &made.plain {
        write(&plain_beside(&plan.out), plain)?;
    }
    write(&plan.out, &made.proxy)?;
    Ok(made.proxy)
}

/// Where `--keep-plain` writes the plain proxy.
pub fn plain_beside(proxy: &Path) -> PathBuf {
    let mut name = proxy.as_os_str().to_owned();
    name.push(".plain");
    name.into()
}

fn write(path: &Path, proxy: &Proxy) -> Result<(), Diagnostic> {
    let pem = proxy.to_pem().map_err(|error| {
        Diagnostic::new(
            codes::PROXY_NOT_ISSUED,
            format!("the proxy cannot be encoded: {error}"),
        )
    })?;
    let written = if input::is_stream(path) {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&pem).and_then(|()| stdout.flush())
    } else {
        file::replace(path, &pem)
    };
    written.map_err(|error| failure::not_written(path, &error))
}
