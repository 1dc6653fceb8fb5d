//! Builds certificate paths with OpenSSL (RFC 5280 section 6).

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509PurposeId, X509Ref, X509StoreContext, X509StoreContextRef};

use crate::crypto::{CryptoError, DerCertificate};

/// How many CAs may stand between the leaf and the anchor.
const DEPTH: i32 = 10;

/// Where a certificate on a path came from: the position among those given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Leaf,
    Untrusted(usize),
    Anchor(usize),
}

/// What is checked beside names, signatures and the constraints of CAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checks {
    /// Whether everything on the path suits a TLS server.
    pub server: bool,
}

/// Why no path was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub place: Place,
    pub kind: FaultKind,
}

/// What is wrong with the certificate at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    UnknownIssuer,
    Signature,
    PathLength,
    Purpose,
    CriticalExtension,
    IsProxy,
    NameConstraint,
    NotACa,
    /// Any other `X509_V_ERR_…`, with OpenSSL's text for it.
    Other(i32, &'static str),
}

impl FaultKind {
    /// The one table of `X509_V_ERR_…` of OpenSSL 3.
    fn of_code(code: i32, text: &'static str) -> Self {
        match code {
            2 | 18..=21 => Self::UnknownIssuer,
            7 => Self::Signature,
            25 => Self::PathLength,
            26 => Self::Purpose,
            34 => Self::CriticalExtension,
            40 => Self::IsProxy,
            47 | 48 => Self::NameConstraint,
            79 => Self::NotACa,
            code => Self::Other(code, text),
        }
    }
}

/// The path from the leaf to an anchor, leaf first. Validity and strength are not judged here, so
/// that findings on them carry facts for every certificate.
///
/// # Errors
/// [`CryptoError`] if OpenSSL fails before it reaches a result. Untrusted certificates and anchors
/// that it cannot parse are passed over.
pub(crate) fn build_path(
    leaf: &DerCertificate,
    untrusted: &[&DerCertificate],
    anchors: &[&DerCertificate],
    checks: Checks,
) -> Result<Result<Vec<Place>, Fault>, CryptoError> {
    let place = |x509: &X509Ref| {
        let at = |all: &[&DerCertificate]| all.iter().position(|one| one.is(x509));
        match leaf.is(x509) {
            true => Some(Place::Leaf),
            false => at(untrusted)
                .map(Place::Untrusted)
                .or_else(|| at(anchors).map(Place::Anchor)),
        }
    };
    let judge = |context: &mut X509StoreContextRef| {
        if context.verify_cert()? {
            let path: Option<_> = context.chain().into_iter().flatten().map(place).collect();
            // All of them came from here.
            return Ok(path.ok_or(Fault {
                place: Place::Leaf,
                kind: FaultKind::Other(1, "a certificate on the path is unknown"),
            }));
        }
        let error = context.error();
        Ok(Err(Fault {
            place: context
                .current_cert()
                .and_then(place)
                .unwrap_or(Place::Leaf),
            kind: FaultKind::of_code(error.as_raw(), error.error_string()),
        }))
    };
    let build = || {
        let store = store(anchors, checks)?;
        let mut chain = Stack::new()?;
        for x509 in untrusted.iter().filter_map(|one| one.x509().ok()) {
            chain.push(x509.clone())?;
        }
        X509StoreContext::new()?.init(&store, leaf.x509()?, &chain, judge)
    };
    build().map_err(CryptoError)
}

fn store(anchors: &[&DerCertificate], checks: Checks) -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    for x509 in anchors.iter().filter_map(|anchor| anchor.x509().ok()) {
        store.add_cert(x509.clone())?;
    }
    let mut param = X509VerifyParam::new()?;
    param.set_flags(X509VerifyFlags::NO_CHECK_TIME)?;
    param.set_auth_level(0);
    param.set_depth(DEPTH);
    if checks.server {
        param.set_purpose(X509PurposeId::SSL_SERVER)?;
    }
    store.set_param(&param)?;
    Ok(store.build())
}
