//! A TLS server with rustls and tokio that admits only members of `/virgo/virgo`.
//!
//! `cargo run --example virgo_only_rustls HOSTCERT HOSTKEY [ADDRESS]`, with `X509_CERT_DIR` and
//! `X509_VOMS_DIR` set; the address defaults to 127.0.0.1:8443.
#![allow(clippy::disallowed_methods)] // A program of its own has the environment and the clock.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use der::{Decode, Encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer, UnixTime,
};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    self, DigitallySignedStruct, DistinguishedName, PeerMisbehaved, ServerConfig, SignatureScheme,
};
use voms::verifier::VomsVerifier;

const TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, key, address @ ..] = words.as_slice() else {
        return Err("usage: virgo_only_rustls HOSTCERT HOSTKEY [ADDRESS]".into());
    };
    let verifier = Arc::new(VomsVerifier::open(
        std::env::var("X509_CERT_DIR")?.as_ref(),
        std::env::var("X509_VOMS_DIR")?.as_ref(),
    )?);
    let acceptor = acceptor(certificate, key)?;
    let address = address.first().map_or("127.0.0.1:8443", String::as_str);
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(address).await?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            let (acceptor, verifier) = (acceptor.clone(), verifier.clone());
            tokio::spawn(async move {
                let served = tokio::time::timeout(TIMEOUT, serve(acceptor, &verifier, stream));
                if let Ok(Err(error)) = served.await {
                    eprintln!("{error}");
                }
            });
        }
    })
}

fn acceptor(certificate: &str, key: &str) -> Result<TlsAcceptor, Box<dyn Error>> {
    let provider = ring::default_provider();
    let clients = Arc::new(AnyCertificate::new(&provider));
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    // The proxy is verified for every connection, so sessions must not be resumed.
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(
    acceptor: TlsAcceptor,
    verifier: &VomsVerifier,
    stream: TcpStream,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut stream = acceptor.accept(stream).await?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let verdict = verifier.verify_der(chain, SystemTime::now());
    let group = "/virgo/virgo".parse()?;
    let (status, text) = match &verdict {
        Ok(verified) if verified.has_fqan(&group) => {
            ("200 OK", format!("welcome, {}", verified.identity()))
        }
        Ok(verified) => (
            "403 Forbidden",
            format!("{} is not in /virgo/virgo", verified.identity()),
        ),
        Err(rejection) => ("403 Forbidden", rejection.to_string()),
    };
    let _request = stream.read(&mut [0; 8192]).await?;
    let length = text.len() + 1;
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}\n"
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

/// Lets any certificate through whose key the client holds; `serve` verifies the proxy.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _above: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    /// Only TLS 1.3 is offered.
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }

    /// rustls itself refuses certificates with critical extensions that it does not know, as
    /// proxies have, but it verifies signatures with their keys.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let bad = |_| rustls::Error::from(rustls::CertificateError::BadEncoding);
        let leaf = x509_cert::Certificate::from_der(leaf).map_err(bad)?;
        let key = leaf.tbs_certificate().subject_public_key_info().to_der();
        let key = SubjectPublicKeyInfoDer::from(key.map_err(bad)?);
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
