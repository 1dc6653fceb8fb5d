//! Verification of servers, by a CA directory or by the system's web CAs (spec 4.8).

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use openssl::error::ErrorStack;
use openssl::ssl::SslFiletype;
use openssl::stack::Stack;
use openssl::x509::store::{X509Lookup, X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam, X509VerifyParamRef};
use openssl::x509::{X509PurposeId, X509StoreContext, X509StoreContextRef};
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::policy::Policy;
use voms::trust::{TrustAnchors, Usage};

use crate::net::NetError;
use crate::net::tls::ServerName;

/// The system's web CAs, found at the usual paths of the distributions.
pub fn web_cas() -> Result<X509Store, ErrorStack> {
    web_cas_builder().map(X509StoreBuilder::build)
}

fn web_cas_builder() -> Result<X509StoreBuilder, ErrorStack> {
    let found = openssl_probe::probe();
    let mut builder = X509StoreBuilder::new()?;
    let directories: Vec<PathBuf> = found.cert_dir.into_iter().collect();
    if let Some(file) = found.cert_file {
        builder
            .add_lookup(X509Lookup::file())?
            .load_cert_file(file, SslFiletype::PEM)?;
    }
    for directory in directories {
        builder
            .add_lookup(X509Lookup::hash_dir())?
            .add_dir(&directory.to_string_lossy(), SslFiletype::PEM)?;
    }
    Ok(builder)
}

/// The host name, or address, that the certificate must be for.
pub fn set_name(param: &mut X509VerifyParamRef, host: &str) -> Result<(), ErrorStack> {
    param.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    match host.parse() {
        Ok(address) => param.set_ip(address),
        Err(_) => param.set_host(host),
    }
}

/// Verifies a certificate with the system's web CAs.
pub fn by_web_cas(
    certificate: &Certificate,
    above: &[Certificate],
    now: SystemTime,
) -> Result<bool, ErrorStack> {
    let mut param = X509VerifyParam::new()?;
    param.set_time(openssl_types::unix_seconds(now));
    param.set_purpose(X509PurposeId::SSL_SERVER)?;
    let mut store = web_cas_builder()?;
    store.set_param(&param)?;
    let mut chain = Stack::new()?;
    for certificate in above {
        chain.push(openssl_types::x509(certificate)?.clone())?;
    }
    let store = store.build();
    X509StoreContext::new()?.init(
        &store,
        openssl_types::x509(certificate)?,
        &chain,
        |context| context.verify_cert(),
    )
}

/// Verifies the chain the server presented, leaf first. Every certificate must be parsable;
/// otherwise a certificate other than the server's could be verified.
pub fn server(
    chain: &X509StoreContextRef,
    anchors: &TrustAnchors,
    name: &ServerName,
    now: SystemTime,
) -> Result<Certificate, NetError> {
    let presented = chain
        .chain()
        .into_iter()
        .flatten()
        .map(openssl_types::certificate);
    let presented: Vec<Certificate> = presented.collect::<Result<_, _>>().map_err(|error| {
        NetError::Handshake(format!("the server's certificates cannot be read: {error}"))
    })?;
    let policy = Policy::default().with_skew(Duration::ZERO);
    let Some((leaf, above)) = presented.split_first() else {
        return Err(NetError::Handshake(
            "the server showed no certificate".to_owned(),
        ));
    };
    anchors
        .verify_path(leaf, above, Usage::Server, &policy, now)
        .map_err(|mut findings| match findings.is_empty() {
            true => NetError::Handshake("the server's certificate cannot be verified".to_owned()),
            false => NetError::Untrusted(findings.swap_remove(0)),
        })?;
    let expected = name
        .subject
        .as_ref()
        .is_some_and(|subject| subject.matches(leaf.subject()));
    if expected || name.any_host || is_for_host(leaf, &name.host).unwrap_or(false) {
        return Ok(leaf.clone());
    }
    Err(NetError::Name {
        host: name.host.clone(),
        subject: leaf.subject().clone(),
    })
}

/// OpenSSL's host name check on one certificate (RFC 6125, subjectAltName only).
fn is_for_host(leaf: &Certificate, host: &str) -> Result<bool, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(openssl_types::x509(leaf)?.clone())?;
    let mut param = X509VerifyParam::new()?;
    param.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    set_name(&mut param, host)?;
    store.set_param(&param)?;
    let store = store.build();
    X509StoreContext::new()?.init(
        &store,
        openssl_types::x509(leaf)?,
        &*Stack::new()?,
        |context| context.verify_cert(),
    )
}
