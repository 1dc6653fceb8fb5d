//! Requests a certificate from a service after login (ECP spec section 2, step 4).

use std::time::SystemTime;

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::x509::{X509Name, X509ReqBuilder};
use reqwest::header::{CONTENT_TYPE, COOKIE};
use url::Url;
use url::form_urlencoded::Serializer;
use voms::chain::Chain;
use voms::credential::Credential;
use voms::crypto::{self, base64_decode};
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::key::PrivateKey;
use voms::pki::pem;
use voms::pki::pkcs12::Bundle;
use zeroize::Zeroizing;

use crate::error::{EcpError, excerpt};
use crate::http::{Answer, Http, Message};
use crate::jar::Jar;

const BITS: u32 = 2048;
const FORM: &str = "application/x-www-form-urlencoded";

/// Why what a service sent cannot be used as a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// PKCS#12 was requested, and something else arrived.
    #[error("it is not PKCS#12")]
    NotPkcs12,
    /// The PKCS#12 cannot be opened.
    #[error("{0}")]
    Pkcs12(String),
    /// A PKCS#12 without a key.
    #[error("it has no key")]
    NoKey,
    /// No certificate.
    #[error("it has no certificate")]
    NoCertificate,
    /// No certificate for the key.
    #[error("its certificate is for another key")]
    OtherKey,
    /// The certificate has expired.
    #[error("its certificate has already expired")]
    Expired,
    /// The certificate is malformed.
    #[error("{0}")]
    Malformed(String),
}

/// Where the key is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlace {
    /// Locally; it never leaves this process.
    Local,
    /// By the service, which sends it as PKCS#12; for services that support nothing else.
    Service,
}

/// Requests a certificate valid for a number of hours.
///
/// # Errors
/// [`EcpError`].
pub fn request(
    http: &Http,
    service: &Url,
    jar: &mut Jar,
    (hours, place): (u32, KeyPlace),
    now: impl Into<SystemTime>,
) -> Result<Credential, EcpError> {
    let now = now.into();
    match place {
        KeyPlace::Local => with_own_key(http, service, jar, hours, now),
        KeyPlace::Service => with_their_key(http, service, jar, hours, now),
    }
}

fn with_own_key(
    http: &Http,
    service: &Url,
    jar: &mut Jar,
    hours: u32,
    now: SystemTime,
) -> Result<Credential, EcpError> {
    let csrf = random()?;
    let key =
        PrivateKey::generate_rsa(BITS).map_err(|error| EcpError::Internal(error.to_string()))?;
    let request =
        signing_request(&key).map_err(|errors| internal(openssl_types::in_words(&errors)))?;
    let fields = [
        ("submit", "certreq"),
        ("CSRF", &csrf),
        ("certreq", &request),
        ("certlifetime", &hours.to_string()),
    ];
    let answer = post(http, service, jar, &csrf, &fields)?;
    pair(certificates_in(&answer.body), key, now).map_err(|why| unusable(answer, why))
}

fn with_their_key(
    http: &Http,
    service: &Url,
    jar: &mut Jar,
    hours: u32,
    now: SystemTime,
) -> Result<Credential, EcpError> {
    let csrf = random()?;
    // Letters, digits and punctuation, as the service requires.
    let password = Zeroizing::new(format!("{}aA1!", *random()?));
    let fields = [
        ("submit", "pkcs12"),
        ("CSRF", &csrf),
        ("p12password", &password),
        ("p12lifetime", &hours.to_string()),
    ];
    let answer = post(http, service, jar, &csrf, &fields)?;
    unpack(&answer.body, &password)
        .and_then(|(found, key)| pair(found, key, now))
        .map_err(|why| unusable(answer, why))
}

fn internal(errors: impl std::fmt::Display) -> EcpError {
    EcpError::Internal(format!("the request cannot be created: {errors}"))
}

fn unusable(answer: Answer, why: CertificateProblem) -> EcpError {
    EcpError::Certificate {
        host: answer.host,
        why,
    }
}

