//! TLS with the user's credential to a verified server (spec 4.8).

use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslContext, SslFiletype, SslMethod, SslOptions, SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::store::{X509Lookup, X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509PurposeId, X509StoreContext, X509StoreContextRef, X509VerifyResult};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;
use voms::crypto::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::credential::Credential;
use voms::pki::dn::Dn;
use voms::trust::{TrustAnchors, Usage};

use crate::net::NetError;

/// What verifies the server's certificate.
#[derive(Debug, Clone)]
pub enum ServerTrust {
    /// A CA directory, with its CRLs.
    Directory(TrustAnchors),
    /// The system's web CAs, on a machine without a CA directory.
    WebCas,
}

/// A server as identified by a vomses entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// The host to connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The expected subject of its certificate, if known; a certificate with this subject is
    /// accepted whatever host it names.
    pub subject: Option<Dn>,
    /// Whether its certificate may name any host, provided it chains to a trusted CA.
    pub any_host: bool,
}

/// Opens authenticated connections for one user.
pub struct TlsClient {
    context: SslContext,
    trust: ServerTrust,
    now: DateTime<Utc>,
}

/// A connection and the certificate the server presented.
pub struct Connection {
    /// The encrypted stream.
    pub stream: SslStream<TcpStream>,
    /// The server's certificate.
    pub server: Certificate,
}

/// The server's certificate, or why it was rejected; `None` until verified.
type Verdict = Arc<Mutex<Option<Result<Certificate, NetError>>>>;

/// An attempted handshake, successful or not.
struct Handshake {
    stream: SslStream<TcpStream>,
    verdict: Verdict,
    outcome: Result<(), openssl::ssl::Error>,
}

impl TlsClient {
    /// Prepares connections with TLS 1.2 or later that send the credential's full chain.
    ///
    /// # Errors
    /// [`NetError::Credential`] if OpenSSL rejects it, for example because the key is too short.
    pub fn new(
        credential: &Credential,
        trust: ServerTrust,
        now: DateTime<Utc>,
    ) -> Result<Self, NetError> {
        Self::with(Some(credential), trust, now)
    }

    /// Prepares connections without a client certificate, sufficient to probe a server.
    ///
    /// # Errors
    /// [`NetError::WebCas`].
    pub fn anonymous(trust: ServerTrust, now: DateTime<Utc>) -> Result<Self, NetError> {
        Self::with(None, trust, now)
    }

    fn with(
        credential: Option<&Credential>,
        trust: ServerTrust,
        now: DateTime<Utc>,
    ) -> Result<Self, NetError> {
        let store = match trust {
            ServerTrust::Directory(_) => X509StoreBuilder::new().map(X509StoreBuilder::build),
            ServerTrust::WebCas => web_cas(),
        };
        let store = store.map_err(|errors| NetError::WebCas(reasons(&errors)))?;
        let context =
            context(credential, store).map_err(|errors| NetError::Credential(reasons(&errors)))?;
        Ok(Self {
            context,
            trust,
            now,
        })
    }

