//! What of the Python package `voms_proxy` has to be native: verification. The package itself, in
//! `voms_proxy/`, turns its JSON into objects.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use pyo3::exceptions::{PyFileNotFoundError, PyValueError};
use pyo3::prelude::*;
use serde_json::json;
use voms::policy::{CrlPolicy, Policy};
use voms::verifier::VomsVerifier;

/// A verifier for one pair of directories, shared by all threads.
#[pyclass(frozen, module = "voms_proxy._native")]
struct Verifier(VomsVerifier);

#[pymethods]
impl Verifier {
    #[new]
    fn new(
        certdir: PathBuf,
        vomsdir: PathBuf,
        crl: &str,
        hosts: Vec<String>,
        skip_invalid: bool,
    ) -> PyResult<Self> {
        let crl = match crl {
            "off" => CrlPolicy::Off,
            "present" => CrlPolicy::IfPresent,
            "required" => CrlPolicy::Required,
            _ => return Err(PyValueError::new_err("crl is off, present or required")),
        };
        let opened = VomsVerifier::open(&certdir, &vomsdir);
        let verifier = opened.map_err(|error| PyFileNotFoundError::new_err(error.to_string()))?;
        let verifier = verifier.with_policy(Policy::default().with_crl(crl).with_hosts(hosts));
        Ok(Self(match skip_invalid {
            true => verifier.skip_invalid_acs(),
            false => verifier,
        }))
    }

    /// The verdict in JSON, while other threads of Python run.
    fn verify(&self, py: Python<'_>, data: &[u8], seconds: f64) -> PyResult<String> {
        let since_epoch = Duration::try_from_secs_f64(seconds);
        let now = since_epoch
            .ok()
            .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
            .ok_or_else(|| PyValueError::new_err("there is no such time"))?;
        Ok(py.detach(|| self.verdict(data, now)))
    }
}

impl Verifier {
    fn verdict(&self, data: &[u8], now: SystemTime) -> String {
        let mut verdict = match self.0.verify(data, now) {
            Ok(verified) => {
                let mut value = json!(verified);
                value["verified"] = json!(true);
                value["findings"] = json!([]);
                value
            }
            Err(rejection) => json!({ "verified": false, "findings": rejection.findings() }),
        };
        verdict["version"] = json!(1);
        verdict.to_string()
    }
}

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // A module brings its own OpenSSL, whose directories are those of the machine that built it.
    #[cfg(feature = "vendored")]
    voms::crypto::ignore_configuration();
    module.add_class::<Verifier>()
}
