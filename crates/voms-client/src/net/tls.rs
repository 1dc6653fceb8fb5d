//! TLS with the user's credential to a verified server (spec 4.8).

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslOptions, SslVerifyMode, SslVersion};
use openssl::x509::X509VerifyResult;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;
use voms::credential::Credential;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;
use voms::trust::TrustAnchors;

use crate::net::{NetError, verify};

/// What verifies the server's certificate.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServerTrust {
    /// A CA directory, with its CRLs.
    Directory(TrustAnchors),
    /// The system's web CAs, on a machine without a CA directory.
    WebCas,
}

/// A server as identified by a vomses entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerName {
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
pub(crate) struct TlsClient {
    context: SslContext,
    trust: ServerTrust,
}

/// A connection and the certificate the server presented.
pub(crate) struct Connection {
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
    pub fn new(credential: &Credential, trust: ServerTrust) -> Result<Self, NetError> {
        Self::with(Some(credential), trust)
    }

    /// Prepares connections without a client certificate, sufficient to probe a server.
    ///
    /// # Errors
    /// [`NetError::WebCas`].
    pub fn anonymous(trust: ServerTrust) -> Result<Self, NetError> {
        Self::with(None, trust)
    }

    fn with(credential: Option<&Credential>, trust: ServerTrust) -> Result<Self, NetError> {
        let store = match trust {
            ServerTrust::Directory(_) => X509StoreBuilder::new().map(X509StoreBuilder::build),
            ServerTrust::WebCas => verify::web_cas(),
        };
        let store = store.map_err(|errors| NetError::WebCas(openssl_types::in_words(&errors)))?;
        let context = context(credential, store)
            .map_err(|errors| NetError::Credential(openssl_types::in_words(&errors)))?;
        Ok(Self { context, trust })
    }

    /// Connects. The server is accepted only if its chain leads to a trusted CA, no certificate in
    /// it is revoked, and its certificate matches the host name or has the expected subject.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn connect(
        &self,
        server: &ServerName,
        now: SystemTime,
    ) -> Result<Connection, NetError> {
        let tcp = crate::net::endpoint::connect(&server.host, server.port).await?;
        let Handshake {
            stream,
            verdict,
            outcome,
        } = self.handshake(server, tcp, now).await?;
        outcome.map_err(|error| {
            self.handshake_error(&error, &verdict, stream.ssl().verify_result())
        })?;
        let server = presented_certificate(&stream);
        let verified = match self.trust {
            ServerTrust::WebCas => server.clone(),
            ServerTrust::Directory(_) => verdict
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
                .and_then(Result::ok),
        };
        // The verified certificate must be the one used in the handshake.
        match (server, verified) {
            (Some(server), Some(verified)) if server == verified => {
                Ok(Connection { stream, server })
            }
            _ => Err(NetError::Handshake(
                "the server's certificate cannot be read".to_owned(),
            )),
        }
    }

    /// Verifies the certificate a server presents, even if the server then aborts the handshake.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn server_certificate(
        &self,
        server: &ServerName,
        tcp: TcpStream,
        now: SystemTime,
    ) -> Result<Certificate, NetError> {
        let Handshake {
            stream,
            verdict,
            outcome,
        } = self.handshake(server, tcp, now).await?;
        if let Some(Ok(server)) = &*verdict.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(server.clone());
        }
        let result = stream.ssl().verify_result();
        outcome.map_err(|error| self.handshake_error(&error, &verdict, result))?;
        let unreadable =
            || NetError::Handshake("the server's certificate cannot be read".to_owned());
        presented_certificate(&stream)
            .filter(|_| result == X509VerifyResult::OK)
            .ok_or_else(unreadable)
    }

    /// Whether the system's web CAs verify servers.
    pub fn uses_web_cas(&self) -> bool {
        matches!(self.trust, ServerTrust::WebCas)
    }

    /// Whether the system's web CAs, where they verify servers, trust another certificate as well.
    pub fn web_cas_trust(
        &self,
        certificate: &Certificate,
        above: &[Certificate],
        now: SystemTime,
    ) -> bool {
        self.uses_web_cas() && verify::by_web_cas(certificate, above, now).unwrap_or(false)
    }

    async fn handshake(
        &self,
        server: &ServerName,
        tcp: TcpStream,
        now: SystemTime,
    ) -> Result<Handshake, NetError> {
        let verdict = Verdict::default();
        let failed = |errors: ErrorStack| NetError::Handshake(openssl_types::in_words(&errors));
        let ssl = self.session(server, now, &verdict).map_err(failed)?;
        let mut stream = SslStream::new(ssl, tcp).map_err(failed)?;
        let outcome = Pin::new(&mut stream).connect().await;
        Ok(Handshake {
            stream,
            verdict,
            outcome,
        })
    }

    fn session(
        &self,
        server: &ServerName,
        now: SystemTime,
        verdict: &Verdict,
    ) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        if server.host.parse::<IpAddr>().is_err() {
            ssl.set_hostname(&server.host)?;
        }
        match &self.trust {
            ServerTrust::WebCas => {
                ssl.param_mut().set_time(openssl_types::unix_seconds(now));
                if !server.any_host {
                    verify::set_name(ssl.param_mut(), &server.host)?;
                }
                ssl.set_verify(SslVerifyMode::PEER);
            }
            ServerTrust::Directory(anchors) => {
                let (anchors, server, verdict) = (anchors.clone(), server.clone(), verdict.clone());
                // The context's store is empty: OpenSSL only orders the chain; it is verified here,
                // once.
                ssl.set_verify_callback(SslVerifyMode::PEER, move |_, chain| {
                    let mut verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner);
                    let good = verdict
                        .get_or_insert_with(|| verify::server(chain, &anchors, &server, now))
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

/// A session with an unverified server: nothing confidential may be sent over it.
///
/// # Errors
/// OpenSSL's.
pub(crate) fn unverified(host: &str, tcp: TcpStream) -> Result<SslStream<TcpStream>, ErrorStack> {
    let context = context(None, X509StoreBuilder::new()?.build())?;
    let mut ssl = Ssl::new(&context)?;
    if host.parse::<IpAddr>().is_err() {
        ssl.set_hostname(host)?;
    }
    ssl.set_verify(SslVerifyMode::NONE);
    SslStream::new(ssl, tcp)
}

fn presented_certificate(stream: &SslStream<TcpStream>) -> Option<Certificate> {
    stream
        .ssl()
        .peer_certificate()
        .and_then(|x509| openssl_types::certificate(&x509).ok())
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
