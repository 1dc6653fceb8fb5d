//! The stable code of each error and warning that the program reports, in kebab-case.
//! `schema/codes.json` lists them together with those of the libraries.

use std::sync::{Mutex, PoisonError};

use grid_token::error::TokenError;
use saml_ecp::error::EcpError;
use saml_ecp::gssapi::GssError;
use voms::ac::finding::AcFinding;
use voms::chain::{ChainError, ChainFinding};
use voms::mapping::Unmapped;
use voms::pki::certificate::CertificateError;
use voms::pki::key::KeyError;
use voms::proxy::ProxyError;
use voms::trust::{AnchorError, PathFinding};
use voms::verifier::Finding;
use voms::vo::fqan::FqanError;
use voms::vo::vomsdir::VomsDirError;
use voms_client::net::NetError;
use voms_client::vomses::VomsesProblem;
use voms_client::{ClientError, Failure};

use crate::home::bundle::ReceivedError;
use crate::home::globus_dir::PairError;
use crate::home::load::CredentialError;

pub const AC_ENCODING: &str = "ac-encoding";
pub const AC_EXPIRED: &str = "ac-expired";
pub const AC_UNVERIFIED: &str = "ac-unverified";
pub const ATTRIBUTES_END_FIRST: &str = "attributes-end-first";
pub const CA_DIRECTORY_MISSING: &str = "ca-directory-missing";
pub const CERTIFICATE_MISSING: &str = "certificate-missing";
pub const CLOCK: &str = "clock";
pub const COMMAND_NOT_RUN: &str = "command-not-run";
pub const CRL_ENDS_SOON: &str = "crl-ends-soon";
pub const CRL_MISSING: &str = "crl-missing";
pub const DIRECTORY_OWNER: &str = "directory-owner";
pub const DIRECTORY_PERMISSIONS: &str = "directory-permissions";
pub const DISK_FULL: &str = "disk-full";
pub const DISK_NEARLY_FULL: &str = "disk-nearly-full";
pub const EC_KEY: &str = "ec-key";
pub const EXPIRED: &str = "expired";
pub const EXPIRES_SOON: &str = "expires-soon";
pub const FAILED: &str = "failed";
pub const FILE_EXISTS: &str = "file-exists";
pub const FILE_UNREADABLE: &str = "file-unreadable";
pub const HOME_UNUSABLE: &str = "home-unusable";
pub const HTTP_STATUS: &str = "http-status";
pub const IDP_LIST_UNREADABLE: &str = "idp-list-unreadable";
pub const IMPORT_UNFINISHED: &str = "import-unfinished";
pub const IS_PROXY: &str = "is-proxy";
pub const KEPT_ALREADY: &str = "kept-already";
pub const KEY_ENCRYPTION: &str = "key-encryption";
pub const KEY_GENERATION: &str = "key-generation";
pub const LIFETIME_CUT: &str = "lifetime-cut";
pub const LIMITED_FORCED: &str = "limited-forced";
pub const LSC_MISSING: &str = "lsc-missing";
pub const LSC_NOT_USED: &str = "lsc-not-used";
pub const LSC_UNRELATED: &str = "lsc-unrelated";
pub const LSC_UNUSABLE: &str = "lsc-unusable";
pub const NOT_A_PROXY: &str = "not-a-proxy";
pub const NOT_CHANGED: &str = "not-changed";
pub const NOT_CHECKED: &str = "not-checked";
pub const NOT_HELD: &str = "not-held";
pub const NOT_JUDGED: &str = "not-judged";
pub const NOT_LOCKED: &str = "not-locked";
pub const NOT_PEM: &str = "not-pem";
pub const NOT_PRIMARY: &str = "not-primary";
pub const NOT_PRIVATE: &str = "not-private";
pub const NOT_REMOVED: &str = "not-removed";
pub const NOT_RENEWABLE: &str = "not-renewable";
pub const NOT_VERIFIED: &str = "not-verified";
pub const NOT_WRITTEN: &str = "not-written";
pub const NO_AGENT: &str = "agent-missing";
pub const NO_ATTRIBUTES: &str = "no-attributes";
pub const NO_CREDENTIAL: &str = "no-credential";
pub const NO_DIRECTORY: &str = "no-directory";
pub const NO_HOME: &str = "no-home";
pub const NO_PASSPHRASE: &str = "no-passphrase";
pub const NO_TERMINAL: &str = "no-terminal";
pub const NO_TRUST_DIRECTORY: &str = "no-trust-directory";
pub const OK: &str = "ok";
pub const OTHER_IDENTITY: &str = "other-identity";
pub const PAGE_UNKNOWN: &str = "page-unknown";
pub const PASSPHRASE_UNSUITABLE: &str = "passphrase-unsuitable";
pub const PROXY_NOT_FOUND: &str = "proxy-not-found";
pub const PROXY_NOT_ISSUED: &str = "proxy-not-issued";
pub const PROXY_OF_ANOTHER: &str = "proxy-of-another";
pub const PROXY_PERMISSIONS: &str = "proxy-permissions";
pub const PROXY_UNREADABLE: &str = "proxy-unreadable";
pub const REDIRECT_LOOP: &str = "redirect-loop";
pub const REQUEST_INVALID: &str = "request-invalid";
pub const ROLES_NOT_LISTED: &str = "roles-not-listed";
pub const SCHEMA_UNKNOWN: &str = "schema-unknown";
pub const SERVER_MOVED: &str = "server-moved";
pub const SERVER_WARNING: &str = "server-warning";
pub const SEVERAL_KEYS: &str = "several-keys";
pub const SKIPPED: &str = "skipped";
pub const TARGETS_NOT_SET: &str = "targets-not-set";
pub const TOKEN_EXPIRED: &str = "token-expired";
pub const TOKEN_HIDDEN: &str = "token-hidden";
pub const TOKEN_NOT_FOUND: &str = "token-not-found";
pub const TOKEN_NOT_OBTAINED: &str = "token-not-obtained";
pub const TOKEN_OF_ANOTHER: &str = "token-of-another";
pub const TOKEN_PERMISSIONS: &str = "token-permissions";
pub const TOKEN_UNREADABLE: &str = "token-unreadable";
pub const TYPE_FORCED: &str = "type-forced";
pub const USAGE: &str = "usage";
pub const VOMSDIR_MISSING: &str = "vomsdir-missing";
pub const VOMSES_EMPTY: &str = "vomses-empty";
pub const VOMSES_LINE: &str = "vomses-line";
pub const VOMSES_OLD: &str = "vomses-old";
pub const VOMSES_SUBJECT: &str = "vomses-subject";
pub const VOMSES_UNREADABLE: &str = "vomses-unreadable";
pub const VO_NOT_NAMED: &str = "vo-not-named";
pub const VO_UNKNOWN: &str = "vo-unknown";
pub const WEAK: &str = "weak";