fn unpack(
    body: &[u8],
    password: &str,
) -> Result<(Vec<Certificate>, PrivateKey), CertificateProblem> {
    let bundle = Bundle::parse(body).ok_or(CertificateProblem::NotPkcs12)?;
    let mut contents = bundle
        .open(password)
        .map_err(|error| CertificateProblem::Pkcs12(error.to_string()))?;
    let key = contents.key.take().ok_or(CertificateProblem::NoKey)?;
    Ok((contents.certificates().flatten().collect(), key))
}

/// An unguessable string of letters and digits.
fn random() -> Result<Zeroizing<String>, EcpError> {
    let mut bytes = Zeroizing::new([0; 12]);
    crypto::random(&mut *bytes).map_err(internal)?;
    Ok(Zeroizing::new(
        bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    ))
}

/// A PKCS#10 request; the service uses only its public key.
fn signing_request(key: &PrivateKey) -> Result<String, ErrorStack> {
    let mut builder = X509ReqBuilder::new()?;
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", "ignored")?;
    builder.set_subject_name(&name.build())?;
    builder.set_pubkey(openssl_types::pkey(key))?;
    builder.sign(openssl_types::pkey(key), MessageDigest::sha256())?;
    Ok(String::from_utf8_lossy(&builder.build().to_pem()?).into_owned())
}

fn post(
    http: &Http,
    service: &Url,
    jar: &mut Jar,
    csrf: &str,
    fields: &[(&str, &str)],
) -> Result<Answer, EcpError> {
    let body = Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes();
    let headers = vec![
        (CONTENT_TYPE, FORM.to_owned().into()),
        (COOKIE, format!("CSRF={csrf}").into()),
    ];
    let message = Message {
        headers,
        body: Some(body),
        jar: Some(jar),
        secret: true,
        ..Message::default()
    };
    accept(http.send(service, message)?)
}

fn accept(answer: Answer) -> Result<Answer, EcpError> {
    let host = answer.host.clone();
    match answer.status {
        200 => Ok(answer),
        300..400 => Err(EcpError::NoSession(host)),
        400..500 if is_sentence(&answer) => {
            let text = String::from_utf8_lossy(&answer.body);
            Err(EcpError::Service {
                host,
                sentence: excerpt(text.trim()).replace(['\n', '\r'], " "),
            })
        }
        status => Err(EcpError::Status {
            host: host.clone(),
            status,
        }
        .of_service(&host)),
    }
}

fn is_sentence(answer: &Answer) -> bool {
    answer
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/plain"))
}

fn certificates_in(body: &[u8]) -> Vec<Certificate> {
    let blocks = pem::blocks(body);
    let ders = blocks
        .iter()
        .filter(|block| block.is_certificate())
        .filter_map(pem::Block::der);
    let found: Vec<Certificate> = ders
        .filter_map(|der| Certificate::from_der(&der).ok())
        .collect();
    if !found.is_empty() {
        return found;
    }
    // Some services send DER, or base64-encoded DER.
    let der = base64_decode(&String::from_utf8_lossy(body)).unwrap_or_else(|| body.to_vec());
    Certificate::from_der(&der).into_iter().collect()
}

/// Pairs the key with its certificate, which must be present and valid.
fn pair(
    found: Vec<Certificate>,
    key: PrivateKey,
    now: SystemTime,
) -> Result<Credential, CertificateProblem> {
    if found.is_empty() {
        return Err(CertificateProblem::NoCertificate);
    }
    let leaf = found
        .into_iter()
        .find(|certificate| certificate.belongs_to(&key))
        .ok_or(CertificateProblem::OtherKey)?;
    if leaf.not_after() <= now {
        return Err(CertificateProblem::Expired);
    }
    let chain =
        Chain::new(vec![leaf]).map_err(|error| CertificateProblem::Malformed(error.to_string()))?;
    Credential::new(chain, key).map_err(|_| CertificateProblem::OtherKey)
}
