//! Trust anchors that the caller holds in memory.

use std::path::PathBuf;
use std::sync::Arc;

use crate::files::IN_MEMORY;
use crate::pki::certificate::Certificate;
use crate::trust::crl::Crl;
use crate::trust::policy::{CaPolicy, PolicyError};

/// A trusted CA with its revocation lists and policies, from memory instead of files.
///
/// ```
/// use voms::pki::certificate::Certificate;
/// use voms::trust::{MemoryCa, TrustAnchors};
///
/// # let pem = b"-----BEGIN CERTIFICATE-----
/// # MIIBvzCCAWWgAwIBAgIUSezZOAFu0CDJkUyVzNn1O/Rs8d0wCgYIKoZIzj0EAwIw
/// # NDELMAkGA1UEBhMCSVQxEDAOBgNVBAoMB1Rlc3RiZWQxEzARBgNVBAMMClRlc3Ri
/// # ZWQgQ0EwIBcNMjYxMTI3MDE0MjI2WhgPMjEyNjExMDMwMTQyMjZaMDQxCzAJBgNV
/// # BAYTAklUMRAwDgYDVQQKDAdUZXN0YmVkMRMwEQYDVQQDDApUZXN0YmVkIENBMFkw
/// # EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjnnCNmUyLKtsvSPMoV6lv/FsZKkYaoV0
/// # Z7tnGLVdoonP9QH6FN1hiY4p4g2E5SX7yTv2XUYuOXYMjDizK5yksKNTMFEwHQYD
/// # VR0OBBYEFGoyQdJnrIGzIqS6C3IOK7Wt7pDBMB8GA1UdIwQYMBaAFGoyQdJnrIGz
/// # IqS6C3IOK7Wt7pDBMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIg
/// # F5FPanfpVl9TtJ9b7bkgXGA7IWfhZaD/1q36G0VMX08CIQCs/vK3qcTSCX2/11UM
/// # Y519j5kphBMi5qrRH0z9OiYOZw==
/// # -----END CERTIFICATE-----";
/// let ca = Certificate::all_from_pem(pem)?.remove(0);
/// let anchors = TrustAnchors::in_memory([MemoryCa::new(ca).with_signing_policy(
///     "access_id_CA X509 '/C=IT/O=Testbed/CN=Testbed CA'\n\
///      pos_rights globus CA:sign\n\
///      cond_subjects globus '\"/C=IT/O=Testbed/*\"'\n",
/// )]);
/// assert_eq!(anchors.directory().to_str(), Some("(memory)"));
/// # Ok::<(), voms::pki::certificate::CertificateError>(())
/// ```
#[derive(Debug)]
pub struct MemoryCa {
    pub(super) certificate: Certificate,
    pub(super) revocation_lists: Vec<(PathBuf, Arc<Option<Vec<Crl>>>)>,
    pub(super) policies: Vec<(PathBuf, Arc<Result<CaPolicy, PolicyError>>)>,
}

impl MemoryCa {
    /// Trusts a CA.
    #[must_use]
    pub fn new(certificate: Certificate) -> Self {
        Self {
            certificate,
            revocation_lists: Vec::new(),
            policies: Vec::new(),
        }
    }

    /// Adds a revocation list, in PEM or DER. An unreadable one makes the CA's certificates
    /// unverifiable, as an unreadable file would.
    #[must_use]
    pub fn with_revocation_list(mut self, list: &[u8]) -> Self {
        let parsed = Arc::new(Crl::all(list));
        self.revocation_lists.push((self.label("r0"), parsed));
        self
    }

    /// Adds the text of a `signing_policy` file: the names that the CA may certify. An unreadable
    /// one permits none.
    #[must_use]
    pub fn with_signing_policy(mut self, text: &str) -> Self {
        let parsed = Arc::new(CaPolicy::signing_policy(text));
        self.policies.push((self.label("signing_policy"), parsed));
        self
    }

    /// Adds the text of a `namespaces` file: the names that the CA may certify. An unreadable one
    /// permits none.
    #[must_use]
    pub fn with_namespaces(mut self, text: &str) -> Self {
        let parsed = Arc::new(CaPolicy::namespaces(text));
        self.policies.push((self.label("namespaces"), parsed));
        self
    }

    /// What findings call the file that this stands for.
    fn label(&self, end: &str) -> PathBuf {
        PathBuf::from(format!("{}{}.{end}", IN_MEMORY, self.certificate.subject()))
    }
}