/// A code that came as text.
pub fn interned(code: &str) -> &'static str {
    static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = known.iter().find(|same| **same == code) {
        return same;
    }
    let code: &'static str = code.to_owned().leak();
    known.push(code);
    code
}

/// A fact that programs recognise by its code.
pub trait Coded {
    fn code(&self) -> &'static str;
}

/// The libraries' own codes.
macro_rules! coded {
    ($($type:ty),+ $(,)?) => {
        $(impl Coded for $type {
            fn code(&self) -> &'static str {
                <$type>::code(self)
            }
        })+
    };
}

coded!(
    AcFinding,
    AnchorError,
    CertificateError,
    ChainError,
    ChainFinding,
    ClientError,
    EcpError,
    Failure,
    Finding,
    FqanError,
    GssError,
    KeyError,
    NetError,
    ProxyError,
    TokenError,
    Unmapped,
    VomsDirError,
    VomsesProblem,
);

impl Coded for PathFinding {
    fn code(&self) -> &'static str {
        self.problem.code()
    }
}

impl Coded for CredentialError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => NO_CREDENTIAL,
            Self::Unreadable { .. } => FILE_UNREADABLE,
            Self::KeyMode { .. } => "key-permissions",
            Self::CertificateMode { .. } => "certificate-permissions",
            Self::KeyOwner { .. } => "key-owner",
            Self::NoCertificate { source, .. } => source.code(),
            Self::NotACertificate { .. } => ChainError::Empty.code(),
            Self::NoKey { .. } => "key-missing",
            Self::Key { source, .. } => source.code(),
            Self::Mismatch { .. } => "key-mismatch",
            Self::NoPassphrase { .. } => NO_PASSPHRASE,
            Self::Interrupted => "interrupted",
        }
    }
}

impl Coded for PairError {
    fn code(&self) -> &'static str {
        match self {
            Self::Write { .. } | Self::Backup { .. } => NOT_WRITTEN,
            Self::Changed { .. } => "file-changed",
            Self::Unfinished { .. } => IMPORT_UNFINISHED,
        }
    }
}

impl Coded for ReceivedError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => FILE_UNREADABLE,
            Self::Foreign { .. } => "file-foreign",
            Self::CutShort { .. } | Self::Damaged { .. } => "file-damaged",
            Self::Password { .. } => "passphrase-wrong",
            Self::Cipher { .. } => "cipher-unsupported",
            Self::Proxy { .. } => IS_PROXY,
            Self::NoCertificate { .. } | Self::Nothing | Self::OnlyAuthorities(_) => {
                CERTIFICATE_MISSING
            }
            Self::OnlyRequested => "certificate-not-issued",
            Self::SeveralKeys { .. } => SEVERAL_KEYS,
            Self::NoKey(_) => "key-missing",
            Self::Ambiguous(..) => "identity-ambiguous",
            Self::Mismatch(_) => "key-mismatch",
            Self::Prompt(error) => error.code(),
        }
    }
}