    /// Connects. The server is accepted only if its chain leads to a trusted CA, no certificate in
    /// it is revoked, and its certificate matches the host name or has the expected subject.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn connect(&self, server: &ServerName) -> Result<Connection, NetError> {
        let tcp = crate::net::endpoint::connect(&server.host, server.port).await?;
        let Handshake {
            stream,
            verdict,
            outcome,
        } = self.shake_hands(server, tcp).await?;
        outcome.map_err(|error| {
            self.handshake_error(&error, &verdict, stream.ssl().verify_result())
        })?;
        let server = shown_by(&stream);
        let judged = match self.trust {
            ServerTrust::WebCas => server.clone(),
            ServerTrust::Directory(_) => verdict
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
                .and_then(Result::ok),
        };
        // The verified certificate must be the one used in the handshake.
        match (server, judged) {
            (Some(server), Some(judged)) if server == judged => Ok(Connection { stream, server }),
            _ => Err(NetError::Handshake(
                "the server's certificate cannot be read".to_owned(),
            )),
        }
    }

    /// Verifies the certificate a server presents, even if the server then aborts the handshake.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn look_at(
        &self,
        server: &ServerName,
        tcp: TcpStream,
    ) -> Result<Certificate, NetError> {
        let Handshake {
            stream,
            verdict,
            outcome,
        } = self.shake_hands(server, tcp).await?;
        if let Some(Ok(server)) = &*verdict.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(server.clone());
        }
        let result = stream.ssl().verify_result();
        outcome.map_err(|error| self.handshake_error(&error, &verdict, result))?;
        let unreadable =
            || NetError::Handshake("the server's certificate cannot be read".to_owned());
        shown_by(&stream)
            .filter(|_| result == X509VerifyResult::OK)
            .ok_or_else(unreadable)
    }

    /// Whether the system's web CAs verify servers.
    pub fn uses_web_cas(&self) -> bool {
        matches!(self.trust, ServerTrust::WebCas)
    }

    /// Whether the system's web CAs, where they verify servers, trust another certificate as well.
    pub fn is_vouched_for(&self, certificate: &Certificate, above: &[Certificate]) -> bool {
        let verify = || {
            let mut param = X509VerifyParam::new()?;
            param.set_time(self.now.timestamp());
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
        };
        self.uses_web_cas() && verify().is_ok_and(|verified: bool| verified)
    }

    async fn shake_hands(
        &self,
        server: &ServerName,
        tcp: TcpStream,
    ) -> Result<Handshake, NetError> {
        let verdict = Verdict::default();
        let failed = |errors: ErrorStack| NetError::Handshake(errors.to_string());
        let ssl = self.session(server, &verdict).map_err(failed)?;
        let mut stream = SslStream::new(ssl, tcp).map_err(failed)?;
        let outcome = Pin::new(&mut stream).connect().await;
        Ok(Handshake {
            stream,
            verdict,
            outcome,
        })
    }

    fn session(&self, server: &ServerName, verdict: &Verdict) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        if server.host.parse::<IpAddr>().is_err() {
            ssl.set_hostname(&server.host)?;
        }
        match &self.trust {
            ServerTrust::WebCas => {
                if !server.any_host {
                    set_name(ssl.param_mut(), &server.host)?;
                }
                ssl.set_verify(SslVerifyMode::PEER);
            }
            ServerTrust::Directory(anchors) => {
                let (anchors, server, now, verdict) =
                    (anchors.clone(), server.clone(), self.now, verdict.clone());
                // The context's store is empty: OpenSSL only orders the chain; it is verified here,
                // once.
                ssl.set_verify_callback(SslVerifyMode::PEER, move |_, chain| {
                    let mut verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner);
                    let good = verdict
                        .get_or_insert_with(|| judge(chain, &anchors, &server, now))
                        .is_ok();
                    if good {
                        chain.set_error(X509VerifyResult::OK);
                    }
                    good
                });
            }
        }
        Ok(ssl)
    }

    fn handshake_error(
        &self,
        error: &openssl::ssl::Error,
        verdict: &Verdict,
        result: X509VerifyResult,
    ) -> NetError {
        if matches!(self.trust, ServerTrust::WebCas) && result != X509VerifyResult::OK {
            return NetError::UntrustedByWebCas(result.error_string());
        }
        let untrusted = verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .and_then(Result::err);
        untrusted.unwrap_or_else(|| match NetError::from_io(error, true) {
            NetError::Broken(reason) => NetError::Handshake(reason),
            other => other,
        })
    }
}

fn shown_by(stream: &SslStream<TcpStream>) -> Option<Certificate> {
    stream
        .ssl()
        .peer_certificate()
        .and_then(|x509| openssl_types::certificate(&x509).ok())
}

fn reasons(errors: &ErrorStack) -> String {
    errors
        .errors()
        .iter()
        .filter_map(openssl::error::Error::reason)
        .collect::<Vec<_>>()
        .join(", ")
}

fn context(credential: Option<&Credential>, store: X509Store) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    // Old servers close the connection without close_notify; both protocols delimit their replies
    // themselves.
    builder.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    builder.set_cert_store(store);
    let Some(credential) = credential else {
        return Ok(builder.build());
    };
    let (leaf, issuers) = credential.chain().certificates().split_at(1);
    for certificate in leaf {
        builder.set_certificate(openssl_types::x509(certificate)?)?;
    }
    for certificate in issuers.iter().filter(|c| !c.is_self_issued()) {
        builder.add_extra_chain_cert(openssl_types::x509(certificate)?.clone())?;
    }
    builder.set_private_key(openssl_types::pkey(credential.key()))?;
    Ok(builder.build())
}

/// The system's web CAs, found at the usual paths of the distributions.
fn web_cas() -> Result<X509Store, ErrorStack> {
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

fn set_name(
    param: &mut openssl::x509::verify::X509VerifyParamRef,
    host: &str,
) -> Result<(), ErrorStack> {
    param.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    match host.parse() {
        Ok(address) => param.set_ip(address),
        Err(_) => param.set_host(host),
    }
}

/// Verifies the chain the server presented, leaf first. Every certificate must be parsable;
/// otherwise a certificate other than the server's could be verified.
fn judge(
    chain: &X509StoreContextRef,
    anchors: &TrustAnchors,
    server: &ServerName,
    now: DateTime<Utc>,
) -> Result<Certificate, NetError> {
    let shown = chain
        .chain()
        .into_iter()
        .flatten()
        .map(openssl_types::certificate);
    let shown: Vec<Certificate> = shown.collect::<Result<_, _>>().map_err(|error| {
        NetError::Handshake(format!("the server's certificates cannot be read: {error}"))
    })?;
    let Some((leaf, above)) = shown.split_first() else {
        return Err(NetError::Handshake(
            "the server showed no certificate".to_owned(),
        ));
    };
    anchors
        .verify_path(leaf, above, now, Usage::Server)
        .map_err(|mut findings| match findings.is_empty() {
            true => NetError::Handshake("the server's certificate cannot be verified".to_owned()),
            false => NetError::Untrusted(findings.swap_remove(0)),
        })?;
    let expected = server
        .subject
        .as_ref()
        .is_some_and(|subject| subject.matches(leaf.subject()));
    if expected || server.any_host || is_for_host(leaf, &server.host).unwrap_or(false) {
        return Ok(leaf.clone());
    }
    Err(NetError::Name {
        host: server.host.clone(),
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
